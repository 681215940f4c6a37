"""A door before a PostgreSQL server that cuts one connection at its COMMIT."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Literal, Self
from urllib.parse import urlsplit

from infra.closing import Closing
from infra.servers.server import LOOPBACK
from tests.servers.door import end

_COMMIT = b"COMMIT\0"
_AT_ONCE = 65_536

When = Literal["before", "after"]


class CutAtCommit(Closing):
    """Passes connections on, and cuts the next one to commit, once `armed`; a context manager.

    `before`: the server never hears of the COMMIT. `after`: it has carried it out, and its answer
    does not come back.
    """

    def __init__(self, url: str) -> None:
        self._url = urlsplit(url)
        self._armed: When | None = None
        self._listener = socket.create_server((LOOPBACK, 0))
        self._sockets: list[socket.socket] = []

    @property
    def url(self) -> str:
        """Return the server's URL through this door."""
        user, _, _ = self._url.netloc.rpartition("@")
        port = self._listener.getsockname()[1]
        return self._url._replace(netloc=f"{user}@{LOOPBACK}:{port}").geturl()

    def arm(self, when: When) -> None:
        """Cut the next connection that commits."""
        self._armed = when

    @property
    def has_cut(self) -> bool:
        """Tell whether it did what it was armed for."""
        return self._armed is None

    def __enter__(self) -> Self:
        """Open the door."""
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def close(self) -> None:
        """Close the door, and all that went through it."""
        self._listener.close()
        for one in self._sockets:
            one.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            assert self._url.hostname is not None
            server = socket.create_connection((self._url.hostname, self._url.port or 5432))
            self._sockets += [client, server]
            threading.Thread(target=self._up, args=(client, server), daemon=True).start()
            threading.Thread(target=self._down, args=(server, client), daemon=True).start()

    def _up(self, client: socket.socket, server: socket.socket) -> None:
        for data in _received(client):
            if self._armed == "before" and _COMMIT in data:
                self._armed = None
                break
            with suppress(OSError):
                server.sendall(data)
        end(client, server)

    def _down(self, server: socket.socket, client: socket.socket) -> None:
        for data in _received(server):
            # Only the answer to a COMMIT has its name in it.
            if self._armed == "after" and _COMMIT in data:
                self._armed = None
                break
            with suppress(OSError):
                client.sendall(data)
        end(client, server)


def _received(source: socket.socket) -> Iterator[bytes]:
    """Yield what comes, until either side has ended."""
    with suppress(OSError):
        while data := source.recv(_AT_ONCE):
            yield data
