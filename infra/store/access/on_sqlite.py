"""The tokens in a SQLite file of their own: a rebuild leaves them alone, a backup may too."""

from collections.abc import Mapping
from importlib.resources import files
from os import PathLike
from threading import Lock
from typing import Any

from infra.store.access.stored import NOTHING, StoredTokens
from infra.store.failure import Damaged
from infra.store.file import File
from infra.store.layout import numbered
from infra.store.sqlite import BUSY_SECONDS


class DamagedAccess(Damaged):
    """The file of tokens is not what was written."""

    says = (
        "{place} is damaged: {detail}; nothing else depends on it: move it away, "
        "and give people new tokens with `lhuta token add`"
    )


class AccessFile(File):
    """The file of tokens."""

    layout = numbered(files("infra.store.access") / "schema" / "sqlite")
    damaged = DamagedAccess


class SQLiteTokens(StoredTokens):
    """The tokens in a file, over one connection for all threads."""

    def __init__(self, file: AccessFile) -> None:
        self._file = file
        self._using = Lock()

    @classmethod
    def open(
        cls,
        path: str | PathLike[str],
        *,
        read_only: bool = False,
        busy_seconds: float = BUSY_SECONDS,
    ) -> "SQLiteTokens":
        """Open the tokens; make an empty file where there is none, unless `read_only`.

        Raises Missing, DamagedAccess and other StoreErrors.
        """
        return cls(AccessFile.open(path, read_only=read_only, busy_seconds=busy_seconds))

    def close(self) -> None:
        """Let the file go."""
        self._file.close()

    def _rows(self, statement: str, parameters: Mapping[str, object] = NOTHING) -> list[Any]:
        with self._using:
            return self._file.rows(statement, dict(parameters))

    def _change(self, statement: str, parameters: Mapping[str, object]) -> None:
        with self._using:
            self._file.change(statement, dict(parameters))
