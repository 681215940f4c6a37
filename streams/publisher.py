"""The publisher: what the read models announce goes to Kafka, and how every clock stands.

It sends what is not yet published, in the order inside its partition, and strikes it off when Kafka
has acknowledged it (architecture, decision 8): killed in between, it sends again what has the same
id, or the same key.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple

from projections.models import Announcement
from projections.publication import ChangedClock, Publications
from streams.producer import Producer
from streams.record import Header, of_alert, of_clock
from streams.sender import Lease, Note, Wait, send_alone
from streams.topic import ALERTS, CLOCKS

BATCH = 500
"""So much of each partition is sent together."""

POLL_SECONDS = 0.2
"""How long to rest when there is nothing to publish."""


class _Taken(NamedTuple):
    """What of a partition was sent and is to be struck off."""

    partition: int
    alerts: Sequence[Announcement]
    clocks: Sequence[ChangedClock]


class Publisher:
    """Keeps the topics of alerts and of clocks in step with the read models."""

    def __init__(
        self,
        publications: Publications,
        partitions: int,
        source: Header,
        lease: Lease,
        producer: Callable[[], AbstractContextManager[Producer[int]]],
        names: Callable[[str], str],
        note: Note,
    ) -> None:
        """Put the parts together; `producer` connects one, again after each error."""
        self._publications = publications
        self._partitions = range(partitions)
        self._source = source
        self._lease = lease
        self._connected = producer
        self._alerts = names(ALERTS.name)
        self._clocks = names(CLOCKS.name)
        self._note = note

    def run(self, wait: Wait) -> None:
        """Publish until somebody asks to stop.

        Raises what the read models and the lease raise; Kafka is tried again and again.
        """

        def publish(producer: Producer[int]) -> None:
            self._note("publisher.started", "publisher")
            while not wait(0.0 if self.step(producer) else POLL_SECONDS):
                self._lease.take()

        send_alone("publisher", self._lease, self._connected, publish, wait, self._note)

    def step(self, producer: Producer[int]) -> bool:
        """Publish the next of every partition; return False where there was nothing.

        Raises NotSent; then nothing was struck off.
        """
        taken = [self._send(producer, partition) for partition in self._partitions]
        producer.finish()
        for partition, alerts, clocks in taken:
            if alerts:
                sequences = [one.sequence for one in alerts]
                self._publications.alerts_published(partition, sequences)
            if clocks:
                self._publications.clocks_published(partition, clocks)
        alerts_sent = sum(len(one.alerts) for one in taken)
        clocks_sent = sum(len(one.clocks) for one in taken)
        if not alerts_sent and not clocks_sent:
            return False
        self._note("outbox.published", "publisher", alerts=alerts_sent, clocks=clocks_sent)
        return True

    def _send(self, producer: Producer[int], partition: int) -> _Taken:
        alerts = self._publications.alerts(partition, BATCH)
        for alert in alerts:
            producer.send(self._alerts, partition, of_alert(alert, self._source), alert.sequence)
        clocks = self._publications.clocks(partition, BATCH)
        for clock in clocks:
            producer.send(self._clocks, partition, of_clock(clock), clock.version)
        return _Taken(partition, alerts, clocks)
