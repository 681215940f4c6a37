"""The engine's lock: one engine works on a data folder, and a second one learns who holds it."""

import fcntl
import os
import socket
import time
from pathlib import Path
from typing import Any, NamedTuple, Self

import orjson

from domain import instant
from infra.closing import Closing
from infra.store.failure import StoreError
from infra.store.small_file import failure

_LENGTH = 512
_TRIES = 5
_PAUSE = 0.02


class Holder(NamedTuple):
    """Who holds a lock: what it does, its process and machine, and since when (microseconds)."""

    program: str
    pid: int
    host: str
    since: int

    def __str__(self) -> str:
        """Name the holder as messages do."""
        since = instant.text(self.since - self.since % instant.SECOND)
        return f"`{self.program}`, process {self.pid} on {self.host}, since {since}"


class Held(StoreError):
    """Somebody else works on the data folder."""

    says = (
        "{place} is in use by {detail}; stop that process (kill it if it hangs: nothing is lost), "
        "or work on another data folder"
    )


class Lock(Closing):
    """A lock file that is held until the process ends, however it ends; a context manager."""

    def __init__(self, path: Path, program: str, now: int) -> None:
        self._path = path
        self._holder = Holder(program, os.getpid(), socket.gethostname(), now)
        self._file = -1

    def __enter__(self) -> Self:
        """Take the lock; raises Held, and StoreError where the file cannot be written."""
        try:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            _take(self._file)
            self._write()
        except BlockingIOError as error:
            self.close()
            there = _holder(self._path)
            raise Held(str(self._path.parent), str(there or "another process")) from error
        except OSError as error:
            self.close()
            raise failure(error, self._path) from error
        return self

    def close(self) -> None:
        """Let the lock go."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _write(self) -> None:
        text = orjson.dumps(self._holder._asdict())
        # Padded rather than cut first: whoever reads meanwhile finds a whole object.
        os.pwrite(self._file, text.ljust(_LENGTH) + b"\n", 0)


def holder(path: Path) -> Holder | None:
    """Return who holds the lock now, None where nobody does; raises StoreError."""
    try:
        file = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise failure(error, path) from error
    try:
        # A shared lock is refused just as long as somebody holds the exclusive one.
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _holder(path) or Holder("another program", 0, "unknown", 0)
    finally:
        os.close(file)
    return None


def _take(file: int) -> None:
    # Whoever looks for the holder stands in the way for a moment, and no longer.
    for _ in range(_TRIES - 1):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_PAUSE)
        else:
            return
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _holder(path: Path) -> Holder | None:
    written = _written(path)
    if written is None:
        return None
    return Holder(*(written[name] for name in Holder._fields))


def _written(path: Path) -> dict[str, Any] | None:
    """Return what stands in the file, None where that is nothing that a lock wrote."""
    try:
        found = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return None
    return found if isinstance(found, dict) and found.keys() >= {*Holder._fields} else None
