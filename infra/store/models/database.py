"""The SQLite database of the read models: what it is asked, and what its errors mean."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import orjson

from infra.store.failure import Damaged, Missing
from infra.store.file import File
from infra.store.models import schema
from projections import sql

_QUERIES = sql.queries(schema.DIALECT)

# What is here follows from the log, so a power cut may take the last moments; a killed process
# loses nothing. Nothing here was written by people, so nothing needs to be overwritten.
_PRAGMAS = (
    "PRAGMA synchronous = NORMAL",
    "PRAGMA secure_delete = OFF",
    "PRAGMA cache_size = -65536",
    # 64 MB, as long as the log of a file may stay: a page that changed ten times is moved once.
    "PRAGMA wal_autocheckpoint = 16384",
)


class NoModels(Missing):
    """There are no read models yet."""

    says = (
        "there are no read models at {place} yet; start the engine with `lhuta run`, or make them "
        "with `lhuta rebuild`"
    )


class DamagedModels(Damaged):
    """The database of the read models is not what was written."""

    says = (
        "{place} is damaged: {detail}; nothing is lost, because the read models follow from the "
        "event log, and what subscribers are owed stands beside them: delete this file and run "
        "`lhuta rebuild`"
    )


class Database(File):
    """An open database of read models. Every method raises the StoreError that stopped it."""

    layout = schema.LAYOUT
    damaged = DamagedModels
    missing = NoModels
    # Whoever may read the folder may ask it, with tools of their own.
    is_private = False
    pragmas = _PRAGMAS

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Begin a transaction that sees everything as of one moment."""
        with self.transaction("BEGIN"):
            yield

    def asked(self, name: str, **parameters: object) -> list[Any]:
        """Return the rows of a named query; lists of texts may be among the parameters."""
        return self.rows(_QUERIES[name], _bound(parameters))

    def done(self, name: str, **parameters: object) -> int:
        """Carry a named statement out; return how many rows it changed."""
        return self.change(_QUERIES[name], _bound(parameters))


def _bound(parameters: Mapping[str, object]) -> dict[str, object]:
    return {
        name: orjson.dumps(value).decode() if isinstance(value, list) else value
        for name, value in parameters.items()
    }
