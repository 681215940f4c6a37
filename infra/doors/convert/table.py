"""A comma-separated file, record by record, each with the line it starts on.

A row that has another number of fields than the header is a bad row. What breaks the
reading of the file itself, such as bytes that are no UTF-8, ends it.
"""

import csv
from collections.abc import Iterable, Iterator
from typing import NamedTuple


class TableBroken(ValueError):
    """A file that cannot be read as a table; the message names the line where it can."""


class Record(NamedTuple):
    """One row as it stands in the file, and the number of its first line, from 1."""

    line: int
    fields: list[str]


class Table:
    """The header of a file, and its rows as they are read."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        """Read the header; raise TableBroken where there is none."""
        self._reader = csv.reader(_texts(lines), strict=True)
        first = next(self.records(), None)
        if first is None:
            raise TableBroken("the file is empty; expected a line of column names")
        self.header = first.fields
        twice = {name for name in self.header if self.header.count(name) > 1}
        if twice:
            raise TableBroken(f"line 1: the column {', '.join(sorted(twice))} stands there twice")

    def places(self, names: list[str]) -> dict[str, int]:
        """Return where each of the named columns stands; raise TableBroken naming the missing."""
        missing = [name for name in names if name not in self.header]
        if missing:
            found = ", ".join(self.header)
            found = found if len(found) <= 300 else found[:300] + " ..."
            raise TableBroken(f"line 1: no column {', '.join(missing)}; found {found}")
        return {name: self.header.index(name) for name in names}

    def records(self) -> Iterator[Record]:
        """Yield the rows that are left, empty lines skipped; raise TableBroken."""
        reader = self._reader
        while True:
            line = reader.line_num + 1
            try:
                fields = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise TableBroken(f"line {line}: not comma-separated values: {error}") from error
            if fields:
                yield Record(line, fields)


def _texts(lines: Iterable[bytes]) -> Iterator[str]:
    number = 0
    for number, line in enumerate(lines, start=1):
        try:
            text = line.decode()
        except UnicodeDecodeError as error:
            raise TableBroken(
                f"line {number}: not UTF-8: byte {error.start + 1} is 0x{line[error.start]:02x}"
            ) from error
        yield (text.removeprefix("\ufeff") if number == 1 else text) + "\n"
