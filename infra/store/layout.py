"""The tables of a store as this program knows them, by their number."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from importlib.resources.abc import Traversable
from sqlite3 import complete_statement
from typing import NamedTuple

from infra.store.failure import NewerSchema, OlderSchema


class Layout(NamedTuple):
    """The latest number, and what makes it of the tables of an earlier one; 0 has none."""

    latest: int
    statements: Callable[[int], Iterable[str]]

    def adds_to(self, place: str, number: int, *, read_only: bool = False) -> bool:
        """Tell whether tables of a number lack something.

        Raises NewerSchema for tables that a later version of the program has made, and OlderSchema
        where nothing may be added.
        """
        if number > self.latest:
            raise NewerSchema(place, f"schema {number}, this program knows {self.latest}")
        if number < self.latest and read_only:
            raise OlderSchema(place, f"schema {number}, this program works with {self.latest}")
        return number < self.latest


def numbered(folder: Traversable, written: Callable[[str], str] = str) -> Layout:
    """Return what a folder describes: `0001.sql` and on, each only adding to those before.

    `written` writes a statement as the database reads it.
    """
    return Layout(max(_numbers(folder)), partial(_statements, folder, written))


def _statements(folder: Traversable, written: Callable[[str], str], after: int) -> Iterator[str]:
    for number, file in sorted(_numbers(folder).items()):
        if number > after:
            yield from map(written, _split(file.read_text("utf-8")))


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
