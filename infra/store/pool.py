"""A pool of connections to a PostgreSQL database, for threads that ask many short questions."""

import select
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any, TypeVar
from weakref import WeakSet

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout

from infra.closing import Closing
from infra.store.failure import StoreError
from infra.store.postgresql import Connection, name_of, parameters, prepare, translated

MOST = 16
"""How many connections one pool opens at most; who comes later waits for one."""

WAIT_SECONDS = 5.0
_TRY_SECONDS = 0.5


C = TypeVar("C", bound=psycopg.Connection[Any])


def _nothing(connection: Connection) -> None:
    """Agree on nothing."""


class TryingPool(ConnectionPool[C]):
    """Tries to connect as long as somebody waits for a connection, and no longer.

    The library waits ever longer between two tries, so that nobody would be served for as long
    again as the server was away; and who comes while a try fails would wait for no other.
    """

    def __init__(
        self,
        url: str,
        configure: Callable[[C], None],
        *,
        connection_class: type[C],
        timeout: float,
        open: bool,
    ) -> None:
        """Make a pool by a libpq URL; `timeout` is how many seconds are waited for a connection."""
        super().__init__(
            connection_class=connection_class,
            kwargs=lambda: {**parameters(url), "autocommit": True},
            configure=configure,
            check=check,
            min_size=0,
            max_size=MOST,
            timeout=timeout,
            reconnect_timeout=0,
            num_workers=1,
            open=open,
        )

    def getconn(self, timeout: float | None = None) -> C:
        """Give a connection; raises PoolTimeout where none can be had in time."""
        seconds = self.timeout if timeout is None else timeout
        end = monotonic() + seconds
        while True:
            try:
                # Each call begins a try where there is none.
                return super().getconn(min(_TRY_SECONDS, end - monotonic()))
            except PoolTimeout:
                if monotonic() >= end:
                    raise PoolTimeout(f"no connection within {seconds:g} seconds") from None


class Pool(Closing):
    """Connections that are used again; a context manager.

    One that the server closed while it rested is noticed and replaced before it is used. A
    server that was away is tried again by the next who asks.
    """

    def __init__(
        self,
        url: str,
        settings: str,
        *,
        agree: Callable[[Connection], object] = _nothing,
        read_only: bool = False,
    ) -> None:
        """Open a pool by a libpq URL and what is set in each session; raises StoreError.

        `agree` looks at the tables, once over each connection and again after an error.
        """
        self._place = name_of(url)
        self._agree = agree
        self._agreed: WeakSet[Connection] = WeakSet()
        self._pool = TryingPool(
            url,
            lambda connection: prepare(connection, read_only=read_only, settings=settings),
            connection_class=psycopg.Connection,
            timeout=WAIT_SECONDS,
            open=True,
        )

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """Give a connection until the block ends; raises Unreachable where none can be had."""
        with translated(self._place), self._pool.connection(WAIT_SECONDS) as connection:
            try:
                if connection not in self._agreed:
                    self._agree(connection)
                    self._agreed.add(connection)
                yield connection
            except (StoreError, psycopg.Error):
                # The tables may be gone, or others than they were.
                self._agreed.discard(connection)
                raise

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()


def check(connection: psycopg.Connection[Any]) -> None:
    """Find out whether a connection that rested was closed by the server; costs no round trip.

    Raises psycopg.Error where it was.
    """
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    if waiting.poll(0):
        ConnectionPool.check_connection(connection)
