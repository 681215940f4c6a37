"""The memory of a server among hostile clients: it keeps nothing for anybody who does not read."""

import re
import socket
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from infra.doors.web.server import Address
from tests.web.desk import OPENING, PATIENCE, Desk
from tests.web.served import Served, served

MOST = 128 * 1024 * 1024
"""How many bytes a server may grow by; what it is asked to keep here is ten times as much."""

DEAF, LIARS = 100, 40


@pytest.fixture
def long_log(desk: Desk) -> Desk:
    """Give a desk with some megabytes of events."""
    desk.imported(tickets=100, replies=60)
    return desk


def test_it_stays_within_bounds_and_the_others_are_served(long_log: Desk) -> None:
    """A hundred who ask for all events and read none, and some who send what is far too long."""
    with served(long_log) as there, ExitStack() as opened:
        address = Address("127.0.0.1", int(there.url.rpartition(":")[2]))
        token = long_log.secrets["agent"]
        head = f"HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
        assert commanded(there.url, long_log) == 201
        before = resident(there)
        for number in range(DEAF):
            client = opened.enter_context(deaf(address))
            client.sendall(f"GET /events?after={number} {head}\r\n".encode())
        for _ in range(LIARS):
            client = opened.enter_context(deaf(address))
            # A body that says nothing of its length, and headers that have no end.
            client.sendall(f"POST /tickets {head}Transfer-Encoding: chunked\r\n\r\n".encode())
            flood(client, b"100000\r\n" + b"x" * 0x100000 + b"\r\n")
            client = opened.enter_context(deaf(address))
            flood(client, b"GET / HTTP/1.1\r\nX: " + b"x" * 1024 * 1024)
        assert commanded(there.url, long_log) == 201
        assert httpx.get(f"{there.url}/health/ready", timeout=PATIENCE).status_code == 200
        assert resident(there) - before < MOST


def commanded(url: str, desk: Desk) -> int:
    """Give a command, and return the status of its answer."""
    credentials = desk.credentials("specialist")
    opening = dict(OPENING)
    return httpx.post(
        f"{url}/tickets", json=opening, headers=credentials, timeout=PATIENCE
    ).status_code


def resident(there: Served) -> int:
    """Return how many bytes of memory a server had at most."""
    status = Path(f"/proc/{there.pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) * 1024


def deaf(address: Address) -> socket.socket:
    """Connect somebody who takes next to nothing."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    client.settimeout(PATIENCE)
    client.connect(address)
    return client


def flood(client: socket.socket, content: bytes) -> None:
    """Send until the server will not have any more."""
    try:
        for _ in range(20):
            client.sendall(content)
    except ConnectionError:
        return
