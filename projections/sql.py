"""The SQL texts of the read models, as every back end reads them."""

import re
from importlib.resources import files
from typing import NamedTuple

_NAMED = re.compile(r"^-- (\w+): .*\n", re.MULTILINE)
_COMMENT = re.compile(r"^--.*\n", re.MULTILINE)
_TEXT = re.compile(r"\bTEXT\b")
_INSTANT = re.compile(r"instant_text\(([\w.]+)\)")
_SECONDS = re.compile(r"seconds\(([\w. -]+)\)")
_LISTED = re.compile(r"IN listed\(:(\w+)\)")
_PARAMETER = re.compile(r"(?<!:):(\w+)")


class Dialect(NamedTuple):
    """What a back end writes where the texts leave it open; `\\1` is what it is about.

    `text` is a column's type whose order is that of the code points, `parameter` a parameter,
    `listed` the test whether a text is in the list of a parameter; `instant_text` and `seconds`
    are what views make of microseconds.
    """

    text: str
    instant_text: str
    seconds: str
    listed: str
    parameter: str

    def view(self, statement: str) -> str:
        """Write what views make of microseconds."""
        return _SECONDS.sub(self.seconds, _INSTANT.sub(self.instant_text, statement))


def tables(dialect: Dialect) -> list[str]:
    """Return the statements that create the tables and their indexes."""
    return [_TEXT.sub(dialect.text, statement) for statement in _statements(_text("tables.sql"))]


def views(dialect: Dialect) -> list[str]:
    """Return the statements that create the views."""
    return [dialect.view(statement) for statement in _statements(_text("views.sql"))]


def queries(dialect: Dialect) -> dict[str, str]:
    """Return what is asked of the read models, by name."""
    parts = _NAMED.split(_text("queries.sql"))[1:]
    return {
        name: _PARAMETER.sub(
            dialect.parameter,
            _LISTED.sub(dialect.listed, statement.strip().removesuffix(";")),
        )
        for name, statement in zip(parts[::2], parts[1::2], strict=True)
    }


def _statements(script: str) -> list[str]:
    without_comments = _COMMENT.sub("", script)
    return [part for statement in without_comments.split(";\n") if (part := statement.strip())]


def _text(name: str) -> str:
    return (files("projections") / name).read_text("utf-8")
