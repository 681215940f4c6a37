"""`lhuta` in a world that is not as it should be, as a process of its own.

python -m tests.survival.lhuta [--clock SECONDS] [--most BYTES] [--patience SECONDS]
    [--unprivileged] -- COMMAND ...

`--clock` sets the clock ahead or back, `--most` is how long a file may grow, `--patience` is how
long a locked database is waited for, and `--unprivileged` makes permissions apply to root too.
"""

import argparse
import ctypes
import os
import resource
import sys
import time
from types import FunctionType, MethodType
from typing import cast

from infra.doors.cli import main
from infra.store.deliveries import SQLiteDeliveries
from infra.store.log import EventLog
from infra.store.models import SQLiteModels

CAPBSET_DROP = 24
DAC_OVERRIDE = 1
"""The right of root to write what is read-only, by its number on Linux."""


def set_clock(seconds: int) -> None:
    """Show another time to everything that asks for it."""
    right = time.time_ns
    time.time_ns = lambda: right() + seconds * 1_000_000_000


def limit_files(most: int) -> None:
    """Let no file grow longer than so many bytes, as on a full disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))


def lose_patience(seconds: int) -> None:
    """Wait for a locked database so long only, where the program would wait longer."""
    for opened in (EventLog.examine, EventLog.open, SQLiteDeliveries.open, SQLiteModels.open):
        function = cast(FunctionType, cast(MethodType, opened).__func__)
        function.__kwdefaults__ = {**(function.__kwdefaults__ or {}), "busy_seconds": seconds}


def without_privileges() -> None:
    """Begin again as a process to which permissions apply."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(CAPBSET_DROP, DAC_OVERRIDE, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "the right to write everything cannot be given up")
    arguments = [one for one in sys.argv[1:] if one != "--unprivileged"]
    os.execv(sys.executable, [sys.executable, "-m", "tests.survival.lhuta", *arguments])


def run() -> None:
    """Read the options, make the world so, and run the command."""
    options = argparse.ArgumentParser(usage=__doc__)
    options.add_argument("--clock", type=int)
    options.add_argument("--most", type=int)
    options.add_argument("--patience", type=int)
    options.add_argument("--unprivileged", action="store_true")
    options.add_argument("command", nargs="*")
    given = options.parse_args()
    if given.unprivileged:
        without_privileges()
    if given.clock is not None:
        set_clock(given.clock)
    if given.most is not None:
        limit_files(given.most)
    if given.patience is not None:
        lose_patience(given.patience)
    main(given.command, prog_name="lhuta")


if __name__ == "__main__":
    run()
