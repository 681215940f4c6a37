"""Every schema by its name, and the files that hold them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import orjson

from domain.alert import AlertKind
from domain.clock import Verdict
from domain.command import CHANNELS, METHODS
from domain.event import Event
from domain.policy import CLOCK_NAMES
from projections.alerts import AlertRow
from streams.envelope import READERS, SPEC_VERSION, WORDS
from streams.record import ClockState
from streams.schemas.declared import Schema, of_class, of_object

FOLDER = Path(__file__).parent
PUBLISHED = FOLDER / "published"

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TICKET_ID = "^[A-Za-z0-9._-]{1,64}$"
_INSTANT = {"type": "string", "format": "date-time"}
_INSTANTS = frozenset({"deadline", "due_at", "decided_at", "started_at", "satisfied_at"})

_OF_EVENTS: Mapping[str, str] = {
    "customer_id": "who asks, by an opaque id; never an address",
    "plan": "the customer's plan, one of the policy's",
    "channel": "how the request came",
    "environment": "what the customer runs",
    "browser": "the browser and its version",
    "android": "the version of Android",
    "other": "whatever else matters",
    "follows": "the ticket that this one is a follow-up of",
    "severity": "one of the policy's; 1 is the gravest",
    "impact": "what the problem does, one of the policy's",
    "topic": "what the request is about, one of the policy's",
    "supported": "whether the policy supports it; if not, it is answered on best effort",
    "awaiting": "who owes the next step",
    "root_cause": "where the problem came from, one of the policy's",
    "method": "how the resolution was verified",
}
_OF_WORDS: Mapping[str, str] = {
    "subject": "the request in one line",
    "body": "the request in full",
    "recent_changes": "what the customer changed lately",
    "workarounds_tried": "what the customer tried",
    "steps_taken": "what led to the problem",
    "rationale": "why this severity",
    "message": "what was written",
    "description": "the way around the problem",
    "resolution": "what solved it",
    "evidence": "what shows that it holds",
}
_OF_ALERTS: Mapping[str, str] = {
    "id": "the alert's own id, the same however often it is sent",
    "kind": "what is told",
    "ticket": "the ticket",
    "clock": "which of the ticket's clocks",
    "instance": "the clock's number in its ticket when this was decided",
    "started_by": "the id of the event that started the clock",
    "step": "the share of the target, as the policy writes it",
    "deadline": "the instant that this is about; null of a clearing",
    "due_at": "when the clock was due, as this was decided; null without a target",
    "decided_at": "when this was decided",
    "refers": "the ids of the alerts that this one ends",
    "reason": "of a withdrawal, why the alert it ends no longer holds",
}
_OF_CLOCKS: Mapping[str, str] = {
    "ticket": "the ticket",
    "clock": "which of the ticket's clocks",
    "instance": "its number in its ticket, by its start",
    "started_by": "the id of the event that started it",
    "plan": "the customer's plan",
    "policy": "the policy that it is judged by, with its version",
    "started_at": "when it started",
    "due_at": "when it is due; null without a target",
    "satisfied_at": "when it was answered; null while it runs",
    "satisfied_by": "the id of the event that answered it; null while it runs",
    "verdict": "whether the promise is kept",
    "business_seconds": "how much business time it took; null while it runs",
    "off_hours_seconds": "how much other time it took; null while it runs",
    "logposition": "the position in the log of the ticket's last event that counts here",
}
_KNOWN: Mapping[str, tuple[str, ...]] = {"channel": CHANNELS, "method": METHODS}

_TEXT = of_object(
    {
        "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        "length": {"type": "integer", "minimum": 0},
    },
    ["sha256", "length"],
) | {"description": "the salted digest that stands for the words, which are kept elsewhere"}

_ATTRIBUTES: Mapping[str, Schema] = {
    "specversion": {"const": SPEC_VERSION},
    "id": {"type": "string", "minLength": 1, "description": "the event's own id"},
    "source": {"type": "string", "minLength": 1, "description": "where it comes from"},
    "type": {"type": "string", "description": "what happened", "examples": [*READERS]},
    "subject": {"type": "string", "pattern": _TICKET_ID, "description": "the ticket"},
    "time": {**_INSTANT, "description": "when it happened"},
    "recordedtime": {**_INSTANT, "description": "when it was stored"},
    "sequence": {
        "type": "string",
        "pattern": "^[0-9]{10}$",
        "description": "its place in the ticket, from 1 without a gap",
    },
    "actor": {
        "type": "string",
        "minLength": 1,
        "description": "who did it: customer:<id>, agent:<id> or system:<name>",
    },
    "commandid": {"type": "string", "minLength": 1, "description": "the command behind it"},
    "correlationid": {"type": "string", "minLength": 1, "description": "what belongs together"},
    "causationid": {"type": "string", "minLength": 1, "description": "what caused the command"},
    "datacontenttype": {"type": "string", "examples": ["application/json"]},
    "dataschema": {"type": "string", "description": "the schema of the data"},
    "data": {"type": "object", "description": "the fact; its schema is that of the type"},
}
_REQUIRED = ["specversion", "id", "source", "type", "subject", "time", "sequence", "actor", "data"]


def schemas() -> dict[str, Schema]:
    """Return every schema by its name; `urn:lhuta:schema:<name>` is its id."""
    kinds = [f"ticket.alert.{kind}.v1" for kind in get_args(AlertKind)]
    return {
        **{
            kind: _named(kind, _event(event, WORDS[kind]))
            for kind, event in zip(READERS, get_args(Event), strict=True)
        },
        **{kind: _named(kind, _alert(kind.split(".")[2])) for kind in kinds},
        "event.v1": _named(
            "event.v1", of_object(_ATTRIBUTES, _REQUIRED) | {"title": "An event on one line"}
        ),
        "clock.v1": _named("clock.v1", _clock()),
        "watermark.v1": _named("watermark.v1", _watermark()),
    }


def text_of(schema: Schema) -> bytes:
    """Return a schema as its file holds it."""
    return orjson.dumps(schema, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _named(name: str, schema: Schema) -> Schema:
    return {"$schema": _DIALECT, "$id": f"urn:lhuta:schema:{name}", **schema}


def _event(event: type, words: tuple[str, ...]) -> Schema:
    made = of_class(event, _OF_EVENTS)
    for name, values in _KNOWN.items():
        if name in made["properties"]:
            made["properties"][name]["examples"] = list(values)
    for name in made["required"]:
        if made["properties"][name]["type"] == "string":
            made["properties"][name]["minLength"] = 1
    said = {name: {"description": _OF_WORDS[name], "type": "string"} for name in words}
    made["properties"] |= said | {"text": _TEXT}
    return {"title": event.__name__, "description": _first_line(event), **made}


def _alert(kind: str) -> Schema:
    made = of_class(AlertRow, _OF_ALERTS)
    for name, field in made["properties"].items():
        if name in _INSTANTS:
            field["format"] = "date-time"
    made["properties"]["kind"] = {"description": _OF_ALERTS["kind"], "const": kind}
    return {"title": f"Alert: {kind}", **made}


def _clock() -> Schema:
    made = of_class(ClockState, _OF_CLOCKS)
    for name, field in made["properties"].items():
        if name in _INSTANTS:
            field["format"] = "date-time"
    made["properties"]["clock"]["examples"] = list(CLOCK_NAMES)
    made["properties"]["verdict"]["examples"] = list(get_args(Verdict))
    return {"title": "Clock", "description": _first_line(ClockState), **made}


def _watermark() -> Schema:
    return {
        "title": "Watermark",
        "description": "Everything of the partition recorded up to `time` stands at or before "
        "`position` in the log.",
        **of_object(
            {
                "time": {**_INSTANT, "description": "how far the log's time has come"},
                "position": {
                    "type": "integer",
                    "minimum": 0,
                    "description": "the position of the partition's last event by then, 0 for none",
                },
            },
            ["time", "position"],
        ),
    }


def _first_line(declared: Any) -> str:
    return str(declared.__doc__).split(" Words:")[0].strip().splitlines()[0]
