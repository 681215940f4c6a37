"""What is written as an array of PostgreSQL is read as what it was."""

from collections.abc import Iterator

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.store.models.postgresql import array
from tests.strategies import storable_texts

BIGGEST = 2**63 - 1


@pytest.fixture(scope="module")
def connection(postgresql_server: str) -> Iterator[psycopg.Connection]:
    """Give a connection to a server."""
    with psycopg.connect(postgresql_server, autocommit=True) as opened:
        yield opened


@given(
    st.lists(st.none() | storable_texts()),
    st.lists(st.none() | st.integers(-BIGGEST, BIGGEST)),
)
def test_a_server_reads_what_was_written(
    connection: psycopg.Connection, texts: list[str | None], numbers: list[int | None]
) -> None:
    """Quotes, commas, braces, nothing at all."""
    found = connection.execute(
        "SELECT %s::text[], %s::bigint[]", (array.texts(texts), array.numbers(numbers))
    )
    assert found.fetchone() == (texts, numbers)
