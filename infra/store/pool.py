"""A pool of connections to a PostgreSQL database, for threads that ask many short questions."""

import select
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakSet

import psycopg
from psycopg_pool import ConnectionPool

from infra.closing import Closing
from infra.store.failure import StoreError
from infra.store.postgresql import Connection, name_of, parameters, prepare, translated

MOST = 16
"""How many connections one pool opens at most; who comes later waits for one."""

WAIT_SECONDS = 5.0


def _nothing(connection: Connection) -> None:
    """Agree on nothing."""


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
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            kwargs=lambda: {**parameters(url), "autocommit": True},
            configure=lambda connection: prepare(
                connection, read_only=read_only, settings=settings
            ),
            check=check,
            min_size=0,
            max_size=MOST,
            # Otherwise it waits ever longer between two tries, and nobody is served for as long
            # again as the server was away. Now whoever comes next tries at once.
            reconnect_timeout=0,
            num_workers=1,
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
