"""The tables of the read models as PostgreSQL makes them."""

import re
from collections.abc import Iterator
from importlib.resources import files

from infra.store.layout import Layout
from projections import sql

NAME = "lhuta"
"""The schema in which everything lies."""

# Texts are in the order of their code points, as in SQLite, whatever the database sorts by.
DIALECT = sql.Dialect(
    text='TEXT COLLATE "C"',
    instant_text=rf"{NAME}.instant_text(\1)",
    seconds=rf"{NAME}.seconds(\1)",
    listed=r"= ANY (:\1::text[])",
    parameter=r"%(\1)s",
)

_TABLE = re.compile(r"CREATE TABLE (\w+)")
_COLUMN = re.compile(r"^    (\w+) (TEXT|BIGINT)", re.MULTILINE)


def _statements() -> Iterator[str]:
    """Yield what makes the tables of a database in which the schema is there and in the path."""
    yield from sql.tables(DIALECT)
    yield (files(__package__) / "schema.sql").read_text("utf-8")
    yield from sql.views(DIALECT)


LAYOUT = Layout(1, lambda _: _statements())
"""Raise the number with every change of what makes the tables."""


def types() -> dict[str, dict[str, str]]:
    """Return the type of every column of every table."""
    return {
        found[1]: dict(_COLUMN.findall(statement))
        for statement in sql.tables(DIALECT)
        if (found := _TABLE.match(statement))
    }
