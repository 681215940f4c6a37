"""Rows of names and figures: a table where it fits, else every row on lines of its own."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from rich import box
from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from infra.doors.cli.judging.unbroken import held, tied

_GAP = 2
_NAME = 22
"""How wide a name is at most where figures would have to give way to it."""

Cell = str | tuple[str, str]
"""A text, or a text and its style."""


class Column(NamedTuple):
    """What stands in a column: figures to the right, each in one piece, or text.

    Columns that `name` say what a row is about, and need no head to be understood.
    """

    head: str
    figures: bool = False
    names: bool = False
    style: str = ""


class Sheet:
    """Rows under columns, laid out for a width without losing a word or breaking a figure."""

    def __init__(self, columns: Sequence[Column]) -> None:
        """Begin without a row."""
        self._columns = columns
        self._rows: list[tuple[Text, ...]] = []
        self._breaks: set[int] = set()

    def add(self, *cells: Cell) -> None:
        """Add a row."""
        self._rows.append(
            tuple(
                _text(cell, one_piece=column.figures)
                for column, cell in zip(self._columns, cells, strict=True)
            )
        )

    def end_section(self) -> None:
        """Set the rows so far apart from those to come."""
        self._breaks.add(len(self._rows) - 1)

    def is_roomy(self, width: int) -> bool:
        """Tell whether a table fits in which at most long names are wrapped."""
        wanted = (
            min(natural, _NAME) if column.names else natural
            for column, natural in zip(self._columns, self._needs(_longest_line), strict=True)
        )
        return sum(wanted) <= self._room(width)

    def laid_out(self, width: int) -> RenderableType:
        """Return the rows as a table, or one below the other where no table fits."""
        widths = self._widths(self._room(width))
        return Group(*self._stacked()) if widths is None else self._table(widths)

    def _room(self, width: int) -> int:
        return width - _GAP * (len(self._columns) - 1)

    def _needs(self, need: Callable[[str], int]) -> list[int]:
        """Return what the most demanding cell of each column needs, head included."""
        return [
            max(need(held(column.head)), *(need(row[index].plain) for row in self._rows), 0)
            for index, column in enumerate(self._columns)
        ]

    def _widths(self, room: int) -> list[int] | None:
        """Narrow the columns with the most to spare; None where words would have to break."""
        widths, least = self._needs(_longest_line), self._needs(_longest_word)
        while sum(widths) > room:
            to_spare, index = max(
                (width - needed, index)
                for index, (width, needed) in enumerate(zip(widths, least, strict=True))
            )
            if not to_spare:
                return None
            widths[index] -= 1
        return widths

    def _table(self, widths: Iterable[int]) -> Table:
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
        for column, width in zip(self._columns, widths, strict=True):
            table.add_column(
                held(column.head),
                justify="right" if column.figures else "left",
                style=column.style,
                width=width,
            )
        for index, row in enumerate(self._rows):
            table.add_row(*row, end_section=index in self._breaks)
        return table

    def _stacked(self) -> Iterator[RenderableType]:
        heads = (held(column.head) for column in self._columns if column.names)
        yield Text(", ".join(heads), "bold")
        for index, row in enumerate(self._rows):
            named = list(zip(self._columns, row, strict=True))
            yield Text(", ").join(cell for column, cell in named if column.names and cell)
            facts = [
                Text.assemble(_text(_label(column), one_piece=column.figures), cell)
                for column, cell in named
                if cell and not column.names
            ]
            yield Padding(Text(", ").join(facts), (0, 0, 0, _GAP))
            if index in self._breaks:
                yield Text()


def _label(column: Column) -> str:
    return f"{column.head} ".replace("\n", " ")


def _text(cell: Cell, *, one_piece: bool) -> Text:
    text, style = (cell, "") if isinstance(cell, str) else cell
    return Text(tied(text) if one_piece else held(text), style)


def _longest_line(text: str) -> int:
    return max(map(cell_len, text.split("\n")))


def _longest_word(text: str) -> int:
    return max(map(cell_len, text.split()), default=0)
