"""A pool of connections to a PostgreSQL database, for threads that ask many short questions."""

import select
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

import psycopg
from psycopg_pool import ConnectionPool

from infra.store.postgresql import Connection, name_of, parameters, prepare, translated

MOST = 16
"""How many connections one pool opens at most; who comes later waits for one."""

WAIT_SECONDS = 5.0


class Pool:
    """Connections that are used again; a context manager.

    One that the server closed while it rested is noticed and replaced before it is used.
    """

    def __init__(self, url: str, settings: str, *, read_only: bool = False) -> None:
        """Describe a pool by a libpq URL and what is set in each session; raises StoreError."""
        self._place = name_of(url)
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            kwargs=lambda: {**parameters(url), "autocommit": True},
            configure=lambda connection: prepare(
                connection, read_only=read_only, settings=settings
            ),
            check=check,
            min_size=0,
            max_size=MOST,
            timeout=WAIT_SECONDS,
            num_workers=1,
            open=False,
        )

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """Give a connection until the block ends; raises Unreachable where none can be had."""
        with translated(self._place), self._pool.connection() as connection:
            yield connection

    def __enter__(self) -> "Pool":
        """Open it."""
        self._pool.open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
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
