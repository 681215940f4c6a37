"""How a command fails: one clear message on standard error, and the documented exit status."""

import click

EXIT_USAGE = 2
EXIT_BAD_DATA = 3


class BadData(click.ClickException):
    """The input could be read and is wrong; exit status 3."""

    exit_code = EXIT_BAD_DATA


class Unusable(click.ClickException):
    """A file or an argument cannot be used at all; exit status 2."""

    exit_code = EXIT_USAGE
