"""What servers on this machine have in common."""

import socket
from random import SystemRandom

LOOPBACK = "127.0.0.1"

# Below those that systems give to connections that go out: somebody who tries again and again to
# reach a server that is away would take its port, and the server could not come back.
_PORTS = range(15_000, 32_768)


class ServerFailed(Exception):
    """A server cannot be had here; the message names the cause and the cure."""


def free_port() -> int:
    """Return a port of the loopback interface on which nobody listens; raises ServerFailed."""
    for port in SystemRandom().sample(_PORTS, 100):
        with socket.socket() as tried:
            try:
                tried.bind((LOOPBACK, port))
            except OSError:
                continue
            return port
    raise ServerFailed(f"there is no free port on {LOOPBACK}; end some of the servers there")


def tail(text: str, lines: int = 8) -> str:
    """Return the last lines of a server's log, for a message."""
    return "\n".join(text.splitlines()[-lines:])
