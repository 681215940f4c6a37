"""`lhuta serve` as a process of its own."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from tests.conftest import REPOSITORY
from tests.web.desk import Desk


class Served(NamedTuple):
    """Where a process serves."""

    url: str
    pid: int


@contextmanager
def served(desk: Desk) -> Iterator[Served]:
    """Serve the data of a desk by a process that is killed at the end."""
    command = [sys.executable, "-m", "infra.doors.cli", "serve", "--http", "127.0.0.1:0"]
    database = {"LHUTA_DATABASE": desk.settings.database} if desk.settings.database else {}
    with subprocess.Popen(
        [*command, "--data", str(desk.settings.data)],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1", **database},
    ) as process:
        try:
            assert process.stdout is not None
            address = re.search(r"http://[\d.:]+\d", process.stdout.readline())
            assert address is not None
            yield Served(address[0], process.pid)
        finally:
            process.kill()
