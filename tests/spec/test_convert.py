"""Foreign ticket logs become histories: every trap of the two known files, each by itself."""

import csv
import io
from dataclasses import replace
from uuid import NAMESPACE_URL, uuid5

import pytest

from domain import instant
from domain.event import (
    AgentResponded,
    CustomerReplied,
    Environment,
    Event,
    Opened,
    RecordedEvent,
    Resolved,
    SeverityAssigned,
    Verified,
)
from infra.doors.convert import conversion
from infra.doors.convert.conversion import SCATTERED, convert
from infra.doors.convert.lifecycle import Phase, events_between
from infra.doors.convert.mapping import BUILT_IN, Mapping, MappingInvalid, built_in, load
from infra.doors.convert.order import EARLIER, GAP, LATER, SAME_TIME, STEP_BACK
from infra.doors.convert.row import NO_ORDER, SKIPPED, Rejection
from infra.doors.convert.story import (
    INSIDE,
    OPENED_LATE,
    OPENED_SKIPPED,
    OPENED_TWICE,
    OPENED_UNKNOWN,
    UNCHANGED,
)
from infra.doors.convert.table import Record, Table, TableBroken
from infra.doors.convert.tally import Tally
from streams.envelope import decode

UCI = load(built_in("uci"))
VOLVO = load(built_in("bpi2013"))

TRIAGED = SeverityAssigned(3, "non-critical-loss", "diagnosis", True)
BEGUN = AgentResponded("support")
ASKED = AgentResponded("customer")
REPLIED = CustomerReplied()
SOLVED = Resolved("unknown")
CLOSED = Verified("other")


class Converted:
    """What came of a few rows: the events, what was counted, and the rejected rows."""

    def __init__(self, text: bytes, mapping: Mapping) -> None:
        self.tally = Tally()
        self.rejected: list[tuple[int, str, str]] = []
        table = Table(text.splitlines())
        self.lines = list(convert(table, mapping, self.tally, self._reject))
        self.recorded = [decode(line) for line in self.lines]
        assert self.tally.balanced()
        assert_well_formed(self.recorded)

    def _reject(self, record: Record, rejection: Rejection) -> None:
        self.rejected.append((record.line, rejection.reason, rejection.detail))

    @property
    def events(self) -> list[Event]:
        return [recorded.event for recorded in self.recorded]

    @property
    def after_triage(self) -> list[Event]:
        """The events behind the two with which nearly every history begins."""
        assert isinstance(self.events[0], Opened)
        assert isinstance(self.events[1], SeverityAssigned)
        return self.events[2:]

    @property
    def times(self) -> list[str]:
        return [instant.text(recorded.occurred_at) for recorded in self.recorded]

    @property
    def notes(self) -> dict[str, int]:
        return {note: count for note, count in self.tally.notes.items() if count}


def assert_well_formed(events: list[RecordedEvent]) -> None:
    """Hold events to the contract's rules about places and times."""
    stories: dict[str, list[RecordedEvent]] = {}
    for event in events:
        stories.setdefault(event.ticket, []).append(event)
    for story in stories.values():
        assert [event.version for event in story] == list(range(1, len(story) + 1))
        assert [type(event.event) is Opened for event in story] == [True] + [False] * (
            len(story) - 1
        )
        assert all(story[0].occurred_at <= event.occurred_at for event in story)
        assert all(event.occurred_at <= event.recorded_at for event in story)
        recorded = [event.recorded_at for event in story]
        assert recorded == sorted(recorded)
    assert len({event.event_id for event in events}) == len(events)


def table_of(columns: list[str], rows: list[dict[str, str]], usual: dict[str, str]) -> bytes:
    """Write rows as CSV; a column that a row does not name has its usual value."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows([usual | row for row in rows])
    return text.getvalue().encode()


UCI_USUAL = {
    "number": "INC1",
    "incident_state": "New",
    "sys_mod_count": "0",
    "caller_id": "Caller 7",
    "opened_at": "7/3/2016 09:00",
    "sys_updated_by": "Updated by 44",
    "sys_updated_at": "7/3/2016 09:05",
    "contact_type": "Phone",
    "category": "Category 1",
    "subcategory": "Subcategory 2",
    "u_symptom": "?",
    "cmdb_ci": "?",
    "priority": "3 - Moderate",
    "closed_code": "code 6",
    "made_sla": "true",
    "resolved_at": "8/3/2016 11:00",
    "closed_at": "13/3/2016 12:00",
}
UCI_SHORT = {
    "state": "incident_state",
    "at": "sys_updated_at",
    "count": "sys_mod_count",
    "opened": "opened_at",
    "by": "sys_updated_by",
}


def uci(*rows: dict[str, str], mapping: Mapping = UCI) -> Converted:
    """Convert rows of the UCI log, written with short names for their columns."""
    full = [{UCI_SHORT.get(name, name): value for name, value in row.items()} for row in rows]
    return Converted(table_of(list(UCI_USUAL), full, UCI_USUAL), mapping)


def states(*names: str, **usual: str) -> Converted:
    """Convert a UCI incident that goes through these states, one a minute from 09:10."""
    return uci(
        *(
            {"state": name, "at": f"7/3/2016 09:{10 + number}", "count": str(number), **usual}
            for number, name in enumerate(names)
        )
    )


VOLVO_USUAL = {
    "case:concept:name": "1-7",
    "org:group": "V30",
    "resource country": "POLAND",
    "organization country": "SE",
    "org:resource": "Björn",
    "concept:name": "Queued",
    "lifecycle:transition": "Awaiting Assignment",
    "impact": "Medium",
    "product": "PROD582",
    "time:timestamp": "2012-03-06T10:00:00.000+01:00",
}


def volvo(*names: str, **usual: str) -> Converted:
    """Convert a Volvo incident that goes through these states, one a minute from 10:00."""
    rows = []
    for number, name in enumerate(names):
        status, substatus = name.split("/")
        at = f"2012-03-06T10:{number:02}:00.000+01:00"
        state = {"concept:name": status, "lifecycle:transition": substatus, "time:timestamp": at}
        rows.append(state | usual)
    return Converted(table_of(list(VOLVO_USUAL), rows, VOLVO_USUAL), VOLVO)


def test_an_incident_that_goes_the_usual_way() -> None:
    """Opened when the customer asked, recorded when the row was written; the rest at its row."""
    told = uci(
        {"state": "New"},
        {"state": "Active", "at": "7/3/2016 09:30", "count": "1"},
        {"state": "Awaiting User Info", "at": "7/3/2016 10:00", "count": "2"},
        {"state": "Active", "at": "7/3/2016 11:00", "count": "3"},
        {"state": "Resolved", "at": "8/3/2016 11:00", "count": "4"},
        {"state": "Closed", "at": "13/3/2016 12:00", "count": "5", "by": "Updated by 908"},
    )
    opened = Opened("caller-7", "premium", "phone", Environment())
    assert told.events == [opened, TRIAGED, BEGUN, ASKED, REPLIED, SOLVED, CLOSED]
    assert told.times == [
        "2016-03-07T08:00:00Z",
        "2016-03-07T08:05:00Z",
        "2016-03-07T08:30:00Z",
        "2016-03-07T09:00:00Z",
        "2016-03-07T10:00:00Z",
        "2016-03-08T10:00:00Z",
        "2016-03-13T11:00:00Z",
    ]
    assert instant.text(told.recorded[0].recorded_at) == "2016-03-07T08:05:00Z"
    assert [recorded.actor for recorded in told.recorded] == [
        "customer:caller-7",
        "agent:updated-by-44",
        "agent:updated-by-44",
        "agent:updated-by-44",
        "customer:caller-7",
        "agent:updated-by-44",
        "system:updated-by-908",
    ]
    assert told.recorded[0].words == {"subject": "Category 1 / Subcategory 2"}
    assert told.recorded[1].words == {"rationale": "priority: 3 - Moderate"}


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (before, after, told)
        for before, row in {
            Phase.QUEUED: [[], [], [ASKED], [Resolved()], [Resolved(), CLOSED]],
            Phase.WORKING: [[], [], [ASKED], [Resolved()], [Resolved(), CLOSED]],
            Phase.ASKING: [[REPLIED], [REPLIED], [], [Resolved()], [Resolved(), CLOSED]],
            Phase.RESOLVED: [[REPLIED], [REPLIED], [REPLIED, ASKED], [], [CLOSED]],
            Phase.VERIFIED: [[REPLIED], [REPLIED], [REPLIED, ASKED], [Resolved()], []],
        }.items()
        for after, told in zip(Phase, row, strict=True)
    ],
)
def test_every_step_between_phases(before: Phase, after: Phase, told: list[Event]) -> None:
    """Rows are the phase before; columns queued, working, asking, resolved, verified."""
    assert list(events_between(before, after, CLOSED, answers=False)) == told


def test_the_first_work_of_a_person_is_the_first_response_and_later_work_is_not() -> None:
    """Handing an incident back and taking it up again is nothing that a customer sees."""
    told = states("New", "Active", "New", "Active")
    assert told.after_triage == [BEGUN]
    assert told.tally.silent == {INSIDE: 2}


def test_waiting_inside_the_house_is_work() -> None:
    """Support owes the next step while it waits for a vendor, a problem or evidence."""
    for state in ("Awaiting Vendor", "Awaiting Problem", "Awaiting Evidence"):
        assert states("New", state, "Active", state).after_triage == [BEGUN]


def test_a_system_at_work_answers_nobody() -> None:
    """What an account does that is no person counts as an answer only from the next person on."""
    told = uci(
        {"state": "Active", "by": "Updated by 908"},
        {"state": "Active", "at": "7/3/2016 09:30", "count": "1"},
        {"state": "Active", "at": "7/3/2016 09:40", "count": "2"},
    )
    assert told.after_triage == [BEGUN]
    assert told.times[-1] == "2016-03-07T08:30:00Z"
    assert told.tally.silent == {UNCHANGED: 1}


def test_work_need_not_count_as_a_response() -> None:
    """A mapping may say that only a question or a solution reaches the customer."""
    rows = (
        {"state": "Active"},
        {"state": "Resolved", "at": "7/3/2016 09:30", "count": "1"},
    )
    assert uci(*rows, mapping=replace(UCI, work_answers=False)).after_triage == [SOLVED]


def test_an_incident_that_begins_resolved_is_opened_triaged_and_resolved() -> None:
    """The first row may already be the end: the log writes some incidents down afterwards."""
    assert states("Resolved").after_triage == [SOLVED]


def test_closing_without_a_solution_is_both() -> None:
    """Verifying ends no clock, so an incident closed from work is resolved and verified."""
    told = states("New", "Active", "Closed")
    assert told.after_triage == [BEGUN, SOLVED, CLOSED]
    assert len({recorded.command_id for recorded in told.recorded}) == 5


@pytest.mark.parametrize("end", ["Resolved", "Closed"])
def test_an_incident_that_comes_back_was_reopened_by_the_customer(end: str) -> None:
    """A reply is the one event that reopens, also after closing."""
    ends = [Resolved(), CLOSED] if end == "Closed" else [Resolved()]
    assert states("Active", end, "Active").after_triage == [BEGUN, SOLVED, *ends[1:], REPLIED]
    asked = states("Active", end, "Awaiting User Info").after_triage
    assert asked == [BEGUN, SOLVED, *ends[1:], REPLIED, ASKED]


def test_only_the_last_solution_has_the_root_cause() -> None:
    """The code stands on every row with its final value; an undone solution must not know it."""
    told = states("Active", "Resolved", "Active", "Resolved")
    assert told.after_triage == [BEGUN, Resolved(), REPLIED, SOLVED]


def test_codes_become_root_causes_as_the_mapping_says() -> None:
    """A mapping may give codes a meaning; one that is missing is everything else."""
    meaning = replace(UCI, root_causes={"code 6": "usage", "*": "unknown"})
    assert uci({"state": "Resolved"}, mapping=meaning).after_triage == [Resolved("usage")]
    missing = uci({"state": "Resolved", "closed_code": "?"}, mapping=meaning)
    assert missing.after_triage == [Resolved("unknown")]
    silent = uci({"state": "Resolved"}, mapping=replace(UCI, root_causes={}))
    assert silent.after_triage == [Resolved()]


def test_priorities_become_severities_and_a_change_is_a_new_triage() -> None:
    """The same priority again is nothing; another one is assigned when its row was written."""
    told = uci(
        {"priority": "4 - Low"},
        {"priority": "4 - Low", "at": "7/3/2016 09:10", "count": "1"},
        {"priority": "1 - Critical", "at": "7/3/2016 09:20", "count": "2"},
        {"priority": "2 - High", "at": "7/3/2016 09:30", "count": "3"},
    )
    triages = [event for event in told.events if isinstance(event, SeverityAssigned)]
    assert [triage.severity for triage in triages] == [4, 1, 2]
    assert told.times[2:] == ["2016-03-07T08:20:00Z", "2016-03-07T08:30:00Z"]
    assert told.tally.silent == {UNCHANGED: 1}


def test_a_missing_priority_leaves_the_ticket_untriaged() -> None:
    """`?` says nothing: no severity is invented, and none is taken back."""
    told = uci(
        {"priority": "?"},
        {"priority": "2 - High", "at": "7/3/2016 09:10", "count": "1"},
        {"priority": "?", "at": "7/3/2016 09:20", "count": "2"},
    )
    assert [type(event) for event in told.events] == [Opened, SeverityAssigned]
    assert told.times[1] == "2016-03-07T08:10:00Z"


def test_missing_values_are_not_invented() -> None:
    """`?` for caller, channel, component and author is said to be unknown, or left out."""
    told = uci({"caller_id": "?", "contact_type": "?", "by": "?", "category": "?"})
    assert told.events[0] == Opened("unknown", "premium", "import", Environment())
    assert told.recorded[0].words == {"subject": "Subcategory 2"}
    assert told.recorded[1].actor == "agent:unknown"


def test_a_known_component_is_the_environment() -> None:
    """What the incident is about stands in the environment."""
    (opened, *_) = uci({"cmdb_ci": "cmdb_ci 31", "contact_type": "Self service"}).events
    assert opened == Opened("caller-7", "premium", "web", Environment(other="cmdb_ci 31"))


def test_the_final_times_on_every_row_are_never_read() -> None:
    """`resolved_at` and `closed_at` know the future; without them the history is the same."""
    rows = (
        {"state": "New"},
        {"state": "Active", "at": "7/3/2016 09:30", "count": "1"},
        {"state": "Resolved", "at": "7/3/2016 10:30", "count": "2"},
    )
    nothing = {"resolved_at": "?", "closed_at": "?", "made_sla": "?"}
    assert uci(*rows).lines == uci(*(row | nothing for row in rows)).lines


def test_rows_of_the_same_minute_are_ordered_by_their_update_number() -> None:
    """The clock shows only minutes; the file's order of such rows means nothing."""
    same = {"at": "7/3/2016 09:10"}
    told = uci(
        {"state": "New"},
        {"state": "Resolved", "count": "3"} | same,
        {"state": "Active", "count": "1"} | same,
        {"state": "Awaiting User Info", "count": "2"} | same,
    )
    assert told.after_triage == [BEGUN, ASKED, SOLVED]
    assert told.notes[SAME_TIME] == 2


def test_the_time_decides_over_an_update_number_that_was_written_over() -> None:
    """Steps back and gaps are counted, and the history follows the clock."""
    told = uci(
        {"state": "New", "at": "7/3/2016 09:05", "count": "2"},
        {"state": "New", "at": "7/3/2016 09:50", "count": "1"},
        {"state": "Active", "at": "7/3/2016 10:00", "count": "2"},
        {"state": "Resolved", "at": "7/3/2016 11:00", "count": "9"},
    )
    assert told.after_triage == [BEGUN, SOLVED]
    assert told.notes == {STEP_BACK: 1, GAP: 1}


def test_a_row_without_an_update_number_keeps_its_place_in_the_file() -> None:
    """The file's order is the best that is left, and it is said that it was taken."""
    same = {"at": "7/3/2016 09:10"}
    told = uci({"state": "New"}, {"state": "Active", "count": "?"} | same, {"state": "Resolved"})
    assert told.notes[NO_ORDER] == 1
    assert told.tally.mapped == 3


def test_an_opening_after_the_first_row_is_taken_back_to_it() -> None:
    """Nothing happens before the opening; a ticket that was written down had been opened."""
    told = uci({"opened": "7/3/2016 09:41", "at": "7/3/2016 09:05"})
    assert told.times[0] == "2016-03-07T08:05:00Z"
    assert told.notes == {OPENED_LATE: 1}


def test_a_missing_opening_is_the_first_row() -> None:
    """Without a time of asking, the first sign of the ticket is all there is."""
    told = uci({"opened": "?"})
    assert told.times[0] == "2016-03-07T08:05:00Z"
    assert told.notes == {OPENED_UNKNOWN: 1}


def test_a_time_that_the_clock_skipped_lies_behind_the_gap() -> None:
    """02:30 on the last Sunday of March is an hour later on the new clock, and is counted."""
    told = uci({"opened": "27/3/2016 02:15", "at": "27/3/2016 02:30"})
    assert told.times == ["2016-03-27T01:15:00Z", "2016-03-27T01:30:00Z"]
    assert told.notes == {OPENED_SKIPPED: 1, SKIPPED: 1}


def test_an_hour_that_comes_twice_is_read_so_that_time_does_not_run_back() -> None:
    """02:50, then 02:10 by the update numbers: the second row is in the second hour."""
    told = uci(
        {"state": "New", "opened": "30/10/2016 02:05", "at": "30/10/2016 02:50", "count": "0"},
        {"state": "Active", "opened": "30/10/2016 02:05", "at": "30/10/2016 02:10", "count": "1"},
        {"state": "Resolved", "opened": "30/10/2016 02:05", "at": "30/10/2016 03:00", "count": "2"},
    )
    assert told.after_triage == [BEGUN, SOLVED]
    assert told.times == [
        "2016-10-30T00:05:00Z",
        "2016-10-30T00:50:00Z",
        "2016-10-30T01:10:00Z",
        "2016-10-30T02:00:00Z",
    ]
    assert told.notes == {EARLIER: 1, LATER: 1, OPENED_TWICE: 1}


def test_the_zone_is_an_assumption_that_can_be_changed() -> None:
    """The same wall clock in São Paulo is another instant; a clock with offsets needs no zone."""
    told = uci({"state": "New"}, mapping=UCI.in_zone("America/Sao_Paulo"))
    assert told.times == ["2016-03-07T12:00:00Z", "2016-03-07T12:05:00Z"]
    with pytest.raises(MappingInvalid, match="no time zone"):
        UCI.in_zone("Mars/Base")
    with pytest.raises(MappingInvalid, match="own offset"):
        VOLVO.in_zone("Europe/Prague")


@pytest.mark.parametrize(
    ("row", "reason", "detail"),
    [
        ({"state": "-100"}, "state '-100' is rejected by the mapping", ""),
        ({"state": "Parked"}, "state unknown to the mapping", "Parked"),
        ({"state": "?"}, "state missing", ""),
        ({"at": "?"}, "time missing", ""),
        ({"at": "2016-03-07"}, "time unreadable", "is not written as %d/%m/%Y %H:%M"),
        ({"at": "31/2/2016 10:00"}, "time unreadable", "is not a time"),
        ({"at": "7/3/2016 24:10"}, "time unreadable", "is not a time"),
        ({"at": "7/3/1016 09:10"}, "time unreadable", "outside the years"),
        ({"at": "1/1/0001 00:00"}, "time unreadable", "outside the years"),
        ({"at": "31/12/9999 23:59"}, "time unreadable", "outside the years"),
        ({"opened": "yesterday"}, "time of opening unreadable", "is not written as"),
        ({"count": "many"}, "update number unreadable", "many"),
        ({"count": "-1"}, "update number unreadable", "-1"),
        ({"priority": "0 - Panic"}, "priority unknown to the mapping", "0 - Panic"),
        ({"number": "INC 1"}, "no ticket id of 1 to 64 of A-Z a-z 0-9 . _ -", "INC 1"),
        ({"number": "?"}, "no ticket id of 1 to 64 of A-Z a-z 0-9 . _ -", "?"),
    ],
)
def test_a_row_that_cannot_be_used_is_rejected_with_its_line_and_reason(
    row: dict[str, str], reason: str, detail: str
) -> None:
    """The rows around it are told as if it were not there."""
    told = uci({"state": "New"}, {"at": "7/3/2016 09:10", "count": "1"} | row, {"state": "New"})
    ((line, given, what),) = told.rejected
    assert (line, given) == (3, reason)
    assert detail in what
    assert told.tally.rejected == {reason: 1}
    assert [type(event) for event in told.events] == [Opened, SeverityAssigned]


def test_a_first_row_in_a_rejected_state_leaves_the_rest_of_the_ticket() -> None:
    """The ticket is opened from the first row that can be used."""
    told = uci({"state": "-100"}, {"state": "Active", "at": "7/3/2016 09:30", "count": "1"})
    assert told.after_triage == [BEGUN]
    assert told.times[0] == "2016-03-07T08:00:00Z"


def test_a_row_of_another_width_is_rejected() -> None:
    """A row with too few fields says nothing reliable."""
    text = table_of(list(UCI_USUAL), [{}], UCI_USUAL) + b"INC2,New\n"
    told = Converted(text, UCI)
    assert told.rejected == [(3, "another number of fields than the header", "2")]


def test_rows_apart_from_their_ticket_are_rejected() -> None:
    """A ticket that was told cannot take them in any more; the message names the cure."""
    told = uci({"number": "A"}, {"number": "B"}, {"number": "A"}, {"number": "B"})
    assert told.rejected == [(4, SCATTERED, "A")]
    assert [recorded.ticket for recorded in told.recorded] == ["A", "A", "B", "B"]


def test_a_ticket_without_end_is_no_ticket(monkeypatch: pytest.MonkeyPatch) -> None:
    """One ticket's rows are held in memory, so there is a limit to them."""
    monkeypatch.setattr(conversion, "MOST_ROWS", 3)
    with pytest.raises(TableBroken, match="line 5: ticket INC1 has more than 3 rows"):
        uci({}, {}, {}, {})


def test_ids_follow_from_the_rows_alone() -> None:
    """The same file gives the same bytes; a file that has grown keeps the ids it gave."""
    rows = [{"state": "New"}, {"state": "Active", "at": "7/3/2016 09:30", "count": "1"}]
    short = uci(*rows)
    more = uci(*rows, {"state": "Resolved", "at": "7/3/2016 10:30", "count": "2"})
    assert short.lines == uci(*rows).lines
    assert more.lines[: len(short.lines)] == short.lines
    ours = uuid5(NAMESPACE_URL, "urn:lhuta")
    what = ("ticket.opened.v1//1", "ticket.agent-responded.v1/7/3/2016 09:30/1/Active/1")
    for place, key in zip((0, 2), what, strict=True):
        recorded = short.recorded[place]
        command = uuid5(ours, f"convert/uci/INC1/{key}")
        assert recorded.command_id == str(command)
        assert recorded.event_id == str(uuid5(ours, f"event/INC1/{command}/0"))


def test_the_same_step_twice_in_one_minute_is_two_events() -> None:
    """Rows that say the same in the same minute are told apart by counting."""
    same = {"at": "7/3/2016 09:10", "count": "1"}
    told = uci(
        {"state": "New"},
        {"state": "Awaiting User Info"} | same,
        {"state": "Active"} | same,
        {"state": "Awaiting User Info"} | same,
    )
    assert told.after_triage == [ASKED, REPLIED, ASKED]


def test_a_volvo_incident_that_goes_the_usual_way() -> None:
    """States are two columns; an assigned incident waits; closing follows resolving."""
    told = volvo(
        "Queued/Awaiting Assignment",
        "Accepted/Assigned",
        "Accepted/In Progress",
        "Accepted/Wait - Vendor",
        "Accepted/Wait - User",
        "Accepted/In Progress",
        "Completed/Resolved",
        "Completed/Closed",
    )
    assert told.events[0] == Opened("volvo-it", "premium", "import", Environment(other="PROD582"))
    assert told.after_triage == [BEGUN, ASKED, REPLIED, Resolved(), CLOSED]
    assert told.times[:3] == [
        "2012-03-06T09:00:00Z",
        "2012-03-06T09:00:00Z",
        "2012-03-06T09:02:00Z",
    ]


def test_a_volvo_incident_is_opened_by_its_first_row() -> None:
    """Nobody noted when the user asked, so an incident that begins in work is answered at once."""
    told = volvo("Accepted/In Progress", "Completed/In Call")
    assert told.after_triage == [BEGUN, Resolved()]
    assert told.times[0] == told.times[2]


@pytest.mark.parametrize("wait", ["Wait - User", "Wait - Customer"])
def test_volvo_waits_for_people_outside(wait: str) -> None:
    """A user and a customer both owe the next step."""
    told = volvo("Queued/Awaiting Assignment", f"Accepted/{wait}", "Queued/Awaiting Assignment")
    assert told.after_triage == [ASKED, REPLIED]


@pytest.mark.parametrize("wait", ["Wait", "Wait - Vendor", "Wait - Implementation"])
def test_volvo_waits_inside(wait: str) -> None:
    """Support still owes the next step, whoever it waits for."""
    assert volvo("Accepted/In Progress", f"Accepted/{wait}").after_triage == [BEGUN]


@pytest.mark.parametrize(
    ("impact", "severity"), [("Major", 1), ("High", 2), ("Medium", 3), ("Low", 4)]
)
def test_volvo_impacts_are_severities(impact: str, severity: int) -> None:
    """The file calls the degree of an incident its impact."""
    triage = volvo("Queued/Awaiting Assignment", impact=impact).events[1]
    assert isinstance(triage, SeverityAssigned)
    assert triage.severity == severity


def test_volvo_states_without_meaning_are_rejected() -> None:
    """`Unmatched` is a slip of the system; the incident goes on without it."""
    told = volvo("Accepted/In Progress", "Unmatched/Unmatched", "Completed/Resolved")
    assert told.rejected == [(3, "state 'Unmatched/Unmatched' is rejected by the mapping", "")]
    assert told.after_triage == [BEGUN, Resolved()]


def test_offsets_are_kept() -> None:
    """Summer and winter time are in the file, so they need no zone."""
    told = volvo("Queued/Awaiting Assignment", **{"time:timestamp": "2012-04-01T10:00:00+02:00"})
    assert told.times[0] == "2012-04-01T08:00:00Z"


def test_names_of_people_become_pseudonyms() -> None:
    """A first name is personal; the system's own name is not."""
    told = volvo("Accepted/In Progress", "Completed/Closed", **{"org:resource": "Björn"})
    assert b"Bj" not in b"".join(told.lines)
    actor = told.recorded[1].actor
    assert actor.startswith("agent:")
    assert len(actor) == len("agent:") + 12
    system = volvo("Completed/Closed", **{"org:resource": "Siebel"})
    assert system.recorded[1].actor == "system:siebel"


def test_the_spelling_of_countries_changes_nothing() -> None:
    """They are the teams' countries, in two spellings, and are not read."""
    one = volvo("Accepted/In Progress", **{"organization country": "se", "resource country": "0"})
    assert one.lines == volvo("Accepted/In Progress").lines


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_built_in_mappings_fit_the_published_policy(name: str) -> None:
    """Every severity is backed by an impact of its own, and the plan has targets for all."""
    mapping = load(built_in(name))
    assert mapping.plan == "premium"
    assert sorted(triage.severity for triage in mapping.severities.values()) == [1, 2, 3, 4]


def test_everything_wrong_with_a_mapping_is_told_at_once() -> None:
    """Every message names the key path, what was expected, and what stands there."""
    text = (
        built_in("uci")
        .replace('zone = "Europe/Prague"', 'zone = "Mars/Base"')
        .replace("earliest = 2010-01-01", "earliest = 2050-01-01")
        .replace('"Active" = "working"', '"Active" = "busy"')
        .replace("severity = 2,", 'severity = "high",')
        .replace('"*" = "import"', "")
        .replace('ticket = "number"', "")
        .replace("hide = false", 'hide = "no"')
        .replace('plan = "premium"', 'plan = "premium"\nplans = 3')
    )
    with pytest.raises(MappingInvalid) as caught:
        load(text)
    told = str(caught.value).splitlines()
    assert sorted(line.split(": ")[0] for line in told) == [
        'channels."*"',
        "columns.ticket",
        "people.hide",
        'severities."2 - High".severity',
        "states.Active",
        "ticket.plans",
        "time.latest",
        "time.zone",
    ]
    assert "states.Active: expected one of queued, working" in str(caught.value)
    assert "got 'busy'" in str(caught.value)


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("%d.%m.%y %H:%M", "%y is not understood"),
        ("%d.%m.%Y", "%H %M is missing"),
        ("%d.%m.%Y %H:%M %d", "twice"),
    ],
)
def test_a_way_of_writing_times_must_name_every_part_once(written: str, why: str) -> None:
    """Only numbers are understood, so no locale changes a meaning."""
    text = built_in("uci").replace("%d/%m/%Y %H:%M", written)
    with pytest.raises(MappingInvalid, match=r"time\.written") as caught:
        load(text)
    assert why in str(caught.value)


def test_an_offset_and_a_zone_exclude_each_other() -> None:
    """A time with an offset is an instant already."""
    text = built_in("bpi2013").replace('written = "rfc3339"', 'written = "rfc3339"\nzone = "UTC"')
    with pytest.raises(MappingInvalid, match=r"time\.zone"):
        load(text)


def test_times_of_other_exports_can_be_described() -> None:
    """Year first, with seconds, is as good."""
    text = built_in("uci").replace("%d/%m/%Y %H:%M", "%Y-%m-%d %H:%M:%S")
    row = {"at": "2016-03-07 09:05:30", "opened": "2016-03-07 09:00:00"}
    assert uci(row, mapping=load(text)).times[1] == "2016-03-07T08:05:30Z"


def test_a_mapping_that_is_no_toml_names_the_line() -> None:
    """The parser tells where."""
    with pytest.raises(MappingInvalid, match=r"not TOML: .*line 2"):
        load("name = 'x'\n= 3\n")
