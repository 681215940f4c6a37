"""One event on its way: a structured CloudEvent, one JSON object per line (contracts, Events).

A reader ignores what it does not know, and says exactly what it misses. Words may stand inline or
be missing; a `text` digest may stand for them.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from sys import intern
from typing import Any, assert_never

import orjson

from domain import instant
from domain.event import (
    AgentResponded,
    Awaiting,
    CustomerReplied,
    Environment,
    Event,
    Opened,
    RecordedEvent,
    Resolved,
    SeverityAssigned,
    Text,
    Verified,
    Words,
    WorkaroundFound,
    is_ticket_id,
)

SOURCE = "/tickets"
SPEC_VERSION = "1.0"

Data = Mapping[str, Any]


class Malformed(ValueError):
    """A line that is no event of ours; the message says what is wrong with it."""


def decode(line: bytes) -> RecordedEvent:
    """Read one structured CloudEvent.

    An event without `recordedtime` counts as recorded when it happened (contracts, The same
    history from a file). Raises Malformed.
    """
    try:
        attributes = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        if not line.strip():
            raise Malformed("the line is blank; every line is a JSON object") from error
        # The parser's own line is always 1; only its column helps.
        raise Malformed(f"not JSON: {error.msg} (column {error.colno})") from error
    if type(attributes) is not dict:
        raise Malformed("not a JSON object")
    return event_of(attributes)


def event_of(attributes: Data) -> RecordedEvent:
    """Read an event of its attributes and `data`, wherever they stood; raises Malformed."""
    try:
        kind = attributes["type"]
        event_id = attributes["id"]
        ticket = attributes["subject"]
        time = attributes["time"]
        sequence = attributes["sequence"]
        actor = attributes["actor"]
        data = attributes["data"]
        version = attributes["specversion"]
        source = attributes["source"]
    except KeyError as missing:
        raise Malformed(f"the attribute '{missing.args[0]}' is missing") from missing
    get = attributes.get
    recorded = get("recordedtime")
    command_id = get("commandid")
    correlation_id = get("correlationid")
    causation_id = get("causationid")
    if not (
        type(time) is type(kind) is type(event_id) is type(ticket) is type(sequence) is str
        and type(actor) is type(source) is str
        and type(data) is dict
        and version == SPEC_VERSION
        and event_id
        and actor
        and source
        and len(sequence) == 10
        and sequence.isdigit()
        and sequence.isascii()
        and (recorded is None or type(recorded) is str)
        and (command_id is None or type(command_id) is str)
        and (correlation_id is None or type(correlation_id) is str)
        and (causation_id is None or type(causation_id) is str)
        and (reader := READERS.get(kind)) is not None
        and is_ticket_id(ticket)
    ):
        raise Malformed(_fault(attributes))
    occurred_at = _instant("time", time)
    event = reader(data)
    words = _words(data, WORDS[kind])
    recorded_at = (
        occurred_at if recorded is None or recorded == time else _instant("recordedtime", recorded)
    )
    text = _text(data["text"]) if "text" in data else None
    # A ticket and an actor are named by many events; one text serves them all.
    ticket, actor = intern(ticket), intern(actor)
    # The constructor of a named tuple costs as much as the rest of this function.
    return tuple.__new__(
        RecordedEvent,
        (
            ticket,
            int(sequence),
            event_id,
            occurred_at,
            recorded_at,
            actor,
            event,
            words,
            text,
            command_id,
            correlation_id,
            causation_id,
        ),
    )


_TEXTS = (
    "id",
    "source",
    "type",
    "subject",
    "time",
    "recordedtime",
    "sequence",
    "actor",
    "commandid",
    "correlationid",
    "causationid",
)


def _fault(attributes: Data) -> str:
    """Say what is wrong with the attributes; reading only asks when something is."""
    if attributes["specversion"] != SPEC_VERSION:
        return f"'specversion' is {shown(attributes['specversion'])}, expected \"{SPEC_VERSION}\""
    for name in _TEXTS:
        value = attributes.get(name)
        if name in attributes and (type(value) is not str or not value):
            return f"'{name}' is {shown(value)}, expected a text that is not empty"
    kind, ticket = attributes["type"], attributes["subject"]
    if kind not in READERS:
        return f"unknown type {shown(kind)}; known are {', '.join(READERS)}"
    if not is_ticket_id(ticket):
        return f"'subject' is {shown(ticket)}, expected a ticket id: 1 to 64 of A-Z a-z 0-9 . _ -"
    if type(attributes["data"]) is not dict:
        return f"'data' is {shown(attributes['data'])}, expected an object"
    return f"'sequence' is {shown(attributes['sequence'])}, expected a text of 10 digits"


def encode(recorded: RecordedEvent, source: str = SOURCE) -> bytes:
    """Write an event as structured JSON on one line, without the newline; words stand inline."""
    kind, data = written(recorded.event)
    data.update(recorded.words)
    if recorded.text is not None:
        data["text"] = {"length": recorded.text.length, "sha256": recorded.text.sha256}
    time = instant.text(recorded.occurred_at)
    same = recorded.recorded_at == recorded.occurred_at
    attributes: dict[str, Any] = {
        "specversion": SPEC_VERSION,
        "id": recorded.event_id,
        "source": source,
        "type": kind,
        "subject": recorded.ticket,
        "time": time,
        "recordedtime": time if same else instant.text(recorded.recorded_at),
        "sequence": f"{recorded.version:010d}",
        "actor": recorded.actor,
    }
    if recorded.command_id is not None:
        attributes["commandid"] = recorded.command_id
    if recorded.correlation_id is not None:
        attributes["correlationid"] = recorded.correlation_id
    if recorded.causation_id is not None:
        attributes["causationid"] = recorded.causation_id
    attributes["datacontenttype"] = "application/json"
    attributes["dataschema"] = f"urn:lhuta:schema:{kind}"
    attributes["data"] = data
    return orjson.dumps(attributes)


def type_of(event: Event) -> str:
    """Return the contract name of an event's type, such as `ticket.opened.v1`."""
    return written(event)[0]


def _opened(data: Data) -> Event:
    environment = data.get("environment")
    return Opened(
        _required(data, "customer_id"),
        _required(data, "plan"),
        _required(data, "channel"),
        NO_ENVIRONMENT if environment is None else _environment(environment),
        _optional(data, "follows"),
    )


def _severity_assigned(data: Data) -> Event:
    severity = data.get("severity")
    supported = data.get("supported")
    if type(severity) is not int:
        raise Malformed(f"'data.severity' is {shown(severity)}, expected an integer")
    if type(supported) is not bool:
        raise Malformed(f"'data.supported' is {shown(supported)}, expected true or false")
    return _assigned(severity, _required(data, "impact"), _required(data, "topic"), supported)


def _customer_replied(data: Data) -> Event:
    return CUSTOMER_REPLIED


def _agent_responded(data: Data) -> Event:
    return AGENT_RESPONDED[_awaiting(data)]


def _workaround_found(data: Data) -> Event:
    return WORKAROUND_FOUND[_awaiting(data)]


def _resolved(data: Data) -> Event:
    return _resolved_by(_optional(data, "root_cause"))


def _verified(data: Data) -> Event:
    return _verified_by(_required(data, "method"))


# A desk has few of each: one object serves many events, and is made once.
_assigned = lru_cache(1024)(SeverityAssigned)
_resolved_by = lru_cache(1024)(Resolved)
_verified_by = lru_cache(1024)(Verified)
_environment_of = lru_cache(1024)(Environment)

# The words of each type (contracts, Events on Kafka, the table).
WORDS: Mapping[str, tuple[str, ...]] = {
    "ticket.opened.v1": (
        "subject",
        "body",
        "recent_changes",
        "workarounds_tried",
        "steps_taken",
    ),
    "ticket.severity-assigned.v1": ("rationale",),
    "ticket.customer-replied.v1": ("message",),
    "ticket.agent-responded.v1": ("message",),
    "ticket.workaround-found.v1": ("description",),
    "ticket.resolved.v1": ("resolution",),
    "ticket.verified.v1": ("evidence",),
}
NO_ENVIRONMENT = Environment()
CUSTOMER_REPLIED = CustomerReplied()
AGENT_RESPONDED: Mapping[Awaiting, AgentResponded] = {
    "support": AgentResponded("support"),
    "customer": AgentResponded("customer"),
}
WORKAROUND_FOUND: Mapping[Awaiting, WorkaroundFound] = {
    "support": WorkaroundFound("support"),
    "customer": WorkaroundFound("customer"),
}

# What reads the data of each type; the log reads what it stored by the same.
READERS: Mapping[str, Callable[[Data], Event]] = {
    "ticket.opened.v1": _opened,
    "ticket.severity-assigned.v1": _severity_assigned,
    "ticket.customer-replied.v1": _customer_replied,
    "ticket.agent-responded.v1": _agent_responded,
    "ticket.workaround-found.v1": _workaround_found,
    "ticket.resolved.v1": _resolved,
    "ticket.verified.v1": _verified,
}


def written(event: Event) -> tuple[str, dict[str, Any]]:
    """Return an event's type name and its data, without the words."""
    match event:
        case CustomerReplied():
            return "ticket.customer-replied.v1", {}
        case AgentResponded():
            return "ticket.agent-responded.v1", {"awaiting": event.awaiting}
        case Opened():
            return "ticket.opened.v1", _written_opening(event)
        case SeverityAssigned():
            return "ticket.severity-assigned.v1", {
                "severity": event.severity,
                "impact": event.impact,
                "topic": event.topic,
                "supported": event.supported,
            }
        case Resolved():
            cause = event.root_cause
            return "ticket.resolved.v1", {} if cause is None else {"root_cause": cause}
        case WorkaroundFound():
            return "ticket.workaround-found.v1", {"awaiting": event.awaiting}
        case Verified():
            return "ticket.verified.v1", {"method": event.method}
        case _:
            assert_never(event)


def _written_opening(event: Opened) -> dict[str, Any]:
    data: dict[str, Any] = {
        "customer_id": event.customer_id,
        "plan": event.plan,
        "channel": event.channel,
    }
    environment = event.environment
    if environment is not NO_ENVIRONMENT and environment != NO_ENVIRONMENT:
        data["environment"] = {
            name: value
            for name in ("browser", "android", "other")
            if (value := getattr(environment, name)) is not None
        }
    if event.follows is not None:
        data["follows"] = event.follows
    return data


def _instant(name: str, text: str) -> int:
    try:
        return instant.parse(text)
    except instant.NotAnInstant as error:
        raise Malformed(f"'{name}': {error}") from error


def _required(data: Data, name: str) -> str:
    value = data.get(name)
    if type(value) is not str or not value:
        if name not in data:
            raise Malformed(f"'data.{name}' is missing")
        raise Malformed(f"'data.{name}' is {shown(value)}, expected a text that is not empty")
    return value


def _optional(data: Data, name: str) -> str | None:
    value = data.get(name)
    if value is not None and type(value) is not str:
        raise Malformed(f"'data.{name}' is {shown(value)}, expected a text")
    return value


def _awaiting(data: Data) -> Awaiting:
    match data.get("awaiting"):
        case "support":
            return "support"
        case "customer":
            return "customer"
        case other:
            raise Malformed(
                f'\'data.awaiting\' is {shown(other)}, expected "support" or "customer"'
            )


def _environment(value: object) -> Environment:
    if not isinstance(value, dict):
        raise Malformed(f"'data.environment' is {shown(value)}, expected an object")
    return _environment_of(
        _optional(value, "browser"), _optional(value, "android"), _optional(value, "other")
    )


def _words(data: Data, names: tuple[str, ...]) -> Words:
    words: dict[str, str] = {}
    for name in names:
        if name in data:
            value = _optional(data, name)
            if value is not None:
                words[name] = value
    return words


def _text(value: object) -> Text:
    match value:
        case {"sha256": str(sha256), "length": int(length)} if len(sha256) == 64 and length >= 0:
            return Text(sha256, length)
        case _:
            raise Malformed(
                f"'data.text' is {shown(value)}, expected an object with sha256 and length"
            )


def shown(value: object) -> str:
    """Show a foreign value in a message: as JSON, on one line, never longer than 60 characters."""
    text = orjson.dumps(value).decode()
    return text if len(text) <= 60 else text[:57] + "..."
