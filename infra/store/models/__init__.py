"""The read models on disk: they follow from the event log and may be thrown away."""

from infra.store.models.database import DamagedModels
from infra.store.models.on_sqlite import SQLiteModels
from infra.store.models.read_models import ReadModels, Sizes

__all__ = ["DamagedModels", "ReadModels", "SQLiteModels", "Sizes"]
