"""An explanation as plain text, to copy into a letter."""

from collections.abc import Iterator, Sequence

from projections.narrative import Narrative, Row, Section


def plain(told: Narrative) -> str:
    """Write an explanation in lines; the columns of its tables stand below each other."""
    lines = [told.title, told.sentence]
    for section in told.sections:
        lines += ["", section.heading, *_lines(section)]
    return "\n".join(lines)


def _lines(section: Section) -> Iterator[str]:
    yield from (f"  {label}: {fact}" for label, fact in section.facts)
    yield from (f"  {text}" for text in section.before)
    yield from _table(section.table)
    yield from (f"  {text}" for text in section.after)


def _table(rows: Sequence[Row]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield f"  {'  '.join(cells)}".rstrip()
