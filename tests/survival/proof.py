"""What holds of a desk that has come to rest, whatever was killed before."""

import sqlite3
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from domain.conclusion import alerts
from domain.event import RecordedEvent
from infra.engine.follower import Mark
from infra.store.deliveries import SQLiteDeliveries
from infra.store.log import EventLog, Stored
from infra.store.models import SQLiteModels
from projections.audit import Audit
from projections.projector import Projector, Terms
from tests.survival.desk import Desk

FOLLOWING = ("histories", "tickets", "clocks", "deadlines", "alerts", "parked")
"""The tables that follow from the log alone."""

Ids = dict[str, list[str]]
"""Ids of alerts by ticket, in their order."""


class Found(NamedTuple):
    """How much was proved: events, acknowledged commands, alerts, and those that came again."""

    events: int
    commands: int
    alerts: int
    again: int


def proved(desk: Desk) -> Found:
    """Hold everything that must survive against a desk; return how much there was."""
    with (
        EventLog.open(desk.settings.log) as log,
        SQLiteModels.open(desk.settings.models) as models,
    ):
        assert log.verify() == []
        stored = log.read(0, 10_000_000)
        _commands_are_there_once(desk, stored)
        _imports_are_there_once(desk, log)
        assert list(Audit(models, log, log.policies).run()) == []
        _rows_are_those_of_a_rebuild(desk, log, models, stored)
        demanded = _demanded(log, models, stored)
        told = {ticket: ids for ticket, ids in demanded.items() if not ticket.startswith("X")}
        _outbox_is_in_order(models, told)
    _deliveries_are_those_demanded(desk, told)
    again = told_once(desk.folder, told)
    return Found(len(stored), len(desk.acknowledged), sum(map(len, told.values())), again)


def _outbox_is_in_order(models: SQLiteModels, told: Ids) -> None:
    """What was announced since the read models were made is the end of what was to be told."""
    announced = ordered((one.ticket, one.alert_id) for one in models.outbox(0, 0, 10_000_000))
    assert all(ids == told[ticket][-len(ids) :] for ticket, ids in announced.items())


def _deliveries_are_those_demanded(desk: Desk, told: Ids) -> None:
    """Every subscriber's record has just what was to be told, delivered, in order."""
    with SQLiteDeliveries.open(desk.settings.deliveries) as deliveries:
        names = [one.name for one in deliveries.subscriptions()]
        assert all(one.open == one.given_up == 0 for one in deliveries.backlogs())
    with closing(sqlite3.connect(desk.settings.deliveries)) as connection:
        for name in names:
            rows = connection.execute(
                "SELECT ticket, alert_id FROM deliveries WHERE subscriber = ? ORDER BY number",
                (name,),
            )
            assert ordered(rows) == told


def told_once(folder: Path, told: Ids) -> int:
    """Hold what reached the subscribers against what was to be told; count what came again."""
    came = _written(folder / "alerts.jsonl")
    assert ordered(dict.fromkeys(came)) == told
    assert ordered(_written(folder / "handled.jsonl")) == told
    sent = len(came) + len(_written(folder / "came.jsonl"))
    return sent - 2 * sum(map(len, told.values()))


def _commands_are_there_once(desk: Desk, stored: Sequence[Stored]) -> None:
    """Every acknowledged command made just the events that were told of it, and nothing else."""
    made: defaultdict[str | None, list[int]] = defaultdict(list)
    for one in stored:
        made[one.recorded.command_id].append(one.position)
    made.pop(None, None)  # of imported tickets
    told = {
        command_id: list(range(answer["first_position"], answer["last_position"] + 1))
        for command_id, answer in desk.acknowledged.items()
        if answer["first_position"] is not None
    }
    assert made == told


def _imports_are_there_once(desk: Desk, log: EventLog) -> None:
    for story in desk.stories:
        known = [one.event_id for one in log.ticket(story[0].ticket)]
        assert known == [one.event_id for one in story]


def _rows_are_those_of_a_rebuild(
    desk: Desk, log: EventLog, models: SQLiteModels, stored: Sequence[Stored]
) -> None:
    """Every table that follows from the log is the same, row by row, made from nothing."""
    place = models.place(0)
    assert place is not None
    mark = Mark(place.position, place.decided_to)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "models.db")
        with SQLiteModels.open(path) as fresh:
            Projector(fresh).rebuild([stored], Terms(log.policies(), 0), mark)
            made = fresh.place(0)
        assert made is not None
        assert made._replace(announced_to=place.announced_to) == place
        assert _tables(path) == _tables(Path(desk.settings.models))


def _tables(path: Path) -> dict[str, list[Any]]:
    with closing(sqlite3.connect(path)) as connection:
        return {
            table: connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2, 3, 4").fetchall()
            for table in FOLLOWING
        }


def _demanded(log: EventLog, models: SQLiteModels, stored: Sequence[Stored]) -> Ids:
    """Return the alerts that the log demands, folded without the projector."""
    place = models.place(0)
    assert place is not None
    # Else the time of day would decide what has to be announced.
    assert models.next_turn() is None
    histories: defaultdict[str, list[RecordedEvent]] = defaultdict(list)
    for one in stored:
        histories[one.recorded.ticket].append(one.recorded)
    policies = log.policies()
    folded = {
        ticket: [one.id for one in alerts(history, policies, place.decided_to)]
        for ticket, history in histories.items()
    }
    return {ticket: ids for ticket, ids in folded.items() if ids}


def _written(path: Path) -> list[tuple[str, str]]:
    """Return (ticket, id) of every alert in a file, of which no line may be half."""
    lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
    assert all(line.endswith(b"\n") for line in lines)
    found = [orjson.loads(line) for line in lines]
    return [(one["ticket"], one["id"]) for one in found]


def ordered(pairs: Iterable[tuple[str, str]]) -> Ids:
    """Sort ids of alerts by their tickets."""
    by_ticket: Ids = {}
    for ticket, alert_id in pairs:
        by_ticket.setdefault(ticket, []).append(alert_id)
    return by_ticket
