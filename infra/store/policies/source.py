"""The bytes of a policy file, and the TOML in them."""

import re
import tomllib
from decimal import Decimal
from pathlib import Path

from infra.store.policies.problem import PolicyInvalid, PolicyUnreadable, Problem

LARGEST_FILE = 4 * 1024 * 1024

_TOML_PLACE = re.compile(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", re.DOTALL)


def content_of(path: Path) -> bytes:
    """Return the bytes of a file, at most one more than allowed; raises PolicyUnreadable."""
    if path.is_dir():
        raise PolicyUnreadable(f"{path} is a directory; name the policy file in it")
    try:
        with path.open("rb") as file:
            return file.read(LARGEST_FILE + 1)
    except FileNotFoundError as error:
        raise PolicyUnreadable(f"{path} does not exist") from error
    except OSError as error:
        raise PolicyUnreadable(f"{path} cannot be read: {error.strerror}") from error


def toml(content: bytes, file: str) -> tuple[dict[str, object], str]:
    """Return the parsed TOML and its text; raises PolicyInvalid with the one syntax error."""

    def invalid(line: int | None, expected: str, found: str) -> PolicyInvalid:
        return PolicyInvalid((Problem(file, "", line, expected, found),))

    if len(content) > LARGEST_FILE:
        raise invalid(None, "a file of at most 4 MiB", "a larger one")
    try:
        text = content.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        byte = f"the byte 0x{content[error.start]:02x}"
        raise invalid(line, "text in UTF-8", byte) from error
    if text.startswith("\ufeff"):
        raise invalid(1, "UTF-8 without a byte order mark", "a byte order mark")
    try:
        return tomllib.loads(text, parse_float=Decimal), text
    except RecursionError as error:
        raise invalid(None, "tables and arrays a few levels deep", "far more levels") from error
    except ValueError as error:
        raise invalid(*_syntax_error(error, text)) from error


def _syntax_error(error: ValueError, text: str) -> tuple[int | None, str, str]:
    """Return the place and the words of what the TOML parser says only in a message."""
    expected = "TOML that can be parsed"
    match = _TOML_PLACE.fullmatch(str(error))
    if match is None:
        return None, expected, str(error)
    if match[2] is None:
        return text.count("\n") + 1, expected, f"{match[1]}, at the end of the file"
    return int(match[2]), expected, f"{match[1]}, column {match[3]}"
