"""Who is told of alerts, and the record of each delivery: not to be made again from the log."""

from infra.store.deliveries.on_sqlite import DamagedDeliveries, SQLiteDeliveries

__all__ = ["DamagedDeliveries", "SQLiteDeliveries"]
