"""The deliveries in a SQLite file of their own, for one engine and the commands beside it."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from importlib.resources import files
from os import PathLike
from typing import Any

from infra.outlets.subscription import Way
from infra.store.deliveries.stored import NOTHING, StoredDeliveries
from infra.store.failure import Damaged
from infra.store.file import File
from infra.store.layout import numbered
from infra.store.log import wall_clock
from infra.store.models.schema import DIALECT
from infra.store.sqlite import BUSY_SECONDS

# The sequence remembers the highest number that ever was, also of subscribers who are no more.
_SUBSCRIBE = """
    INSERT INTO subscriptions (name, way, target, kinds, since)
    SELECT 'S-' || (1 + COALESCE(MAX(seq), 0)), ?, ?, ?, ?
    FROM sqlite_sequence WHERE name = 'subscriptions'
    RETURNING name
"""


class DamagedDeliveries(Damaged):
    """The database of the deliveries is not what was written."""

    says = (
        "{place} is damaged: {detail}; it holds who is told of alerts and what they are still "
        "owed: go on with a backup of it, or move it away, subscribe again, and see with "
        "`lhuta alerts --since` what was decided meanwhile"
    )


class DeliveriesFile(File):
    """The file of deliveries; private, because a command of a subscriber may hold a secret."""

    layout = numbered(files("infra.store.deliveries") / "schema" / "sqlite", DIALECT.view)
    damaged = DamagedDeliveries


class SQLiteDeliveries(StoredDeliveries):
    """The deliveries in a file."""

    def __init__(self, file: DeliveriesFile) -> None:
        self._file = file

    @classmethod
    def open(
        cls,
        path: str | PathLike[str],
        *,
        read_only: bool = False,
        busy_seconds: float = BUSY_SECONDS,
    ) -> "SQLiteDeliveries":
        """Open the deliveries; make empty ones where there are none, unless `read_only`.

        Raises Missing, DamagedDeliveries and other StoreErrors.
        """
        return cls(DeliveriesFile.open(path, read_only=read_only, busy_seconds=busy_seconds))

    def close(self) -> None:
        """Let the database go."""
        self._file.close()

    def now(self) -> int:
        """Return the time of this machine."""
        return wall_clock()

    def _add(self, way: Way, target: str, kinds: str, since: int) -> str:
        name: str = self._file.rows(_SUBSCRIBE, (way, target, kinds, since))[0][0]
        return name

    def _rows(self, statement: str, parameters: Mapping[str, object] = NOTHING) -> list[Any]:
        return self._file.rows(statement, dict(parameters))

    def _change(self, statement: str, parameters: Mapping[str, object]) -> int:
        return self._file.change(statement, dict(parameters))

    def _many(self, statement: str, rows: Sequence[Mapping[str, object]]) -> None:
        self._file.many(statement, map(dict, rows))

    def _be_known(self, notifier: str) -> None:
        """Do nothing: on a file one engine works, always under the same name."""

    def _transaction(self) -> AbstractContextManager[None]:
        return self._file.transaction()
