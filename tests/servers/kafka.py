"""A real Kafka for tests: the one that LHUTA_TEST_KAFKA names, else one started for them."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.servers.kafka import Kafka
from infra.servers.server import ServerFailed
from tests.servers.ended import ended_in_order
from tests.servers.missing import missing

ADDRESS = "LHUTA_TEST_KAFKA"


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


def started(data: Path, version: str | None = None) -> Kafka:
    """Return a broker that runs, or tell why there is none."""
    server = Kafka(data) if version is None else Kafka(data, version=version)
    try:
        server.start()
    except ServerFailed as error:
        missing(f"no Kafka: {error}; or name one in {ADDRESS}")
    return server
