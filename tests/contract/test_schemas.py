"""The published schemas: true of what is written, no stricter than what is read, never broken."""

import copy
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from domain import instant
from domain.alert import AlertKind
from domain.event import Event, RecordedEvent
from projections.alerts import row, told
from projections.publication import ChangedClock
from projections.rows import rows
from streams.envelope import READERS, WORDS, Malformed, decode, encode
from streams.record import of_clock
from streams.schemas import FOLDER, PUBLISHED, schemas, text_of
from tests.conftest import REPOSITORY
from tests.contract.compatibility import breaks
from tests.strategies import histories, partitions, policies, recorded_histories

Schema = dict[str, Any]

SCHEMAS = schemas()
VALIDATORS = {name: Draft202012Validator(schema) for name, schema in SCHEMAS.items()}
EVENTS = tuple(READERS)
OPENED = "ticket.opened.v1"

# The least that each type says.
LEAST: Mapping[str, dict[str, Any]] = {
    OPENED: {"customer_id": "c-1", "plan": "premium", "channel": "email"},
    "ticket.severity-assigned.v1": {
        "severity": 1,
        "impact": "operations-halted",
        "topic": "defect",
        "supported": True,
    },
    "ticket.customer-replied.v1": {},
    "ticket.agent-responded.v1": {"awaiting": "customer"},
    "ticket.workaround-found.v1": {"awaiting": "support"},
    "ticket.resolved.v1": {},
    "ticket.verified.v1": {"method": "retest"},
}


def faults(name: str, value: object) -> list[str]:
    """What a schema finds wrong with a value."""
    return [error.message for error in VALIDATORS[name].iter_errors(value)]


def line(kind: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """A structured event."""
    return {
        "specversion": "1.0",
        "id": "e-1",
        "source": "/tickets",
        "type": kind,
        "subject": "T-1",
        "time": "2026-03-09T08:00:00Z",
        "sequence": "0000000001",
        "actor": "agent:a-1",
        "data": dict(data),
    }


def read(line: Mapping[str, Any]) -> RecordedEvent | None:
    """What the engine's own reader makes of a line, None where it refuses it."""
    try:
        return decode(orjson.dumps(line))
    except Malformed:
        return None


def lines(path: Path) -> Iterator[Any]:
    """The objects of a JSON Lines file."""
    yield from map(orjson.loads, path.read_bytes().splitlines())


def check_history(path: Path) -> int:
    """Hold every event of a history to its schemas; return how many there are."""
    events = list(lines(path))
    for event in events:
        assert faults("event.v1", event) == []
        assert faults(event["type"], event["data"]) == []
    return len(events)


def check_alerts(path: Path) -> int:
    """Hold every alert of a file to its schema; return how many there are."""
    alerts = list(lines(path))
    for alert in alerts:
        assert faults(f"ticket.alert.{alert['kind']}.v1", alert) == []
    return len(alerts)


class TestTheFiles:
    def test_they_are_what_the_types_say(self) -> None:
        """A field that was added, and not written with `python -m streams.schemas`, is found."""
        assert {path.name: path.read_bytes() for path in FOLDER.glob("*.json")} == {
            f"{name}.json": text_of(schema) for name, schema in SCHEMAS.items()
        }

    @pytest.mark.parametrize("name", SCHEMAS)
    def test_each_is_a_schema_under_its_name(self, name: str) -> None:
        """The dialect is 2020-12, and `dataschema` names the id."""
        Draft202012Validator.check_schema(SCHEMAS[name])
        assert SCHEMAS[name]["$id"] == f"urn:lhuta:schema:{name}"

    def test_every_type_has_one(self) -> None:
        """Seven events, six kinds of alerts, and what goes with them."""
        alerts = {f"ticket.alert.{kind}.v1" for kind in get_args(AlertKind)}
        assert {*EVENTS, *alerts, "event.v1", "clock.v1", "watermark.v1"} <= SCHEMAS.keys()

    def test_a_schema_is_that_of_its_event(self) -> None:
        """The title is the event that the reader of the type makes."""
        for kind, least in LEAST.items():
            event = READERS[kind](least)
            assert SCHEMAS[kind]["title"] == type(event).__name__
        assert {SCHEMAS[kind]["title"] for kind in EVENTS} == {
            event.__name__ for event in get_args(Event)
        }


class TestWhatIsWritten:
    @given(histories())
    def test_every_event_fits_its_schemas(self, history: tuple[RecordedEvent, ...]) -> None:
        """Whatever happens to a ticket, its lines are as published."""
        for recorded in history:
            event = orjson.loads(encode(recorded))
            assert faults("event.v1", event) == []
            assert faults(event["type"], event["data"]) == []
            assert event["dataschema"] == SCHEMAS[event["type"]]["$id"]

    @given(partitions(), policies())
    def test_every_alert_fits_its_schema(self, log: Any, under: Any) -> None:
        """Whatever is told, it is told as published."""
        by_ticket: dict[str, list[RecordedEvent]] = {}
        for entry in log:
            by_ticket.setdefault(entry.recorded.ticket, []).append(entry.recorded)
        for alert in told(by_ticket, under, log[-1].recorded.recorded_at + instant.DAY):
            assert faults(f"ticket.alert.{alert.kind}.v1", row(alert)) == []

    @given(recorded_histories(), policies())
    def test_every_clock_fits_its_schema(
        self, history: tuple[RecordedEvent, ...], under: Any
    ) -> None:
        """However a clock stands, its record says so as published; of one that is gone, nothing."""
        clocks = rows(history, under, history[-1].recorded_at + instant.DAY).clocks
        assert clocks
        for number, one in enumerate(clocks):
            changed = ChangedClock(number, one.ticket, one.clock, one.started_by, 7, one)
            assert faults("clock.v1", orjson.loads(of_clock(changed).value or b"")) == []
            gone = of_clock(changed._replace(row=None))
            assert gone == (of_clock(changed).key, None, [])

    @pytest.mark.parametrize("name", ["three-weeks", "awkward-one", "awkward-two"])
    def test_the_golden_histories_fit(self, name: str) -> None:
        """What was judged before is as published, and so are its alerts."""
        folder = REPOSITORY / "tests" / "golden" / name
        assert check_history(folder / "history.jsonl") > 50
        assert check_alerts(folder / "alerts.jsonl") > 50

    def test_the_vectors_fit(self, shared: Path) -> None:
        """The desk that others made by the contract alone fits."""
        folder = shared / "vectors" / "desk"
        assert check_history(folder / "history.jsonl") > 0
        assert check_alerts(folder / "alerts.jsonl") > 0

    def test_a_wrong_event_does_not_fit(self) -> None:
        """The check can fail."""
        assert faults(OPENED, {**LEAST[OPENED], "plan": 5}) == ["5 is not of type 'string'"]
        assert faults(OPENED, {"plan": "premium", "channel": "web"}) == [
            "'customer_id' is a required property"
        ]


class TestWhatIsRead:
    @given(st.sampled_from(EVENTS), st.data())
    def test_what_fits_the_schema_is_read(self, kind: str, data: st.DataObject) -> None:
        """Whoever writes by the schema is understood, whichever optional fields he gives."""
        properties = SCHEMAS[kind]["properties"]
        given = dict(LEAST[kind])
        for name in data.draw(st.sets(st.sampled_from(sorted(properties)))):
            given[name] = data.draw(_values(properties[name]))
        assert faults(kind, given) == []
        event = read(line(kind, given))
        assert event is not None
        assert event.words.keys() == given.keys() & WORDS[kind]

    @pytest.mark.parametrize("kind", EVENTS)
    def test_what_lacks_a_field_is_refused_by_both(self, kind: str) -> None:
        """A required field is required, and an optional one is not."""
        assert faults(kind, LEAST[kind]) == []
        assert read(line(kind, LEAST[kind])) is not None
        assert set(LEAST[kind]) == set(SCHEMAS[kind]["required"])
        for name in LEAST[kind]:
            less = {field: value for field, value in LEAST[kind].items() if field != name}
            assert faults(kind, less) != []
            assert read(line(kind, less)) is None

    @pytest.mark.parametrize("kind", EVENTS)
    def test_a_field_of_another_type_is_refused_by_both(self, kind: str) -> None:
        """Lists are nowhere expected, so they fit nowhere."""
        for name in SCHEMAS[kind]["properties"]:
            odd = {**LEAST[kind], name: [1]}
            assert faults(kind, odd) != []
            assert read(line(kind, odd)) is None

    def test_an_attribute_is_required_by_both_or_by_none(self) -> None:
        """The schema of a line demands what the reader demands."""
        whole = line(OPENED, LEAST[OPENED])
        assert faults("event.v1", whole) == []
        assert set(SCHEMAS["event.v1"]["required"]) == set(whole)
        for name in whole:
            less = {attribute: value for attribute, value in whole.items() if attribute != name}
            assert faults("event.v1", less) != []
            assert read(less) is None

    def test_unknown_fields_and_values_fit(self) -> None:
        """Readers are to expect what they do not know (contracts, Enumerations may grow)."""
        new = {**LEAST[OPENED], "channel": "carrier-pigeon", "language": "cs"}
        assert faults(OPENED, new) == []
        assert read(line(OPENED, new)) is not None
        assert faults("event.v1", {**line(OPENED, new), "traceparent": "00-1"}) == []


class TestCompatibility:
    def test_no_published_schema_is_broken(self) -> None:
        """Against what readers were given last: nothing removed, retyped, or newly required."""
        published = {path.stem: orjson.loads(path.read_bytes()) for path in PUBLISHED.glob("*")}
        assert published
        assert {
            name: list(breaks(before, SCHEMAS.get(name, {}))) for name, before in published.items()
        } == {name: [] for name in published}

    @pytest.mark.parametrize(
        ("change", "found"),
        [
            (lambda new: new["properties"].pop("plan"), "/plan: removed"),
            (lambda new: new["properties"]["plan"].update(type="integer"), "/plan: type was"),
            (lambda new: new["properties"]["plan"].update(minLength=2), "/plan: minLength was"),
            (lambda new: new["required"].append("follows"), "/follows: now required"),
            (lambda new: new["required"].remove("plan"), "/plan: no longer required"),
            (lambda new: new.update(additionalProperties=False), "the whole: additionalProperties"),
            (lambda new: new.update({"$id": "urn:other"}), "the whole: $id was"),
            (
                lambda new: new["properties"]["environment"]["properties"].pop("android"),
                "/environment/android: removed",
            ),
            (
                lambda new: new["properties"]["channel"].update(enum=["web"]),
                "/channel: enum was None",
            ),
        ],
    )
    def test_a_change_that_breaks_readers_is_found(
        self, change: Callable[[Schema], object], found: str
    ) -> None:
        """Each kind of break is named with its place."""
        new = copy.deepcopy(SCHEMAS[OPENED])
        change(new)
        [fault] = breaks(SCHEMAS[OPENED], new)
        assert fault.startswith(found)

    def test_a_list_of_other_things_is_found(self) -> None:
        """What a list holds is held, too."""
        cleared = SCHEMAS["ticket.alert.cleared.v1"]
        new = copy.deepcopy(cleared)
        new["properties"]["refers"]["items"]["type"] = "integer"
        [fault] = breaks(cleared, new)
        assert fault.startswith("/refers/[]: type was string")

    def test_growing_breaks_nobody(self) -> None:
        """A new optional field, a new known value and better words are no breaks."""
        new = copy.deepcopy(SCHEMAS[OPENED])
        new["properties"]["language"] = {"type": "string"}
        new["properties"]["channel"]["examples"].append("chat")
        new["description"] = "A customer asked for help."
        assert list(breaks(SCHEMAS[OPENED], new)) == []


def _values(schema: Schema) -> st.SearchStrategy[Any]:
    """Values that fit a schema of one field."""
    if schema["type"] == "object":
        properties = {name: _values(field) for name, field in schema["properties"].items()}
        needed = {name: properties.pop(name) for name in schema["required"]}
        return st.fixed_dictionaries(needed, optional=properties)
    if "pattern" in schema:
        return st.from_regex(schema["pattern"].replace("$", r"\Z"))
    if "examples" in schema:
        return st.sampled_from(schema["examples"])
    return {
        "string": st.text(
            st.characters(codec="utf-8"), min_size=schema.get("minLength", 0), max_size=9
        ),
        "integer": st.integers(schema.get("minimum", -9), 99),
        "boolean": st.booleans(),
    }[schema["type"]]
