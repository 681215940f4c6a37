"""Alerts into a command: its standard input gets the lines, its exit status says whether it did."""

import os
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from typing import IO

from domain import instant
from infra.outlets.outlet import DELIVERED, PATIENCE, Failed, Result, Sending, Settled

_REASON = 300

# Ends a command with everything that it started, unless it is told that the command has ended.
_GUARD = 'read -r ended || kill -s KILL -- "-$0"'


class ProcessOutlet:
    """Starts a command of the shell for every batch of lines.

    Exit status 0 means that it has taken all of them. What it writes is not kept, but for the last
    line on standard error, which is the reason where it fails.
    """

    def __init__(self, command: str) -> None:
        self._command = command

    def send(self, lines: Sequence[bytes], now: int) -> Sending:
        """Start the command on the lines."""
        try:
            return _Run(self._command, lines, now + PATIENCE)
        except OSError as error:
            return Settled(Failed(f"the command cannot be started: {error.strerror}"))


class _Run:
    def __init__(self, command: str, lines: Sequence[bytes], until: int) -> None:
        self._until = until
        # Files, not pipes: a command that does not read or write cannot hold anybody up.
        with ExitStack() as opened:
            self._errors: IO[bytes] = opened.enter_context(tempfile.TemporaryFile())
            text = opened.enter_context(tempfile.TemporaryFile())
            text.writelines(lines)
            text.seek(0)
            self._process = subprocess.Popen(
                command,
                shell=True,
                stdin=text,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                # Ctrl-C on the engine's terminal is not for the subscribers' commands.
                start_new_session=True,
            )
            opened.callback(self._kill)
            # Whoever is killed leaves no command behind, beside which another would start it again.
            self._guard = subprocess.Popen(
                ["sh", "-c", _GUARD, str(self._process.pid)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            text.close()
            opened.pop_all()

    def result(self, now: int) -> Result | None:
        """Return what the command's exit status says, None while it runs."""
        status = self._process.poll()
        if status is None:
            if now < self._until:
                return None
            self._end()
            return Failed(f"the command took longer than {PATIENCE // instant.SECOND} s")
        self._dismiss()
        said = self._said()
        if status == 0:
            return DELIVERED
        how = f"exit status {status}" if status > 0 else f"ended by signal {-status}"
        return Failed(f"{how}: {said}" if said else how)

    def abandon(self) -> None:
        """End the command; its lines are sent again later."""
        if self._process.poll() is None:
            self._end()
        else:
            self._dismiss()
            self._errors.close()

    def _end(self) -> None:
        self._kill()
        self._dismiss()
        self._errors.close()

    def _kill(self) -> None:
        with suppress(ProcessLookupError):
            # With everything that it started.
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _dismiss(self) -> None:
        """Let the guard go: the command has ended, and what it left behind may stay."""
        self._guard.communicate(b"ended\n")

    def _said(self) -> str:
        with self._errors:
            self._errors.seek(max(0, self._errors.seek(0, os.SEEK_END) - 4096))
            lines = self._errors.read().decode("utf-8", errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "")[:_REASON]
