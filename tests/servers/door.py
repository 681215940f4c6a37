"""A door before a server that can be held shut, as a network does that is cut: without a word."""

import socket
import threading
from contextlib import suppress
from typing import Self

from infra.closing import Closing
from infra.servers.server import LOOPBACK

_AT_ONCE = 65_536


class Door(Closing):
    """Passes connections on to a port of this machine, while it is open; a context manager.

    What is sent while it is shut waits, as it does in a network that loses packets and sends them
    again; nobody is told that a connection is gone.
    """

    def __init__(self, server: int) -> None:
        """Stand before the port of a server, which may come and go."""
        self._server = server
        self._listener = socket.create_server((LOOPBACK, 0))
        self._open = threading.Event()
        self._open.set()
        self._sockets: set[socket.socket] = set()

    @property
    def port(self) -> int:
        """Return the port at which it stands."""
        port: int = self._listener.getsockname()[1]
        return port

    def shut(self) -> None:
        """Let nothing through."""
        self._open.clear()

    def open(self) -> None:
        """Let everything through, also what waited."""
        self._open.set()

    def __enter__(self) -> Self:
        """Open the door."""
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def close(self) -> None:
        """Take the door away, and end all that went through it."""
        self._listener.close()
        self._open.set()
        end(*self._sockets)

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._sockets.add(client)
            threading.Thread(target=self._connect, args=(client,), daemon=True).start()

    def _connect(self, client: socket.socket) -> None:
        self._open.wait()
        try:
            server = socket.create_connection((LOOPBACK, self._server))
        except OSError:
            self._close(client)
            return
        self._sockets.add(server)
        back = threading.Thread(target=self._pass, args=(server, client), daemon=True)
        back.start()
        self._pass(client, server)
        back.join()
        self._close(client, server)

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(_AT_ONCE):
                self._open.wait()
                target.sendall(data)
        end(source, target)

    def _close(self, *sockets: socket.socket) -> None:
        for one in sockets:
            one.close()
            self._sockets.discard(one)


def end(*sockets: socket.socket) -> None:
    """End connections, of which others may have ended some."""
    for one in sockets:
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
