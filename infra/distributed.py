"""The one place where the parts of the distributed engine are put together."""

import gc
import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from socket import gethostname
from typing import Any

from infra.engine.delivery import Delivery
from infra.engine.log_lines import note
from infra.outlets.intake import Intake
from infra.outlets.notifier import Notifier
from infra.settings import LHUTA_DATABASE
from infra.store.deliveries.on_postgresql import PostgreSQLDeliveries
from infra.store.failure import StoreError
from infra.store.log import EventLog, wall_clock
from infra.store.models.postgresql import PostgreSQLModels, PostgreSQLPublications
from infra.store.place import Place, is_url
from infra.store.relay import PostgreSQLLease, PostgreSQLPlaces
from infra.wiring import outlet
from infra.worker import process
from streams import relay, topic
from streams.broker import Broker
from streams.producer import NotSent, Producer
from streams.publisher import Publisher
from streams.record import source_header
from streams.relay import Relay
from streams.sender import Wait
from streams.share import GROUP, LANES
from streams.topic import ALERTS, CLOCKS, EVENTS, WATERMARKS, KafkaUnusable, Topic

# What a batch is made of lives until the batch is done, and goes by itself; looking for cycles in
# it as often as usual takes a sixth of the time.
_COLLECT_AFTER = 50_000

RELAYED = (EVENTS, WATERMARKS)
PUBLISHED = (ALERTS, CLOCKS)


class NoDatabase(StoreError):
    """The distributed engine works on a log in PostgreSQL."""

    says = (
        "{place} is a file, and the distributed engine needs a log in PostgreSQL: name its "
        f"database in {LHUTA_DATABASE}, and make it by `lhuta init --partitions 12`"
    )


class BeyondLog(Exception):
    """A position that is asked for lies behind the end of the log."""

    def __init__(self, position: int, end: int) -> None:
        super().__init__(
            f"position {position:,} is not in the log yet, which ends at {end:,}; name one up to it"
        )


@contextmanager
def relaying(place: Place, broker: Broker) -> Iterator[Callable[[Wait], None]]:
    """Give what relays a log to Kafka until it is asked to stop; raises StoreError.

    What is given raises KafkaRefused, NotAllowed and TopicsUnfit, too.
    """
    url = database(place)
    with (
        EventLog.open(url) as log,
        PostgreSQLPlaces(url, log) as places,
        PostgreSQLLease(url, "relay") as lease,
        rare_collections(),
    ):
        connected = partial(sending, broker, "lhuta-relay", log.partitions, RELAYED)
        yield Relay(log, places, lease, connected, broker.topic, wall_clock, note).run


def republish(
    place: Place, broker: Broker, start: int, progress: Callable[[int, int | None], object]
) -> int:
    """Send the log from a position on again, and return how far.

    Raises BeyondLog, StoreError, NotSent, KafkaRefused, NotAllowed and TopicsUnfit. `progress`
    hears how far the log was read, and how far it goes. Whoever relays may go on. From its
    beginning, what was published is published again, too, by whoever publishes.
    """
    url = database(place)
    with EventLog.open(url) as log, PostgreSQLPlaces(url, log) as places:
        end = log.head().position
        if start > end:
            raise BeyondLog(start, end)
        sender = sending(broker, "lhuta-republish", log.partitions, RELAYED)
        with sender as producer, rare_collections():
            reached = relay.republish(
                log, producer, start, broker.topic, wall_clock, lambda read: progress(read, end)
            )
        if start <= 1:
            places.begin_anew(reached)
            with PostgreSQLPublications.open(url) as publications:
                publications.publish_again()
        return reached.position


@contextmanager
def publishing(place: Place, broker: Broker) -> Iterator[Callable[[Wait], None]]:
    """Give what publishes alerts and clocks until it is asked to stop; raises StoreError.

    What is given raises KafkaRefused, NotAllowed and TopicsUnfit, too.
    """
    url = database(place)
    with (
        EventLog.open(url, read_only=True) as log,
        PostgreSQLPublications.open(url) as publications,
        PostgreSQLLease(url, "publisher") as lease,
    ):
        connected = partial(sending, broker, "lhuta-publisher", log.partitions, PUBLISHED)
        yield Publisher(
            publications,
            log.partitions,
            source_header(log.source),
            lease,
            connected,
            broker.topic,
            note,
        ).run


@contextmanager
def sending(
    broker: Broker, name: str, partitions: int, topics: Sequence[Topic]
) -> Iterator[Producer[Any]]:
    """Connect a producer to topics that fit the log.

    Raises NotSent, KafkaRefused, NotAllowed and TopicsUnfit.
    """
    try:
        with topic.opened(broker) as found:
            found.require(partitions, topics)
    except KafkaUnusable as error:
        raise NotSent(broker, error) from error
    with Producer[Any](broker, name) as producer:
        yield producer


def work(place: Place, broker: Broker, web_port: int) -> None:
    """Work on a share of a log's partitions until SIGTERM or SIGINT.

    Raises StoreError, KafkaUnusable, KafkaRefused, NotAllowed, PortTaken, and what else stopped the
    worker.
    """
    url = database(place)
    # Faust would end at once where Kafka is away, and not tell why.
    with topic.opened(broker) as topics:
        topics.may_read(RELAYED, GROUP)
    with ExitStack() as opened:
        log = opened.enter_context(EventLog.open(url))
        models = [opened.enter_context(PostgreSQLModels.open(url)) for _ in range(LANES)]
        opened.enter_context(rare_collections())
        process.work(log, models, broker, web_port, wall_clock)


@contextmanager
def notifying(place: Place, *, once: bool) -> Iterator[Callable[[Wait], None]]:
    """Give what delivers alerts until it is asked to stop, `once` until nothing is left.

    Raises StoreError, and so does what is given.
    """
    url = database(place)
    # Two processes never have the same name, also where containers number them alike.
    name = f"notifier {os.getpid()} on {gethostname()}, {secrets.token_hex(4)}"
    with PostgreSQLModels.open(url) as models, PostgreSQLDeliveries.open(url) as deliveries:
        notifier = Notifier(Intake(models, deliveries), deliveries, outlet, name)
        yield Delivery(notifier, deliveries.now, name, once=once).run


def database(place: Place) -> str:
    """Return the URL of a log's database; raises NoDatabase for a file."""
    if not is_url(place):
        raise NoDatabase(str(place))
    return str(place)


@contextmanager
def rare_collections() -> Iterator[None]:
    """Let the collector of cycles look less often than usual."""
    before = gc.get_threshold()
    gc.set_threshold(_COLLECT_AFTER, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
