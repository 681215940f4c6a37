"""Where the words of a command come from: an option, a file, or the editor, as with git."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain, count
from pathlib import Path
from typing import Any, TypeVar

import click

from infra.doors.cli.data_folder import shown
from infra.doors.cli.failure import BadData, Unusable
from infra.doors.source import STANDARD_INPUT, named

Command = TypeVar("Command", bound=Callable[..., Any])

_COMMENT = "#"


def text_options(field: str, what: str) -> Callable[[Command], Command]:
    """Add `--message` (also named after its field) and `--message-file`."""
    names = dict.fromkeys(("-m", "--message", f"--{field}"))

    def decorate(command: Command) -> Command:
        command = click.option(
            "-F",
            "--message-file",
            metavar="FILE|-",
            help="Take the text from a file, or from standard input.",
        )(command)
        return click.option(*names, "message", metavar="TEXT", help=f"{what}.")(command)

    return decorate


def given_text(message: str | None, message_file: str | None) -> str | None:
    """Return the text of the options without blank lines around it, None where there is none.

    Raises UsageError where both are given, Unusable and BadData for a file.
    """
    if message is not None and message_file is not None:
        raise click.UsageError("give the text with --message or with --message-file, not both")
    if message_file is not None:
        return _trimmed(_read(message_file))
    return None if message is None else _trimmed(message)


def written_text(explanation: str) -> str:
    """Return what is written in the editor; `explanation` stands in comments below the text.

    Raises UsageError where nobody is there to write, Unusable where nothing was written.
    """
    if not (sys.stdin.isatty() or os.environ.get("VISUAL") or os.environ.get("EDITOR")):
        raise click.UsageError(
            "there is no text and no terminal to write it on; give --message or --message-file"
        )
    comments = (explanation, "Lines that start with # are left out; no text changes nothing.")
    template = "\n\n" + "".join(f"{_COMMENT} {line}\n" for line in comments)
    try:
        text = click.edit(template, require_save=False)
    except click.ClickException as error:
        raise Unusable(f"{error.message}; set EDITOR, or give --message") from error
    lines = (text or "").split("\n")
    kept = _trimmed("\n".join(line for line in lines if not line.startswith(_COMMENT)))
    if not kept:
        raise Unusable("nothing was written, so nothing was done")
    return kept


@contextmanager
def kept_unless_sent(text: str, folder: Path) -> Iterator[None]:
    """Keep a text that was typed in a folder, unless what it was typed for succeeds.

    Where the folder does not take it, it is printed: it is nowhere else.
    """
    sent = False
    try:
        yield
        sent = True
    finally:
        if not sent:
            click.echo(_kept(text, folder), err=True)


def _kept(text: str, folder: Path) -> str:
    """Keep a text beside those that are kept already, and say where."""
    names = chain(["unsent.txt"], (f"unsent-{number}.txt" for number in count(2)))
    unsent = next(path for path in (folder / name for name in names) if not path.exists())
    try:
        with open(unsent, "x", encoding="utf-8", opener=_private) as file:
            file.write(f"{text}\n")
    except OSError as error:
        return f"What you wrote cannot be kept ({error.strerror or error}):\n\n{text}\n"
    return f"What you wrote is kept: send it with --message-file {shown(unsent)}, then delete it."


def _private(path: str, flags: int) -> int:
    # For this user only: it may be personal, and erasing a ticket does not reach it.
    return os.open(path, flags, 0o600)


def _read(file: str) -> str:
    try:
        if file == STANDARD_INPUT:
            return sys.stdin.buffer.read().decode("utf-8")
        return Path(file).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise BadData(
            f"{named(file)}: not UTF-8: {error.reason} at byte {error.start + 1}"
        ) from error
    except OSError as error:
        raise Unusable(f"{file} cannot be read: {error.strerror or error}") from error


def _trimmed(text: str) -> str:
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").split("\n")]
    return "\n".join(lines).strip("\n")
