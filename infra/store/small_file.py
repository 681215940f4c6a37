"""A small file that is replaced whole or not at all, and what the system's errors about it mean."""

import errno
import os
from pathlib import Path

from infra.store.failure import Damaged, DiskFull, Missing, ReadOnly, StoreError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG})
_FORBIDDEN = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


class DamagedFile(Damaged):
    """A small file is not what was written."""

    says = "{place} is damaged: {detail}; mend it, or move it away and it is written anew"


def failure(error: OSError, path: Path) -> StoreError:
    """Return the StoreError that an error of the system means."""
    detail = error.strerror or str(error)
    if error.errno in _FULL:
        return DiskFull(str(path), detail)
    if error.errno in _FORBIDDEN:
        return ReadOnly(str(path), detail)
    if error.errno == errno.ENOENT:
        return Missing(str(path.parent))
    return StoreError(str(path), detail)


def make(path: Path) -> None:
    """Make an empty file for this user only, unless it is there; raises StoreError."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDONLY, 0o600))
    except OSError as error:
        raise failure(error, path) from error


def replace(path: Path, text: bytes) -> None:
    """Write a file for this user only; raises StoreError, and what stood there before stays."""
    beside = path.with_name(f"{path.name}.new")
    try:
        file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(file, "wb") as written:
            written.write(text)
            written.flush()
            os.fsync(written.fileno())
        beside.replace(path)
    except OSError as error:
        raise failure(error, path) from error
