"""Connections that read the models of a file, each used again by whoever comes next."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from os import PathLike
from threading import Lock
from typing import NamedTuple

from infra.closing import Closing
from infra.store.models.on_sqlite import SQLiteModels

MOST = 16
"""How many are kept open at most while nobody reads."""


class File(NamedTuple):
    """Which file it is: one that is made anew under the same name is another."""

    device: int
    number: int


class Readers(Closing):
    """Opens what it needs and keeps it, with the pages that it has read; a context manager.

    A file that was made anew is noticed: its number is another one as long as the former is open.
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        self._path = path
        self._idle: list[tuple[File | None, SQLiteModels]] = []
        self._using = Lock()

    @contextmanager
    def reading(self) -> Iterator[SQLiteModels]:
        """Give the read models as of one moment, to as many threads as ask; raises StoreError."""
        with ExitStack() as closing:
            file, models = self._taken() or self._opened()
            closing.enter_context(models)
            with models.reading():
                yield models
            with self._using:
                if len(self._idle) < MOST:
                    self._idle.append((file, models))
                    closing.pop_all()

    def close(self) -> None:
        """Close every connection that nobody uses."""
        with self._using:
            while self._idle:
                self._idle.pop()[1].close()

    def _taken(self) -> tuple[File | None, SQLiteModels] | None:
        """Return a connection that rests, None without one to the file that is there now."""
        with self._using:
            while self._idle:
                file, models = self._idle.pop()
                if file == self._file():
                    return file, models
                models.close()
        return None

    def _opened(self) -> tuple[File | None, SQLiteModels]:
        # Looked at before: if it changes while it is opened, it is opened once more next time.
        file = self._file()
        return file, SQLiteModels.open(self._path, read_only=True)

    def _file(self) -> File | None:
        try:
            found = os.stat(self._path)
        except FileNotFoundError:
            return None
        return File(found.st_dev, found.st_ino)
