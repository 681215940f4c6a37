"""Every Hypothesis strategy of the tests; a new feature adds its own here.

Instants lie inside 2026, well within the calendar of `tests.spec.given.POLICY`, and on few
enough values that events of one ticket often fall on the same instant.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from domain import instant
from domain.command import (
    METHODS,
    Command,
    OfferWorkaround,
    Open,
    Reply,
    Resolve,
    Respond,
    Triage,
    Verify,
)
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
    WorkaroundFound,
)
from domain.hours import Hours, Opening, compile_hours
from domain.policy import CLOCK_NAMES, Policies, Target
from domain.refusal import Refusal
from domain.ticket import NOT_OPENED, Ticket, decide
from tests.spec.desk import ALWAYS, WEEKDAYS, hours, only, policy
from tests.spec.given import POLICY, START, TICKET, Fact, history, record
from tests.spec.partition import Entry, partition


def instants() -> st.SearchStrategy[int]:
    """Any instant, to the microsecond, from START to the end of the year."""
    return st.integers(START, START + 290 * instant.DAY)


def gaps() -> st.SearchStrategy[int]:
    """The time between two things that people do: nothing, seconds, hours or days."""
    units = (instant.SECOND, instant.MINUTE, instant.HOUR, instant.DAY)
    return st.builds(int.__mul__, st.integers(0, 3), st.sampled_from(units))


def awaiting() -> st.SearchStrategy[Awaiting]:
    """Who owes the next step."""
    sides: tuple[Awaiting, ...] = ("support", "customer")
    return st.sampled_from(sides)


def texts() -> st.SearchStrategy[str]:
    """Words that a command accepts; few, so that the same ones come again."""
    return st.sampled_from(("Ano", "Ne", "Zkuste to prosím znovu"))


def storable_texts() -> st.SearchStrategy[str]:
    """Any text that every database can store, with what means something to one of them."""
    anything = st.characters(codec="utf-8", exclude_characters="\0")
    return st.text(anything | st.sampled_from("\"\\{},\x1f%:'")) | st.sampled_from(("NULL", "None"))


def triages() -> st.SearchStrategy[SeverityAssigned]:
    """Severities with an impact that backs them, as a triage of POLICY records them."""
    backed = [
        (severity.level, impact)
        for severity in POLICY.severities.values()
        for impact in severity.impacts
    ]
    return st.builds(
        lambda pair, topic, supported: SeverityAssigned(pair[0], pair[1], topic, supported),
        st.sampled_from(backed),
        st.sampled_from(sorted(POLICY.topics)),
        st.booleans(),
    )


def openings() -> st.SearchStrategy[Opened]:
    """First events of a ticket."""
    return st.builds(
        Opened,
        customer_id=st.just("c-1"),
        plan=st.sampled_from(sorted(POLICY.plans)),
        channel=st.just("email"),
    )


def later_events() -> st.SearchStrategy[Event]:
    """Events that may follow the opening, whether the lifecycle allows them or not."""
    return st.one_of(
        triages(),
        st.builds(CustomerReplied),
        st.builds(AgentResponded, awaiting()),
        st.builds(WorkaroundFound, awaiting()),
        st.builds(Resolved, st.sampled_from((None, *POLICY.root_causes))),
        st.builds(Verified, st.sampled_from(METHODS)),
    )


@st.composite
def histories(draw: st.DrawFn, max_later: int = 8) -> tuple[RecordedEvent, ...]:
    """Draw a well-formed history in the order of its versions: any facts, also backdated ones."""
    opened_at = START
    facts = [Fact(draw(openings()), {"subject": draw(texts())}, opened_at)]
    for event in draw(st.lists(later_events(), max_size=max_later)):
        facts.append(Fact(event, {}, opened_at + draw(st.integers(0, 12)) * instant.HOUR))
    return history(*facts)


def _told_at(now: int, command: Command) -> Command:
    if isinstance(command, Triage | Verify) or command.occurred_at is None:
        return command
    return replace(command, occurred_at=now + command.occurred_at)


@cache
def _commands_told_at_zero() -> st.SearchStrategy[Command]:
    ticket = st.just(TICKET)
    hours_ago = st.integers(0, 24).map(lambda hours: -hours * instant.HOUR)
    named = st.one_of(st.none(), hours_ago, st.just(instant.MINUTE))
    root_causes = st.sampled_from((None, *sorted(POLICY.root_causes)))
    return st.one_of(
        st.builds(
            lambda triage, rationale: Triage(
                TICKET,
                triage.severity,
                triage.impact,
                triage.topic,
                triage.supported,
                rationale,
            ),
            triages(),
            texts(),
        ),
        st.builds(Reply, ticket, texts(), named),
        st.builds(Respond, ticket, awaiting(), texts(), named),
        st.builds(OfferWorkaround, ticket, awaiting(), texts(), named),
        st.builds(Resolve, ticket, texts(), root_causes, named),
        st.builds(Verify, ticket, st.sampled_from(METHODS), texts()),
    )


def later_commands(now: int) -> st.SearchStrategy[Command]:
    """Commands to a ticket at an instant: named times from a day before it to a minute after."""
    return _commands_told_at_zero().map(lambda command: _told_at(now, command))


@st.composite
def legal_tickets(draw: st.DrawFn, max_commands: int = 10) -> Ticket:
    """Draw a ticket as the engine itself makes one: commands judged, refused ones left out."""
    now = START
    command: Command = Open(
        TICKET, "c-1", draw(st.sampled_from(sorted(POLICY.plans))), "email", subject=draw(texts())
    )
    ticket = record(NOT_OPENED, decide(NOT_OPENED, command, now=now, policy=POLICY), now)
    for _ in range(draw(st.integers(0, max_commands))):
        now += draw(gaps())
        command = draw(later_commands(now))
        try:
            events = decide(ticket, command, now=now, policy=POLICY)
        except Refusal:
            continue
        ticket = record(ticket, events, now)
    return ticket


def legal_histories(max_commands: int = 10) -> st.SearchStrategy[tuple[RecordedEvent, ...]]:
    """Histories that keep every rule of the lifecycle, in the order of their versions."""
    return legal_tickets(max_commands).map(
        lambda ticket: tuple(sorted(ticket.history, key=lambda recorded: recorded.version))
    )


@st.composite
def command_courses(draw: st.DrawFn, max_later: int = 8) -> list[tuple[int, Command]]:
    """Draw commands to one ticket with the instants at which they come, legal or not.

    The first opens the ticket; no two come at the same instant.
    """
    now = START
    plan, subject = draw(st.sampled_from(sorted(POLICY.plans))), draw(texts())
    course: list[tuple[int, Command]] = [(now, Open(TICKET, "c-1", plan, "email", subject))]
    for _ in range(draw(st.integers(0, max_later))):
        now += instant.SECOND + draw(gaps())
        course.append((now, draw(later_commands(now))))
    return course


def moments_asked() -> st.SearchStrategy[int]:
    """Instants to judge at: among the events of `histories`, or long after them."""
    return st.one_of(st.integers(0, 14).map(lambda hour: START + hour * instant.HOUR), instants())


# Time and alerts: any hours, any policy of one plan, and what was recorded of one ticket when.

CALENDAR = (2025, 2026)
"""The years that generated hours cover."""

CLOCK_CHANGES = (
    "2025-03-30T01:00:00Z",  # Prague, into summer
    "2025-04-05T15:00:00Z",  # Lord Howe, out of summer by half an hour
    "2025-10-26T01:00:00Z",  # Prague, out of summer
    "2025-12-31T23:00:00Z",  # the new year of Prague
    "2026-03-08T07:00:00Z",  # New York, into summer
)

ZONES = ("UTC", "Europe/Prague", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu")

HOLIDAYS = tuple(
    date.fromisoformat(day)
    for day in ("2025-03-30", "2025-04-21", "2025-10-26", "2025-10-28", "2026-01-01", "2026-03-06")
)

NIGHTS = tuple(Opening(weekday, 22 * 60, 30 * 60) for weekday in range(7))
SPLIT = tuple(Opening(day, *part) for day in range(6) for part in ((540, 720), (780, 1080)))
WEEKS = (WEEKDAYS, ALWAYS, NIGHTS, SPLIT)


@cache
def business_hours() -> st.SearchStrategy[Hours]:
    """Any openings of a week, some across midnight, with holidays, some of 23 or 25 hours."""
    shapes = ((480, 1020), (540, 720), (780, 1080), (0, 1440), (60, 240), (1320, 1800), (719, 720))
    opening = st.builds(
        lambda weekday, shape: Opening(weekday, *shape),
        st.integers(0, 6),
        st.sampled_from(shapes),
    )
    return st.builds(
        lambda openings, holidays, zone: compile_hours(
            openings, {day: {"en": day.isoformat()} for day in holidays}, ZoneInfo(zone), *CALENDAR
        ),
        st.lists(opening, min_size=1, max_size=12),
        st.sets(st.sampled_from(HOLIDAYS)),
        st.sampled_from(ZONES),
    )


@cache
def calendar_instants() -> st.SearchStrategy[int]:
    """Instants inside CALENDAR, many of them on a full hour or around a clock change."""
    first, last = instant.parse("2025-01-02T00:00:00Z"), instant.parse("2026-12-30T00:00:00Z")
    near = st.builds(
        lambda change, hour: instant.parse(change) + hour * instant.HOUR,
        st.sampled_from(CLOCK_CHANGES),
        st.integers(-30, 30),
    )
    whole = st.integers(first // instant.HOUR, last // instant.HOUR)
    return st.one_of(near, whole.map(lambda hour: hour * instant.HOUR), st.integers(first, last))


@cache
def budgets() -> st.SearchStrategy[int]:
    """Budgets of one meter: nothing, a microsecond, half an hour, whole hours or any time."""
    return st.one_of(
        st.sampled_from((0, 1, 30 * instant.MINUTE)),
        st.integers(1, 20).map(lambda count: count * instant.HOUR),
        st.integers(0, 20 * instant.HOUR),
    )


@cache
def targets() -> st.SearchStrategy[Target]:
    """Targets with a budget on either meter or on both; in ALWAYS only business time runs."""
    return st.one_of(
        st.builds(Target, budgets(), st.none()), st.builds(Target, budgets(), budgets())
    )


@cache
def compiled_week(week: int) -> Hours:
    """The hours of one of WEEKS in Prague, compiled once."""
    return hours(WEEKS[week])


@cache
def policies() -> st.SearchStrategy[Policies]:
    """Policies of one version and the one plan `premium`: any cells, thresholds and `settle`."""
    cells = st.tuples(st.sampled_from(CLOCK_NAMES), st.integers(1, 4))
    return st.builds(
        lambda cells, week, warnings, overdues, settle: only(
            policy(
                cells,
                opened=compiled_week(week),
                warnings=warnings,
                overdues=overdues,
                settle=settle,
            )
        ),
        st.dictionaries(cells, targets(), min_size=2, max_size=8),
        st.integers(0, len(WEEKS) - 1),
        st.lists(st.sampled_from(("0.1", "0.5", "0.75")), unique=True).map(sorted),
        st.lists(st.sampled_from(("1", "1.5", "4")), unique=True).map(sorted),
        st.sampled_from((0, 1, 30 * instant.SECOND, instant.HOUR)),
    )


STEPS = (
    0,
    1,
    30 * instant.SECOND,
    30 * instant.SECOND + 1,
    15 * instant.MINUTE,
    30 * instant.MINUTE,
    instant.HOUR,
    5 * instant.HOUR,
    instant.DAY,
)
"""Times between two events: on few values, so that they often meet each other and deadlines."""


class Told(NamedTuple):
    """One more event: recorded so long after the last one, and late by so much."""

    event: Event
    after: int
    late: int


@cache
def recorded_histories() -> st.SearchStrategy[tuple[RecordedEvent, ...]]:
    """What was recorded of one ticket of `policies`: any facts, on time or backdated."""
    triage = st.builds(
        SeverityAssigned,
        st.integers(1, 4),
        st.just("service-unavailable"),
        st.just("defect"),
        st.sampled_from((True, True, True, False)),
    )
    late = st.sampled_from((0, 0, 0, *STEPS))
    return st.builds(
        recorded_history,
        st.sampled_from(("2026-03-06T15:00:00Z", "2026-03-09T07:00:00Z")).map(instant.parse),
        late,
        st.lists(
            st.builds(Told, triage | later_events(), st.sampled_from(STEPS), late), max_size=8
        ),
    )


def recorded_history(opened_at: int, late: int, later: Sequence[Told]) -> tuple[RecordedEvent, ...]:
    """Give every event its place: recorded after the last, and never before the opening."""
    told = [Told(Opened("c-1", "premium", "email"), 0, late), *later]
    recorded_at = opened_at + late
    events: list[RecordedEvent] = []
    for version, (event, after, before) in enumerate(told, start=1):
        recorded_at += after
        events.append(
            RecordedEvent(
                ticket=TICKET,
                version=version,
                event_id=f"{TICKET}/{version}",
                occurred_at=max(opened_at, recorded_at - before),
                recorded_at=recorded_at,
                actor="agent:a-1",
                event=event,
            )
        )
    return tuple(events)


@cache
def partitions() -> st.SearchStrategy[tuple[Entry, ...]]:
    """The log of up to three tickets of `policies`; some of them were imported whole."""
    return st.lists(
        st.tuples(recorded_histories(), st.sampled_from((False, False, True))),
        min_size=1,
        max_size=3,
    ).map(_logged)


def _logged(
    stories: Sequence[tuple[tuple[RecordedEvent, ...], bool]],
) -> tuple[Entry, ...]:
    return tuple(
        partition(
            *(
                [
                    event._replace(
                        ticket=f"T-{number}",
                        event_id=f"T-{number}/{event.version}",
                        recorded_at=story[-1].recorded_at if imported else event.recorded_at,
                    )
                    for event in story
                ]
                for number, (story, imported) in enumerate(stories, start=1)
            )
        )
    )


class Delivery(NamedTuple):
    """What comes to one of two workers once the log has grown so far: records by their numbers."""

    kind: Literal["records", "watermark", "undecodable", "idle"]
    numbers: tuple[int, ...]
    grown: int
    worker: int


@cache
def deliveries(entries: int) -> st.SearchStrategy[list[Delivery]]:
    """What Kafka may bring of a log of so many entries: runs of records, torn, mixed, repeated."""
    number = st.integers(0, entries - 1)
    runs = st.builds(lambda start, length: tuple(range(start, start + length)), number, number)
    numbers = st.one_of(runs, st.lists(number, min_size=1, max_size=6).map(tuple))
    kinds: tuple[Literal["records", "watermark", "undecodable", "idle"], ...] = (
        "records",
        "records",
        "records",
        "watermark",
        "watermark",
        "undecodable",
        "idle",
    )
    return st.lists(
        st.builds(
            Delivery,
            st.sampled_from(kinds),
            numbers.filter(bool),
            st.integers(0, entries),
            st.integers(0, 1),
        ),
        max_size=20,
    ).map(lambda several: [one._replace(grown=grown) for one, grown in _grown(several)])


def _grown(several: Sequence[Delivery]) -> list[tuple[Delivery, int]]:
    """Let the log only grow."""
    return list(zip(several, sorted(one.grown for one in several), strict=True))


# Records on their way: events as the log stores them, in any place of it.


def ticket_ids() -> st.SearchStrategy[str]:
    """Everything that can name a ticket (contracts, subject)."""
    return st.from_regex(r"[A-Za-z0-9._-]{1,64}", fullmatch=True)


def any_text() -> st.SearchStrategy[str]:
    """A text that is not empty, of any characters that UTF-8 can write."""
    return st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


@cache
def placed_events() -> st.SearchStrategy[tuple[int, int, bytes, RecordedEvent]]:
    """Position, position of the one before, hash, and an event as the log hands it out."""
    environments = st.builds(Environment, *[st.none() | any_text()] * 3)
    opened = st.builds(
        Opened, any_text(), any_text(), any_text(), environments, st.none() | ticket_ids()
    )
    triaged = st.builds(SeverityAssigned, st.integers(1, 9), any_text(), any_text(), st.booleans())
    digests = st.builds(
        Text, st.binary(min_size=32, max_size=32).map(bytes.hex), st.integers(0, 10**9)
    )
    causes = [st.none() | any_text()] * 3
    recorded = st.builds(
        RecordedEvent,
        ticket_ids(),
        st.integers(1, 9_999_999_999),
        any_text(),
        instants(),
        instants(),
        any_text(),
        opened | triaged | later_events(),
        st.just({}),
        st.none() | digests,
        *causes,
    )
    return st.builds(
        lambda before, step, proof, event: (before + step, before, proof, event),
        st.integers(0, 2**62),
        st.integers(1, 2**32),
        st.binary(min_size=32, max_size=32),
        recorded,
    )
