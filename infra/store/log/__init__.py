"""The event log, kept for ever on the `eventsourcing` library (decision 9)."""

from infra.store.log.clock import Clock, wall_clock
from infra.store.log.erasure import REASON_LIMIT, check_reason
from infra.store.log.group import GroupCommit, Stopped
from infra.store.log.log import Erased, EventLog
from infra.store.log.request import (
    Append,
    Conflict,
    Cursor,
    Different,
    Draft,
    Erasure,
    Head,
    Imported,
    Known,
    Outcome,
    Raw,
    Skipped,
    Stored,
)
from infra.store.log.verification import Finding
from infra.store.place import Place, is_url, may_exist, named

__all__ = [
    "REASON_LIMIT",
    "Append",
    "Clock",
    "Conflict",
    "Cursor",
    "Different",
    "Draft",
    "Erased",
    "Erasure",
    "EventLog",
    "Finding",
    "GroupCommit",
    "Head",
    "Imported",
    "Known",
    "Outcome",
    "Place",
    "Raw",
    "Skipped",
    "Stopped",
    "Stored",
    "check_reason",
    "is_url",
    "may_exist",
    "named",
    "wall_clock",
]
