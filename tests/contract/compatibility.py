"""Tells whether a later JSON Schema breaks those who read or write by an earlier one."""

from collections.abc import Iterator, Mapping
from typing import Any

_WORDS_ONLY = frozenset({"title", "description", "examples", "properties", "required", "items"})


def breaks(before: Mapping[str, Any], after: Mapping[str, Any], at: str = "") -> Iterator[str]:
    """Yield what the later schema breaks: fields removed, held otherwise, required or no longer.

    What may come is a new field that nobody must give, other examples, and other words.
    """
    place = at or "the whole"
    for name in sorted({*before, *after} - _WORDS_ONLY):
        if before.get(name) != after.get(name):
            yield f"{place}: {name} was {before.get(name)}, is {after.get(name)}"
    old, new = before.get("properties", {}), after.get("properties", {})
    for name in old:
        if name not in new:
            yield f"{at}/{name}: removed"
        else:
            yield from breaks(old[name], new[name], f"{at}/{name}")
    demanded, demands = set(before.get("required", [])), set(after.get("required", []))
    for name in sorted(demands ^ demanded):
        yield f"{at}/{name}: {'now required' if name in demands else 'no longer required'}"
    if "items" in before or "items" in after:
        yield from breaks(before.get("items", {}), after.get("items", {}), f"{at}/[]")
