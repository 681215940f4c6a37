"""What a worker tells of itself: lines in its log, numbers for Prometheus, and how it is.

The threads of the worker write here, each of its own partitions, and the one that serves monitors
reads.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from domain.instant import SECOND
from infra.engine.health import OLDEST_TIME
from infra.engine.hearing import heard
from infra.engine.log_lines import note
from projections.projector import Applied, Watermark
from streams.share import Way

_SIZES = (1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000)
_PARKED_EVERY = 10.0


class Standing(NamedTuple):
    """How a partition stands; instants in microseconds, `moved` by the monotonic clock.

    `told` is the newest watermark that came, `told_at` when; None before the first.
    """

    moved: float
    position: int = 0
    decided_to: int | None = None
    told: int | None = None
    told_position: int = 0
    told_at: int = 0
    parked: int = 0


class Gauges(Collector):
    """Hears what the worker does, and answers monitors."""

    def __init__(
        self,
        clock: Callable[[], int],
        parked: Callable[[int], int],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin with no partition; `parked` counts the parked tickets of one."""
        self.registry = CollectorRegistry()
        self._clock = clock
        self._parked = parked
        self._monotonic = monotonic
        self._standings: dict[int, Standing] = {}
        self._started = monotonic()
        self._began: dict[int, float] = {}
        self._counted: dict[int, float] = {}
        self._sizes = Histogram(
            "lhuta_worker_batch_events",
            "Events applied in one transaction.",
            ("way",),
            buckets=_SIZES,
            registry=self.registry,
        )
        self._durations = Histogram(
            "lhuta_worker_batch_seconds",
            "How long a transaction took.",
            ("way",),
            registry=self.registry,
        )
        self._alerts = Counter(
            "lhuta_worker_alerts", "Alerts announced.", ("kind",), registry=self.registry
        )
        self._fallen = Counter(
            "lhuta_worker_fallen_behind",
            "How often a partition had to go on from the log.",
            registry=self.registry,
        )
        self.registry.register(self)

    # What the worker tells.

    def assigned(self, partitions: Sequence[int]) -> None:
        """Hear which partitions the worker has from now on."""
        now = self._monotonic()
        self._standings = {
            number: self._standings.get(number, Standing(now))._replace(moved=now)
            for number in partitions
        }
        note("partitions.assigned", ",".join(map(str, partitions)) or "none")

    def marked(self, partition: int, watermark: Watermark) -> None:
        """Hear of a watermark that came."""
        self._change(
            partition,
            told=watermark.recorded_at,
            told_position=watermark.position,
            told_at=self._clock(),
        )

    def begins(self, partition: int) -> None:
        """Hear that something will be applied."""
        self._began[partition] = self._monotonic()

    def applied(self, partition: int, way: Way, applied: Applied, held: Watermark) -> None:
        """Hear what was applied, and how far the partition is now."""
        now = self._monotonic()
        self._durations.labels(way).observe(now - self._began[partition])
        if applied.events:
            self._sizes.labels(way).observe(applied.events)
        for one in applied.announced:
            self._alerts.labels(one.kind).inc()
        heard(applied, f"{partition}/{held.position}")
        before = self._standings[partition]
        moved = held.recorded_at != before.decided_to or held.position != before.position
        self._change(
            partition,
            position=held.position,
            decided_to=held.recorded_at,
            moved=now if moved else before.moved,
            parked=self._parked_now(partition, now, before.parked + applied.parked),
        )

    def left_to_the_log(self, partition: int, reason: str) -> None:
        """Hear that a partition goes on from the log, and why."""
        self._fallen.inc()
        note("partition.behind", str(partition), level=logging.WARNING, message=reason)

    def _parked_now(self, partition: int, now: float, known: int) -> int:
        """Count the parked tickets now and then: others let them go."""
        if now - self._counted.get(partition, float("-inf")) < _PARKED_EVERY:
            return known
        self._counted[partition] = now
        return self._parked(partition)

    def _change(self, partition: int, **changes: Any) -> None:
        self._standings[partition] = self._standings[partition]._replace(**changes)

    # What monitors ask.

    def ill(self) -> list[str]:
        """Return why the worker had better be started again; nothing where it lives.

        A partition of which no event and no watermark was applied for long may be one that
        another worker has: the group goes on without this one, which does not notice.
        """
        oldest = OLDEST_TIME // SECOND
        now = self._monotonic()
        standings = dict(self._standings)
        if not standings and now - self._started > oldest:
            return ["no partition is assigned to this worker"]
        return [
            f"nothing was applied to partition {number} for {now - one.moved:.0f} s"
            for number, one in standings.items()
            if now - one.moved > oldest
        ]

    def unready(self) -> list[str]:
        """Return why the read models of this worker's partitions are not up to date."""
        now = self._clock()
        standings = dict(self._standings)
        if not standings:
            return ["no partition is assigned to this worker"]
        return [
            f"the time of partition {number} is "
            + ("unknown" if one.decided_to is None else f"{(now - one.decided_to) // SECOND} s old")
            for number, one in standings.items()
            if one.decided_to is None or now - one.decided_to > OLDEST_TIME
        ]

    def collect(self) -> Iterator[Metric]:
        """Yield what is measured at the moment of asking."""
        now = self._clock()
        standings = dict(self._standings)
        yield _gauge("lhuta_worker_partitions", "Partitions assigned.", {None: len(standings)})
        yield _gauge(
            "lhuta_worker_age_of_time_seconds",
            "How old the newest decided instant of a partition is: the lag in seconds.",
            {
                number: (now - one.decided_to) / SECOND
                for number, one in standings.items()
                if one.decided_to is not None
            },
        )
        yield _gauge(
            "lhuta_worker_lag_positions",
            "Positions of the log between the newest watermark and what is applied.",
            {number: max(0, one.told_position - one.position) for number, one in standings.items()},
        )
        yield _gauge(
            "lhuta_worker_position",
            "Position in the log of the last event applied.",
            {number: one.position for number, one in standings.items()},
        )
        yield _gauge(
            "lhuta_relay_lag_seconds",
            "How old the time was that the newest watermark told, when it came.",
            {
                number: (one.told_at - one.told) / SECOND
                for number, one in standings.items()
                if one.told is not None
            },
        )
        yield _gauge(
            "lhuta_worker_parked_tickets",
            "Tickets whose fold failed.",
            {number: one.parked for number, one in standings.items()},
        )


def _gauge(
    name: str, says: str, values: Mapping[int, float] | Mapping[None, float]
) -> GaugeMetricFamily:
    labelled = None not in values
    family = GaugeMetricFamily(name, says, labels=("partition",) if labelled else ())
    for partition, value in values.items():
        family.add_metric((str(partition),) if labelled else (), value)
    return family
