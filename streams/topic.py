"""Our topics (contracts, Topics): made where they are missing, and held to what they must be."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import (
    CoordinatorNotAvailableError,
    GroupAuthorizationFailedError,
    InvalidReplicationFactorError,
    KafkaError,
    TopicAlreadyExistsError,
    TopicAuthorizationFailedError,
)

from streams.broker import Broker
from streams.entry import knock

_CONNECT_MILLISECONDS = 10_000
_ANY_REPLICATION = -1

MISSING = "missing"
PARTITIONS = "partitions"

Right = Literal["Create", "Describe", "DescribeConfigs", "Read", "Write"]
"""What a cluster with access control allows a user or not, in Kafka's own words."""

# As kafka-python writes them.
_RIGHTS: Mapping[Right, str] = {
    "Create": "CREATE",
    "Describe": "DESCRIBE",
    "DescribeConfigs": "DESCRIBE_CONFIGS",
    "Read": "READ",
    "Write": "WRITE",
}


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


class TooFewBrokers(Exception):
    """A cluster has fewer brokers than a topic is to have copies."""

    def __init__(self, broker: Broker, copies: int | None) -> None:
        wanted = "its default number of" if copies is None else f"{copies:,}"
        super().__init__(
            f"Kafka at {broker} has fewer brokers than {wanted} copies of a topic need: start more "
            "of them, or give --replication a smaller number"
        )


class NotAllowed(Exception):
    """The cluster does not allow us what we are to do; the message names every right we lack."""

    def __init__(self, broker: Broker, lacking: Sequence[str]) -> None:
        self.lacking = lacking
        super().__init__(
            f"Kafka at {broker} does not allow this user {', '.join(lacking)}: whoever runs the "
            "cluster can give these rights (docs/distributed.md, Rights)"
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


class _Described(NamedTuple):
    """How many partitions a topic has, 0 where it is missing, and what we are allowed there."""

    partitions: int
    rights: frozenset[str]


class Topics:
    """Our topics on one cluster; `opened` reaches them.

    Every method raises NotAllowed where a right is missing that it needs.
    """

    def __init__(self, broker: Broker, admin: Any) -> None:
        self._broker = broker
        self._admin = admin

    def check(self, partitions: int) -> list[Fault]:
        """Return what is wrong with our topics for a log of so many partitions."""
        described = self._described(TOPICS, "Describe", "DescribeConfigs")
        settings = self._settings([name for name, one in described.items() if one.partitions])
        return [
            fault
            for topic in TOPICS
            for fault in (
                *self._unfit(topic, partitions, described),
                *self._otherwise_set(topic, settings),
            )
        ]

    def require(self, partitions: int, topics: Sequence[Topic]) -> None:
        """Raise TopicsUnfit where we cannot send to topics for a log of so many partitions."""
        described = self._described(topics, "Write")
        unfit = [fault for one in topics for fault in self._unfit(one, partitions, described)]
        if unfit:
            raise TopicsUnfit(unfit)

    def may_read(self, topics: Sequence[Topic], group: str) -> None:
        """See that we may read topics as a member of a group, whether or not they are there."""
        lacking: list[str] = []
        try:
            self._described(topics, "Read")
        except NotAllowed as error:
            lacking += error.lacking
        name = self._broker.topic(group)
        try:
            self._admin.describe_groups([name])
        except GroupAuthorizationFailedError:
            lacking.append(f"Read on the group {name}")
        except CoordinatorNotAvailableError:
            # A cluster that never had a group has nobody yet who could say.
            pass
        if lacking:
            raise NotAllowed(self._broker, lacking)

    def create(self, partitions: int, replication: int | None = None) -> list[str]:
        """Make the topics that are missing, and return their names when they can be used.

        Without `replication` the cluster's own default decides how many copies there are. Raises
        TooFewBrokers where there cannot be so many.
        """
        described = self._described(TOPICS, "Describe")
        missing = {
            name: {
                "num_partitions": partitions,
                "replication_factor": _ANY_REPLICATION if replication is None else replication,
                "configs": dict(topic.settings),
            }
            for topic in TOPICS
            if not described[name := self._broker.topic(topic.name)].partitions
        }
        for name, wanted in missing.items():
            try:
                self._admin.create_topics({name: wanted})
            except TopicAlreadyExistsError:
                # Somebody else makes them at the same time.
                continue
            except TopicAuthorizationFailedError as error:
                raise NotAllowed(self._broker, [_lack("Create", name)]) from error
            except InvalidReplicationFactorError as error:
                raise TooFewBrokers(self._broker, replication) from error
        self._admin.wait_for_topics(list(missing))
        return list(missing)

    def _described(self, topics: Sequence[Topic], *rights: Right) -> dict[str, _Described]:
        """Return what there is of topics, by their names; raises NotAllowed."""
        names = [self._broker.topic(topic.name) for topic in topics]
        described = {
            # Of a topic that we may not describe nothing is told, not even whether it is there.
            told["name"]: _Described(
                len(told["partitions"]), frozenset(told["authorized_operations"] or ())
            )
            for told in self._admin.describe_topics(names)
        }
        lacking = [
            _lack(right, name)
            for name in names
            for right in rights
            if _RIGHTS[right] not in described[name].rights
        ]
        if lacking:
            raise NotAllowed(self._broker, lacking)
        return described

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

    def _unfit(
        self, topic: Topic, partitions: int, described: Mapping[str, _Described]
    ) -> Iterator[Fault]:
        name = self._broker.topic(topic.name)
        found = described[name].partitions
        if not found:
            yield Fault(name, MISSING, "", "")
        elif found != partitions:
            yield Fault(name, PARTITIONS, str(partitions), str(found))

    def _otherwise_set(
        self, topic: Topic, settings: Mapping[str, Mapping[str, str]]
    ) -> Iterator[Fault]:
        name = self._broker.topic(topic.name)
        if name not in settings:
            return
        for setting, expected in topic.settings.items():
            found = settings[name].get(setting, "unknown")
            if found != expected:
                yield Fault(name, setting, expected, found)


def _lack(right: Right, topic: str) -> str:
    return f"{right} on the topic {topic}"


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
