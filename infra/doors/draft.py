"""A file that is there whole or not at all."""

import gzip
import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import IO, cast

from infra.doors.cli.failure import Unusable

_BLOCK = 1 << 18
_SPEED_OVER_SIZE = 6


@contextmanager
def draft(path: Path) -> Iterator[IO[bytes]]:
    """Write to a temporary name beside `path`, and take the name when all went well.

    A name that ends in `.gz` is compressed. What is no regular file, such as a pipe, is written
    to directly. Raises Unusable with the cause when it cannot be written.
    """
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise Unusable(f"{path} is a directory; name a file in it")
    try:
        if target.exists() and not target.is_file():
            with target.open("wb", buffering=_BLOCK) as file:
                yield file
            return
        part = target.with_name(f".{target.name}.{os.getpid()}.part")
        try:
            with part.open("xb", buffering=_BLOCK) as file:
                if target.name.endswith(".gz"):
                    # No time and no name inside: the same events make the same bytes.
                    with gzip.GzipFile("", "wb", _SPEED_OVER_SIZE, file, mtime=0) as packed:
                        yield cast(IO[bytes], packed)
                else:
                    yield file
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise Unusable(f"{path} cannot be written: {error.strerror or error}") from error


def target(output: Path | None) -> AbstractContextManager[IO[bytes]]:
    """Return what results are written to: a draft of the file, or standard output without one."""
    return nullcontext(sys.stdout.buffer) if output is None else draft(output)
