"""The server: where it listens, and what it does with connections that take too long."""

import asyncio
import gc
import ipaddress
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from infra.doors.web.corked import Corked
from infra.doors.web.events import Streams
from infra.doors.web.head import Heads
from infra.doors.web.limits import Limits
from infra.engine.log_lines import note

DEFAULT_PORT = 8642
LOOPBACK = "127.0.0.1"

_KEEP_ALIVE = 30
_LAST_SECONDS = 3
_BACKLOG = 1_024
_SEND_BUFFER = 128 * 1024


class AddressMalformed(ValueError):
    """An address to listen on is HOST:PORT."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"'{text}' is no address to listen on; "
            f"write HOST:PORT, such as {LOOPBACK}:{DEFAULT_PORT}"
        )


class AddressUnusable(OSError):
    """Nobody can listen there."""

    def __init__(self, address: "Address", reason: str) -> None:
        super().__init__(f"{address} cannot be listened on: {reason}; choose another with --http")


class Address(NamedTuple):
    """Where a server listens; port 0 is any that is free."""

    host: str
    port: int

    def __str__(self) -> str:
        """Write it as in a URL."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """Return how it is opened."""
        return f"http://{self}"

    @property
    def is_loopback(self) -> bool:
        """Tell whether only this machine can reach it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


DEFAULT = Address(LOOPBACK, DEFAULT_PORT)


def address(text: str) -> Address:
    """Read HOST:PORT, or HOST alone for the usual port; raises AddressMalformed."""
    host, colon, port = text.rpartition(":")
    if not colon or text.endswith("]"):
        host, port = text, str(DEFAULT_PORT)
    host = host.removeprefix("[").removesuffix("]")
    if not host or not (port.isascii() and port.isdigit()) or int(port) > 0xFFFF:
        raise AddressMalformed(text)
    return Address(host, int(port))


@contextmanager
def listening(wanted: Address) -> Iterator[tuple[socket.socket, Address]]:
    """Listen on an address; raises AddressUnusable. Tells the port that was taken."""
    family = socket.AF_INET6 if ":" in wanted.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Else the system keeps megabytes for each client that does not read.
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        # Else a body waits, after its head, until the client confirms that: 40 ms for each answer.
        taken.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            taken.bind(tuple(wanted))
            taken.listen(_BACKLOG)
        except OSError as error:
            raise AddressUnusable(wanted, error.strerror or str(error)) from error
        taken.setblocking(False)
        yield taken, Address(wanted.host, taken.getsockname()[1])


class Connection(H11Protocol):
    """A connection whose client has so many seconds to ask, and to read what it gets."""

    headers_seconds: float
    stalled_seconds: float

    _asking: asyncio.TimerHandle | None = None
    _stalled: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(Corked(transport, self.loop))  # type: ignore[arg-type]
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._cancel_asking()
        self._cancel_stalled()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came."""
        super().data_received(data)
        self._watch()

    def pause_writing(self) -> None:
        """Begin to wait for a client that does not read."""
        super().pause_writing()
        self._stalled = self.loop.call_later(self.stalled_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on with a client that reads again."""
        self._cancel_stalled()
        super().resume_writing()

    def _watch(self) -> None:
        """Give a request that has begun its time, and take it back when the request is there."""
        if self._is_answering():
            self._cancel_asking()
        elif self._asking is None:
            self._asking = self.loop.call_later(self.headers_seconds, self._end)

    def _end(self) -> None:
        if not self._is_answering():
            self.transport.close()

    def _is_answering(self) -> bool:
        # There is no cycle before the first request, whatever its type says.
        return bool(self.cycle) and not self.cycle.response_complete

    def _cancel_asking(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None

    def _cancel_stalled(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None


class Journal(logging.Handler):
    """Puts what the server says among the other lines of the log."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record; what clients do wrong disturbs nobody."""
        level = logging.INFO if record.levelno < logging.ERROR else logging.ERROR
        cause = record.exc_info[0] if record.exc_info else None
        facts = {"message": record.getMessage()}
        if cause is not None:
            facts["cause"] = cause.__name__
        note("http.server", record.name, level=level, **facts)


class Server(uvicorn.Server):
    """A server that ends its streams before it waits for its connections."""

    def __init__(self, config: uvicorn.Config, streams: Streams) -> None:
        super().__init__(config)
        self._streams = streams

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve."""
        # What is there by now stays. To look through it for cycles takes 50 ms and more, for which
        # every answer would wait.
        gc.freeze()
        await super().startup(sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End what is open, and then the server."""
        self._streams.close()
        await super().shutdown(sockets)
        gc.unfreeze()


def server(app: FastAPI, limits: Limits) -> Server:
    """Make a server of an application."""
    protocol = type(
        "LimitedConnection",
        (Connection,),
        {
            "headers_seconds": limits.headers_seconds,
            "stalled_seconds": limits.stalled_seconds,
        },
    )
    config = uvicorn.Config(
        Heads(app),
        http=protocol,
        ws="none",
        loop="asyncio",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=limits.connections,
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=_LAST_SECONDS,
        h11_max_incomplete_event_size=limits.headers,
    )
    journal = logging.getLogger("uvicorn")
    journal.propagate = False
    journal.handlers = [Journal()]
    return Server(config, app.state.streams)


@contextmanager
def beside(app: FastAPI, limits: Limits, taken: socket.socket) -> Iterator[None]:
    """Serve on a thread of its own, until the block ends."""
    made = server(app, limits)
    thread = threading.Thread(
        target=made.run, kwargs={"sockets": [taken]}, name="http", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        made.should_exit = True
        thread.join(_LAST_SECONDS * 2)
        if thread.is_alive():
            note("http.abandoned", "http")
