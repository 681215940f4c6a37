"""What a log is: fixed when it is created."""

from typing import NamedTuple


class Settings(NamedTuple):
    """The one row of settings; `created_at` and `live_from` are instants in microseconds.

    `live_from` is the instant from which deadlines are announced (semantics §6) until the log
    records that it was moved (see `announcing`).
    """

    log_id: str
    source: str
    partitions: int
    policy: str
    created_at: int
    live_from: int
