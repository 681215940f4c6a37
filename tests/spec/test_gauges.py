"""What a worker tells monitors, and when it is to be started again."""

from collections.abc import Iterator
from http.client import HTTPConnection

import pytest

from domain.instant import SECOND
from infra.worker.gauges import Gauges
from infra.worker.monitor import LOOPBACK, monitored
from projections.models import Announcement
from projections.projector import Applied
from tests.spec.partition import Mark

NOON = 1_000_000 * SECOND
ALERT = Announcement(0, 1, "a-1", "T-1", "breach", NOON, "{}")


class Hands:
    """A clock and a stopwatch that move together by hand."""

    def __init__(self) -> None:
        self.passed = 0

    def clock(self) -> int:
        """Return the instant."""
        return NOON + self.passed * SECOND

    def monotonic(self) -> float:
        """Return the seconds."""
        return float(self.passed)


@pytest.fixture
def hands() -> Hands:
    """Give hands that stand still."""
    return Hands()


@pytest.fixture
def gauges(hands: Hands) -> Gauges:
    """Give the gauges of a worker with partitions 3 and 7."""
    made = Gauges(hands.clock, lambda partition: 2 if partition == 7 else 0, hands.monotonic)
    made.assigned([3, 7])
    return made


def applied(gauges: Gauges, partition: int, at: int, position: int = 0) -> None:
    """Time came to a partition."""
    gauges.begins(partition)
    gauges.applied(partition, "watermark", Applied(), Mark(position, at))


class TestHealth:
    def test_a_worker_that_began_lives(self, gauges: Gauges, hands: Hands) -> None:
        """It has the time to be given its first watermark, and is not ready before."""
        hands.passed = 30
        assert gauges.ill() == []
        assert gauges.unready() == [
            "the time of partition 3 is unknown",
            "the time of partition 7 is unknown",
        ]

    def test_without_watermarks_it_is_to_be_started_again(
        self, gauges: Gauges, hands: Hands
    ) -> None:
        """A worker that the group has forgotten does not notice it itself."""
        applied(gauges, 3, NOON)
        hands.passed = 20
        applied(gauges, 7, hands.clock())
        hands.passed = 31
        assert gauges.ill() == ["nothing was applied to partition 3 for 31 s"]
        assert gauges.unready() == ["the time of partition 3 is 31 s old"]

    def test_who_catches_up_lives_but_is_not_ready(self, gauges: Gauges, hands: Hands) -> None:
        """Reading old events is work, and what they make is not up to date."""
        for passed in range(0, 60, 10):
            hands.passed = passed
            applied(gauges, 3, NOON - 1000 * SECOND + passed, position=passed + 1)
            applied(gauges, 7, hands.clock())
        assert gauges.ill() == []
        assert gauges.unready() == ["the time of partition 3 is 1049 s old"]

    def test_who_applies_nothing_new_does_not_live(self, gauges: Gauges, hands: Hands) -> None:
        """The same watermark again and again is no sign of life."""
        for passed in range(0, 60, 10):
            hands.passed = passed
            applied(gauges, 3, NOON)
            applied(gauges, 7, hands.clock())
        assert gauges.ill() == ["nothing was applied to partition 3 for 50 s"]

    def test_a_worker_without_partitions_is_of_no_use(self, gauges: Gauges, hands: Hands) -> None:
        """It may be more than there are partitions, or a zombie: the two look alike."""
        gauges.assigned([])
        assert gauges.unready() == ["no partition is assigned to this worker"]
        hands.passed = 31
        assert gauges.ill() == ["no partition is assigned to this worker"]


@pytest.fixture
def connection(gauges: Gauges) -> Iterator[HTTPConnection]:
    """Give a connection of a monitor."""
    with monitored(0, gauges.ill, gauges.unready, gauges.registry) as port:
        asked = HTTPConnection(LOOPBACK, port, timeout=60)
        yield asked
        asked.close()


def asked(connection: HTTPConnection, path: str) -> tuple[int, str]:
    """What is answered."""
    connection.request("GET", path)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


class TestMonitor:
    def test_health_is_a_status_with_reasons(
        self, connection: HTTPConnection, gauges: Gauges, hands: Hands
    ) -> None:
        """200 or 503, with a line for each reason."""
        applied(gauges, 3, NOON)
        applied(gauges, 7, NOON)
        assert asked(connection, "/health/live") == (200, "well\n")
        assert asked(connection, "/health/ready") == (200, "well\n")
        hands.passed = 40
        status, reasons = asked(connection, "/health/ready")
        assert status == 503
        assert "nothing was applied to partition 3 for 40 s\n" in reasons
        assert "the time of partition 7 is 40 s old\n" in reasons
        assert asked(connection, "/health/live")[0] == 503
        assert asked(connection, "/")[0] == 404

    def test_metrics_say_what_there_is_to_see(
        self, connection: HTTPConnection, gauges: Gauges, hands: Hands
    ) -> None:
        """Age of time, lags, batches, alerts and parked tickets, as Prometheus reads them."""
        gauges.marked(7, Mark(50, NOON - SECOND))
        gauges.begins(7)
        hands.passed = 2
        told = Applied(events=5, folded=2, announced=(ALERT,))
        gauges.applied(7, "stream", told, Mark(40, NOON - 3 * SECOND))
        gauges.left_to_the_log(7, "events are missing")
        lines = asked(connection, "/metrics")[1].splitlines()
        for line in (
            "lhuta_worker_partitions 2.0",
            'lhuta_worker_age_of_time_seconds{partition="7"} 5.0',
            'lhuta_worker_lag_positions{partition="7"} 10.0',
            'lhuta_worker_position{partition="7"} 40.0',
            'lhuta_relay_lag_seconds{partition="7"} 1.0',
            'lhuta_worker_parked_tickets{partition="7"} 2.0',
            'lhuta_worker_batch_events_sum{way="stream"} 5.0',
            'lhuta_worker_batch_seconds_sum{way="stream"} 2.0',
            'lhuta_worker_alerts_total{kind="breach"} 1.0',
            "lhuta_worker_fallen_behind_total 1.0",
        ):
            assert line in lines
