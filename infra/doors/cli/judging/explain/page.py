"""An explanation laid out for a terminal; colour says nothing that words do not."""

from collections.abc import Iterator, Mapping, Sequence

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from domain.clock import Verdict
from infra.doors.cli.judging.unbroken import held, released
from projections.narrative import Narrative, Row, Section

_COLOURS: Mapping[Verdict, str] = {
    "met": "green",
    "breached": "bold red",
    "running": "yellow",
    "no-target": "cyan",
}
_LONGEST_TEXT = 100
_GAP = 2


def page(narratives: Sequence[Narrative], width: int) -> str:
    """Lay out explanations one after the other, `width` columns wide.

    It has escape sequences where standard output is a terminal that wants colours.
    """
    console = Console(width=width, markup=False, emoji=False, highlight=False)
    text_width = min(width, _LONGEST_TEXT)
    with console.capture() as capture:
        for number, narrative in enumerate(narratives):
            if number:
                console.print()
            console.print(Text(held(narrative.title), "bold"), width=text_width)
            verdict = Text(held(narrative.sentence), _COLOURS[narrative.verdict])
            console.print(verdict, width=text_width)
            for section in narrative.sections:
                console.print()
                console.print(Text(section.heading, "bold"), width=text_width)
                for part in _parts(section):
                    console.print(Padding(part, (0, 0, 0, _GAP)), width=text_width)
                if section.table:
                    console.print(Padding(_table(section.table, width), (0, 0, 0, _GAP)))
                for sentence in section.after:
                    console.print(Padding(Text(held(sentence)), (0, 0, 0, _GAP)), width=text_width)
    # Cells are padded to their column's width, also the last of a line.
    return "".join(f"{released(line.rstrip())}\n" for line in capture.get().splitlines())


def _parts(section: Section) -> Iterator[RenderableType]:
    """Yield what stands above the table."""
    if section.facts:
        grid = Table.grid(padding=(0, _GAP, 0, 0))
        grid.add_column(no_wrap=True, style="dim")
        grid.add_column(overflow="fold")
        for label, text in section.facts:
            grid.add_row(label, Text(held(text)))
        yield grid
    for sentence in section.before:
        yield Text(held(sentence))


def _table(rows: Sequence[Row], width: int) -> Table:
    """Set the segments in columns; UTC stands under local time where there is no room beside it."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    beside = sum(widths) + _GAP * len(widths) <= width
    table = Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, header_style="dim")
    cells = [tuple(map(held, _cells(row, beside=beside))) for row in rows]
    for column, number in zip(zip(*cells, strict=True), _numbers(beside=beside), strict=True):
        # Where it is narrow, the heads of numbers give way before the stretches do.
        longest = max(len(word) for cell in column for word in cell.split())
        table.add_column(
            Text(column[0]),
            justify="right" if number else "left",
            overflow="fold",
            max_width=longest if number and not beside else None,
        )
    for line in cells[1:]:
        table.add_row(*map(Text, line))
    return table


def _cells(row: Row, *, beside: bool) -> tuple[str, ...]:
    if beside:
        return row
    return (row.number, row.kind, f"{row.local}\n{row.utc}", *row[4:])


def _numbers(*, beside: bool) -> tuple[bool, ...]:
    """Tell which columns hold numbers."""
    return (True, False, False, *((False,) if beside else ()), True, True, True)
