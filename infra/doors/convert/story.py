"""The rows of one ticket, told again as a history of ours.

It is well formed (contracts, The same history from a file): an event is recorded when its row was
written, and nothing happens before the opening or after its own recording.
"""

from collections import Counter

from domain import identifier
from domain.event import (
    NO_WORDS,
    AgentResponded,
    CustomerReplied,
    Environment,
    Event,
    Opened,
    RecordedEvent,
    Resolved,
    SeverityAssigned,
    Verified,
    Words,
)
from infra.doors.convert import person
from infra.doors.convert.lifecycle import Phase, events_between
from infra.doors.convert.mapping import ELSE, Mapping, Triage
from infra.doors.convert.order import in_order
from infra.doors.convert.row import Places, Row
from infra.doors.convert.tally import Tally
from streams.envelope import type_of

UNCHANGED = "state and priority as before"
INSIDE = "moved inside the desk, which a customer does not see"

OPENED_LATE = "tickets opened after their first row was written; the row's time taken"
OPENED_UNKNOWN = "tickets without a time of opening; the first row's taken"
OPENED_TWICE = "tickets opened in an hour that the clock showed twice, the earlier taken"
OPENED_SKIPPED = "tickets opened at a time that the clock skipped, taken an hour later"


def story(rows: list[Row], mapping: Mapping, places: Places, tally: Tally) -> list[RecordedEvent]:
    """Return the events of one ticket from its rows, which come as they stand in the file."""
    ordered = in_order(rows, tally.notes)
    told = _Story(ordered[0], mapping, places)
    tally.tickets += 1
    told.open(ordered[0], tally.notes)
    for row in ordered:
        reason = UNCHANGED if row.state == told.state else INSIDE
        if told.step(row) or row is ordered[0]:
            tally.mapped += 1
        else:
            tally.silent[reason] += 1
    told.explain_the_end()
    return told.events


class _Story:
    """One ticket as far as it is told."""

    __slots__ = (
        "_answered",
        "_commands",
        "_customer",
        "_end",
        "_mapping",
        "_phase",
        "_places",
        "_ticket",
        "_triage",
        "events",
        "state",
    )

    def __init__(self, first: Row, mapping: Mapping, places: Places) -> None:
        self.events: list[RecordedEvent] = []
        self.state = ""
        self._mapping = mapping
        self._places = places
        self._ticket = first.ticket
        self._customer = person.customer(first.text(places.customer, mapping), mapping)
        self._phase = Phase.QUEUED
        self._triage: Triage | None = None
        self._answered = False
        self._end: tuple[int, Row] | None = None
        self._commands: Counter[str] = Counter()

    def open(self, first: Row, notes: Counter[str]) -> None:
        """Tell the opening, from the row that was written first."""
        mapping, places = self._mapping, self._places
        written_at = first.time.at
        opened_at = written_at
        if (asked := first.asked) is not None:
            opened_at = min(asked.at, written_at)
            notes[OPENED_LATE] += asked.at > written_at
            notes[OPENED_TWICE] += asked.later is not None
            notes[OPENED_SKIPPED] += asked.skipped
        elif places.opened is not None:
            notes[OPENED_UNKNOWN] += 1
        channel = first.text(places.channel, mapping) or ELSE
        opened = Opened(
            self._customer,
            mapping.plan,
            mapping.channels.get(channel, mapping.channels[ELSE]),
            Environment(other=self._joined(first, places.environment)),
        )
        subject = self._joined(first, places.subject)
        words: Words = NO_WORDS if subject is None else {"subject": subject}
        self._record(opened, words, opened_at, written_at, f"customer:{self._customer}", "")

    def step(self, row: Row) -> int:
        """Tell what a row says and return how many events that took."""
        if self._knows(row):
            return 0
        mapping = self._mapping
        already = len(self.events)
        name = row.text(self._places.actor, mapping)
        if row.triage is not None and row.triage != self._triage:
            self._triage = row.triage
            severity, impact = row.triage
            assigned = SeverityAssigned(severity, impact, mapping.topic, mapping.supported)
            self._tell(row, assigned, name, self._rationale(row))
        answers = mapping.work_answers and not self._answered and name not in mapping.system
        verified = Verified(mapping.verified_by)
        for event in events_between(self._phase, row.phase, verified, answers):
            self._answered |= type(event) in (AgentResponded, Resolved)
            if type(event) is Resolved:
                self._end = (len(self.events), row)
            self._tell(row, event, name, NO_WORDS)
        self._phase, self.state = row.phase, row.state
        return len(self.events) - already

    def _knows(self, row: Row) -> bool:
        """Tell at once that a row says nothing new, as every third one does."""
        return (
            row.state == self.state
            and (row.triage is None or row.triage == self._triage)
            and (self._answered or row.phase is not Phase.WORKING)
        )

    def explain_the_end(self) -> None:
        """Give the last solution its root cause.

        A code that stands on every row is the final one: an earlier solution, undone since,
        would know the future.
        """
        if self._end is None:
            return
        index, row = self._end
        causes = self._mapping.root_causes
        code = row.text(self._places.root_cause, self._mapping) or ELSE
        event = Resolved(causes.get(code, causes.get(ELSE)))
        self.events[index] = self.events[index]._replace(event=event)

    def _rationale(self, row: Row) -> Words:
        place = self._places.severity
        return (
            NO_WORDS
            if place is None
            else {"rationale": f"{self._mapping.columns.severity}: {row.record.fields[place]}"}
        )

    def _joined(self, row: Row, places: tuple[int, ...]) -> str | None:
        texts = [row.text(place, self._mapping) for place in places]
        return " / ".join(text for text in texts if text is not None) or None

    def _tell(self, row: Row, event: Event, name: str | None, words: Words) -> None:
        if type(event) is CustomerReplied:
            actor = f"customer:{self._customer}"
        else:
            actor = person.actor(name, self._mapping)
        fields, places = row.record.fields, self._places
        order = "" if places.order is None else fields[places.order]
        source = f"{fields[places.time]}/{order}/{row.state}"
        self._record(event, words, row.time.at, row.time.at, actor, source)

    def _record(
        self,
        event: Event,
        words: Words,
        occurred_at: int,
        recorded_at: int,
        actor: str,
        source: str,
    ) -> None:
        """Add an event caused by a command whose id follows from what the source row says.

        Two rows that say the same are told apart by counting, so a file that has grown gives the
        old events their old ids.
        """
        key = f"{type_of(event)}/{source}"
        self._commands[key] += 1
        command = identifier.of(
            "convert", self._mapping.name, self._ticket, key, str(self._commands[key])
        )
        self.events.append(
            RecordedEvent(
                self._ticket,
                len(self.events) + 1,
                identifier.of_event(self._ticket, command, 0),
                occurred_at,
                recorded_at,
                actor,
                event,
                words,
                command_id=command,
            )
        )
