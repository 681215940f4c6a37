"""The tables of the read models as SQLite makes them."""

import re
from collections.abc import Iterator

from infra.store.layout import Layout
from projections import sql

# Rows that lie in the order of their key need one tree instead of two; long ones do not fit.
_IN_ORDER = frozenset({"positions", "tickets", "clocks", "deadlines", "alerts", "parked"})
_TABLE = re.compile(r"CREATE TABLE (\w+)")

DIALECT = sql.Dialect(
    text="TEXT",
    instant_text=(
        r"strftime('%Y-%m-%dT%H:%M:%S', \1 / 1000000, 'unixepoch') || CASE \1 % 1000000 "
        r"WHEN 0 THEN '' ELSE '.' || rtrim(printf('%06d', \1 % 1000000), '0') END || 'Z'"
    ),
    seconds=r"(\1) / 1000000.0",
    listed=r"IN (SELECT value FROM json_each(:\1))",
    parameter=r":\1",
)


def _statements() -> Iterator[str]:
    """Yield the statements that make an empty database."""
    for statement in sql.tables(DIALECT):
        found = _TABLE.match(statement)
        in_order = found is not None and found[1] in _IN_ORDER
        yield f"{statement} WITHOUT ROWID" if in_order else statement
    yield from sql.views(DIALECT)


LAYOUT = Layout(1, lambda _: _statements())
"""Raise the number with every change of tables.sql or views.sql."""
