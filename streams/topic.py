"""Our topics (contracts, Topics): made where they are missing, and held to what they must be."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import KafkaError, TopicAlreadyExistsError

from streams.broker import Broker
from streams.entry import knock

_CONNECT_MILLISECONDS = 10_000
_ANY_REPLICATION = -1

MISSING = "missing"
PARTITIONS = "partitions"


class Topic(NamedTuple):
    """A topic before its prefix, and the settings that it must have."""

    name: str
    settings: Mapping[str, str]


_FOR_EVER = {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"}
# An hour; a file of records goes as a whole, so it must not be kept open for days.
_SHORT = {"cleanup.policy": "delete", "retention.ms": "3600000", "segment.ms": "600000"}

EVENTS = Topic("ticket-events", _FOR_EVER)
WATERMARKS = Topic("ticket-watermarks", _SHORT)
CLOCKS = Topic("ticket-clocks", {"cleanup.policy": "compact"})
ALERTS = Topic("ticket-alerts", _FOR_EVER)
TOPICS = (EVENTS, WATERMARKS, CLOCKS, ALERTS)


class KafkaUnusable(Exception):
    """Kafka cannot be reached, or does not do what was asked; the message names the cure."""

    def __init__(self, broker: Broker, error: Exception) -> None:
        super().__init__(
            f"Kafka at {broker} does not do what was asked ({error}); see that it runs there, that "
            "its address and protocol are right, and that this user may do it"
        )


class Fault(NamedTuple):
    """What is wrong with a topic: the setting, what it must be, and what it is."""

    topic: str
    what: str
    expected: str
    found: str

    @property
    def message(self) -> str:
        """Return it as a sentence with the cure."""
        if self.what == MISSING:
            return f"{self.topic} is missing: `lhuta topics create` makes it"
        if self.what == PARTITIONS:
            return (
                f"{self.topic} has {self.found} partitions and the log {self.expected}: a ticket "
                "would change its partition, so the topic has to be deleted, made again by "
                "`lhuta topics create` and refilled by `lhuta republish --from 0`"
            )
        return (
            f"{self.topic} has {self.what}={self.found} and must have {self.what}={self.expected}: "
            "alter the topic's configuration"
        )


class TopicsUnfit(Exception):
    """A topic is missing or has other partitions than the log; the message has the cure."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(fault.message for fault in faults))


class Topics:
    """Our topics on one cluster; `opened` reaches them."""

    def __init__(self, broker: Broker, admin: Any) -> None:
        self._broker = broker
        self._admin = admin

    def check(self, partitions: int) -> list[Fault]:
        """Return what is wrong with our topics for a log of so many partitions."""
        counts = self._counts()
        settings = self._settings([name for name in counts if counts[name]])
        return [
            fault for topic in TOPICS for fault in self._faults(topic, partitions, counts, settings)
        ]

    def require(self, partitions: int) -> None:
        """Raise TopicsUnfit where nothing can be sent for a log of so many partitions."""
        unfit = [one for one in self.check(partitions) if one.what in {MISSING, PARTITIONS}]
        if unfit:
            raise TopicsUnfit(unfit)

    def create(self, partitions: int, replication: int | None = None) -> list[str]:
        """Make the topics that are missing, and return their names when they can be used.

        Without `replication` the cluster's own default decides how many copies there are.
        """
        counts = self._counts()
        missing = {
            name: {
                "num_partitions": partitions,
                "replication_factor": _ANY_REPLICATION if replication is None else replication,
                "configs": dict(topic.settings),
            }
            for topic in TOPICS
            if not counts[name := self._broker.topic(topic.name)]
        }
        for name, wanted in missing.items():
            try:
                self._admin.create_topics({name: wanted})
            except TopicAlreadyExistsError:
                # Somebody else makes them at the same time.
                continue
        self._admin.wait_for_topics(list(missing))
        return list(missing)

    def _counts(self) -> dict[str, int]:
        """Return how many partitions each of our topics has, 0 where it is missing."""
        names = [self._broker.topic(topic.name) for topic in TOPICS]
        return {
            told["name"]: len(told["partitions"]) for told in self._admin.describe_topics(names)
        }

    def _settings(self, names: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
        if not names:
            return {}
        wanted = sorted({setting for topic in TOPICS for setting in topic.settings})
        told = self._admin.describe_configs(
            [ConfigResource(ConfigResourceType.TOPIC, name, configs=wanted) for name in names],
            config_filter="all",
        )
        return {
            name: {setting: found["value"] for setting, found in settings.items()}
            for name, settings in told["topic"].items()
        }

    def _faults(
        self,
        topic: Topic,
        partitions: int,
        counts: Mapping[str, int],
        settings: Mapping[str, Mapping[str, str]],
    ) -> Iterator[Fault]:
        name = self._broker.topic(topic.name)
        if not counts[name]:
            yield Fault(name, MISSING, "", "")
            return
        if counts[name] != partitions:
            yield Fault(name, PARTITIONS, str(partitions), str(counts[name]))
        for setting, expected in topic.settings.items():
            found = settings[name].get(setting, "unknown")
            if found != expected:
                yield Fault(name, setting, expected, found)


@contextmanager
def opened(broker: Broker) -> Iterator[Topics]:
    """Reach the topics of a cluster.

    Raises KafkaUnusable, also from inside the block, and KafkaRefused.
    """
    knock(broker)
    try:
        admin = KafkaAdminClient(
            **broker.options(),
            client_id="lhuta-topics",
            bootstrap_timeout_ms=_CONNECT_MILLISECONDS,
        )
        try:
            yield Topics(broker, admin)
        finally:
            admin.close()
    except KafkaError as error:
        raise KafkaUnusable(broker, error) from error
