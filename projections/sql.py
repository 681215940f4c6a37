"""The SQL texts of the read models, as every back end reads them."""

import re
from importlib.resources import files

_NAMED = re.compile(r"^-- (\w+): .*\n", re.MULTILINE)
_COMMENT = re.compile(r"^--.*\n", re.MULTILINE)


def tables() -> list[str]:
    """Return the statements that create the tables and their indexes."""
    return _statements(_text("tables.sql"))


def views() -> list[str]:
    """Return the statements that create the views.

    `instant_text(column)` and `seconds(column)` in them stand for what the back end writes there.
    """
    return _statements(_text("views.sql"))


def queries() -> dict[str, str]:
    """Return what is asked of the read models, by name; parameters are written `:name`."""
    parts = _NAMED.split(_text("queries.sql"))[1:]
    return {
        name: statement.strip().removesuffix(";")
        for name, statement in zip(parts[::2], parts[1::2], strict=True)
    }


def _statements(script: str) -> list[str]:
    without_comments = _COMMENT.sub("", script)
    return [part for statement in without_comments.split(";\n") if (part := statement.strip())]


def _text(name: str) -> str:
    return (files("projections") / name).read_text("utf-8")
