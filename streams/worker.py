"""The Faust application: two agents that hand what comes to the worker's share of partitions.

What Faust cannot do is not asked of it: it keeps no state, and which offsets it commits does not
matter (architecture, decision 3). It acknowledges what an agent failed on and goes on; here the
first failure stops the worker, and nothing is applied after it.
"""

import asyncio
import signal
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import faust
from faust.transport.drivers import aiokafka as driver

from streams.broker import Broker
from streams.share import GROUP, Message, Share
from streams.topic import EVENTS, WATERMARKS

FETCHED = 2_000
"""How many records are fetched together at most."""

BUNDLES = 50
"""How many bundles are taken together at most; one is what was fetched together of a partition."""

WITHIN_SECONDS = 0.005
"""How long a bundle waits for others to be taken together with it."""

FETCH_MILLISECONDS = 50
"""How long a request for records waits where there are none."""

METADATA_MILLISECONDS = 5_000
"""How long what is known of the topics holds."""

T = TypeVar("T")


class Ended(Exception):
    """Faust ended by itself, and did not say why."""

    def __init__(self) -> None:
        super().__init__(
            "Faust ended by itself; see what its libraries say before, and start again"
        )


class Worker:
    """A member of the group of workers, alone in its process."""

    def __init__(
        self,
        broker: Broker,
        share: Share,
        folder: Path,
        on_failure: Callable[[Exception], object],
    ) -> None:
        """Put the application together.

        `folder` is for Faust, which needs one of its own for each worker. `on_failure` hears at
        once what stops the worker, which takes a second or two.
        """
        self._share = share
        self._events = broker.topic(EVENTS.name)
        self._behind = asyncio.Event()
        self._stop = asyncio.Event()
        self._failure: Exception | None = None
        self._on_failure = on_failure
        self._app = _application(broker, folder)
        self._subscribe(self._events, share.events)
        self._subscribe(broker.topic(WATERMARKS.name), share.watermarks)
        self._app.task(self._catch_up)
        self._app.on_partitions_assigned.connect(self._hold)
        self._app.on_partitions_revoked.connect(self._let_go)

    def run(self) -> None:
        """Work until SIGTERM or SIGINT; raise what stopped the worker."""
        with asyncio.Runner() as runner:
            runner.run(self._work())
        if self._failure is not None:
            raise self._failure

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        worker = _Worker(
            self._app, loop=loop, quiet=True, override_logging=False, redirect_stdouts=False
        )
        worker.spinner = None
        working = asyncio.ensure_future(worker.start())
        stopping = asyncio.ensure_future(self._stop.wait())
        await asyncio.wait({stopping, working}, return_when=asyncio.FIRST_COMPLETED)
        ended = None if self._stop.is_set() else working.exception() or Ended()
        await worker.stop()
        stopping.cancel()
        working.cancel()
        reason = worker.crash_reason or ended
        if isinstance(reason, Exception):
            self._failed(reason)

    def _subscribe(self, topic: str, hand_over: Callable[[Sequence[Message]], None]) -> None:
        async def agent(stream: Any) -> None:
            async for bundles in stream.take_events(BUNDLES, WITHIN_SECONDS):
                records = [record for bundle in bundles for record in bundle.message.records]
                self._do(partial(hand_over, records))
                self._behind.set()

        raw: dict[str, Any] = {"key_type": bytes, "value_type": bytes, "allow_empty": True}
        self._app.agent(self._app.topic(topic, **raw), name=topic, concurrency=1)(agent)

    async def _catch_up(self) -> None:
        while not self._app.should_stop:
            await self._behind.wait()
            self._behind.clear()
            while self._do(self._share.catch_up):
                await asyncio.sleep(0)

    async def _hold(self, app: Any, /, *told: Any, **options: Any) -> None:
        mine = [place.partition for place in told[0] if place.topic == self._events]
        self._do(partial(self._share.hold, mine))
        self._behind.set()

    async def _let_go(self, app: Any, /, *told: Any, **options: Any) -> None:
        # What stays is assigned again in a moment; somebody else may have worked on it meanwhile.
        self._do(partial(self._share.hold, ()))

    def _do(self, work: Callable[[], T]) -> T | None:
        """Do a piece of work, unless something failed before; keep what it fails with."""
        if self._failure is not None:
            return None
        try:
            return work()
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing may be applied after it
            self._failed(error)
            return None

    def _failed(self, error: Exception) -> None:
        if self._failure is None:
            self._failure = error
            self._stop.set()
            self._on_failure(error)


class _Worker(faust.Worker):
    def install_signal_handlers(self) -> None:
        """Leave the signals to whoever runs it."""


class _Thread(driver.AIOKafkaConsumerThread):
    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        # Faust's is 1.5 s, and what comes meanwhile to a partition that is not in the request,
        # because something of it was just taken, waits as long.
        consumer._fetch_max_wait_ms = FETCH_MILLISECONDS
        return consumer


class _Consumer(driver.Consumer):
    """Makes one message of all that was fetched together of a partition.

    Of each message Faust makes several tasks, which takes twice as long as what is done here with
    an event. The message is the last record, so that the offsets are right, and has all of them.
    """

    async def _getmany(self, active_partitions: Any, timeout: float) -> Any:
        fetched = await super()._getmany(active_partitions, timeout)
        for partition, records in fetched.items():
            read = self._read_offset[partition]
            if read is not None and records[-1].offset < read:
                self._forget(partition)
        return {partition: [records] for partition, records in fetched.items()}

    def _forget(self, partition: Any) -> None:
        """Forget what was read of a topic that was deleted and made anew.

        Faust drops what lies below the highest offset that it knows, for years if need be.
        """
        self._read_offset.pop(partition, None)
        self._committed_offset.pop(partition, None)
        self._acked.pop(partition, None)
        self._acked_index.pop(partition, None)
        self._gap.pop(partition, None)

    def _to_message(self, tp: Any, record: Any) -> Any:
        message: Any = super()._to_message(tp, record[-1])
        message.records = record
        return message

    def _new_consumer_thread(self) -> _Thread:
        return _Thread(self, loop=self.loop, beacon=self.beacon)


class _Transport(driver.Transport):
    Consumer = _Consumer


class _App(faust.App):
    def _new_transport(self) -> _Transport:
        return _Transport(self.conf.broker_consumer, self)


def _application(broker: Broker, folder: Path) -> faust.App:
    return _App(
        broker.topic(GROUP),
        broker=";".join(f"kafka://{server}" for server in broker.servers),
        broker_credentials=_credentials(broker),
        broker_session_timeout=10.0,
        broker_heartbeat_interval=2.0,
        broker_max_poll_records=FETCHED,
        # What lies further back than the newest record is read from the log.
        consumer_auto_offset_reset="latest",
        # Topics that were deleted and made anew are seen after so long; till then nobody has them.
        consumer_metadata_max_age_ms=METADATA_MILLISECONDS,
        datadir=str(folder),
        key_serializer="raw",
        value_serializer="raw",
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
        web_tables_enabled=False,
        stream_wait_empty=False,
        # With a replica, though of no table, Faust gives a worker the same partitions of both.
        table_standby_replicas=1,
        autodiscover=False,
    )


def _credentials(broker: Broker) -> faust.types.auth.CredentialsT | None:
    """Return what Faust must show and be shown, None where the broker asks for nothing."""
    secure = broker.tls()
    if broker.protection in ("SASL_PLAINTEXT", "SASL_SSL"):
        return faust.SASLCredentials(
            username=broker.username,
            password=broker.password,
            mechanism=broker.mechanism,
            ssl_context=secure,
        )
    return None if secure is None else faust.SSLCredentials(secure)
