"""What holds of a distributed desk that has come to rest, whatever happened to it before."""

import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import orjson
import psycopg

from domain import instant
from domain.conclusion import alerts
from domain.event import RecordedEvent
from infra.store.deliveries.on_postgresql import PostgreSQLDeliveries
from infra.store.log import EventLog, Stored, wall_clock
from infra.store.models import SQLiteModels
from infra.store.models.postgresql import PostgreSQLModels
from projections.models import START, Place
from projections.parity import parity
from projections.projector import Terms
from projections.publication import ChangedClock
from projections.rows import CLOCKS
from streams.record import of_clock
from streams.topic import ALERTS
from streams.topic import CLOCKS as CLOCK_STATES
from tests.integration.on_kafka import found
from tests.survival.distributed.desk import PARTITIONS, Desk
from tests.survival.proof import Ids, ordered, told_once

QUIET = 10 * instant.SECOND
"""Nothing is decided by time alone for so long, else what is compared would change meanwhile."""


class Found(NamedTuple):
    """How much was proved: events, acknowledged commands, clocks, alerts, those that came again."""

    events: int
    commands: int
    clocks: int
    alerts: int
    again: int


def until_time_goes_on(desk: Desk) -> float:
    """Wait until every partition is decided to an instant after now; return how long it took."""
    begun, now = time.monotonic(), wall_clock()
    with PostgreSQLModels.open(desk.url) as models:
        desk.wait_until(lambda: all(one.decided_to > now for one in _places(models)), "time")
    return time.monotonic() - begun


def settle(desk: Desk) -> None:
    """Send again what was not acknowledged, and wait until nothing is left to do."""
    desk.finish()
    rest(desk)


def rest(desk: Desk) -> None:
    """Wait until what is recorded is applied and published."""
    with (
        EventLog.open(desk.url) as log,
        PostgreSQLModels.open(desk.url) as models,
        psycopg.connect(desk.url, autocommit=True) as connection,
    ):
        end = log.head().recorded_at
        lasts = log.lasts()

        def applied() -> bool:
            places = _places(models)
            return (
                all(place.position == lasts.get(number, 0) for number, place in enumerate(places))
                and min(place.decided_to for place in places) > end
            )

        def published() -> bool:
            queued = "SELECT FROM lhuta.unpublished_{}"
            return not any(
                connection.execute(queued.format(what) + " LIMIT 1").fetchall()
                for what in ("alerts", "clocks")
            )

        desk.wait_until(applied, "applying what was recorded")
        desk.wait_until(lambda: _next_turn(models) > wall_clock() + QUIET, "what is due soon")
        desk.wait_until(published, "publishing")


def proved(desk: Desk) -> Found:
    """Hold everything that must survive against a desk; return how much there was."""
    with EventLog.open(desk.url) as log:
        assert log.verify() == []
        _commands_are_there_once(desk, log.read(0, 10_000_000))
    return followed(desk)


def followed(desk: Desk) -> Found:
    """Hold everything that follows from the log against it."""
    with (
        EventLog.open(desk.url) as log,
        PostgreSQLModels.open(desk.url, idle_seconds=60) as models,
    ):
        stored = log.read(0, 10_000_000)
        places, clocks = _rows_are_those_of_the_embedded_engine(desk, log, models)
        demanded = _demanded(log, stored, places[0].decided_to)
        again = _alerts_are_those_demanded(desk, demanded)
        _clocks_are_those_of_the_table(desk, models, stored)
    return Found(
        len(stored), len(desk.acknowledged), clocks, sum(map(len, demanded.values())), again
    )


def told(desk: Desk) -> int:
    """Hold what reached the subscribers against the log, at rest; count what came again."""
    with (
        EventLog.open(desk.url) as log,
        PostgreSQLModels.open(desk.url) as models,
        PostgreSQLDeliveries.open(desk.url) as deliveries,
    ):

        def delivered() -> bool:
            backlogs = deliveries.backlogs()
            assert all(one.given_up == 0 for one in backlogs)
            return not any(one.open for one in backlogs)

        desk.wait_until(delivered, "telling the subscribers")
        decided_to = min(place.decided_to for place in _places(models))
        return told_once(desk.folder, _demanded(log, log.read(0, 10_000_000), decided_to))


def _commands_are_there_once(desk: Desk, stored: Sequence[Stored]) -> None:
    """Every acknowledged command made just the events that were told of it, and nothing else."""
    made: defaultdict[str | None, list[int]] = defaultdict(list)
    for one in stored:
        made[one.recorded.command_id].append(one.position)
    told = {
        command_id: list(range(answer["first_position"], answer["last_position"] + 1))
        for command_id, answer in desk.acknowledged.items()
        if answer["first_position"] is not None
    }
    assert made == told


def _rows_are_those_of_the_embedded_engine(
    desk: Desk, log: EventLog, models: PostgreSQLModels
) -> tuple[Sequence[Place], int]:
    """Compare all rows and announcements as of one moment; return it, and how many clocks."""
    compared: list[tuple[Sequence[Place], int]] = []

    def compare() -> bool:
        with models.reading():
            places = _places(models)
            # A watermark comes to all partitions, but not at the same moment.
            if len({place.decided_to for place in places}) != 1:
                return False
            terms = Terms(log.policies(), log.live_from)
            with (
                tempfile.TemporaryDirectory() as folder,
                SQLiteModels.open(Path(folder, "models.db")) as fresh,
            ):
                same = parity(models, PARTITIONS, log, terms, fresh)
            assert same.differences == []
            compared.append((places, same.clocks))
            return True

    desk.wait_until(compare, "the same time in all partitions")
    return compared[0]


def _demanded(log: EventLog, stored: Sequence[Stored], decided_to: int) -> Ids:
    """Return the alerts that the log demands, folded without the projector."""
    histories: defaultdict[str, list[RecordedEvent]] = defaultdict(list)
    for one in stored:
        histories[one.recorded.ticket].append(one.recorded)
    policies = log.policies()
    folded = {
        ticket: [one.id for one in alerts(history, policies, decided_to)]
        for ticket, history in histories.items()
    }
    return {ticket: ids for ticket, ids in folded.items() if ids}


def _alerts_are_those_demanded(desk: Desk, demanded: Ids) -> int:
    """Hold the topic of alerts against the log; count those that came again."""
    came: list[tuple[str, str]] = []
    for one in found(desk.broker, ALERTS.name, PARTITIONS):
        assert one.value is not None
        alert = orjson.loads(one.value)
        assert dict(one.headers)["ce_id"].decode() == alert["id"]
        assert one.key.decode() == alert["ticket"]
        came.append((alert["ticket"], alert["id"]))
    first = ordered(dict.fromkeys(came))
    wrong = {
        ticket: (first.get(ticket), demanded.get(ticket))
        for ticket in {*first, *demanded}
        if first.get(ticket) != demanded.get(ticket)
    }
    assert not wrong, ("alerts that were published, and that are demanded", wrong)
    return len(came) - sum(map(len, demanded.values()))


def _clocks_are_those_of_the_table(
    desk: Desk, models: PostgreSQLModels, stored: Sequence[Stored]
) -> None:
    """Hold what compaction leaves in the topic of clocks against the rows."""
    last = {one.recorded.ticket: one.position for one in stored}
    states: dict[bytes, bytes] = {}
    for one in found(desk.broker, CLOCK_STATES.name, PARTITIONS):
        if one.value is None:
            states.pop(one.key, None)
        else:
            states[one.key] = one.value
    rows = models.rows(CLOCKS, list(last))
    wanted = (
        of_clock(ChangedClock(0, row.ticket, row.clock, row.started_by, last[row.ticket], row))
        for row in rows
    )
    told = {key: _without_position(value, last) for key, value in states.items()}
    assert told == {one.key: _without_position(one.value or b"", last) for one in wanted}


def _without_position(value: bytes, last: Mapping[str, int]) -> object:
    """Return a clock's state, but for its position: that at which it last changed."""
    state = orjson.loads(value)
    assert state.pop("logposition") <= last[state["ticket"]]
    return state


def _places(models: PostgreSQLModels) -> list[Place]:
    return [models.place(number) or START for number in range(PARTITIONS)]


def _next_turn(models: PostgreSQLModels) -> float:
    turns = (models.next_turn(number) for number in range(PARTITIONS))
    return min((turn for turn in turns if turn is not None), default=float("inf"))
