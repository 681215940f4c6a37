"""What the engine says while it works: one line each, with an `action` and an `id`.

No line holds what people wrote, nor the command of a subscriber, which may hold a secret.
"""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal, TextIO

import orjson

from domain import instant

Form = Literal["json", "text"]

_JOURNAL = logging.getLogger("lhuta")
_MILLISECOND = 1000


def note(action: str, id: str, *, level: int = logging.INFO, **facts: Any) -> None:
    """Say what was done to what; `facts` are further fields of the line."""
    _JOURNAL.log(level, action, extra={"action": action, "about": id, "facts": facts})


class JsonLines(logging.Formatter):
    """Writes a record as one JSON object: at, level, action, id, and its facts."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        at = int(record.created * instant.SECOND)
        line = {
            "at": instant.text(at - at % _MILLISECOND),
            "level": record.levelname.lower(),
            "action": getattr(record, "action", "log"),
            "id": getattr(record, "about", record.name),
            **getattr(record, "facts", {"message": record.getMessage()}),
        }
        return orjson.dumps(line, default=str).decode()


class PlainLines(logging.Formatter):
    """Writes a record for people: what was done to what."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        facts = getattr(record, "facts", {})
        told = facts.get("message") or ", ".join(f"{name} {fact}" for name, fact in facts.items())
        about = getattr(record, "about", record.name)
        return f"{record.levelname.lower()}: {record.getMessage()} {about}: {told}".rstrip(": ")


@contextmanager
def warnings_of_others() -> Iterator[None]:
    """Write, where our own lines are written, also what the libraries in use warn of."""
    others = logging.getLogger()
    handlers = list(_JOURNAL.handlers)
    level = others.level
    others.setLevel(logging.WARNING)
    for handler in handlers:
        others.addHandler(handler)
    try:
        yield
    finally:
        for handler in handlers:
            others.removeHandler(handler)
        others.setLevel(level)


@contextmanager
def logging_to(stream: TextIO | None, form: Form) -> Iterator[None]:
    """Write what is noted to a stream, standard error by default; people see warnings only."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else PlainLines())
    handler.setLevel(logging.INFO if form == "json" else logging.WARNING)
    before = _JOURNAL.level, _JOURNAL.propagate
    _JOURNAL.setLevel(logging.INFO)
    _JOURNAL.propagate = False
    _JOURNAL.addHandler(handler)
    try:
        yield
    finally:
        _JOURNAL.removeHandler(handler)
        _JOURNAL.setLevel(before[0])
        _JOURNAL.propagate = before[1]
