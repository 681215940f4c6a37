"""A made-up desk that lives: whatever the hour, a newcomer soon sees what the engine is for.

The clock moves by hand, a second at a time, through engine and crowd together.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest

from domain import instant
from domain.command import Command, Open, Respond
from domain.event import RecordedEvent, story_order
from domain.instant import DAY, HOUR, MINUTE, SECOND
from domain.policy import Policy
from domain.standing import BEGINNING
from infra import wiring
from infra.desk import Desk
from infra.doors.living import past
from infra.doors.living.crowd import Crowd
from infra.doors.living.scene import AIMS, aimed, answered_at
from infra.engine.loop import Engine
from infra.settings import Settings
from infra.store.log import EventLog
from infra.store.models import SQLiteModels
from infra.store.policies.document import parse
from projections.models import Announcement
from tests.contract.given import POLICY, HandClock

MONDAY_NOON = instant.parse("2026-03-09T12:00:00+01:00")
MOMENTS = {
    "Monday noon": MONDAY_NOON,
    "Monday, ten minutes after opening": instant.parse("2026-03-16T08:10:00+01:00"),
    "Friday 16:59": instant.parse("2026-03-13T16:59:00+01:00"),
    "Friday at half past six": instant.parse("2026-03-13T18:30:00+01:00"),
    "half past midnight after a working day": instant.parse("2026-03-11T00:30:00+01:00"),
    "Saturday night": instant.parse("2026-03-14T23:30:00+01:00"),
    "Easter Monday": instant.parse("2026-04-06T10:00:00+02:00"),
    "the night when an hour is left out": instant.parse("2026-03-29T01:59:00+01:00"),
    "the night when an hour comes twice": instant.parse("2026-10-25T02:59:00+02:00"),
}
TICKETS = 60
TWO_MINUTES = 120


class LivingDesk:
    """A data folder with a made-up desk, a clock that moves by hand, and what was told."""

    def __init__(self, folder: Path, now: int) -> None:
        self.settings = Settings(folder)
        self.clock = HandClock()
        self.clock.now = self.began = now
        self.told: list[dict[str, Any]] = []
        self.starts = 0
        past.create(self.settings.log, POLICY, self.clock)
        with self.log() as log:
            past.furnish(log, self.clock, seed="a past", tickets=TICKETS)

    def log(self) -> EventLog:
        """Open the log."""
        return EventLog.open(self.settings.log, clock=self.clock)

    def live(self, seconds: int) -> None:
        """Start engine and crowd as a process does, and let time pass."""
        self.starts += 1
        with self.engine() as engine, self.log() as log:
            crowd = Crowd(log, self.clock, f"start {self.starts}")
            for _ in range(seconds):
                for _ in range(1_000):
                    if not (engine.step() or crowd.step()):
                        break
                else:
                    raise AssertionError("the desk does not come to rest")
                self.clock.now += SECOND

    @contextmanager
    def engine(self) -> Iterator[Engine]:
        """Run an engine whose alerts are kept in `told`."""
        with wiring.engine(self.settings, self._tell, self.clock) as engine:
            yield engine

    def stories(self) -> dict[str, list[RecordedEvent]]:
        """Return all tickets of the log."""
        found: dict[str, list[RecordedEvent]] = {}
        with self.log() as log:
            for stored in log.read(0, 100_000):
                found.setdefault(stored.recorded.ticket, []).append(stored.recorded)
        return found

    def _tell(self, announcement: Announcement, policies: object) -> None:
        self.told.append(orjson.loads(announcement.alert))


@pytest.fixture(scope="module")
def policy() -> Policy:
    """Compile the published policy once."""
    return parse(POLICY, "policy").policy


@pytest.fixture(scope="module", params=MOMENTS)
def desk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> LivingDesk:
    """Give a desk that has lived for two minutes."""
    made = LivingDesk(tmp_path_factory.mktemp("desk"), MOMENTS[request.param])
    made.live(TWO_MINUTES)
    return made


class TestTwoMinutes:
    def test_a_warning_and_a_breach_are_told(self, desk: LivingDesk) -> None:
        """On every day and at every hour, by the policy as it is published."""
        assert {"warning", "breach"} <= {alert["kind"] for alert in desk.told}

    def test_one_is_answered_in_time(self, desk: LivingDesk) -> None:
        """Its warning is over, and it never broke."""
        broken = {alert["ticket"] for alert in desk.told if alert["kind"] == "breach"}
        warned = {alert["id"] for alert in desk.told if alert["kind"] == "warning"}
        assert [
            alert
            for alert in desk.told
            if alert["kind"] == "cleared"
            and alert["ticket"] not in broken
            and warned & set(alert["refers"])
        ]

    def test_nobody_is_told_about_the_past(self, desk: LivingDesk) -> None:
        """Of imported tickets only what came due since the desk began."""
        for alert in desk.told:
            if int(alert["ticket"].removeprefix("T-")) <= TICKETS and alert["deadline"]:
                assert instant.parse(alert["deadline"]) + 30 * SECOND >= desk.began

    def test_every_history_is_legal_at_every_step(self, desk: LivingDesk) -> None:
        """What is imported as well as what commands brought about."""
        for ticket, story in desk.stories().items():
            standing = BEGINNING
            for recorded in sorted(story, key=story_order):
                assert standing.refusal(recorded.event) is None, ticket
                standing = standing.after(recorded.event, recorded.words)

    def test_log_and_read_models_hold(self, desk: LivingDesk) -> None:
        """Verification and audit find nothing."""
        with desk.log() as log:
            assert log.verify() == []
        found: list[object] = []
        audited = wiring.audit(desk.settings, desk.clock, found.append, lambda tickets: None)
        assert found == []
        assert audited.tickets > TICKETS


class TestGoingOn:
    def test_a_restart_tells_nothing_twice(self, tmp_path: Path) -> None:
        """Killed between any two steps, it goes on with the same data."""
        desk = LivingDesk(tmp_path, MONDAY_NOON)
        for seconds in (38, 1, 30, TWO_MINUTES):
            desk.live(seconds)
        told = [alert["id"] for alert in desk.told]
        with SQLiteModels.open(desk.settings.models, read_only=True) as models:
            announced = models.outbox(0, 0, 1_000)
        assert told == [row.alert_id for row in announced]
        assert len(told) == len(set(told)) > 4

    def test_after_a_night_it_goes_on(self, tmp_path: Path) -> None:
        """What came due meanwhile is told then, and nothing of it is refused."""
        desk = LivingDesk(tmp_path, MONDAY_NOON)
        desk.live(20)
        before = len(desk.told)
        desk.clock.now += 14 * HOUR
        desk.live(TWO_MINUTES)
        assert "breach" in {alert["kind"] for alert in desk.told[before:]}
        with desk.log() as log:
            assert log.verify() == []

    def test_in_an_hour_requests_come_and_are_closed(self, tmp_path: Path) -> None:
        """Triaged, answered, resolved and verified, some by reply and workaround."""
        desk = LivingDesk(tmp_path, MONDAY_NOON)
        desk.live(60 * 60)
        new = {
            ticket: story
            for ticket, story in desk.stories().items()
            if int(ticket.removeprefix("T-")) > TICKETS
        }
        kinds = {type(recorded.event).__name__ for story in new.values() for recorded in story}
        assert len(kinds) == 7
        assert 30 < len(new) < 100

    def test_numbers_go_on_where_the_past_ended(self, desk: LivingDesk) -> None:
        """No ticket of the living desk takes the place of an imported one, and none is left out."""
        numbers = [int(ticket.removeprefix("T-")) for ticket in desk.stories()]
        assert sorted(numbers) == list(range(1, len(numbers) + 1))
        assert len(numbers) > TICKETS

    def test_what_a_newcomer_touches_is_left_to_him(self, tmp_path: Path) -> None:
        """A ticket of his own, and one of the desk's that he answered."""
        desk = LivingDesk(tmp_path, MONDAY_NOON)
        desk.live(5)
        given: tuple[Command, ...] = (
            Open("MY-1", "me", "premium", "web", "The board stays empty"),
            Respond(f"T-{TICKETS + 1}", "support", "We are on it"),
        )
        with desk.log() as log:
            for number, command in enumerate(given):
                command_id = f"00000000-0000-4000-8000-00000000000{number}"
                Desk(log, desk.clock).handle(command, command_id=command_id, actor="agent:jana")
        desk.live(20 * 60)
        stories = desk.stories()
        assert [stories[command.ticket][-1].actor for command in given] == ["agent:jana"] * 2


class TestBeginning:
    def test_the_log_says_that_it_is_made_up(self, tmp_path: Path) -> None:
        """And one that does not is never given made-up people."""
        desk = LivingDesk(tmp_path, MONDAY_NOON)
        with desk.log() as log:
            past.check(desk.settings.log, log)
        real = tmp_path / "real.db"
        EventLog.create(real, policy_bytes=POLICY, live_from=0, now=MONDAY_NOON).close()
        with EventLog.open(real) as log, pytest.raises(past.RealDesk, match="lhuta run"):
            past.check(real, log)

    def test_a_beginning_that_was_killed_is_begun_anew(self, tmp_path: Path) -> None:
        """The log was created, and its past comes the next day."""
        clock = HandClock()
        clock.now = MONDAY_NOON
        settings = Settings(tmp_path)
        past.create(settings.log, POLICY, clock)
        clock.now += DAY
        with EventLog.open(settings.log, clock=clock) as log:
            assert past.is_missing(log)
            past.furnish(log, clock, seed="a past", tickets=TICKETS)
            assert not past.is_missing(log)
            assert log.live_from == clock.now
            assert log.verify() == []


class TestScenes:
    def test_every_scene_can_be_played_at_any_time(self, policy: Policy) -> None:
        """Told within a minute: at its turn, or at once where nothing can be due just now."""
        for now in range(MONDAY_NOON, MONDAY_NOON + 28 * DAY, 67 * MINUTE):
            for scene in AIMS:
                aims = aimed(policy, scene, now)
                assert aims, (scene, instant.text(now))
                for aim in aims:
                    assert now - policy.max_backdate < aim.received_at < now
                    assert aim.received_at < aim.deadline <= now + 20 * SECOND
                    answer = answered_at(policy, scene, aim, now)
                    assert (answer > aim.due_at) == (scene == "broken")

    def test_the_deadline_is_aimed_at_to_the_second(self, policy: Policy) -> None:
        """While the office is open a business hour ends whenever one likes."""
        [told] = {aim.deadline for aim in aimed(policy, "broken", MONDAY_NOON)}
        assert told == MONDAY_NOON + 20 * SECOND

    def test_on_a_working_evening_closing_time_is_the_aim(self, policy: Policy) -> None:
        """Nothing is due between closing time and eight hours after it."""
        evening = instant.parse("2026-03-13T18:30:00+01:00")
        [told] = {aim.deadline for aim in aimed(policy, "broken", evening)}
        assert told == instant.parse("2026-03-13T17:00:00+01:00")
        assert past.told_from(policy, evening) == told

    def test_where_nothing_is_promised_there_are_no_scenes(self, policy: Policy) -> None:
        """The desk lives on without them."""
        text = re.sub(rb"(?m)^(initial|ongoing)\.\d = .*\n", b"", POLICY)
        silent = parse(text, "policy").policy
        assert [aimed(silent, scene, MONDAY_NOON) for scene in AIMS] == [[], [], []]
        assert past.told_from(silent, MONDAY_NOON) == MONDAY_NOON
