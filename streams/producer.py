"""What sends records: one idempotent producer, of which every record is accounted for.

A record counts when it and all before it are acknowledged by every replica in sync. At the first
that is not, nothing after it counts: whoever sends closes the producer, and starts again after the
last record that did (architecture, decision 4: a repeat is harmless).
"""

from collections import deque
from types import TracebackType
from typing import Any, Generic, TypeVar

from kafka import KafkaProducer
from kafka.errors import KafkaError

from streams.broker import Broker
from streams.record import Record

MOST_UNDER_WAY = 20_000
"""So many records may wait for their acknowledgement; a sender waits for the first of them."""

# A broker that is gone for longer is not waited for: whoever sends starts again.
_DELIVERY_MILLISECONDS = 30_000
_PATIENCE_SECONDS = _DELIVERY_MILLISECONDS / 1_000 + 1
_REQUEST_MILLISECONDS = 10_000
_CONNECT_MILLISECONDS = 5_000
_CLOSE_SECONDS = 5
# Records that come in bulk fill their requests; what comes last is sent at once, by `finish`.
_LINGER_MILLISECONDS = 200
_BATCH_BYTES = 256 * 1024


Token = TypeVar("Token")
"""What a sender knows a record by."""


class NotSent(Exception):
    """Kafka did not acknowledge a record; what was acknowledged before it counts."""

    def __init__(self, broker: Broker, error: Exception) -> None:
        super().__init__(
            f"Kafka at {broker} did not take a record ({type(error).__name__}: {error})"
        )


class Producer(Generic[Token]):
    """Sends records in order; a context manager that drops what is under way at an error."""

    def __init__(self, broker: Broker, name: str) -> None:
        """Connect as client `name`; raises NotSent."""
        self._broker = broker
        self._under_way: deque[tuple[Token, Any]] = deque()
        try:
            self._producer = KafkaProducer(
                **broker.options(),
                client_id=name,
                # Said aloud: by default a conflicting option would switch it off in silence.
                enable_idempotence=True,
                acks="all",
                max_in_flight_requests_per_connection=5,
                linger_ms=_LINGER_MILLISECONDS,
                batch_size=_BATCH_BYTES,
                delivery_timeout_ms=_DELIVERY_MILLISECONDS,
                request_timeout_ms=_REQUEST_MILLISECONDS,
                max_block_ms=_REQUEST_MILLISECONDS,
                bootstrap_timeout_ms=_CONNECT_MILLISECONDS,
                allow_auto_create_topics=False,
            )
        except KafkaError as error:
            raise NotSent(broker, error) from error

    def __enter__(self) -> "Producer[Token]":
        """Return it."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it; what is still under way may arrive or not, and does not count."""
        # The library's own close waits for what is under way, and gives up without closing.
        self._producer._sender.force_close()
        self._producer.close(timeout=_CLOSE_SECONDS)

    def send(self, topic: str, partition: int, record: Record, token: Token) -> None:
        """Send a record, known by its token; raises NotSent."""
        under_way = self._under_way
        if len(under_way) >= MOST_UNDER_WAY:
            self._await_first()
        try:
            sent = self._producer.send(topic, record.value, record.key, record.headers, partition)
        # A partition that the topic does not have is a ValueError.
        except (KafkaError, ValueError) as error:
            raise NotSent(self._broker, error) from error
        under_way.append((token, sent))

    def acknowledged(self) -> Token | None:
        """Return the token of the last record that newly counts, None without any.

        Raises NotSent as soon as one cannot count any more.
        """
        last = None
        under_way = self._under_way
        while under_way and under_way[0][1].is_done:
            token, sent = under_way[0]
            if sent.exception is not None:
                if last is None:
                    raise NotSent(self._broker, sent.exception)
                # First those that count; the next call tells of this one.
                break
            under_way.popleft()
            last = token
        return last

    def finish(self) -> Token | None:
        """Send what still waits for company, and wait until all that was sent counts.

        Returns the last token, None where nothing was under way; raises NotSent.
        """
        last = None
        if self._under_way:
            try:
                self._producer.flush(_PATIENCE_SECONDS)
                while self._under_way:
                    token, sent = self._under_way[0]
                    sent.get(timeout=_PATIENCE_SECONDS)
                    self._under_way.popleft()
                    last = token
            except KafkaError as error:
                raise NotSent(self._broker, error) from error
        return last

    def _await_first(self) -> None:
        try:
            self._under_way[0][1].get(timeout=_PATIENCE_SECONDS)
        except KafkaError as error:
            raise NotSent(self._broker, error) from error
