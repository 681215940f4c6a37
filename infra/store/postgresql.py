"""PostgreSQL databases: how each is reached, and what its errors mean to people."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from infra.store.failure import (
    Damaged,
    DiskFull,
    Locked,
    Missing,
    ReadOnly,
    StoreError,
)

Connection = psycopg.Connection[tuple[object, ...]]

IDLE_SECONDS = 10
"""How long a process may stand still inside a transaction before the server ends it.

Less than a Kafka session lasts: whoever takes a partition over finds it free.
"""

LOCK_SECONDS = 15
"""How long a statement waits for another process: longer than one that stands still is let be."""

STATEMENT_SECONDS = 300

PASSWORD_FILE = "LHUTA_DATABASE_PASSWORD_FILE"
"""Names the file that holds the password and nothing else, as container platforms mount one."""

# A connection whose other end is gone without a word is noticed within half a minute.
_DEFAULTS: dict[str, Any] = {
    "application_name": "lhuta",
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}


class BadAddress(StoreError):
    """What should say where the database is does not."""

    says = (
        "the address of the database cannot be read; write it as "
        "postgresql://USER@HOST:PORT/DATABASE, with the password in a file named by PGPASSFILE"
    )


class NoPassword(StoreError):
    """The file that should hold the password cannot be read."""

    says = (
        "the password cannot be read from {place} ({detail}); see what " + PASSWORD_FILE + " names"
    )


class Unreachable(StoreError):
    """There is no connection to the database, or not any more."""

    says = (
        "{place} cannot be reached ({detail}); nothing is lost: see that the database runs and the "
        "network is up, then do it again"
    )


class Refused(StoreError):
    """The database does not let this user in."""

    says = (
        "{place} refuses this user ({detail}); see the name, the password, and who may connect "
        "from here"
    )


class NotTrusted(StoreError):
    """The server's certificate is signed by nobody we trust, or for another host."""

    says = (
        "{place} is not whom we trust ({detail}); let sslrootcert in the URL name the authority "
        "that signed the server's certificate, and the URL the host as it stands there"
    )


class NoDatabase(Missing):
    """The server does not have the database."""

    says = "there is no database at {place} ({detail}); create it, or name another one"


class FullDatabase(DiskFull):
    """The database has no room, or no memory or connection to spare."""

    says = (
        "{place} has nothing left to write with ({detail}); give the server room and do it again, "
        "nothing was kept of this attempt"
    )


class ReadOnlyDatabase(ReadOnly):
    """The database may be read at most: by this user, or because it is a standby."""

    says = (
        "{place} may not be written ({detail}); grant this user the right to, or name the server "
        "that takes writes"
    )


class LockedDatabase(Locked):
    """Somebody else holds what is needed for longer than this program waits."""

    says = (
        "{place} is held by another process ({detail}); see it in pg_stat_activity, end it or let "
        "it finish, then do it again"
    )


class TookTooLong(StoreError):
    """The database stopped a statement or ended a transaction for the time it took."""

    says = (
        "{place} stopped what took too long ({detail}); nothing was kept of this attempt, do it "
        "again when the server has less to do"
    )


class DamagedDatabase(Damaged):
    """The database reports that its files are not what was written."""

    says = "{place} is damaged: {detail}; restore it from the last good backup of the server"


def connect(
    url: str,
    *,
    settings: str = "",
    read_only: bool = False,
    idle_seconds: float = IDLE_SECONDS,
    lock_seconds: float = LOCK_SECONDS,
) -> Connection:
    """Open a connection by a libpq URL; transactions are begun and ended by hand.

    What the URL does not say, libpq takes from its environment and password file; `settings` is
    carried out first. Raises StoreError.
    """
    given = parameters(url)
    with translated(name_of(url)):
        connection: Connection = psycopg.connect("", autocommit=True, **given)
        try:
            prepare(
                connection,
                settings=settings,
                read_only=read_only,
                idle_seconds=idle_seconds,
                lock_seconds=lock_seconds,
            )
        except psycopg.Error:
            connection.close()
            raise
    return connection


def parameters(url: str) -> dict[str, Any]:
    """Return what a libpq URL says, the password of LHUTA_DATABASE_PASSWORD_FILE, and defaults.

    Raises BadAddress, and NoPassword where that file cannot be read.
    """
    given = _parts(url)
    file = os.environ.get(PASSWORD_FILE)
    if file:
        try:
            given["password"] = Path(file).read_text("utf-8").strip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise NoPassword(file, str(error)) from error
    return {"client_encoding": "utf8", **_DEFAULTS, **given}


def prepare(
    connection: psycopg.Connection[Any],
    *,
    settings: str = "",
    read_only: bool = False,
    idle_seconds: float = IDLE_SECONDS,
    lock_seconds: float = LOCK_SECONDS,
) -> None:
    """Set what every session has in common, and then its own `settings`; raises psycopg.Error."""
    # Whoever set a database to read-only, as hosts do when its disk is full, has a reason.
    promise = "SET default_transaction_read_only = on;" if read_only else ""
    # Statements here touch few rows; compiling them would take longer than they do.
    connection.execute(
        f"SET idle_in_transaction_session_timeout = {round(1_000 * idle_seconds)};"
        f"SET lock_timeout = {round(1_000 * lock_seconds)};"
        f"SET statement_timeout = {1_000 * STATEMENT_SECONDS};"
        f"{promise}"
        "SET default_transaction_isolation = 'read committed';"
        "SET jit = off;"
        f"{settings}"
    )


def name_of(url: str) -> str:
    """Return the address without its password and options, for people; raises BadAddress."""
    given = _parts(url)
    user = f"{given['user']}@" if "user" in given else ""
    port = f":{given['port']}" if "port" in given else ""
    return f"postgresql://{user}{given.get('host', '')}{port}/{given.get('dbname', '')}"


def _parts(url: str) -> dict[str, Any]:
    # The error quotes the address, which may have a password in it: it is not passed on.
    with suppress(psycopg.ProgrammingError):
        return conninfo_to_dict(url)
    raise BadAddress("database")


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Raise what PostgreSQL reports about a database as the StoreError that it means."""
    try:
        yield
    except psycopg.Error as error:
        raise failure(error, place) from error


def failure(error: psycopg.Error, place: str) -> StoreError:
    """Return the StoreError that an error of PostgreSQL means."""
    return _kind(error)(place, _detail(error))


def _kind(error: psycopg.Error) -> type[StoreError]:
    """Tell by the SQLSTATE, of which the first two letters are a class of errors."""
    state = error.sqlstate or ""
    match state:
        case "25006" | "42501":
            return ReadOnlyDatabase
        case "3D000":
            return NoDatabase
        case "25P03" | "57014":
            return TookTooLong
        case "55P03" | "40P01":
            return LockedDatabase
    match state[:2]:
        case "28":
            return Refused
        case "53":
            return FullDatabase
        case "08" | "57":
            return Unreachable
        case "23" | "XX":
            return DamagedDatabase
        case "" if isinstance(error, psycopg.OperationalError):
            return _unconnected(str(error))
        case _:
            return StoreError


def _unconnected(report: str) -> type[StoreError]:
    """Tell why there is no connection; then libpq has the server's words, but not the SQLSTATE."""
    if "does not exist" in report and "database" in report:
        return NoDatabase
    if "authentication failed" in report or "no pg_hba.conf entry" in report:
        return Refused
    if "certificate verify failed" in report or "does not match host name" in report:
        return NotTrusted
    return Unreachable


def _detail(error: psycopg.Error) -> str:
    """Return what the server says, in one line; the further lines may quote what was written."""
    primary = error.diag.message_primary
    return primary if primary else " ".join(str(error).split())
