"""The servers of the tests of this folder, which kill them."""

from collections.abc import Iterator
from random import Random

import pytest

from infra.servers.kafka import Kafka
from infra.servers.postgresql import PostgreSQL
from infra.servers.server import ServerFailed, free_port
from tests.servers.door import Door
from tests.servers.ended import ended_in_order
from tests.servers.kafka import TESTED
from tests.servers.missing import missing
from tests.servers.postgresql import reachable_folder
from tests.survival.distributed.desk import PARTS, Desk, Servers
from tests.survival.distributed.proof import settle


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Give a database and a broker that the tests of this folder share, and may kill."""
    port = free_port()
    try:
        with (
            ended_in_order(),
            reachable_folder() as folder,
            PostgreSQL(folder / "server") as database,
            Door(port) as door,
            Kafka(tmp_path_factory.mktemp("kafka"), port, TESTED, advertised=door.port) as broker,
        ):
            yield Servers(database, broker, door)
    except ServerFailed as error:
        missing(f"no servers: {error}")


@pytest.fixture(scope="session")
def desk(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Give a desk at which all parts work; each test leaves it at rest."""
    made = Desk(tmp_path_factory.mktemp("desk"), servers, "desk")
    try:
        with made.parts(*PARTS):
            made.load("A", 1, Random("a desk"))
            settle(made)
            yield made
    finally:
        made.end()
