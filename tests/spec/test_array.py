"""PostgreSQL's arrays as text; tests/property holds them against a server."""

import pytest

from infra.store.models.postgresql import array


@pytest.mark.parametrize(
    ("values", "literal"),
    [
        ([], "{}"),
        (["a", "b-1"], '{"a","b-1"}'),
        (["a", None], '{"a",NULL}'),
        ([None], "{NULL}"),
        ([""], '{""}'),
        (['say "yes"', "b"], '{"say \\"yes\\"","b"}'),
        (["a\\b"], '{"a\\\\b"}'),
        (["NULL"], '{"NULL"}'),
        (["a\0b"], '{"a\N{REPLACEMENT CHARACTER}b"}'),
    ],
)
def test_texts_are_quoted(values: list[str | None], literal: str) -> None:
    """Whatever they hold; the character that PostgreSQL cannot store is replaced."""
    assert array.texts(values) == literal


@pytest.mark.parametrize(
    ("values", "literal"), [([], "{}"), ([1, -2], "{1,-2}"), ([None, 3], "{NULL,3}")]
)
def test_numbers_are_written_as_they_are(values: list[int | None], literal: str) -> None:
    """Nothing among them is quoted."""
    assert array.numbers(values) == literal
