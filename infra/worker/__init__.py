"""The process of a worker: what it tells monitors, and how it is put together."""
