"""A real PostgreSQL from this machine's packages: on the loopback interface, data in a folder.

Its password is made when the folder is, and stands in a file that only this user can read; the
URL names that file. The server is never run as root: root runs it as the user `postgres`.
"""

import os
import pwd
import re
import secrets
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from infra.servers.server import LOOPBACK, Server, ServerFailed, tail

OLDEST = 15
ROLE = "lhuta"
DATABASE = "lhuta"
SERVED_AS = "postgres"

_PACKAGES = Path("/usr/lib/postgresql")
_VERSION = re.compile(r"\(PostgreSQL\) (\d+)")

# What was acknowledged is on disk, as for real; the rest is for a machine that does other work.
_OPTIONS = {
    "fsync": "on",
    "shared_buffers": "64MB",
    "max_connections": "100",
    "max_wal_size": "256MB",
    "unix_socket_directories": "",
    "listen_addresses": LOOPBACK,
    "lc_messages": "C",
}


class PostgreSQL(Server):
    """A database server."""

    called = "PostgreSQL"
    stopped_by = signal.SIGINT
    # SIGKILL would leave its other processes behind, and those would keep the data.
    killed_by = signal.SIGQUIT

    @property
    def url(self) -> str:
        """Return the address of its database, as libpq takes it."""
        passwords = quote(str(self._passwords), safe="/")
        return f"postgresql://{ROLE}@{LOOPBACK}:{self._port}/{DATABASE}?passfile={passwords}"

    def start(self) -> None:
        """Start it, and return when it answers; raises ServerFailed."""
        programs = _programs()
        if not self._passwords.exists():
            self._make(programs)
        self._run(
            [programs / "postgres", "-D", self._data, "-p", str(self._port), *_settings()], _user()
        )

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    @property
    def _passwords(self) -> Path:
        return self._folder / "pgpass"

    def _make(self, programs: Path) -> None:
        """Make a folder with an empty database; the file of passwords comes last."""
        password = secrets.token_urlsafe(24)
        self._folder.mkdir(mode=0o711, parents=True, exist_ok=True)
        shutil.rmtree(self._data, ignore_errors=True)
        self._data.mkdir(mode=0o700)
        first = _secret(self._folder / "password", f"{password}\n")
        user = _user()
        if user is not None:
            shutil.chown(self._data, user, user)
            shutil.chown(first, user, user)
        try:
            _run(
                programs / "initdb",
                f"--pgdata={self._data}",
                f"--username={ROLE}",
                f"--pwfile={first}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync",
                user=user,
            )
            _run(
                programs / "postgres",
                "--single",
                "-D",
                self._data,
                *_settings(),
                "postgres",
                said=f"CREATE DATABASE {DATABASE};\n",
                user=user,
            )
        finally:
            first.unlink()
        _secret(self._passwords, f"{LOOPBACK}:*:*:{ROLE}:{password}\n")

    def _answers(self, pid: int) -> bool:
        """Tell whether the server of that process takes connections, by the file that it keeps.

        Asking its port could be answered by another one.
        """
        try:
            kept = (self._data / "postmaster.pid").read_text("utf-8").split()
        except FileNotFoundError:
            return False
        return kept[:1] == [str(pid)] and kept[-1] == "ready"


def _programs() -> Path:
    """Return the folder of the newest programs that are new enough; raises ServerFailed."""
    on_path = shutil.which("postgres")
    packaged = _PACKAGES.glob("*/bin/postgres")
    found = [Path(one).resolve() for one in (*([on_path] if on_path else ()), *packaged)]
    versions = {_version(program): program.parent for program in found}
    if not versions or max(versions) < OLDEST:
        raise ServerFailed(
            f"PostgreSQL {OLDEST} or newer is not installed here; install it (on Debian: "
            "apt-get install postgresql), or use a server that you have"
        )
    return versions[max(versions)]


def _version(program: Path) -> int:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    found = _VERSION.search(said.stdout)
    return int(found[1]) if found else 0


def _user() -> str | None:
    """Return as whom the server runs, None for this user; raises ServerFailed."""
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam(SERVED_AS)
    except KeyError as error:
        raise ServerFailed(
            f"root runs PostgreSQL as the user {SERVED_AS}, and there is none; make that user, or "
            "run this as another one than root"
        ) from error
    return SERVED_AS


def _settings() -> Iterator[str]:
    for name, value in _OPTIONS.items():
        yield from ("-c", f"{name}={value}")


def _secret(path: Path, text: str) -> Path:
    """Write a file that only this user can read."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(file, "w", encoding="utf-8") as written:
        written.write(text)
    return path


def _run(program: Path, *arguments: str | Path, said: str = "", user: str | None) -> None:
    done = subprocess.run(
        [program, *arguments],
        input=said.encode(),
        capture_output=True,
        cwd="/",
        user=user,
        group=user,
        extra_groups=None if user is None else [],
        check=False,
    )
    if done.returncode:
        words = tail((done.stdout + done.stderr).decode(errors="replace"))
        reach = "" if user is None else f" (the user {user} must be able to reach its folder)"
        raise ServerFailed(f"PostgreSQL's data could not be made{reach}; it said:\n{words}")
