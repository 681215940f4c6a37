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
    """The data folder, where the log is, and the pace of the engine in microseconds."""

    data: Path
    database: str | None = field(default_factory=_database)
    """The PostgreSQL database with the log, by its libpq URL, also as LHUTA_DATABASE in the
    environment; None for a file in the data folder."""
    poll_every: int = instant.SECOND // 4
    """How long the engine rests when there is nothing to do."""
    tick_every: int = 5 * instant.SECOND
    """How old time may grow on an idle log; a deadline moves it at its own instant."""
    audit_every: int = instant.HOUR
    """How often the read models are held against the log; 0 for never."""

    @property
    def log(self) -> Path | str:
        """Return the event log, a file or a URL: kept for ever."""
        return self.data / "log.db" if self.database is None else self.database

    @property
    def models(self) -> Path:
        """Return the read models: they follow from the log."""
        return self.data / "models.db"

    @property
    def lock(self) -> Path:
        """Return the file that the running engine holds."""
        return self.data / "engine.lock"

    @property
    def deliveries(self) -> Path:
        """Return the subscriptions and what is owed to each, which a rebuild leaves alone."""
        return self.data / "deliveries.db"

    @property
    def access(self) -> Path:
        """Return the tokens of the HTTP API, which a rebuild leaves alone."""
        return self.data / "access.db"

    @property
    def audit(self) -> Path:
        """Return the file with the result of the last audit."""
        return self.data / "audit.json"
