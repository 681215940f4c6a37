"""The rows that could not be used, kept as they were, with line and reason."""

import csv
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import IO

from infra.doors.convert.row import Rejection
from infra.doors.convert.table import Record
from infra.doors.draft import draft

_COLUMNS = ("line", "reason", "detail")

_WriteRow = Callable[[list[str]], object]


class Rejects:
    """Writes rejected rows to a file, which is made when the first one comes."""

    def __init__(self, path: Path, stack: ExitStack) -> None:
        """Take the file's name, and the stack that finishes or forgets it."""
        self.path = path
        self.header: list[str] = []
        self._stack = stack
        self._write: _WriteRow | None = None

    @property
    def written(self) -> bool:
        """Tell whether the file was made."""
        return self._write is not None

    def add(self, record: Record, rejection: Rejection) -> None:
        """Write one row after its line number, the reason and the value at fault."""
        write = self._write or self.begin()
        write([str(record.line), rejection.reason, rejection.detail, *record.fields])

    def begin(self) -> _WriteRow:
        """Make the file with the header, also if no row ever comes."""
        file = self._stack.enter_context(draft(self.path))
        self._write = csv.writer(_Encoded(file), lineterminator="\n").writerow
        self._write([*_COLUMNS, *self.header])
        return self._write


class _Encoded:
    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def write(self, text: str) -> None:
        self._file.write(text.encode())
