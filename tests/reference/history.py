"""Events as the fold wants them, read from structured CloudEvents (contracts.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CloudEvent = Mapping[str, Any]


class Event(NamedTuple):
    """One fact of a ticket; instants are microseconds since the Unix epoch."""

    ticket: str
    id: str
    kind: str
    occurred: int
    recorded: int
    version: int
    data: Mapping[str, Any]


def instant(text: str) -> int:
    """Read an RFC 3339 time with an offset."""
    return (datetime.fromisoformat(text) - EPOCH) // timedelta(microseconds=1)


def written(at: int) -> str:
    """Write an instant with as many fractional digits as needed, and Z."""
    moment = EPOCH + timedelta(microseconds=at)
    whole = moment.strftime("%Y-%m-%dT%H:%M:%S")
    fraction = f".{moment.microsecond:06d}".rstrip("0") if moment.microsecond else ""
    return f"{whole}{fraction}Z"


def read(line: CloudEvent) -> Event:
    """Read one line; without `recordedtime` it counts as recorded when it happened."""
    return Event(
        ticket=line["subject"],
        id=line["id"],
        kind=line["type"].removeprefix("ticket.").removesuffix(".v1"),
        occurred=instant(line["time"]),
        recorded=instant(line.get("recordedtime", line["time"])),
        version=int(line["sequence"]),
        data=line.get("data", {}),
    )


def read_tickets(lines: Iterable[CloudEvent]) -> dict[str, list[Event]]:
    """Read a history into tickets in order of first appearance; a repeated id counts once."""
    tickets: dict[str, list[Event]] = {}
    seen: set[str] = set()
    for line in lines:
        event = read(line)
        if event.id not in seen:
            seen.add(event.id)
            tickets.setdefault(event.ticket, []).append(event)
    return tickets
