"""How a command fails: one clear message on standard error, and the documented exit status."""

from typing import IO, Any

import click

EXIT_USAGE = 2
EXIT_BAD_DATA = 3
EXIT_INTERRUPTED = 130


class BadData(click.ClickException):
    """The input could be read and is wrong; exit status 3."""

    exit_code = EXIT_BAD_DATA


class Unusable(click.ClickException):
    """A file or an argument cannot be used at all; exit status 2."""

    exit_code = EXIT_USAGE


class Interrupted(click.ClickException):
    """Somebody pressed Ctrl-C; exit status 130, as a shell has it of a program that this ends."""

    exit_code = EXIT_INTERRUPTED

    def show(self, file: IO[Any] | None = None) -> None:
        """Say what is so, on a line of its own: the terminal shows the keys that were pressed."""
        click.echo(f"\n{self.format_message()}", file=file, err=file is None)
