"""What every database of the read models keeps to, whatever it is made of."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

import psycopg
import pytest

from domain.event import (
    AgentResponded,
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
from infra.store.failure import Locked, Missing, NewerSchema, OlderSchema, StoreError
from infra.store.models import DamagedModels, ReadModels, SQLiteModels
from infra.store.models.postgresql import PostgreSQLModels
from projections.board import Counts, Standing, Waiting, Wanted
from projections.fault import UnreadableHistories, UnreadableHistory
from projections.models import START, Announcement, History, Kept, bare
from projections.rows import (
    ALERTS,
    CLOCKS,
    DEADLINES,
    PARKED,
    TICKETS,
    AlertRow,
    ClockRow,
    DeadlineRow,
    ParkedRow,
    TicketRow,
)
from tests.contract.page import described


class BackEnd(Protocol):
    """A place for one database of read models, and the pages that describe it."""

    pages: Sequence[str]

    def open(self) -> ReadModels:
        """Open it; the first time, make it."""

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement as an analyst would, and return its rows."""

    def columns(self) -> dict[str, list[str]]:
        """Return the columns of every table and view that really is there."""


class SQLite:
    """A file in a temporary folder."""

    pages: Sequence[str] = ("read-models.md",)

    def __init__(self, folder: Path) -> None:
        self.path = folder / "models.db"

    def open(self) -> SQLiteModels:
        """Open it."""
        return SQLiteModels.open(self.path, busy_seconds=0.1)

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement on a connection of its own."""
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            return connection.execute(statement).fetchall()

    def columns(self) -> dict[str, list[str]]:
        """Ask the database itself."""
        names = self.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")
        return {
            name: [column for _, column, *_ in self.execute(f"PRAGMA table_info({name})")]
            for (name,) in names
        }


class PostgreSQL:
    """An empty database of a server."""

    pages: Sequence[str] = ("read-models.md", "postgresql.md")

    def __init__(self, url: str) -> None:
        self.url = url

    def open(self) -> PostgreSQLModels:
        """Open it."""
        return PostgreSQLModels.open(self.url, lock_seconds=0.1)

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement on a connection of its own."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("SET search_path = lhuta")
            done = connection.execute(statement.encode())
            return done.fetchall() if done.description else []

    def columns(self) -> dict[str, list[str]]:
        """Ask the database itself."""
        found = self.execute(
            "SELECT table_name::text, array_agg(column_name::text ORDER BY ordinal_position) "
            "FROM information_schema.columns WHERE table_schema = 'lhuta' GROUP BY table_name"
        )
        return dict(found)


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def back_end(request: pytest.FixtureRequest) -> BackEnd:
    """Give a place without read models."""
    if request.param == "SQLite":
        return SQLite(request.getfixturevalue("tmp_path"))
    return PostgreSQL(request.getfixturevalue("postgresql"))


@pytest.fixture
def models(back_end: BackEnd) -> Iterator[ReadModels]:
    """Give empty read models."""
    with back_end.open() as opened:
        yield opened


EVENTS: tuple[Event, ...] = (
    Opened("c-1", "premium", "email", Environment("Firefox", None, "kiosk"), "T-0"),
    SeverityAssigned(1, "service-unavailable", "defect", supported=True),
    CustomerReplied(),
    AgentResponded("support"),
    WorkaroundFound("customer"),
    Resolved("defect"),
    Resolved(None),
    Verified("retest"),
)


def recorded(version: int, event: Event, ticket: str = "T-1") -> RecordedEvent:
    """An event with everything that an event can have."""
    return RecordedEvent(
        ticket,
        version,
        f"{ticket}/{version}",
        1_000_000 + version,
        2_000_000 + version,
        "agent:A-1",
        event,
        {"message": "Žádná, \n zpráva"},
        Text("0" * 64, 3),
        "command",
        "correlation",
        "causation",
    )


def kept(
    ticket: str = "T-1",
    *,
    partition: int = 0,
    position: int = 7,
    turn: int | None = None,
    version: int = 1,
    events: tuple[RecordedEvent, ...] | None = None,
) -> Kept:
    """What to keep of a ticket, with one event unless others are given."""
    added = (recorded(1, EVENTS[0], ticket),) if events is None else events
    return Kept(ticket, partition, position, turn, version, added)


def alert(number: int, ticket: str = "T-1", *, turn: int = 500, decided_at: int = 500) -> AlertRow:
    """An alert of a ticket."""
    return AlertRow(
        ticket,
        number,
        f"{ticket}-{number}",
        "breach",
        "initial",
        1,
        "T-1/1",
        None,
        470,
        470,
        decided_at,
        turn,
        "[]",
        None,
    )


def announcement(sequence: int, ticket: str = "T-1", partition: int = 0) -> Announcement:
    """An announcement, whose alert id tells its place."""
    return Announcement(
        partition, sequence, f"{partition}-{sequence}", ticket, "breach", sequence * 10, "{}"
    )


def ticket_row(
    ticket: str = "T-1", status: str = "open", answered_at: int | None = None
) -> TicketRow:
    """A ticket."""
    return TicketRow(
        ticket,
        0,
        status,
        1,
        "service-unavailable",
        "defect",
        1,
        "c-1",
        "premium",
        "email",
        100,
        200,
        answered_at,
        None,
        300,
        301,
        4,
    )


def clock_row(
    ticket: str = "T-1",
    started_by: str = "e-1",
    *,
    due_at: int | None = 900,
    guard_at: int | None = None,
    satisfied_at: int | None = None,
) -> ClockRow:
    """A clock."""
    return ClockRow(
        ticket,
        "initial",
        started_by,
        1,
        "managry@1",
        "premium",
        100,
        1,
        3_600_000_000,
        None,
        due_at,
        guard_at,
        satisfied_at,
        None if satisfied_at is None else "e-9",
        "running",
        None,
        None,
    )


PARKED_TICKET = ParkedRow("T-1", 0, 7, "OutsideCalendar", "the year 2031 is outside", 400)


class TestPlaces:
    def test_a_partition_has_no_place_before_its_first_batch(self, models: ReadModels) -> None:
        """Nothing is known of it yet."""
        assert models.place(0) is None

    def test_a_place_is_what_was_stored_last(self, models: ReadModels) -> None:
        """Each partition has its own."""
        first = START._replace(position=3, hash="ab", recorded_at=10, decided_to=9)
        second = first._replace(position=4, announced_to=8, projector_version=2)
        assert models.move(0, None, first)
        assert models.move(5, None, START)
        assert models.move(0, first, second)
        assert models.place(0) == second
        assert models.place(5) == START

    def test_a_place_moves_only_from_where_it_is(self, models: ReadModels) -> None:
        """Whoever remembers another place changes nothing (architecture, decision 3)."""
        held = START._replace(position=3)
        assert models.move(0, None, held)
        assert not models.move(0, None, START._replace(position=9))
        assert not models.move(0, START, START._replace(position=9))
        assert not models.move(1, START, START._replace(position=9))
        assert models.place(0) == held


class TestTransactions:
    def test_an_exception_undoes_everything(self, models: ReadModels) -> None:
        """Also what was written before it in the same transaction."""

        def fails_half_way() -> None:
            with models.transaction():
                models.move(0, None, START)
                models.write(TICKETS, [ticket_row()])
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fails_half_way()
        assert models.place(0) is None
        assert models.rows(TICKETS, ["T-1"]) == []

    def test_what_ended_well_is_there_for_others(
        self, back_end: BackEnd, models: ReadModels
    ) -> None:
        """Another connection sees it at once."""
        with models.transaction():
            models.write(TICKETS, [ticket_row()])
        with back_end.open() as other:
            assert other.rows(TICKETS, ["T-1"]) == [ticket_row()]

    def test_one_works_on_a_partition_at_a_time(
        self, back_end: BackEnd, models: ReadModels
    ) -> None:
        """The second is told who is in the way after a moment; readers are let in."""
        models.move(0, None, START)
        with models.transaction(), back_end.open() as other:
            assert models.place(0) == START
            models.move(0, START, START._replace(position=3))
            assert other.place(0) == START
            with pytest.raises(Locked, match="another process"), other.transaction():
                other.place(0)

    def test_a_reader_sees_one_moment(self, back_end: BackEnd, models: ReadModels) -> None:
        """What is written meanwhile is not there until it looks again."""
        with back_end.open() as reader:
            with reader.reading():
                assert reader.place(0) is None
                models.move(0, None, START)
                assert reader.place(0) is None
            assert reader.place(0) == START


class TestHistories:
    def test_every_event_comes_back_bare(self, models: ReadModels) -> None:
        """Without words, digest and cause: they are the log's (semantics §2)."""
        events = tuple(recorded(version, event) for version, event in enumerate(EVENTS, start=1))
        models.keep([kept(events=events)])
        found = models.histories(["T-1"])["T-1"].events
        assert found == tuple(bare(event) for event in events)
        assert all(not event.words and event.text is None for event in found)

    def test_nothing_that_people_wrote_is_stored(
        self, back_end: BackEnd, models: ReadModels
    ) -> None:
        """Erased in the log, it is nowhere."""
        models.keep([kept()])
        [(lines,)] = back_end.execute("SELECT lines FROM histories")
        assert "zpráva" not in lines
        assert "0" * 64 not in lines

    def test_later_events_follow_those_that_are_kept(self, models: ReadModels) -> None:
        """Position, turn and version are those of the last time."""
        first, second = recorded(1, EVENTS[0]), recorded(2, EVENTS[1])
        models.keep([kept(position=7, turn=50, events=(first,))])
        models.keep([kept(position=9, turn=60, version=2, events=(second,))])
        assert models.histories(["T-1"]) == {"T-1": History(9, 60, 2, (bare(first), bare(second)))}

    def test_another_turn_alone_leaves_the_events_as_they_are(self, models: ReadModels) -> None:
        """Time passes more often than something happens."""
        models.keep([kept(turn=50)])
        models.keep([kept(turn=None, version=2, events=())])
        assert models.histories(["T-1"]) == {
            "T-1": History(7, None, 2, (bare(recorded(1, EVENTS[0])),))
        }

    def test_tickets_of_which_nothing_is_kept_are_left_out(self, models: ReadModels) -> None:
        """Asked for many, only those that are there come back."""
        models.keep([kept("T-2")])
        assert set(models.histories(["T-1", "T-2"])) == {"T-2"}
        assert models.histories([]) == {}

    @pytest.mark.parametrize("damage", ["'garbage'", "''", "replace(lines, 'ticket.', 'tick.')"])
    def test_a_history_that_cannot_be_read_does_not_hide_the_others(
        self, back_end: BackEnd, models: ReadModels, damage: str
    ) -> None:
        """It comes with what stands beside it, and says why where its events are asked for."""
        models.keep([kept("T-1"), kept("T-2")])
        back_end.execute(f"UPDATE histories SET lines = {damage} WHERE ticket = 'T-1'")
        with pytest.raises(UnreadableHistories, match="T-1 cannot be read") as raised:
            models.histories(["T-1", "T-2"])
        damaged, sound = (raised.value.histories[name] for name in ("T-1", "T-2"))
        assert sound == models.histories(["T-2"])["T-2"]
        assert (damaged.position, damaged.projector_version) == sound[0:3:2]
        with pytest.raises(UnreadableHistory, match="lhuta retry T-1"):
            assert damaged.events

    def test_tickets_come_when_it_is_their_turn(self, models: ReadModels) -> None:
        """The earliest first, at equal turns by name, those without a turn never."""
        models.keep(
            [
                kept("T-5", turn=20),
                kept("T-4", turn=10),
                kept("T-3", turn=10),
                kept("T-2", turn=None),
                kept("T-1", turn=21),
                kept("T-9", turn=1, partition=1),
            ]
        )
        assert models.turns(0, 20, None) == [(10, "T-3"), (10, "T-4"), (20, "T-5")]
        assert models.turns(0, 20, 2) == [(10, "T-3"), (10, "T-4")]
        assert models.turns(0, 9, None) == []
        assert models.next_turn() == 10
        assert models.next_turn(2) is None

    def test_stale_tickets_are_those_of_another_version(self, models: ReadModels) -> None:
        """In the order of their names, after the last one that was seen."""
        models.keep([kept(f"T-{number}", version=number % 2) for number in range(1, 7)])
        assert models.stale(0, 1, "", 10) == ["T-2", "T-4", "T-6"]
        assert models.stale(0, 1, "T-2", 1) == ["T-4"]
        assert models.stale(1, 1, "", 10) == []
        assert models.tickets_after(0, "T-3", 2) == ["T-4", "T-5"]


class TestRows:
    @pytest.mark.parametrize(
        ("table", "row", "changed"),
        [
            (TICKETS, ticket_row(), ticket_row(status="pending")),
            (CLOCKS, clock_row(), clock_row(satisfied_at=5)),
            (
                DEADLINES,
                DeadlineRow("T-1", "initial", "e-1", "breach", "", 900, 930),
                DeadlineRow("T-1", "initial", "e-1", "breach", "", 901, 931),
            ),
            (ALERTS, alert(1), alert(1, decided_at=501)),
            (PARKED, PARKED_TICKET, PARKED_TICKET._replace(reason="another")),
        ],
        ids=lambda value: getattr(value, "name", ""),
    )
    def test_a_row_is_kept_changed_and_deleted_by_its_key(
        self, models: ReadModels, table: Any, row: Any, changed: Any
    ) -> None:
        """In every table, with every column."""
        models.write(table, [row])
        assert models.rows(table, ["T-1"]) == [row]
        models.write(table, [changed])
        assert models.rows(table, ["T-1"]) == [changed]
        assert models.rows(table, ["T-2"]) == []
        models.delete(table, [row[: table.key]])
        assert models.rows(table, ["T-1"]) == []

    def test_rows_come_in_the_order_of_their_keys(self, models: ReadModels) -> None:
        """Whatever the order of writing."""
        models.write(ALERTS, [alert(2), alert(1, "T-2"), alert(10), alert(1)])
        found = models.rows(ALERTS, ["T-2", "T-1"])
        assert [(row.ticket, row.number) for row in found] == [
            ("T-1", 1),
            ("T-1", 2),
            ("T-1", 10),
            ("T-2", 1),
        ]

    def test_names_are_in_the_order_of_their_code_points(self, models: ReadModels) -> None:
        """Everywhere the same, whatever the language of the server."""
        names = ["T-1", "T-10", "T-2", "T.1", "T_1", "a-1", "t-1", "Z-1"]
        models.keep([kept(name, turn=5) for name in names])
        models.write(TICKETS, [ticket_row(name) for name in names])
        assert models.tickets_after(0, "", 10) == sorted(names)
        assert models.tickets_after(0, "T_1", 10) == ["Z-1", "a-1", "t-1"]
        assert [row.ticket for row in models.rows(TICKETS, names)] == sorted(names)
        assert [ticket for _, ticket in models.turns(0, 5, None)] == sorted(names)

    @pytest.mark.parametrize(
        "words",
        ['"', "\\", "{}", "a,b", "NULL", "None", "", " ", "\n\t\x1f", "Žluť 🐎", "%s :n"],
    )
    def test_any_text_comes_back_as_it_was(self, models: ReadModels, words: str) -> None:
        """Also where it looks like part of a statement; none is not the empty text."""
        rows = [
            PARKED_TICKET._replace(reason=words),
            PARKED_TICKET._replace(ticket="T-2", reason="plain"),
        ]
        models.write(PARKED, rows)
        assert models.rows(PARKED, ["T-1", "T-2"]) == rows
        row = ticket_row()._replace(customer_id=words, topic=words, impact=None)
        models.write(TICKETS, [row])
        assert models.rows(TICKETS, ["T-1"]) == [row]

    def test_no_two_alerts_have_one_id(self, models: ReadModels) -> None:
        """The database holds to it (architecture, decision 8)."""
        models.write(ALERTS, [alert(1)])
        with pytest.raises(StoreError):
            models.write(ALERTS, [alert(2)._replace(id="T-1-1")])

    def test_instants_and_budgets_keep_every_microsecond(self, models: ReadModels) -> None:
        """Sixty-four bits, never a float."""
        row = clock_row(due_at=253_402_300_799_999_999)
        models.write(CLOCKS, [row])
        assert models.rows(CLOCKS, ["T-1"]) == [row]

    def test_the_parked_are_counted_by_when_they_were_parked(self, models: ReadModels) -> None:
        """Those before are not among them."""
        models.write(
            PARKED,
            [
                PARKED_TICKET,
                PARKED_TICKET._replace(ticket="T-2", announced_to=500),
                PARKED_TICKET._replace(ticket="T-3", announced_to=500, partition=1),
            ],
        )
        assert models.parked_since(0, 399) == 2
        assert models.parked_since(0, 400) == 1
        assert [row.ticket for row in models.parked()] == ["T-1", "T-2", "T-3"]

    def test_every_partition_that_was_begun_has_an_end_of_its_outbox(
        self, models: ReadModels
    ) -> None:
        """Also one that announced nothing yet."""
        assert models.outbox_ends() == []
        for partition in (2, 0, 1):
            models.move(partition, None, START)
        models.announce([announcement(1, "T-1", 0), announcement(2, "T-1", 0)])
        models.announce([announcement(1, "T-2", 2)])
        assert models.outbox_ends() == [(0, 2, "0-2"), (1, 0, ""), (2, 1, "2-1")]

    def test_clearing_leaves_only_what_was_announced(self, models: ReadModels) -> None:
        """Place and outbox stay; another partition keeps everything."""
        for partition, ticket in ((0, "T-1"), (1, "T-2")):
            models.move(partition, None, START)
            models.keep([kept(ticket, partition=partition)])
            models.write(TICKETS, [ticket_row(ticket)._replace(partition=partition)])
            models.write(CLOCKS, [clock_row(ticket)])
            models.write(ALERTS, [alert(1, ticket)])
            models.write(PARKED, [PARKED_TICKET._replace(ticket=ticket, partition=partition)])
            models.announce([announcement(1, ticket, partition)])
        tables = (TICKETS, CLOCKS, ALERTS, PARKED)
        models.clear(0)
        assert models.histories(["T-1"]) == {}
        assert all(models.rows(table, ["T-1"]) == [] for table in tables)
        assert set(models.histories(["T-2"])) == {"T-2"}
        assert all(len(models.rows(table, ["T-2"])) == 1 for table in tables)
        assert models.place(0) == START
        assert models.outbox_end(0) == 1

    def test_clearing_the_only_partition_empties_the_tables(self, models: ReadModels) -> None:
        """The fast way comes to the same."""
        models.move(0, None, START)
        models.keep([kept()])
        models.write(CLOCKS, [clock_row()])
        models.clear(0)
        assert models.histories(["T-1"]) == {}
        assert models.rows(CLOCKS, ["T-1"]) == []

    def test_sizes_count_running_clocks_that_have_a_due_time(self, models: ReadModels) -> None:
        """An answered clock and one without a target do not run towards anything."""
        models.write(TICKETS, [ticket_row(), ticket_row("T-2")])
        models.write(
            CLOCKS,
            [clock_row(), clock_row("T-2", satisfied_at=5), clock_row("T-2", "e-2", due_at=None)],
        )
        assert models.sizes() == (2, 0, 1)


class TestOutbox:
    def test_announcements_stand_in_order_by_partition(self, models: ReadModels) -> None:
        """Each partition counts on its own."""
        assert models.outbox_end(0) == 0
        models.announce([announcement(1), announcement(2, "T-2")])
        models.announce([announcement(1, "T-3", partition=1), announcement(3)])
        assert models.outbox_end(0) == 3
        assert models.outbox_end(1) == 1
        assert models.outbox(0, 1, 10) == [announcement(2, "T-2"), announcement(3)]
        assert models.outbox(0, 0, 1) == [announcement(1)]

    def test_an_alert_is_announced_once(self, models: ReadModels) -> None:
        """The database holds to it."""
        models.announce([announcement(1)])
        with pytest.raises(StoreError):
            models.announce([announcement(2)._replace(alert_id="0-1")])

    def test_it_is_known_which_alerts_were_announced(self, models: ReadModels) -> None:
        """Asked for some, it names those of them."""
        models.announce([announcement(1), announcement(2)])
        assert models.announced(["0-2", "0-7"]) == {"0-2"}
        assert models.announced([]) == set()

    def test_conclusions_and_announcements_are_held_against_each_other(
        self, models: ReadModels
    ) -> None:
        """What should have been announced and was not; what was and is no longer concluded."""
        models.write(
            ALERTS,
            [
                alert(1)._replace(id="0-1"),
                alert(2, turn=99),
                alert(3, decided_at=601, turn=601),
                alert(4, turn=100),
            ],
        )
        models.announce([announcement(1), announcement(2), announcement(3, "T-9")])
        models.write(PARKED, [PARKED_TICKET._replace(ticket="T-9")])
        models.write(TICKETS, [ticket_row(), ticket_row("T-5")._replace(partition=1)])
        models.write(ALERTS, [alert(1, "T-5")])
        models.announce([announcement(1, "T-5", partition=1)])
        assert models.never_announced(0, 100, 600, 10) == [("T-1", "T-1-4", "breach")]
        assert models.never_announced(1, 100, 600, 10) == [("T-5", "T-5-1", "breach")]
        assert models.no_longer_told(0, 10) == [("T-1", "0-2", "breach")]
        assert models.no_longer_told(1, 10) == [("T-5", "1-1", "breach")]


class TestBoard:
    def test_running_clocks_are_due_next_or_broken(self, models: ReadModels) -> None:
        """At its due time a clock still runs; answered ones are on neither list."""
        models.write(TICKETS, [ticket_row(f"T-{number}") for number in range(1, 6)])
        models.write(
            CLOCKS,
            [
                clock_row("T-1", due_at=1_000),
                clock_row("T-2", due_at=999),
                clock_row("T-3", due_at=2_000),
                clock_row("T-4", due_at=500, satisfied_at=600),
                clock_row("T-5", due_at=None),
            ],
        )

        def standing(ticket: str, due_at: int) -> Standing:
            return Standing(ticket, 1, "initial", 1, "managry@1", "premium", 100, due_at)

        assert models.due_next(1_000, 10) == [standing("T-1", 1_000), standing("T-3", 2_000)]
        assert models.due_next(1_000, 1) == [standing("T-1", 1_000)]
        assert models.broken(1_000, 10) == [standing("T-2", 999)]
        assert models.board_counts(1_000) == Counts(2, 1, 0, 0, 0, None)

    def test_the_untriaged_come_by_their_guards(self, models: ReadModels) -> None:
        """The most urgent first."""
        models.write(TICKETS, [ticket_row(), ticket_row("T-2")])
        models.write(
            CLOCKS,
            [
                clock_row("T-1", due_at=None, guard_at=800),
                clock_row("T-2", due_at=None, guard_at=700),
            ],
        )
        assert [(row.ticket, row.due_at) for row in models.untriaged(10)] == [
            ("T-2", 700),
            ("T-1", 800),
        ]
        assert models.board_counts(0).untriaged == 2

    def test_the_waiting_come_by_how_long_they_wait(self, models: ReadModels) -> None:
        """Only tickets that are pending."""
        models.write(
            TICKETS,
            [
                ticket_row("T-1", "pending", 500),
                ticket_row("T-2", "pending", 400),
                ticket_row("T-3", "resolved", 300),
            ],
        )
        assert models.waiting(10) == [
            Waiting("T-2", 1, "premium", 400),
            Waiting("T-1", 1, "premium", 500),
        ]
        assert models.board_counts(0).waiting == 2

    def test_a_filter_picks_among_the_first_of_each_list(self, models: ReadModels) -> None:
        """What lies further behind is not looked at, so that a filter without a match ends."""
        names = [f"T-{number}" for number in range(1, 5)]
        models.write(
            TICKETS,
            [
                ticket_row(name, "pending", 100 + place)._replace(
                    plan=("premium", "standard")[place % 2], severity=(1, 1, 2, None)[place]
                )
                for place, name in enumerate(names)
            ],
        )
        models.write(
            CLOCKS,
            [
                clock_row(name, due_at=1_000 + place, guard_at=1_000 + place)
                for place, name in enumerate(names)
            ],
        )
        for limit, wanted, expected in (
            (4, Wanted("standard", None), ["T-2", "T-4"]),
            (3, Wanted("standard", None), ["T-2"]),
            (4, Wanted("premium", 2), ["T-3"]),
            (4, Wanted("", 1), ["T-1", "T-2"]),
            (4, Wanted("", None), names),
        ):
            for found in (
                models.due_next(1_000, limit, wanted),
                models.broken(2_000, limit, wanted),
                models.untriaged(limit, wanted),
                models.waiting(limit, wanted),
            ):
                assert [one.ticket for one in found] == expected

    def test_time_is_that_of_the_partition_that_lags_most(self, models: ReadModels) -> None:
        """What is behind is what counts."""
        models.move(0, None, START._replace(decided_to=50))
        models.move(1, None, START._replace(decided_to=40))
        assert models.board_counts(0).decided_to == 40


class TestForAnalysts:
    def test_instants_are_written_as_everywhere(
        self, back_end: BackEnd, models: ReadModels
    ) -> None:
        """RFC 3339 in UTC with as many fractional digits as needed; nothing where there is none."""
        second = 1_000_000
        models.write(
            CLOCKS,
            [
                clock_row("T-1", due_at=1_772_809_200 * second),
                clock_row("T-2", due_at=1_772_809_200 * second + 1),
                clock_row("T-3", due_at=1_772_809_200 * second + 250_000),
                clock_row("T-4", due_at=None),
            ],
        )
        assert back_end.execute("SELECT ticket, due FROM clock_list ORDER BY ticket") == [
            ("T-1", "2026-03-06T15:00:00Z"),
            ("T-2", "2026-03-06T15:00:00.000001Z"),
            ("T-3", "2026-03-06T15:00:00.25Z"),
            ("T-4", None),
        ]

    def test_durations_are_written_in_seconds(self, back_end: BackEnd, models: ReadModels) -> None:
        """As the report writes them."""
        models.write(CLOCKS, [clock_row()])
        [found] = back_end.execute(
            "SELECT target_business_seconds, target_off_hours_seconds FROM clock_list"
        )
        assert found == (3600, None)

    def test_promises_are_summed_up(self, back_end: BackEnd, models: ReadModels) -> None:
        """By plan, severity and clock, each verdict apart."""
        models.write(TICKETS, [ticket_row(), ticket_row("T-2")])
        models.write(
            CLOCKS,
            [
                clock_row("T-1")._replace(verdict="met"),
                clock_row("T-2")._replace(verdict="breached"),
                clock_row("T-2", "e-2"),
            ],
        )
        assert back_end.execute("SELECT * FROM promise_summary") == [
            ("premium", 1, "initial", 1, 1, 1, 0)
        ]

    def test_alerts_tell_whether_they_were_announced(
        self, back_end: BackEnd, models: ReadModels
    ) -> None:
        """The list joins the two tables."""
        models.write(ALERTS, [alert(1)._replace(id="0-1"), alert(2)])
        models.announce([announcement(1)])
        assert back_end.execute("SELECT number, announced FROM alert_list ORDER BY 1") == [
            (1, 1),
            (2, 0),
        ]

    @pytest.mark.parametrize("view", ["ticket_list", "deadline_list", "parked_list", "progress"])
    def test_every_list_shows_every_row(
        self, back_end: BackEnd, models: ReadModels, view: str
    ) -> None:
        """One line for each."""
        models.write(TICKETS, [ticket_row()])
        models.write(DEADLINES, [DeadlineRow("T-1", "initial", "e", "breach", "", 900, 930)])
        models.write(PARKED, [PARKED_TICKET])
        models.move(0, None, START)
        assert len(back_end.execute(f"SELECT * FROM {view}")) == 1

    def test_every_table_and_column_is_described(
        self, back_end: BackEnd, models: ReadModels
    ) -> None:
        """The pages for analysts name what is there, in its order, and nothing else."""
        pages: dict[str, list[str]] = {}
        for page in back_end.pages:
            pages |= described(page)
        assert pages == back_end.columns()


class TestSQLite:
    """What is particular to a file."""

    def test_read_models_that_are_not_there_are_not_read(self, tmp_path: Path) -> None:
        """Reading makes no file."""
        with pytest.raises(Missing):
            SQLiteModels.open(tmp_path / "models.db", read_only=True)
        assert list(tmp_path.iterdir()) == []

    def test_a_reader_cannot_write(self, tmp_path: Path) -> None:
        """It is told so."""
        SQLiteModels.open(tmp_path / "models.db").close()
        with SQLiteModels.open(tmp_path / "models.db", read_only=True) as models:
            assert models.place(0) is None
            with pytest.raises(StoreError):
                models.move(0, None, START)

    def test_newer_tables_are_refused(self, tmp_path: Path) -> None:
        """An older program does not touch them."""
        SQLiteModels.open(tmp_path / "models.db").close()
        with closing(sqlite3.connect(tmp_path / "models.db")) as connection:
            connection.execute("PRAGMA user_version = 99")
        with pytest.raises(NewerSchema, match="99"):
            SQLiteModels.open(tmp_path / "models.db")

    def test_a_damaged_file_says_how_to_get_new_read_models(self, tmp_path: Path) -> None:
        """Nothing is lost with it."""
        (tmp_path / "models.db").write_bytes(b"no database at all" * 1_000)
        with pytest.raises(DamagedModels, match="lhuta rebuild"):
            SQLiteModels.open(tmp_path / "models.db")

    def test_a_file_that_somebody_is_just_making_is_not_called_damaged(
        self, tmp_path: Path
    ) -> None:
        """Nobody is told to delete it."""
        (tmp_path / "models.db").touch()
        with pytest.raises(OlderSchema, match="open it once for writing"):
            SQLiteModels.open(tmp_path / "models.db", read_only=True)

    def test_a_full_disk_undoes_the_transaction(self, tmp_path: Path) -> None:
        """The next one works when there is room again."""
        with SQLiteModels.open(tmp_path / "models.db") as models:
            models._database.change("PRAGMA max_page_count = 60")
            rows = [ticket_row(f"T-{number}") for number in range(5_000)]
            with pytest.raises(StoreError, match="free"), models.transaction():
                models.write(TICKETS, rows)
            assert models.rows(TICKETS, ["T-1"]) == []
            with models.transaction():
                models.write(TICKETS, rows[:2])
            assert len(models.rows(TICKETS, ["T-0", "T-1"])) == 2
