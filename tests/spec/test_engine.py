"""The engine, step by step by a clock that moves by hand: what it decides, tells and survives."""

import logging
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import orjson
import pytest

from domain import instant
from domain.event import AgentResponded, Event, Opened, SeverityAssigned
from infra import wiring
from infra.engine.health import Audited, LastAudit, Oldest, Problem, Vitals, problems
from infra.engine.lock import Held, Holder, Lock, holder
from infra.engine.loop import Engine
from infra.outlets.deliveries import Backlog, Taken
from infra.outlets.subscription import KINDS, Way
from infra.settings import Settings
from infra.store.deliveries import SQLiteDeliveries
from infra.store.failure import Missing
from infra.store.log import EventLog
from infra.store.models import SQLiteModels
from projections.fault import OtherLog
from projections.models import Announcement
from projections.projector import Projector
from projections.rows import TICKETS
from tests.contract.given import CREATED, NOW, POLICY, HandClock, append, second_policy, story

OPENED = Opened("c-1", "premium", "email")
CRITICAL = SeverityAssigned(1, "operations-halted", "defect", supported=True)
ANSWERED = AgentResponded("customer")

# Opened on Monday at 10:00 in Prague, severity 1 of the premium plan is due in one business hour.
DUE = NOW + instant.HOUR
SETTLE = 30 * instant.SECOND


class Room:
    """A data folder with a log, a clock that moves by hand, and what was told."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(folder)
        self.clock = HandClock()
        self.told: list[tuple[str, str, str | None]] = []
        self.rested: list[float] = []
        EventLog.create(
            self.settings.log,
            policy_bytes=POLICY,
            live_from=CREATED,
            now=CREATED,
            clock=self.clock,
        ).close()

    @contextmanager
    def engine(self) -> Iterator[Engine]:
        """Start an engine as a process does, and let it do what there is to do."""
        with wiring.engine(self.settings, self._tell, self.clock) as engine:
            idle(engine)
            yield engine

    def record(self, ticket: str, version: int, *events: Event) -> None:
        """Append what a command decided, now."""
        with EventLog.open(self.settings.log, clock=self.clock) as log:
            log.append([append(f"{ticket} {version}", ticket, version, *events)])

    def subscribe(self, way: Way, target: str) -> None:
        """Tell a file or a command of everything that is decided from now on."""
        with SQLiteDeliveries.open(self.settings.deliveries) as deliveries:
            deliveries.subscribe(way, target, KINDS, lambda: self.clock.now)

    def announce(self) -> None:
        """Decide what is due as an engine does that is killed before it delivers anything."""
        with wiring.held(self.settings, "lhuta run", self.clock) as desk:
            follower = desk.follower(desk.projector, 1_000)
            for _ in range(3):  # it looks where it is before it lets time come
                follower.step()

    def last_audit(self) -> Audited | None:
        """Return what is kept of the last audit."""
        with EventLog.open(self.settings.log, read_only=True, clock=self.clock) as log:
            return LastAudit(self.settings.audit, log.log_id).read()

    def open_critical(self, ticket: str = "T-1") -> None:
        """Open a ticket and triage it at once."""
        self.record(ticket, 0, OPENED, CRITICAL)

    def alerts(self) -> list[tuple[str, str, str | None]]:
        """Return what all of the log demands by now, decided or not: (ticket, kind, step)."""
        with SQLiteModels.open(self.settings.models, read_only=True) as models:
            rows = models.outbox(0, 0, 1_000)
        found = [orjson.loads(row.alert) for row in rows]
        return [(one["ticket"], one["kind"], one["step"]) for one in found]

    def wait(self, seconds: float) -> bool:
        """Rest as an engine does; stop it after three rests."""
        self.rested.append(seconds)
        return len(self.rested) == 3

    def _tell(self, announcement: Announcement, policies: object) -> None:
        alert = orjson.loads(announcement.alert)
        self.told.append((alert["ticket"], alert["kind"], alert["step"]))


def idle(engine: Engine) -> None:
    """Step until there is nothing to do for now."""
    for _ in range(1_000):
        if not engine.step():
            return
    raise AssertionError("the engine does not come to rest")


def lose(settings: Settings) -> None:
    """Lose the read models, as a disk does."""
    for ending in ("", "-wal", "-shm"):
        Path(f"{settings.models}{ending}").unlink(missing_ok=True)


def arrived(path: Path) -> list[tuple[str, str | None]]:
    """Return the alerts in a file: (kind, step)."""
    found = [orjson.loads(line) for line in path.read_bytes().splitlines()]
    return [(one["kind"], one["step"]) for one in found]


def damage_history(settings: Settings, ticket: str) -> None:
    """Damage what the read models keep of a ticket, so that it is parked when its turn comes."""
    with closing(sqlite3.connect(settings.models)) as connection, connection:
        connection.execute("UPDATE histories SET lines = 'x' WHERE ticket = ?", (ticket,))


@pytest.fixture
def room(tmp_path: Path) -> Room:
    """Give a data folder with an empty log."""
    return Room(tmp_path)


class TestTime:
    def test_a_deadline_is_told_at_its_instant_and_not_before(self, room: Room) -> None:
        """D and the time to settle have to pass, to the microsecond."""
        with room.engine() as engine:
            room.open_critical()
            room.clock.now = NOW + instant.HOUR // 2 + SETTLE - 1
            idle(engine)
            assert room.told == []
            room.clock.now += 1
            idle(engine)
            assert room.told == [("T-1", "warning", "0.5")]

    def test_an_answer_in_time_keeps_it_quiet(self, room: Room) -> None:
        """Nothing is told of a promise that was kept."""
        with room.engine() as engine:
            room.open_critical()
            room.record("T-1", 2, ANSWERED)
            room.clock.now = DUE + instant.DAY
            idle(engine)
        assert room.told == []

    def test_a_log_that_rests_is_left_alone_for_a_while(self, room: Room) -> None:
        """Its time is moved every few seconds, so that people see how old it is."""
        with room.engine() as engine, EventLog.open(room.settings.log, read_only=True) as log:
            before = log.head().recorded_at
            room.clock.now = before + room.settings.tick_every - 1
            idle(engine)
            assert log.head().recorded_at == before
            room.clock.now += 1
            idle(engine)
            assert log.head().recorded_at == room.clock.now

    def test_a_deadline_moves_the_time_at_once(self, room: Room) -> None:
        """However often idle time is moved."""
        with room.engine() as engine:
            room.open_critical()
            room.clock.now = DUE + SETTLE
            idle(engine)
            assert ("T-1", "breach", None) in room.told

    def test_a_published_policy_does_not_hold_time_up(self, room: Room) -> None:
        """Its position is no ticket's, and the tickets' last event lies before it."""
        with room.engine() as engine:
            room.open_critical()
            with EventLog.open(room.settings.log, clock=room.clock) as log:
                log.publish(second_policy(NOW + 30 * instant.DAY))
            room.clock.now = DUE + SETTLE
            idle(engine)
        assert ("T-1", "breach", None) in room.told

    def test_a_clock_set_back_decides_nothing_until_it_has_caught_up(self, room: Room) -> None:
        """What was decided stays, nothing comes twice, and the status tells why it waits."""
        with room.engine() as engine:
            room.open_critical()
            room.clock.now = NOW + instant.HOUR // 2 + SETTLE
            idle(engine)
            room.clock.now -= instant.HOUR
            idle(engine)
            names = [one.name for one in problems(wiring.vitals(room.settings, room.clock))]
            assert names == ["clock-behind"]
            room.clock.now = DUE + SETTLE
            idle(engine)
        assert room.told == [
            ("T-1", "warning", "0.5"),
            ("T-1", "warning", "0.75"),
            ("T-1", "breach", None),
        ]

    def test_a_clock_set_ahead_and_back_loses_nothing(self, room: Room) -> None:
        """What was decided an hour early stays; the log's time goes on from there."""
        with room.engine() as engine:
            room.clock.now += instant.HOUR
            idle(engine)
            room.clock.now -= instant.HOUR
            room.open_critical()
            idle(engine)
            room.clock.now += 2 * instant.HOUR + 2 * SETTLE
            idle(engine)
        assert ("T-1", "breach", None) in room.told


class TestStartingAgain:
    def test_an_engine_goes_on_where_the_last_one_was(self, room: Room) -> None:
        """What came due while none ran is told by the next, once."""
        with room.engine():
            room.open_critical()
        room.clock.now = DUE + SETTLE
        with room.engine():
            pass
        with room.engine():
            pass
        assert (
            room.alerts()
            == room.told
            == [
                ("T-1", "warning", "0.5"),
                ("T-1", "warning", "0.75"),
                ("T-1", "breach", None),
            ]
        )

    def test_lost_read_models_are_made_anew_and_nobody_is_told_twice(self, room: Room) -> None:
        """The deliveries remember up to when all was announced."""
        with room.engine() as engine:
            room.open_critical()
            room.clock.now = NOW + instant.HOUR // 2 + SETTLE
            idle(engine)
        lose(room.settings)
        room.clock.now = DUE + SETTLE
        with room.engine():
            pass
        assert room.told == [
            ("T-1", "warning", "0.5"),
            ("T-1", "warning", "0.75"),
            ("T-1", "breach", None),
        ]

    def test_a_rebuild_tells_nobody_again(self, room: Room) -> None:
        """And what it makes is what was there."""
        with room.engine() as engine:
            room.open_critical()
            room.clock.now = DUE + SETTLE
            idle(engine)
        with wiring.held(room.settings, "lhuta rebuild", room.clock) as desk:
            rebuilt = wiring.rebuild(desk, lambda done, of: None)
        assert (rebuilt.applied.events, rebuilt.applied.announced) == (2, ())
        assert rebuilt.differences == []
        found: list[object] = []
        wiring.audit(room.settings, room.clock, found.append, lambda done: None)
        assert found == []

    def test_an_import_tells_nobody_of_the_past(self, room: Room) -> None:
        """Only what comes due after it is announced."""
        with EventLog.open(room.settings.log, clock=room.clock) as log:
            log.set_live_from(NOW)
            log.import_([story("T-9", OPENED, CRITICAL, at=NOW - 10 * instant.DAY)])
        with room.engine() as engine:
            room.clock.now = NOW + instant.MINUTE
            idle(engine)
        assert room.told == []

    def test_read_models_of_another_log_are_refused(self, room: Room, tmp_path: Path) -> None:
        """A log that was restored to an earlier state is noticed before anything is decided."""
        with room.engine() as engine:
            room.open_critical()
            idle(engine)
        (tmp_path / "other").mkdir()
        other = Room(tmp_path / "other")
        other.record("T-2", 0, OPENED)
        Path(room.settings.models).replace(Path(other.settings.models))
        with (
            pytest.raises(OtherLog, match="lhuta rebuild"),
            wiring.engine(other.settings, other._tell, other.clock),
        ):
            pass

    def test_read_models_that_can_not_be_read_are_put_aside(self, room: Room) -> None:
        """With their log, which belongs to nothing else."""
        with room.engine():
            room.open_critical()
        damaged = b"no database at all, but long enough to be one" * 100
        Path(room.settings.models).write_bytes(damaged)
        aside = wiring.set_aside(room.settings)
        assert aside.name == "models.db.damaged"
        with room.engine():
            pass
        lose(room.settings)
        with pytest.raises(Missing):
            wiring.set_aside(room.settings)

    def test_tickets_of_another_projector_version_are_folded_again(
        self, room: Room, caplog: pytest.LogCaptureFixture
    ) -> None:
        """While the engine lives; it announces nothing and says what changed."""
        room.open_critical()
        room.clock.now = DUE + SETTLE
        with wiring.held(room.settings, "an older program", room.clock) as desk:
            older = Projector(desk.models, 0, version=0)
            older.reset()
            follower = desk.follower(older, 10)
            while follower.step() is not None:
                pass
        with caplog.at_level(logging.INFO, logger="lhuta"), room.engine():
            assert not wiring.vitals(room.settings, room.clock).stale
        actions = [record.__dict__["action"] for record in caplog.records]
        assert "tickets.refolded" in actions
        assert room.told == []


class TestLosingTheReadModels:
    """Whatever was announced reaches its subscribers, once for each id."""

    TOLD = (("warning", "0.5"), ("warning", "0.75"), ("breach", None))

    def test_what_was_announced_and_not_yet_taken_is_delivered(
        self, room: Room, tmp_path: Path
    ) -> None:
        """The engine was killed in between, and the read models are lost: all that knew of it."""
        path = tmp_path / "alerts.jsonl"
        room.subscribe("file", str(path))
        with room.engine() as engine:
            room.open_critical()
            room.clock.now = NOW + instant.HOUR // 2 + SETTLE
            idle(engine)
        room.clock.now = DUE + SETTLE
        room.announce()
        assert len(room.alerts()) == 3
        assert arrived(path) == list(self.TOLD[:1])
        lose(room.settings)
        for _ in range(2):
            with room.engine():
                pass
        assert arrived(path) == list(self.TOLD)

    def test_what_was_taken_and_not_yet_delivered_is_delivered(
        self, room: Room, tmp_path: Path
    ) -> None:
        """A subscriber that fails loses nothing; another gets nothing twice."""
        well, failing = tmp_path / "well.jsonl", tmp_path / "failing.jsonl"
        failing.mkdir()
        room.subscribe("file", str(well))
        room.subscribe("file", str(failing))
        with room.engine() as engine:
            room.open_critical()
            room.clock.now = DUE + SETTLE
            idle(engine)
        lose(room.settings)
        failing.rmdir()
        room.clock.now += instant.HOUR
        for _ in range(2):
            with room.engine():
                pass
        told = [*self.TOLD, ("overdue", "1")]
        assert arrived(well) == arrived(failing) == told

    def test_what_a_rebuild_announced_is_not_lost_with_it(self, room: Room, tmp_path: Path) -> None:
        """A rebuild delivers nothing: until an engine does, it can be lost again."""
        path = tmp_path / "alerts.jsonl"
        room.subscribe("file", str(path))
        with room.engine():
            room.open_critical()
        room.clock.now = DUE + SETTLE
        lose(room.settings)
        with wiring.held(room.settings, "lhuta rebuild", room.clock) as desk:
            rebuilt = wiring.rebuild(desk, lambda done, of: None)
        assert len(rebuilt.applied.announced) == 3
        lose(room.settings)
        with room.engine():
            pass
        assert arrived(path) == list(self.TOLD)

    def test_what_a_retry_announced_is_not_lost_though_it_lies_in_the_past(
        self, room: Room, tmp_path: Path
    ) -> None:
        """What a parked ticket left untold was decided before others that were taken long ago."""
        path = tmp_path / "alerts.jsonl"
        room.subscribe("file", str(path))
        with room.engine() as engine:
            room.open_critical("T-1")
            room.open_critical("T-2")
            idle(engine)
            damage_history(room.settings, "T-1")
            room.clock.now = DUE + SETTLE
            idle(engine)
            room.clock.now += instant.MINUTE
            idle(engine)
        assert arrived(path) == list(self.TOLD)
        assert wiring.retry(room.settings, room.clock, "T-1").announced == 3
        lose(room.settings)
        for _ in range(2):
            with room.engine():
                pass
        lines = [orjson.loads(line) for line in path.read_bytes().splitlines()]
        assert [line["ticket"] for line in lines] == ["T-2"] * 3 + ["T-1"] * 3
        assert len({line["id"] for line in lines}) == 6

    def test_an_outbox_that_is_begun_anew_counts_as_not_taken(
        self, room: Room, tmp_path: Path
    ) -> None:
        """Whatever it announces then is after nothing; what was settled stays so."""
        with room.engine() as engine:
            room.open_critical()
            room.clock.now = DUE + SETTLE
            idle(engine)
        lose(room.settings)
        with wiring.held(room.settings, "lhuta rebuild", room.clock) as desk:
            assert desk.deliveries.taken(0) == Taken(0, "", DUE + SETTLE)

    def test_read_models_from_a_backup_tell_nobody_twice(self, room: Room, tmp_path: Path) -> None:
        """They announce again what they did not know of, under the same ids."""
        path = tmp_path / "alerts.jsonl"
        room.subscribe("file", str(path))
        with room.engine() as engine:
            room.open_critical()
            room.clock.now = NOW + instant.HOUR // 2 + SETTLE
            idle(engine)
        older = Path(room.settings.models).read_bytes()
        room.clock.now = DUE + SETTLE
        with room.engine():
            pass
        lose(room.settings)
        Path(room.settings.models).write_bytes(older)
        room.clock.now += instant.HOUR
        with room.engine():
            pass
        assert arrived(path) == [*self.TOLD, ("overdue", "1")]


class TestUpkeep:
    def test_an_audit_is_made_on_schedule_and_its_result_kept(self, room: Room) -> None:
        """The first a minute after the start, then at its pace; the status tells the last."""
        with room.engine() as engine:
            room.open_critical()
            idle(engine)
            assert room.last_audit() is None
            room.clock.now += wiring.FIRST_AUDIT
            idle(engine)
            first = room.last_audit()
            assert first == Audited(room.clock.now, 1, 0)
            room.clock.now += room.settings.audit_every
            idle(engine)
            second = room.last_audit()
            assert second is not None
            assert second.at == room.clock.now

    def test_an_audit_of_another_log_says_nothing(self, room: Room, tmp_path: Path) -> None:
        """A data folder may also stand beside a database, which has read models of its own."""
        with room.engine() as engine:
            room.open_critical()
            room.clock.now += wiring.FIRST_AUDIT
            idle(engine)
        beside = tmp_path / "other"
        beside.mkdir()
        other = Room(beside)
        shutil.copy(room.settings.audit, other.settings.audit)
        assert wiring.vitals(room.settings, room.clock).audited == Audited(room.clock.now, 1, 0)
        assert wiring.vitals(other.settings, other.clock).audited is None

    def test_an_audit_finds_what_somebody_changed(
        self, room: Room, caplog: pytest.LogCaptureFixture
    ) -> None:
        """The health is bad from then on, and the log names the row."""
        with room.engine() as engine:
            room.open_critical()
            idle(engine)
            with SQLiteModels.open(room.settings.models) as models, models.transaction():
                [row] = models.rows(TICKETS, ["T-1"])
                models.write(TICKETS, [row._replace(severity=4)])
            room.clock.now += wiring.FIRST_AUDIT
            with caplog.at_level(logging.INFO, logger="lhuta"):
                idle(engine)
            wrong = problems(wiring.vitals(room.settings, room.clock))
        assert [one.name for one in wrong] == ["audit-differs"]
        noted = [record.__dict__ for record in caplog.records]
        [differs] = [one for one in noted if one["action"] == "audit.differs"]
        assert (differs["about"], differs["facts"]["column"]) == ("T-1", "severity")


class TestRunning:
    def test_it_rests_when_there_is_nothing_to_do(self, room: Room) -> None:
        """And goes on at once while there is."""
        with room.engine() as engine:
            room.open_critical()
            engine.run(room.wait, room.settings.poll_every)
        assert room.rested == [0.0, 0.25, 0.25]

    def test_alerts_reach_a_file(self, room: Room, tmp_path: Path) -> None:
        """Announced and delivered in one step, as the lines that `lhuta alerts --json` prints."""
        path = tmp_path / "alerts.jsonl"
        room.subscribe("file", str(path))
        with room.engine() as engine:
            room.open_critical()
            room.clock.now = DUE + SETTLE
            idle(engine)
            engine.close(room.rested.append)
        lines = [orjson.loads(line) for line in path.read_bytes().splitlines()]
        assert [line["kind"] for line in lines] == ["warning", "warning", "breach"]

    def test_stopping_ends_a_command_that_does_not_come_back(self, room: Room) -> None:
        """After some seconds; it gets the same alert from the next engine."""
        room.subscribe("command", "sleep 1000")
        with room.engine() as engine:
            room.open_critical()
            room.clock.now = DUE + SETTLE
            for _ in range(5):
                engine.step()
            engine.close(room.rested.append)
        assert sum(room.rested) == pytest.approx(5)
        with SQLiteDeliveries.open(room.settings.deliveries) as deliveries:
            assert len(deliveries.claim("S-1", "another", room.clock.now, NOW, 9)) == 3

    def test_every_line_of_the_log_has_an_action_and_an_id(
        self, room: Room, caplog: pytest.LogCaptureFixture
    ) -> None:
        """So machines can filter and join them."""
        with caplog.at_level(logging.INFO, logger="lhuta"), room.engine() as engine:
            room.open_critical()
            room.clock.now = NOW + instant.HOUR // 2 + SETTLE
            idle(engine)
        noted = [(one.__dict__["action"], one.__dict__["about"]) for one in caplog.records]
        assert [action for action, _ in noted] == [
            "events.applied",
            "alert.announced",
            "audit.ended",
        ]
        assert all(about for _, about in noted)


class TestLock:
    def test_a_second_engine_is_refused_with_the_name_of_the_first(self, room: Room) -> None:
        """With its process and since when, and what to do."""
        with (
            room.engine(),
            pytest.raises(
                Held, match=r"`lhuta run`, process \d+ on .+, since 2026-03-09T09:00:00Z"
            ),
            room.engine(),
        ):
            pass

    def test_it_is_free_when_its_holder_is_gone(self, tmp_path: Path) -> None:
        """Also after kill -9: the system lets it go with the process."""
        path = tmp_path / "engine.lock"
        assert holder(path) is None
        with Lock(path, "lhuta run", NOW):
            found = holder(path)
            assert found is not None
            assert (found.program, found.since) == ("lhuta run", NOW)
        assert holder(path) is None
        with Lock(path, "lhuta rebuild", NOW + 1):
            found = holder(path)
            assert found is not None
            assert (found.program, found.since) == ("lhuta rebuild", NOW + 1)

    def test_a_folder_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        """With the command that makes it."""
        with pytest.raises(Missing, match="lhuta init"), Lock(tmp_path / "no" / "l", "x", NOW):
            pass


class TestHealth:
    WELL = Vitals(
        now=NOW,
        engine=Holder("lhuta run", 1, "here", NOW),
        position=10,
        behind=0,
        recorded_at=NOW - instant.SECOND,
        audited=Audited(NOW, 5, 0),
        oldest=Oldest(0, NOW - instant.SECOND),
        tickets=5,
    )
    SHARED = WELL._replace(engine=None, shared=True, partitions=12)

    @pytest.mark.parametrize(
        ("found", "names"),
        [
            (WELL, []),
            (WELL._replace(oldest=Oldest(0, NOW - 30 * instant.SECOND)), []),
            (WELL._replace(oldest=Oldest(0, NOW - 30 * instant.SECOND - 1)), ["time-old"]),
            (WELL._replace(oldest=Oldest(0, None)), ["time-old"]),
            (WELL._replace(engine=None), ["not-running"]),
            (WELL._replace(engine=None, oldest=Oldest(0, NOW - instant.DAY)), ["not-running"]),
            (SHARED, []),
            (SHARED._replace(oldest=Oldest(7, NOW - instant.MINUTE)), ["time-old"]),
            (WELL._replace(recorded_at=NOW + 5 * instant.SECOND), []),
            (WELL._replace(recorded_at=NOW + instant.HOUR), ["clock-behind"]),
            (WELL._replace(audited=Audited(NOW, 5, 1)), ["audit-differs"]),
            (WELL._replace(audited=None), []),
            (WELL._replace(parked=1), ["parked"]),
            (WELL._replace(backlogs=(Backlog("S-1", 9, 3, 0, 0),)), []),
            (WELL._replace(backlogs=(Backlog("S-1", 9, 3, 1, 2),)), ["given-up", "failing"]),
        ],
    )
    def test_each_problem_is_named(self, found: Vitals, names: Sequence[str]) -> None:
        """And nothing that is well; every message says what to do."""
        wrong: list[Problem] = problems(found)
        assert [one.name for one in wrong] == names
        assert all("`lhuta" in one.message or ": " in one.message for one in wrong)
