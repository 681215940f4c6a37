"""What servers on this machine have in common."""

import socket

LOOPBACK = "127.0.0.1"


class ServerFailed(Exception):
    """A server cannot be had here; the message names the cause and the cure."""


def free_port() -> int:
    """Return a port of the loopback interface on which nobody listens."""
    with socket.socket() as found:
        found.bind((LOOPBACK, 0))
        port: int = found.getsockname()[1]
        return port


def tail(text: str, lines: int = 8) -> str:
    """Return the last lines of a server's log, for a message."""
    return "\n".join(text.splitlines()[-lines:])
