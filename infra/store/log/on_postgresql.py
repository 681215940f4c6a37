"""The log on PostgreSQL: a recorder of the `eventsourcing` library with its own transactions.

Several processes may write at once. Whoever writes waits for the row of `log_head` and sees, in
every later statement, all that was committed before.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from functools import cache
from importlib.resources import files
from itertools import count
from os import PathLike
from typing import Any

import psycopg
from eventsourcing.persistence import PersistenceError
from eventsourcing.postgres import (
    BasePostgresFactory,
    PostgresApplicationRecorder,
    PostgresDatastore,
    PostgresFactory,
)
from eventsourcing.utils import Environment, EnvType
from psycopg import IsolationLevel
from psycopg.rows import DictRow, tuple_row

from infra.store.failure import Damaged, Exists, Interrupted, Missing, StoreError
from infra.store.layout import numbered
from infra.store.log.application import LogMapper, TicketLog
from infra.store.log.clock import Clock
from infra.store.log.plan import CommandRow, EventRow, Plan, Request, TextRow
from infra.store.log.recorder import LogRecorder
from infra.store.log.request import Head
from infra.store.log.session import COMMAND, EVENT, Session
from infra.store.log.settings import Settings
from infra.store.pool import TryingPool
from infra.store.postgresql import (
    Unreachable,
    connect,
    failure,
    name_of,
    prepare,
    translated,
)

SCHEMA = "lhuta_log"
LAYOUT = numbered(files("infra.store.log") / "schema" / "postgresql")

IDLE_SECONDS = 5
"""How long a process may stand still while it holds the log; the others wait longer."""

_ROWS_AT_ONCE = 1_000

_NOW = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
_TICK = (
    f"UPDATE {SCHEMA}.log_head SET recorded_at = greatest(recorded_at, coalesce(%s, {_NOW})) "
    "RETURNING position, recorded_at, hash"
)
_NAMESPACE = "SELECT FROM pg_namespace WHERE nspname = %s"
_DEAD = (
    "SELECT coalesce(sum(n_dead_tup), 0) FROM pg_stat_user_tables "
    "WHERE schemaname = %s AND relname IN ('texts', 'commands')"
)

# Plans are made for the tables as they are: one that was made while they were nearly empty would
# go on reading them whole.
_SESSION = (
    f"SET search_path = {SCHEMA}; SET statement_timeout = 0; "
    "SET plan_cache_mode = force_custom_plan; "
    # What is acknowledged is on disk, also where the server is set up otherwise.
    "SELECT set_config('synchronous_commit', 'on', false) "
    "WHERE current_setting('synchronous_commit') = 'off'"
)


def _arrays(columns: str, types: str) -> str:
    each = ", ".join(f"%s::{kind}[]" for kind in types.split())
    return f"({columns}) SELECT * FROM unnest({each})"


_EVENT_TYPES = "bigint text bigint text bytea bigint bytea bigint bigint"
_TEXT_TYPES = "bigint bytea bytea"
_COMMAND_TYPES = "bigint text bytea text bigint bigint bigint bigint bigint bytea bytea"

_WRITE = f"""
    WITH
        new_events AS (INSERT INTO events {_arrays(EVENT, _EVENT_TYPES)}),
        new_texts AS (INSERT INTO texts {_arrays("position, salt, document", _TEXT_TYPES)}),
        new_commands AS (INSERT INTO commands {_arrays(COMMAND, _COMMAND_TYPES)}),
        moved AS (
            INSERT INTO partitions {_arrays("partition, position", "bigint bigint")}
            ON CONFLICT (partition) DO UPDATE SET position = excluded.position
        )
    UPDATE log_head
    SET position = %s, recorded_at = %s, hash = %s, commands = %s, commands_hash = %s
"""


class PostgreSQLSession(Session):
    """A transaction on the tables of a database."""

    asked = "unnest(?::text[]) AS asked (value)"
    contains = "position(?::bytea IN state) > 0"
    instant = _NOW

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        place: str,
        clock: Clock | None,
        pipeline: psycopg.Pipeline | None = None,
    ) -> None:
        super().__init__(place, clock)
        self._connection = connection
        self._pipeline = pipeline
        self._cursor = connection.cursor(binary=True, row_factory=tuple_row)
        self._names = count()

    def lock(self) -> None:
        """Take the row of `log_head`; as the first statement, so that nobody writes in between."""
        self._cursor.execute("SELECT FROM log_head FOR UPDATE")

    def faults(self) -> list[str]:
        """Return what the extension `amcheck` finds wrong in an index, where it may be used."""
        found = self._rows(
            "SELECT p.oid::regprocedure::text FROM pg_proc p "
            "JOIN pg_depend d ON d.objid = p.oid AND d.deptype = 'e' "
            "JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'amcheck' "
            "WHERE p.proname = 'bt_index_check' AND p.pronargs = 2 "
            "AND has_function_privilege(p.oid, 'execute')"
        )
        if not found:
            return []
        check = found[0][0].partition("(")[0]
        indexes = self._rows(
            "SELECT c.oid FROM pg_class c JOIN pg_am a ON a.oid = c.relam AND a.amname = 'btree' "
            "WHERE c.relkind = 'i' AND c.relnamespace = ?::regnamespace ORDER BY c.relname",
            SCHEMA,
        )
        faults = []
        for (index,) in indexes:
            try:
                with self._connection.transaction():
                    self._rows(f"SELECT {check}(?::oid, true)", index)
            except Damaged as error:
                faults.append(error.detail)
        return faults

    def size(self) -> int:
        """Return how many bytes the tables and their indexes have."""
        size: int = self._row(
            "SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM pg_class "
            f"WHERE relkind = 'r' AND relnamespace = '{SCHEMA}'::regnamespace"
        )[0]
        return size

    def write(self, plan: Plan) -> None:
        """Store what was planned, in one statement."""
        self._cursor.execute(
            _WRITE,
            (
                *_columns(plan.events, EventRow._fields),
                *_columns(plan.texts, TextRow._fields),
                *_columns(plan.commands, CommandRow._fields),
                _array(plan.lasts),
                _array(plan.lasts.values()),
                *plan.ledger,
            ),
        )

    def erase(self, streams: Iterable[str]) -> int:
        """Erase the words of streams and their commands' salts; return of how many events."""
        erased = super().erase(list(streams))
        # So that `purge` counts what is dead now.
        self._rows("SELECT pg_stat_force_next_flush()")
        return erased

    def _asked(self, statement: str, *parameters: object) -> Callable[[], list[Any]]:
        cursor = self._connection.cursor(binary=True, row_factory=tuple_row)
        cursor.execute(_formatted(statement), parameters)

        def answer() -> list[Any]:
            self._settle()
            return cursor.fetchall()

        return answer

    def _listed(self, values: Iterable[str]) -> object:
        return _array(values)

    def _rows(self, statement: str, *parameters: object) -> list[Any]:
        with translated(self._place):
            self._cursor.execute(_formatted(statement), parameters)
            self._settle()
            return self._cursor.fetchall()

    def _settle(self) -> None:
        """Let the server answer all that was asked.

        Within a pipeline it would take a process that stands still for one that it works for.
        """
        if self._pipeline is not None:
            self._pipeline.sync()

    def _streamed(self, statement: str, *parameters: object) -> Iterator[Any]:
        with (
            translated(self._place),
            self._connection.cursor(f"c{next(self._names)}", row_factory=tuple_row) as cursor,
        ):
            cursor.itersize = _ROWS_AT_ONCE
            yield from cursor.execute(_formatted(statement), parameters, binary=True)

    def _change(self, statement: str, *parameters: object) -> int:
        self._cursor.execute(_formatted(statement), parameters)
        self._settle()
        return self._cursor.rowcount


class LogDatastore(PostgresDatastore):
    """A datastore with our own connections, and without types of its own in the database."""

    def __init__(self, url: str, lock_seconds: int, *, read_only: bool) -> None:
        super().__init__("", "", "", "", "", schema=SCHEMA, originator_id_type="text")
        # Any: the library's own pool is one that can ask for a password as well.
        pool: Any = TryingPool(
            url,
            lambda connection: _prepare(connection, read_only=read_only, lock_seconds=lock_seconds),
            connection_class=psycopg.Connection[DictRow],
            timeout=max(1, lock_seconds),
            open=False,
        )
        self.pool = pool

    def register_type_adapters(self) -> None:
        """Do nothing: the library's composite types are not used."""


class PostgreSQLLogRecorder(LogRecorder, PostgresApplicationRecorder):
    """Keeps the events of the log in a database."""

    place = ""
    clock: Clock | None = None
    read_only = False

    @contextmanager
    def reading(self) -> Iterator[PostgreSQLSession]:
        """Begin to read one state of the log."""
        with self._transaction(IsolationLevel.REPEATABLE_READ, read_only=True) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[PostgreSQLSession]:
        """Lock the log; what is written is kept when the block ends, unless it raises."""
        # Each statement after the lock sees what others committed before they let it go.
        isolation = IsolationLevel.READ_COMMITTED
        with self._transaction(isolation, read_only=self.read_only, piped=True) as session:
            session.lock()
            yield session

    def max_notification_id(self) -> int | None:
        """Return the last position, None where there is none."""
        with self.reading() as session:
            return session.ledger().position or None

    def tick(self) -> Head:
        """Move the time of the log on to now, unless it is there already, and return its head."""
        now = None if self.clock is None else self.clock()
        with _translated(self.place), self.datastore.get_connection() as connection:
            cursor = connection.cursor(row_factory=tuple_row)
            [row] = cursor.execute(_TICK, (now,)).fetchall()
        return Head(*row)

    def purge(self) -> bool:
        """Remove the rows that were erased; return False where a reader still needs them."""
        with _translated(self.place), self.datastore.get_connection() as connection:
            connection.execute(f"VACUUM (SKIP_LOCKED) {SCHEMA}.texts, {SCHEMA}.commands")
            cursor = connection.cursor(row_factory=tuple_row)
            [(dead,)] = cursor.execute(_DEAD, (SCHEMA,)).fetchall()
        return not dead

    @contextmanager
    def _transaction(
        self, isolation: IsolationLevel, *, read_only: bool, piped: bool = False
    ) -> Iterator[PostgreSQLSession]:
        with _translated(self.place), self.datastore.get_connection() as connection:
            connection.isolation_level = isolation
            # Not False: a database that was set to read-only stays so.
            connection.read_only = True if read_only else None
            # In a pipeline, what is not asked for an answer is not waited for.
            with (
                _interruptible(self.place) if piped else nullcontext(),
                connection.pipeline() if piped else nullcontext() as pipeline,
                connection.transaction(),
            ):
                yield PostgreSQLSession(connection, self.place, self.clock, pipeline)


class LogFactory(PostgresFactory):
    """Makes the parts of the log for the library."""

    application_recorder_class = PostgreSQLLogRecorder

    def __init__(self, env: Environment | EnvType | None) -> None:
        # The library would look for host, user and password one by one.
        super(BasePostgresFactory, self).__init__(env)
        given = self.env
        self.datastore = LogDatastore(
            given["LHUTA_LOG"],
            int(given["LHUTA_LOCK_SECONDS"]),
            read_only=bool(given["LHUTA_READ_ONLY"]),
        )


def create(place: str | PathLike[str], settings: Settings, first: Request) -> None:
    """Create a log with its first request; whole or not at all.

    Raises Exists and the other StoreErrors.
    """
    url = str(place)
    shown = name_of(url)
    with translated(shown), connect(url, settings=_SESSION) as connection, connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (SCHEMA,))
        if _is_founded(connection):
            raise Exists(shown)
        if not connection.execute(_NAMESPACE, (SCHEMA,)).fetchall():
            connection.execute(f"CREATE SCHEMA {SCHEMA}")
        session = PostgreSQLSession(connection, shown, None)
        session.found(LAYOUT, settings, first)


def open_application(
    place: str | PathLike[str], *, read_only: bool, busy_seconds: int, clock: Clock | None = None
) -> tuple[TicketLog, PostgreSQLLogRecorder]:
    """Open the log of a database, with tables as this program knows them.

    Without a clock it goes by that of the server. Raises Missing, Unreachable, NewerSchema,
    OlderSchema and the other StoreErrors.
    """
    url = str(place)
    shown = name_of(url)
    with (
        translated(shown),
        connect(url, settings=_SESSION, lock_seconds=busy_seconds) as connection,
    ):
        _agree_on_schema(connection, shown, read_only=read_only)
    application = TicketLog(_environment(url, busy_seconds, read_only=read_only))
    recorder = application.recorder
    assert isinstance(recorder, PostgreSQLLogRecorder)
    recorder.place = shown
    recorder.clock = clock
    recorder.read_only = read_only
    return application, recorder


def _environment(url: str, lock_seconds: int, *, read_only: bool) -> Mapping[str, str]:
    return {
        "PERSISTENCE_MODULE": f"{LogFactory.__module__}:{LogFactory.__qualname__}",
        "MAPPER_TOPIC": f"{LogMapper.__module__}:{LogMapper.__qualname__}",
        "ORIGINATOR_ID_TYPE": "text",
        "CREATE_TABLE": "no",
        "LHUTA_LOG": url,
        "LHUTA_LOCK_SECONDS": str(lock_seconds),
        "LHUTA_READ_ONLY": "yes" if read_only else "",
    }


def _agree_on_schema(connection: psycopg.Connection[Any], place: str, *, read_only: bool) -> None:
    if not _is_founded(connection):
        raise Missing(place)
    with connection.transaction():
        session = PostgreSQLSession(connection, place, None)
        if LAYOUT.adds_to(place, session.schema(), read_only=read_only):
            session.lock()
            session.grow(LAYOUT)


def _prepare(connection: psycopg.Connection[Any], *, read_only: bool, lock_seconds: float) -> None:
    # Zero would mean to wait for ever.
    patience = max(lock_seconds, 0.001)
    prepare(
        connection,
        settings=_SESSION,
        read_only=read_only,
        idle_seconds=IDLE_SECONDS,
        lock_seconds=patience,
    )


def _is_founded(connection: psycopg.Connection[Any]) -> bool:
    """Tell whether there is a log; asked of the tables, since names may be remembered."""
    statement = "SELECT FROM pg_tables WHERE schemaname = %s AND tablename = 'log_settings'"
    return bool(connection.execute(statement, (SCHEMA,)).fetchall())


def _columns(rows: Sequence[tuple[Any, ...]], names: Sequence[str]) -> Iterator[str]:
    columns = zip(*rows, strict=True) if rows else ((),) * len(names)
    return map(_array, columns)


def _array(values: Iterable[str | int | bytes | None]) -> str:
    """Return an array as PostgreSQL writes it: binding its values one by one takes longer."""
    return f"{{{','.join(map(_element, values))}}}"


def _element(value: str | int | bytes | None) -> str:
    match value:
        case bytes():
            return f'"\\\\x{value.hex()}"'
        case int():
            return str(value)
        case str():
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        case None:
            return "NULL"


@cache
def _formatted(statement: str) -> str:
    return statement.replace("?", "%s")


@contextmanager
def _interruptible(place: str) -> Iterator[None]:
    """Raise Interrupted where a connection ends in the middle: nobody knows what was kept."""
    try:
        with translated(place):
            yield
    except Unreachable as error:
        raise Interrupted(error.place, error.detail) from error


@contextmanager
def _translated(place: str) -> Iterator[None]:
    """Raise what the library reports as the StoreError that it means."""
    with translated(place):
        try:
            yield
        except PersistenceError as error:
            if isinstance(error.__cause__, psycopg.Error):
                raise failure(error.__cause__, place) from error
            raise StoreError(place, str(error)) from error
