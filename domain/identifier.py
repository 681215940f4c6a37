"""Identifiers that anybody can compute again: UUIDv5 of a described thing (contracts, end)."""

from hashlib import sha1
from uuid import NAMESPACE_URL, uuid5

from domain import instant

NAMESPACE = uuid5(NAMESPACE_URL, "urn:lhuta")
_NAMED = sha1(NAMESPACE.bytes, usedforsecurity=False)
_VARIANT = "89ab89ab89ab89ab"


def of(*parts: str) -> str:
    """Return the UUIDv5 of the parts joined by `/`.

    The text of `uuid.uuid5(NAMESPACE, ...)`, made without the object around it: whole histories
    are named by it.
    """
    named = _NAMED.copy()
    named.update("/".join(parts).encode())
    digits = named.hexdigest()
    variant = _VARIANT[int(digits[16], 16)]
    return f"{digits[:8]}-{digits[8:12]}-5{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:32]}"


def of_event(ticket: str, command_id: str, index: int) -> str:
    """Return the id of the `index`-th event (from 0) that a command caused on a ticket."""
    return of("event", ticket, command_id, str(index))


def of_alert(
    ticket: str,
    clock: str,
    started_by: str,
    kind: str,
    step: str | None,
    deadline: int,
    withdrawals: int,
) -> str:
    """Return the id of a decided alert; `withdrawals` of this very deadline came before it."""
    where = instant.text(deadline)
    return of("alert", ticket, clock, started_by, kind, step or "", where, str(withdrawals))


def of_withdrawal(alert_id: str) -> str:
    """Return the id of the alert that withdraws another one."""
    return of("withdrawn", alert_id)


def of_clearing(ticket: str, clock: str, started_by: str, at: int, clearings: int) -> str:
    """Return the id of a clearing; `clearings` of this clock came before it."""
    return of("cleared", ticket, clock, started_by, instant.text(at), str(clearings))
