"""A command as programs write it: one JSON object, as in docs/commands.md.

What is wrong with it is a refusal like any other, so that one bad line stops no others.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from typing import Any

import orjson

from domain import instant
from domain.command import Command
from domain.event import Environment
from domain.refusal import Refusal
from infra.desk import NAMES, UNNAMED, Request

COMMANDS: Mapping[str, type[Command]] = {name: kind for kind, name in NAMES.items()}

_TEXT = (str, "a text")
_TYPES: Mapping[str, tuple[type, str]] = {
    "severity": (int, "an integer"),
    "supported": (bool, "true or false"),
    "environment": (dict, "an object"),
}
_SENDING = ("command", "command_id", "actor", "correlation_id", "causation_id")
_ENVIRONMENT = tuple(field.name for field in fields(Environment))


class CommandMalformed(Refusal):
    """A written command is one JSON object with just the fields of its kind."""

    says = "{message}"

    def __init__(self, message: str) -> None:
        super().__init__(message=message)


def read(line: bytes, *, actor: str, new_id: Callable[[], str]) -> Request:
    """Read one command; `actor` and `new_id` stand in where it names no actor or no id.

    Raises CommandMalformed with the field at fault.
    """
    try:
        document = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise CommandMalformed(f"the line is not JSON: {error}; write one object a line") from error
    if not isinstance(document, dict):
        raise CommandMalformed("the line is not a JSON object; write one object a line")
    given = {name: value for name, value in document.items() if value is not None}
    sending = {name: _value(given, name) for name in _SENDING if name in given}
    return Request(
        _command(given),
        command_id=sending.get("command_id", "").lower() or new_id(),
        actor=sending.get("actor", actor),
        correlation_id=sending.get("correlation_id"),
        causation_id=sending.get("causation_id"),
    )


def named(line: bytes) -> dict[str, str | None]:
    """Return the command id and the ticket that a line names, whatever else is wrong with it."""
    try:
        document = orjson.loads(line)
    except orjson.JSONDecodeError:
        document = None
    found = document if isinstance(document, dict) else {}
    texts = {name: found.get(name) for name in ("command_id", "ticket")}
    return {name: text if isinstance(text, str) else None for name, text in texts.items()}


def _command(given: Mapping[str, Any]) -> Command:
    name = given.get("command")
    kind = COMMANDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise CommandMalformed(f"'command' is not one of: {', '.join(COMMANDS)}")
    known = {_written(field.name): field for field in fields(kind)}
    for unknown in (one for one in given if one not in known and one not in _SENDING):
        raise CommandMalformed(_unknown(unknown, str(name), known))
    values: dict[str, Any] = {"ticket": UNNAMED} if name == "open" else {}
    for written, field in known.items():
        if written in given:
            values[field.name] = _value(given, written)
        elif field.default is MISSING and field.name not in values:
            raise CommandMalformed(f"'{written}' is missing; {name} needs it")
    return kind(**values)


def _written(field: str) -> str:
    return "at" if field == "occurred_at" else field


def _unknown(field: str, name: str, known: Mapping[str, object]) -> str:
    if field == "at":
        return f"{name} takes no 'at': it is a decision, and happens when it is recorded"
    return f"'{field[:64]}' is no field of {name}, which has {', '.join((*known, *_SENDING[1:]))}"


def _value(given: Mapping[str, Any], name: str) -> Any:
    kind, expected = _TYPES.get(name, _TEXT)
    if type(given[name]) is not kind:
        raise CommandMalformed(f"'{name}' is not {expected}")
    match name, given[name]:
        case "ticket", "":
            raise CommandMalformed("'ticket' is blank; name one, or leave it out to have one made")
        case "at", text:
            return _instant(text)
        case "environment", parts:
            return _environment(parts)
        case _, value:
            return value


def _instant(text: str) -> int:
    try:
        return instant.parse(text)
    except instant.NotAnInstant as error:
        raise CommandMalformed(f"'at': {error}") from error


def _environment(parts: Mapping[str, Any]) -> Environment:
    for name, value in parts.items():
        if name not in _ENVIRONMENT:
            raise CommandMalformed(
                f"'environment.{name[:64]}' is unknown; there are {', '.join(_ENVIRONMENT)}"
            )
        if value is not None and type(value) is not str:
            raise CommandMalformed(f"'environment.{name}' is not a text")
    return Environment(**parts)
