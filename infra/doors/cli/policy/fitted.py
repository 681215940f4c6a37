"""Tables that fit: on a narrow terminal cells are wrapped between words, and nothing is cut off."""

from collections.abc import Sequence

from rich import box
from rich.table import Table

Rows = Sequence[Sequence[str]]


def fitted(title: str, head: Sequence[str], groups: Sequence[Rows], width: int) -> Table:
    """Return a table at most so many columns wide, with a rule between groups of rows.

    Where the words do not fit between the lines of a box, it has none; a word is broken only
    where they do not fit even then.
    """
    columns = list(zip(head, *(row for rows in groups for row in rows), strict=True))
    words = [max(len(word) for cell in column for word in cell.split()) for column in columns]
    whole = [max(len(line) for cell in column for line in cell.split("\n")) for column in columns]
    gaps = len(head) - 1
    boxed = sum(words) + 3 * gaps + 4 <= width
    room = width - (3 * gaps + 4 if boxed else gaps)
    table = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.HEAVY_HEAD if boxed else box.SIMPLE_HEAD,
        padding=(0, 1) if boxed else 0,
        show_edge=boxed,
    )
    for text, wide in zip(head, _widths(words, whole, room), strict=True):
        table.add_column(text, overflow="fold", width=wide)
    for rows in groups:
        for row in rows:
            table.add_row(*row)
        table.add_section()
    return table


def grid() -> Table:
    """Return a grid of two columns, for names and what they are."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(overflow="fold")
    grid.add_column(overflow="fold")
    return grid


def _widths(words: Sequence[int], whole: Sequence[int], room: int) -> list[int]:
    """Share the room out: to the longest words first, then where most is still missing."""
    widths = list(words)
    while sum(widths) > max(room, len(widths)):
        widths[widths.index(max(widths))] -= 1
    while sum(widths) < min(room, sum(whole)):
        missing = [most - wide for most, wide in zip(whole, widths, strict=True)]
        widths[missing.index(max(missing))] += 1
    return widths
