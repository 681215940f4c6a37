"""Histories of real desks on the distributed engine: equal to the embedded one, alerts and all.

A part of each in the short run; `make soak` takes them whole.
"""

import os
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from domain.event import RecordedEvent
from infra.doors.source import lines, opened
from infra.store.log import EventLog, Imported
from infra.store.policies import find
from streams.history import read
from tests.survival.distributed.desk import PARTS, Desk, Servers
from tests.survival.distributed.proof import followed, rest

IS_SOAK = "LHUTA_KILL_ROUNDS" in os.environ
TICKETS = None if IS_SOAK else 400
TOGETHER = 250


EXPORTS = {
    "uci": "uci_incident_event_log.csv.gz",
    "bpi2013": "bpi2013_incidents.csv.gz",
}


def test_real_histories_come_to_the_same(servers: Servers, shared: Path, tmp_path: Path) -> None:
    """Every row, announcement, published alert and clock, as one projector makes them."""
    desk = Desk(tmp_path, servers, "histories")
    try:
        with desk.parts(*PARTS):
            recorded = sum(
                bring(desk, stories_of(desk, kind, shared / "data" / export))
                for kind, export in EXPORTS.items()
            )
            rest(desk)
            found = followed(desk)
    finally:
        desk.end()
    assert found.events == recorded
    print(f"\n{found.events:,} events, {found.clocks:,} clocks, {found.alerts:,} alerts: equal")


def stories_of(desk: Desk, kind: str, export: Path) -> Sequence[Sequence[RecordedEvent]]:
    """Convert an export of another desk."""
    history = desk.folder / f"{kind}.jsonl"
    assert desk.start("convert", kind, str(export), "-o", str(history)).wait() == 0
    with opened(str(history)) as stream:
        stories = read(lines(stream), find("managry")).tickets
    return list(islice(stories.values(), TICKETS))


def bring(desk: Desk, stories: Sequence[Sequence[RecordedEvent]]) -> int:
    """Bring stories into the log, all of which is announced; return how many events."""
    with EventLog.open(desk.url) as log:
        for start in range(0, len(stories), TOGETHER):
            results = log.import_(stories[start : start + TOGETHER])
            assert all(isinstance(one, Imported) for one in results)
            desk.step()
    return sum(map(len, stories))
