"""PostgreSQL's arrays as text: a whole column in one parameter.

Binding the values one by one takes ten times as long.
"""

from collections.abc import Sequence


def numbers(values: Sequence[int | None]) -> str:
    """Write whole numbers."""
    return f"{{{','.join(map(str, values))}}}".replace("None", "NULL")


def texts(values: Sequence[str | None]) -> str:
    """Write texts; the character that PostgreSQL cannot store is replaced."""
    if None not in values:
        plain = '","'.join(values)  # type: ignore[arg-type]
        if plain.count('"') == 2 * len(values) - 2 and "\\" not in plain:
            return _storable(f'{{"{plain}"}}' if values else "{}")
    return _storable(f"{{{','.join(map(_element, values))}}}")


def _element(value: str | None) -> str:
    if value is None:
        return "NULL"
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _storable(literal: str) -> str:
    return literal.replace("\0", "\N{REPLACEMENT CHARACTER}")
