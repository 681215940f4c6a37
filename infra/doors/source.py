"""Reading what somebody brings: a file, a compressed file, or standard input, line by line.

Everything that can be wrong with it becomes one clear message: what cannot be read at all ends with
exit status 2, a history that is not well formed with 3 (contracts, The same history from a file).
"""

import gc
import gzip
import io
import sys
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol, cast

from domain.event import RecordedEvent
from domain.policy import Policies
from infra.doors.cli.failure import BadData, Unusable
from projections.judging import CannotJudge
from streams.history import History, IllFormed, read

if TYPE_CHECKING:
    # A file is judged without the event log, whose store takes longer to load than small files.
    from infra.store.log.request import Stored

STANDARD_INPUT = "-"
LONGEST_LINE = 1 << 20
_BLOCK = 1 << 18
_GZIP_MAGIC = b"\x1f\x8b"
_TOGETHER = 10_000


def named(path: str) -> str:
    """Return how messages call a source."""
    return "standard input" if path == STANDARD_INPUT else path


class Source:
    """A stream of bytes whose failures say what it is and what is wrong with it."""

    def __init__(self, name: str, stream: IO[bytes]) -> None:
        self._name = name
        self._stream = stream

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes, none at the end; raises Unusable."""
        with _failures(self._name):
            return self._stream.read(size)


@contextmanager
def opened(path: str) -> Iterator[Source]:
    """Open a file or `-` for reading bytes; gzip is known by its content and unpacked on the way.

    Raises Unusable with the cause where it cannot be opened, and so does reading from it.
    """
    name = named(path)
    with ExitStack() as closing:
        with _failures(name):
            if path != STANDARD_INPUT:
                file = closing.enter_context(Path(path).open("rb"))
            elif sys.stdin is None:
                raise Unusable("standard input is closed; name a file")
            else:
                file = io.BufferedReader(cast(io.RawIOBase, sys.stdin.buffer), _BLOCK)
            packed = file.peek(2)[:2] == _GZIP_MAGIC
        yield Source(name, cast(IO[bytes], gzip.GzipFile(fileobj=file)) if packed else file)


@contextmanager
def _failures(name: str) -> Iterator[None]:
    try:
        yield
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise Unusable(f"{name}: the gzip data is damaged: {error}") from error
    except IsADirectoryError as error:
        raise Unusable(f"{name} is a directory; name a file in it") from error
    except FileNotFoundError as error:
        raise Unusable(f"{name} does not exist") from error
    except PermissionError as error:
        raise Unusable(f"{name} may not be read by this user") from error
    except OSError as error:
        raise Unusable(f"{name} cannot be read: {error.strerror or error}") from error


def lines(stream: Source, longest: int = LONGEST_LINE) -> Iterator[bytes]:
    """Yield the lines of a stream without their newline, in bounded memory.

    Raises IllFormed for a line of more than `longest` bytes.
    """
    rest = b""
    count = 0
    while block := stream.read(_BLOCK):
        parts = (rest + block).split(b"\n")
        rest = parts.pop()
        for part in parts:
            count += 1
            if len(part) > longest:
                raise _too_long(count, longest)
            yield part
        if len(rest) > longest:
            raise _too_long(count + 1, longest)
    if rest:
        yield rest


def _too_long(line: int, longest: int) -> IllFormed:
    return IllFormed(line, f"the line is longer than {longest:,} bytes, the most that is read")


@contextmanager
def judging(path: str, history: History) -> Iterator[None]:
    """Turn a ticket that cannot be judged into BadData that names its last line."""
    try:
        yield
    except CannotJudge as error:
        line = history.line_of[history.tickets[error.ticket][-1].event_id]
        raise BadData(f"{named(path)}: line {line}: {error}") from error


def history(path: str, policies: Policies) -> History:
    """Read a whole history from a file or `-`.

    Raises BadData (exit status 3) naming file, line and reason, or Unusable (2).
    """
    # Nothing read here is garbage before the end: collecting over and over costs a third of the
    # time and frees nothing.
    gc.disable()
    try:
        with opened(path) as stream:
            return read(lines(stream), policies)
    except IllFormed as error:
        raise BadData(f"{named(path)}: {error}") from error
    finally:
        gc.enable()
        gc.freeze()


class Log(Protocol):
    """What a whole reading needs of the event log."""

    def read(self, after: int, limit: int) -> "Sequence[Stored]":
        """Return the next events of tickets after a position."""


def logged(log: Log) -> dict[str, list[RecordedEvent]]:
    """Read all tickets of the log, in the order in which they were opened."""
    tickets: dict[str, list[RecordedEvent]] = {}
    position = 0
    gc.disable()
    try:
        while batch := log.read(position, _TOGETHER):
            for stored in batch:
                recorded = stored.recorded
                tickets.setdefault(recorded.ticket, []).append(recorded)
            position = batch[-1].position
    finally:
        gc.enable()
        gc.freeze()
    return tickets
