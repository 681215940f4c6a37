"""Identifiers: the strings of the contract, and the UUIDs that they give (contracts, end)."""

from uuid import NAMESPACE_URL, uuid5

from hypothesis import given
from hypothesis import strategies as st

from domain import identifier, instant

NAMESPACE = uuid5(NAMESPACE_URL, "urn:lhuta")
NOON = instant.parse("2026-03-06T12:00:00Z")


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=4))
def test_an_identifier_is_the_standard_uuid5(parts: list[str]) -> None:
    """Whatever the parts, the text is the one that the standard library's uuid5 writes."""
    assert identifier.of(*parts) == str(uuid5(NAMESPACE, "/".join(parts)))


def test_an_event_is_named_by_ticket_command_and_index() -> None:
    """`event/<ticket>/<command id>/<index>`."""
    assert identifier.of_event("T-1", "c-1", 2) == str(uuid5(NAMESPACE, "event/T-1/c-1/2"))


def test_an_alert_is_named_by_its_clock_and_deadline() -> None:
    """`alert/<ticket>/<clock>/<started_by>/<kind>/<step>/<deadline>/<times withdrawn before>`."""
    named = identifier.of_alert("T-1", "initial", "e-1", "warning", "0.5", NOON, 0)
    text = "alert/T-1/initial/e-1/warning/0.5/2026-03-06T12:00:00Z/0"
    assert named == str(uuid5(NAMESPACE, text))


def test_a_breach_has_an_empty_step_in_its_name() -> None:
    """An empty part stands for none."""
    named = identifier.of_alert("T-1", "ongoing", "e-1", "breach", None, NOON, 3)
    text = "alert/T-1/ongoing/e-1/breach//2026-03-06T12:00:00Z/3"
    assert named == str(uuid5(NAMESPACE, text))


def test_a_withdrawal_and_a_clearing_are_named_by_what_they_end() -> None:
    """`withdrawn/<alert id>`, `cleared/<ticket>/<clock>/<started_by>/<instant>/<clearings>`."""
    assert identifier.of_withdrawal("a-1") == str(uuid5(NAMESPACE, "withdrawn/a-1"))
    cleared = identifier.of_clearing("T-1", "initial", "e-1", NOON, 1)
    text = "cleared/T-1/initial/e-1/2026-03-06T12:00:00Z/1"
    assert cleared == str(uuid5(NAMESPACE, text))
