"""The AsyncAPI document: what the specification demands of it, and true of the schemas."""

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml
from hypothesis import given
from jsonschema import Draft202012Validator

from domain.event import RecordedEvent
from streams.record import of_event
from streams.schemas import schemas
from streams.topic import ALERTS, CLOCKS, EVENTS, WATERMARKS
from tests.conftest import REPOSITORY
from tests.property.test_records import SOURCE, stored
from tests.strategies import placed_events

DOCUMENT = REPOSITORY / "docs" / "asyncapi.yaml"
TOPICS = {"ticket-events", "ticket-watermarks", "ticket-clocks", "ticket-alerts"}

# Of AsyncAPI 3.0.0, the objects that this document has: what each may hold, and what it must.
ALLOWED = {
    "document": (
        {"asyncapi", "info"},
        {"defaultContentType", "channels", "operations", "components"},
    ),
    "info": ({"title", "version"}, {"description", "license"}),
    "channel": (set(), {"address", "title", "description", "messages", "bindings"}),
    "operation": ({"action", "channel"}, {"title", "messages"}),
    "message": (
        set(),
        {"name", "title", "traits", "payload", "headers", "bindings"},
    ),
    "trait": (set(), {"contentType", "headers", "bindings"}),
    "components": (set(), {"messages", "messageTraits", "schemas"}),
    "channel binding": (
        set(),
        {"topic", "partitions", "replicas", "topicConfiguration", "bindingVersion"},
    ),
    "message binding": (set(), {"key", "bindingVersion"}),
}


READ: Any = yaml.safe_load(DOCUMENT.read_text(encoding="utf-8"))
HEADERS = Draft202012Validator(READ["components"]["schemas"]["eventHeaders"])
KEY = Draft202012Validator(READ["components"]["schemas"]["ticketId"])
VALUES = {name: Draft202012Validator(schema) for name, schema in schemas().items()}


@pytest.fixture
def document() -> Any:
    """Give the document."""
    return deepcopy(READ)


def held(kind: str, found: dict[str, Any]) -> list[str]:
    """What an object of the document holds and may not, or lacks."""
    needed, optional = ALLOWED[kind]
    return sorted((found.keys() - needed - optional) | (needed - found.keys()))


def references(value: Any) -> Iterator[str]:
    """Every reference of the document."""
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def resolved(document: Any, reference: str) -> Any:
    """What a reference inside the document means."""
    found = document
    for name in reference.removeprefix("#/").split("/"):
        found = found[name]
    return found


def test_every_object_holds_what_the_specification_lets_it(document: Any) -> None:
    """Nothing is misspelt or left out, down to the bindings."""
    assert document["asyncapi"] == "3.0.0"
    assert held("document", document) == []
    assert held("info", document["info"]) == []
    components = document["components"]
    assert held("components", components) == []
    for channel in document["channels"].values():
        assert held("channel", channel) == []
        assert held("channel binding", channel["bindings"]["kafka"]) == []
    for operation in document["operations"].values():
        assert held("operation", operation) == []
        assert operation["action"] in {"send", "receive"}
    for message in components["messages"].values():
        assert held("message", message) == []
    for trait in components["messageTraits"].values():
        assert held("trait", trait) == []
        assert held("message binding", trait["bindings"]["kafka"]) == []


def test_a_misspelt_and_a_missing_field_are_found() -> None:
    """The check can fail."""
    assert held("info", {"title": "Lhůta", "licence": {}}) == ["licence", "version"]


def test_every_reference_leads_somewhere(document: Any) -> None:
    """Those to the schemas name files, those inside the document objects."""
    found = list(references(document))
    assert len(found) > 40
    for reference in found:
        if reference.startswith("#/"):
            assert resolved(document, reference)
        else:
            assert (DOCUMENT.parent / reference).is_file()


def test_the_topics_are_those_of_the_contract(document: Any) -> None:
    """A channel says its own name as address and topic."""
    channels = document["channels"]
    assert set(channels) == TOPICS
    for name, channel in channels.items():
        assert channel["address"] == channel["bindings"]["kafka"]["topic"] == name
    assert {
        name: channel["bindings"]["kafka"]["topicConfiguration"]["cleanup.policy"]
        for name, channel in channels.items()
    } == {
        "ticket-events": ["delete"],
        "ticket-watermarks": ["delete"],
        "ticket-clocks": ["compact"],
        "ticket-alerts": ["delete"],
    }


def test_every_channel_is_sent_to(document: Any) -> None:
    """No topic without somebody who fills it."""
    assert sorted(
        operation["channel"]["$ref"] for operation in document["operations"].values()
    ) == sorted(f"#/channels/{name}" for name in TOPICS)


def test_every_message_has_its_schema_and_stands_on_a_channel(document: Any) -> None:
    """What has a schema is a message, and is sent somewhere; but for the line of a file."""
    messages = document["components"]["messages"]
    assert {Path(message["payload"]["$ref"]).name for message in messages.values()} == {
        f"{name}.json" for name in schemas() if name != "event.v1"
    }
    for message in messages.values():
        assert message["payload"]["$ref"].endswith(f"/{message['name']}.json")
    sent = {
        reference
        for channel in document["channels"].values()
        for reference in references(channel["messages"])
    }
    assert sent == {f"#/components/messages/{name}" for name in messages}


def test_the_topics_are_made_as_they_are_described(document: Any) -> None:
    """What the program demands of a topic is what it tells others of it."""
    for topic in (EVENTS, WATERMARKS, CLOCKS, ALERTS):
        told = document["channels"][topic.name]["bindings"]["kafka"]["topicConfiguration"]
        assert ",".join(told.pop("cleanup.policy")) == topic.settings["cleanup.policy"]
        assert {name: str(value) for name, value in told.items()}.items() <= topic.settings.items()


@given(placed_events())
def test_the_headers_of_an_event_are_those_described(
    placed: tuple[int, int, bytes, RecordedEvent],
) -> None:
    """Every header that is sent is described, every one that is required is sent, and each fits."""
    sent = of_event(stored(*placed), SOURCE)
    headers = {name: value.decode() for name, value in sent.headers}
    assert headers.keys() <= READ["components"]["schemas"]["eventHeaders"]["properties"].keys()
    assert list(HEADERS.iter_errors(headers)) == []
    assert list(KEY.iter_errors(sent.key.decode())) == []
    assert sent.value is not None
    assert list(VALUES[headers["ce_type"]].iter_errors(orjson.loads(sent.value))) == []
