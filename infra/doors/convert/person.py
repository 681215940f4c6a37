"""Who did it: opaque ids of people and systems, never names or addresses (contracts, actor)."""

import re
from functools import lru_cache

from domain import identifier
from infra.doors.convert.mapping import Mapping

UNKNOWN = "agent:unknown"

_REMEMBERED = 1 << 12
_HIDDEN = 12
_FOREIGN = re.compile(r"[^\w.-]+")


def customer(name: str | None, mapping: Mapping) -> str:
    """Return the id of the customer; where the row names none, the mapping's."""
    return mapping.customer if name is None else _id(name, mapping.hide, mapping.name)


def actor(name: str | None, mapping: Mapping) -> str:
    """Return who wrote a row: `agent:<id>`, or `system:<id>` for the mapping's systems."""
    if name is None:
        return UNKNOWN
    if name in mapping.system:
        return f"system:{_id(name, False, mapping.name)}"
    return f"agent:{_id(name, mapping.hide, mapping.name)}"


@lru_cache(_REMEMBERED)
def _id(name: str, hidden: bool, source: str) -> str:
    if hidden:
        return identifier.of("person", source, name)[-_HIDDEN:]
    return _FOREIGN.sub("-", name.lower()).strip("-") or "unknown"
