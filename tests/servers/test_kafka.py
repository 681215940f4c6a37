"""The broker of tests and of users without Docker: it starts, dies and returns as itself."""

import os
import socket
import struct
from pathlib import Path

import pytest

from infra.servers import kafka as jars_of_kafka
from infra.servers.kafka import Kafka
from infra.servers.server import LOOPBACK, ServerFailed, free_port
from tests.servers.kafka import ADDRESS


def asked(address: str, request: bytes) -> bytes:
    """Send one request of Kafka's protocol and return its answer."""
    host, port = address.split(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(struct.pack(">i", len(request)) + request)
        with connection.makefile("rb") as answer:
            (length,) = struct.unpack(">i", answer.read(4))
            return answer.read(length)


def test_a_killed_broker_returns_on_its_data_and_its_port(own_kafka: Kafka) -> None:
    """Kill -9 ends it at once, and started again it is the same cluster at the same address."""
    metadata = struct.pack(">hhihi", 3, 2, 1, -1, 0)
    address, before = own_kafka.address, asked(own_kafka.address, metadata)
    own_kafka.kill()
    assert not own_kafka.running
    own_kafka.start()
    assert own_kafka.address == address
    assert asked(address, metadata)[4:] == before[4:]


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    """Where somebody listens already, nothing is started and the port is in the message."""
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ServerFailed, match=f"port {port} is taken"):
            Kafka(tmp_path, port).start()


def test_a_broker_that_cannot_start_says_what_its_log_says(
    tmp_path: Path, kafka: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Data that cannot be used is no silence of a minute: the log's end is in the message."""
    if os.environ.get(ADDRESS):
        pytest.skip("the broker is somebody else's, and its jars may not be here")
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "meta.properties").write_text("version=1\nnode.id=7\ncluster.id=x\n")
    with pytest.raises(ServerFailed, match=r"its log ends with:\n(.|\n)*node"):
        Kafka(tmp_path, free_port()).start()


def test_a_home_without_jars_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that is named and is not Kafka's is a mistake, and nothing is fetched instead."""
    monkeypatch.setenv(jars_of_kafka.HOME, str(tmp_path))
    with pytest.raises(ServerFailed, match="no jars of Kafka"):
        jars_of_kafka.jars()


def test_without_maven_the_cure_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has neither the jars nor Maven learns both ways to get them."""
    monkeypatch.delenv(jars_of_kafka.HOME, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ServerFailed, match="apt-get install maven"):
        jars_of_kafka.jars()


def test_a_servers_port_is_none_that_outgoing_connections_get() -> None:
    """Whoever tries to reach a server that is away must not take its port."""
    with (
        socket.create_server((LOOPBACK, 0)) as server,
        socket.create_connection(server.getsockname()) as outgoing,
    ):
        assert free_port() < 32_768 <= outgoing.getsockname()[1]
