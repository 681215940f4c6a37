"""SQLite files: how each is opened, and what its errors mean to people."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Literal

from infra.store.failure import (
    Damaged,
    DiskFull,
    Exists,
    Locked,
    Missing,
    NewerSchema,
    OlderSchema,
    ReadOnly,
    StoreError,
)

__all__ = [
    "BUSY_SECONDS",
    "Damaged",
    "DiskFull",
    "Exists",
    "Locked",
    "Missing",
    "NewerSchema",
    "OlderSchema",
    "ReadOnly",
    "StoreError",
    "connect",
    "failure",
    "name_of",
    "translated",
]

BUSY_SECONDS = 10.0
"""How long a statement waits for another process before it fails as Locked."""

Mode = Literal["create", "write", "read"]

_MODES: dict[Mode, str] = {"create": "rwc", "write": "rw", "read": "ro"}
_WAL_KEPT = 64 * 1024 * 1024

# A synchronous write-ahead log: what was committed survives a power cut. Overwritten content is
# zeroed, because erased words must not lie on in free pages.
_PRAGMAS = (
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",
    "PRAGMA trusted_schema = OFF",
    f"PRAGMA journal_size_limit = {_WAL_KEPT}",
)

_NOT_WRITTEN = frozenset(
    {
        sqlite3.SQLITE_IOERR_WRITE,
        sqlite3.SQLITE_IOERR_FSYNC,
        sqlite3.SQLITE_IOERR_TRUNCATE,
        sqlite3.SQLITE_IOERR_SHMSIZE,
    }
)


def name_of(path: str | PathLike[str], mode: Mode) -> str:
    """Return the URI by which SQLite opens a file.

    A file whose folder cannot be written either, as on read-only storage, is opened as one that
    does not change: it could not be read otherwise.
    """
    file = Path(path).absolute()
    name = f"{file.as_uri()}?mode={_MODES[mode]}"
    as_now = os.access in os.supports_effective_ids
    writable = os.access(file.parent, os.W_OK, effective_ids=as_now)
    still = mode == "read" and not writable and not Path(f"{file}-wal").exists()
    return f"{name}&immutable=1" if still else name


def connect(name: str, busy_seconds: float = BUSY_SECONDS) -> sqlite3.Connection:
    """Open a file by its `name_of`; transactions are begun and ended by hand.

    What was not created yet is given a write-ahead log. Raises sqlite3.Error; see `translated`.
    """
    connection = sqlite3.connect(
        name, uri=True, timeout=busy_seconds, isolation_level=None, check_same_thread=False
    )
    try:
        for pragma in _PRAGMAS:
            connection.execute(pragma)
        if name.endswith(f"?mode={_MODES['create']}"):
            connection.execute("PRAGMA journal_mode = WAL")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


# Told what adapts None and bytes, the module need not search for it each time. Both return what
# they are given, and neither is written in Python: a rebuild stores millions of them.
sqlite3.register_adapter(type(None), dict[None, None]().get)
sqlite3.register_adapter(bytes, bytes)


@contextmanager
def translated(place: str | PathLike[str], damaged: type[Damaged] = Damaged) -> Iterator[None]:
    """Raise what SQLite reports about a file as the StoreError that it means."""
    try:
        yield
    except sqlite3.Error as error:
        raise failure(error, place, damaged) from error


def failure(
    error: sqlite3.Error, place: str | PathLike[str], damaged: type[Damaged] = Damaged
) -> StoreError:
    """Return the StoreError that an error of SQLite means."""
    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    detail = str(error)
    where = str(place)
    if code == sqlite3.SQLITE_FULL or code in _NOT_WRITTEN:
        return DiskFull(where, detail)
    match code & 0xFF:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return Locked(where, detail)
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
            return ReadOnly(where, detail)
        case sqlite3.SQLITE_CANTOPEN:
            return ReadOnly(where, detail) if Path(place).exists() else Missing(where)
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CONSTRAINT:
            return damaged(where, detail)
        case _:
            return StoreError(where, detail)
