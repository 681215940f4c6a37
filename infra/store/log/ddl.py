"""The numbered tables of the log: `schema/<back end>/0001.sql` and on, each only adding."""

from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from sqlite3 import complete_statement

from infra.store.failure import NewerSchema

SQLITE = files("infra.store.log") / "schema" / "sqlite"
POSTGRESQL = files("infra.store.log") / "schema" / "postgresql"


def latest(folder: Traversable) -> int:
    """Return the number that this program works with."""
    return max(_numbers(folder))


def check(place: str, stored: int, folder: Traversable) -> None:
    """Raise NewerSchema for a log that a later version of the program has written."""
    if stored > latest(folder):
        raise NewerSchema(place, f"schema {stored}, this program knows {latest(folder)}")


def statements(folder: Traversable, after: int = 0) -> Iterator[str]:
    """Yield the statements of every number above `after`, in order."""
    for number, file in sorted(_numbers(folder).items()):
        if number > after:
            yield from _split(file.read_text("utf-8"))


def _numbers(folder: Traversable) -> dict[int, Traversable]:
    return {
        int(file.name.removesuffix(".sql")): file
        for file in folder.iterdir()
        if file.name.endswith(".sql")
    }


def _split(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if complete_statement(statement):
            yield statement
            statement = ""
