"""A foreign log, row by row, into histories and rejected rows.

Memory holds one ticket's rows at a time, and of every ticket before it only its id: rows of a
ticket that is told already could no longer take their place in it, so they are rejected.
"""

from collections.abc import Callable, Iterator

from infra.doors.convert.mapping import Mapping
from infra.doors.convert.row import Rejection, Row, RowReader
from infra.doors.convert.story import story
from infra.doors.convert.table import Record, Table, TableBroken
from infra.doors.convert.tally import Tally
from streams.envelope import encode, type_of

SCATTERED = "apart from the other rows of its ticket; sort the file by ticket"
MOST_ROWS = 100_000

Reject = Callable[[Record, Rejection], None]


def convert(table: Table, mapping: Mapping, tally: Tally, reject: Reject) -> Iterator[bytes]:
    """Yield the events as structured JSON with their newline, ticket by ticket.

    `tally` grows with every row; `reject` is told of every row that cannot be used. Raises
    TableBroken for a missing column, a broken file, and a ticket of more than `MOST_ROWS` rows.
    """
    reader = RowReader(table, mapping, tally.notes)
    for rows in _by_ticket(table, reader, tally, reject):
        for recorded in story(rows, mapping, reader.places, tally):
            tally.events[type_of(recorded.event)] += 1
            yield encode(recorded) + b"\n"


def _by_ticket(
    table: Table, reader: RowReader, tally: Tally, reject: Reject
) -> Iterator[list[Row]]:
    told: set[str] = set()
    rows: list[Row] = []
    ticket = ""
    for record in table.records():
        tally.rows += 1
        try:
            row = reader.read(record)
            if row.ticket in told:
                raise Rejection(SCATTERED, row.ticket)
        except Rejection as rejection:
            tally.rejected[rejection.reason] += 1
            reject(record, rejection)
            continue
        if row.ticket != ticket:
            if rows:
                yield rows
                told.add(ticket)
            rows, ticket = [], row.ticket
        elif len(rows) == MOST_ROWS:
            raise TableBroken(
                f"line {record.line}: ticket {ticket} has more than {MOST_ROWS:,} rows; "
                "that is no ticket"
            )
        rows.append(row)
    if rows:
        yield rows
