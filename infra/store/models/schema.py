"""The tables of the read models as SQLite makes them."""

import re
from collections.abc import Iterator

from projections import sql

NUMBER = 1
"""The number of the tables; raise it with every change of tables.sql or views.sql."""

# Rows that lie in the order of their key need one tree instead of two; long ones do not fit.
_IN_ORDER = frozenset({"positions", "tickets", "clocks", "deadlines", "alerts", "parked"})
_TABLE = re.compile(r"CREATE TABLE (\w+)")
_INSTANT = re.compile(r"instant_text\(([\w.]+)\)")
_SECONDS = re.compile(r"seconds\(([\w. -]+)\)")

_TEXT = (
    r"strftime('%Y-%m-%dT%H:%M:%S', \1 / 1000000, 'unixepoch') || CASE \1 % 1000000 WHEN 0 THEN ''"
    r" ELSE '.' || rtrim(printf('%06d', \1 % 1000000), '0') END || 'Z'"
)


def statements() -> Iterator[str]:
    """Yield the statements that make an empty database."""
    for statement in sql.tables():
        found = _TABLE.match(statement)
        in_order = found is not None and found[1] in _IN_ORDER
        yield f"{statement} WITHOUT ROWID" if in_order else statement
    for statement in sql.views():
        yield readable(statement)
    yield f"PRAGMA user_version = {NUMBER}"


def readable(view: str) -> str:
    """Write a view with SQLite's own words for `instant_text(column)` and `seconds(column)`."""
    return _SECONDS.sub(r"(\1) / 1000000.0", _INSTANT.sub(_TEXT, view))
