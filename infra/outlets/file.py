"""Alerts into a file: whole lines are appended, and they are on disk before they count."""

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from infra.outlets.outlet import DELIVERED, Failed, Result, Settled

_TAIL = 1 << 16


class FileOutlet:
    """Appends lines to a file, which is opened anew each time so that it may be moved away."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def send(self, lines: Sequence[bytes], now: int) -> Settled:
        """Append the lines and sync them to disk; what cannot be appended whole is taken back."""
        return Settled(self._append(lines))

    def _append(self, lines: Sequence[bytes]) -> Result:
        try:
            # Without waiting: a pipe that nobody reads would hold everything up.
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NONBLOCK, 0o644)
        except OSError as error:
            return Failed(f"{self._path}: {error.strerror}")
        try:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                return Failed(f"{self._path} is not a regular file; pipe through a command instead")
            _append_whole(file, lines)
            self._keep_name()
        except OSError as error:
            return Failed(f"{self._path}: {error.strerror}")
        finally:
            os.close(file)
        return DELIVERED

    def _keep_name(self) -> None:
        """Sync the folder, so that the name of a new file is on disk too."""
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _append_whole(file: int, lines: Sequence[bytes]) -> None:
    text = b"".join(lines)
    size = _whole_size(file, lines)
    os.ftruncate(file, size)
    if size and os.pread(file, 1, size - 1) != b"\n":
        text = b"\n" + text
    try:
        rest = text
        while rest:
            rest = rest[os.write(file, rest) :]
        os.fsync(file)
    except OSError:
        os.ftruncate(file, size)
        raise


def _whole_size(file: int, lines: Sequence[bytes]) -> int:
    """Return the size of the file without a line that an engine before us wrote half.

    Such a line was not acknowledged, so it is one of those that are sent again now. Whatever else
    stands there is left alone.
    """
    size = os.fstat(file).st_size
    tail = os.pread(file, _TAIL, max(0, size - _TAIL))
    torn = tail[tail.rfind(b"\n") + 1 :]
    if torn and any(line.startswith(torn) for line in lines):
        return size - len(torn)
    return size
