"""Where the words of a command come from: an option, a file, or the editor, as with git."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click

from infra.doors.cli.failure import BadData, Unusable
from infra.doors.source import STANDARD_INPUT, named

Command = TypeVar("Command", bound=Callable[..., Any])

_COMMENT = "#"


class Words(NamedTuple):
    """What was written, None for nothing; `typed` tells that it came from the editor."""

    text: str | None
    typed: bool = False


NO_WORDS = Words(None)


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


def given_text(message: str | None, message_file: str | None) -> Words:
    """Return the text of the options, without blank lines around it.

    Raises UsageError where both are given, Unusable and BadData for a file.
    """
    if message is not None and message_file is not None:
        raise click.UsageError("give the text with --message or with --message-file, not both")
    if message_file is not None:
        return Words(_trimmed(_read(message_file)))
    return NO_WORDS if message is None else Words(_trimmed(message))


def required_text(message: str | None, message_file: str | None, *explanation: str) -> Words:
    """Return the text of the options, or what is written in the editor that opens otherwise."""
    words = given_text(message, message_file)
    return written(*explanation) if words.text is None else words


def written(*explanation: str) -> Words:
    """Return what is written in the editor; `explanation` stands in comments below the text.

    Raises UsageError where nobody is there to write, Unusable where nothing was written.
    """
    if not (sys.stdin.isatty() or os.environ.get("VISUAL") or os.environ.get("EDITOR")):
        raise click.UsageError(
            "there is no text and no terminal to write it on; give --message or --message-file"
        )
    comments = (*explanation, "Lines that start with # are left out; no text changes nothing.")
    template = "\n\n" + "".join(f"{_COMMENT} {line}\n" for line in comments)
    try:
        text = click.edit(template, require_save=False)
    except click.ClickException as error:
        raise Unusable(f"{error.message}; set EDITOR, or give --message") from error
    lines = (text or "").split("\n")
    kept = _trimmed("\n".join(line for line in lines if not line.startswith(_COMMENT)))
    if not kept:
        raise Unusable("nothing was written, so nothing was done")
    return Words(kept, typed=True)


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
