"""A real Kafka for tests: the one that LHUTA_TEST_KAFKA names, else one started for them.

LHUTA_TEST_KAFKA_VERSION names another version to start than the one that users get.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.servers.kafka import VERSION, Kafka
from infra.servers.server import ServerFailed
from tests.servers.ended import ended_in_order
from tests.servers.missing import missing

ADDRESS = "LHUTA_TEST_KAFKA"
TESTED = os.environ.get("LHUTA_TEST_KAFKA_VERSION") or VERSION


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a broker that all tests share: take topics of your own there."""
    named = os.environ.get(ADDRESS)
    if named:
        yield named
        return
    with ended_in_order(), started(tmp_path_factory.mktemp("kafka")) as server:
        yield server.address


@pytest.fixture
def own_kafka(tmp_path: Path) -> Iterator[Kafka]:
    """Return a running broker that the test may kill and start again."""
    with ended_in_order(), started(tmp_path / "kafka") as server:
        yield server


def started(data: Path) -> Kafka:
    """Return a broker that runs, or tell why there is none."""
    server = Kafka(data, version=TESTED)
    try:
        server.start()
    except ServerFailed as error:
        missing(f"no Kafka: {error}; or name one in {ADDRESS}")
    return server
