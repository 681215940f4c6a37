"""What an installation decides: where the data is, and how often the engine looks."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from domain import instant

LHUTA_DATABASE = "LHUTA_DATABASE"


def _database() -> str | None:
    return os.environ.get(LHUTA_DATABASE) or None


@dataclass(frozen=True, slots=True)
class Settings:
    """The data folder, where the stores are, and the pace of the engine in microseconds."""

    data: Path
    database: str | None = field(default_factory=_database)
    """The PostgreSQL database with the stores, by its libpq URL, also as LHUTA_DATABASE in the
    environment; None for files in the data folder."""
    poll_every: int = instant.SECOND // 4
    """How long the engine rests when there is nothing to do."""
    tick_every: int = 5 * instant.SECOND
    """How old time may grow on an idle log; a deadline moves it at its own instant."""
    audit_every: int = instant.HOUR
    """How often the read models are held against the log; 0 for never."""

    @property
    def log(self) -> Path | str:
        """Return the event log, a file or a URL: kept for ever."""
        return self._store("log.db")

    @property
    def models(self) -> Path | str:
        """Return the read models, a file or a URL: they follow from the log."""
        return self._store("models.db")

    @property
    def lock(self) -> Path:
        """Return the file that the running engine holds."""
        return self.data / "engine.lock"

    @property
    def deliveries(self) -> Path | str:
        """Return the subscriptions and what is owed to each, a file or a URL.

        A rebuild leaves them alone.
        """
        return self._store("deliveries.db")

    @property
    def access(self) -> Path | str:
        """Return the tokens of the HTTP API, a file or a URL; a rebuild leaves them alone."""
        return self._store("access.db")

    @property
    def audit(self) -> Path:
        """Return the file with the result of the last audit."""
        return self.data / "audit.json"

    def _store(self, file: str) -> Path | str:
        return self.data / file if self.database is None else self.database
