"""A transaction on the tables of the log: the statements that every database understands.

They are written with `?` for parameters. What a database says in its own way is handed in by the
class that stands on it.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import repeat
from typing import Any, ClassVar

from infra.store.failure import Damaged
from infra.store.layout import Layout
from infra.store.log import chain
from infra.store.log.backend import Basis, Checked, CommandLink, LinkRow, Told, WalkRow
from infra.store.log.clock import Clock
from infra.store.log.plan import CommandRow, EventRow, Ledger, Plan, Request, plan
from infra.store.log.settings import Settings
from infra.store.log.stream import ERASURES

EVENT = (
    "position, originator_id, originator_version, topic, state, recorded_at, hash, "
    "previous, partition"
)
COMMAND = (
    "ordinal, command_id, digest, ticket, first_version, last_version, "
    "first_position, last_position, recorded_at, hash, salt"
)
LEDGER = "position, recorded_at, hash, commands, commands_hash"

MOST = 2**63 - 1
"""The largest number of both databases: as many as there are."""

_EVENT_OF_E = ", ".join(f"e.{column}" for column in EVENT.split(", "))
_COMMAND_OF_C = ", ".join(f"c.{column}" for column in COMMAND.split(", "))
_SETTINGS = "log_id, source, partitions, policy, created_at, live_from"

_TOLD = f"SELECT {_EVENT_OF_E}, t.document FROM events e LEFT JOIN texts t USING (position)"
_STREAM = f"{_TOLD} WHERE e.originator_id = ? AND e.originator_version > ? "
_LINK = (
    f"SELECT {_EVENT_OF_E}, b.hash FROM events e LEFT JOIN events b ON b.position = e.position - 1"
)
_LAST_EVENT = f"{_LINK} ORDER BY e.position DESC LIMIT 1"
_LAST_COMMAND = f"""
    SELECT {_COMMAND_OF_C}, b.hash
    FROM commands c LEFT JOIN commands b ON b.ordinal = c.ordinal - 1
    ORDER BY c.ordinal DESC LIMIT 1
"""
_WALK = f"""
    SELECT {_EVENT_OF_E}, t.salt, t.document, EXISTS (
        SELECT 1 FROM events f
        WHERE f.originator_id = ? || e.originator_id AND f.position > e.position
    )
    FROM events e LEFT JOIN texts t USING (position) ORDER BY e.position
"""
_CHECKED = f"""
    SELECT {_COMMAND_OF_C}, f.originator_id, f.originator_version, f.state,
        l.originator_id, l.originator_version, l.state, EXISTS (
            SELECT 1 FROM events x
            WHERE x.originator_id = ? || c.ticket AND x.recorded_at > c.recorded_at
        )
    FROM commands c LEFT JOIN events f ON f.position = c.first_position
    LEFT JOIN events l ON l.position = c.last_position ORDER BY c.ordinal
"""
_LASTS = "SELECT partition, position FROM partitions"
_MISPLACED = """
    SELECT position, originator_id, originator_version FROM events later
    WHERE originator_version <> 1 AND NOT EXISTS (
        SELECT 1 FROM events earlier
        WHERE earlier.originator_id = later.originator_id
          AND earlier.originator_version = later.originator_version - 1
          AND earlier.position < later.position
    )
    LIMIT ?
"""
_STRAYS = """
    SELECT t.position FROM texts t LEFT JOIN events e USING (position)
    WHERE e.position IS NULL LIMIT ?
"""
_ERASABLE = """
    WITH asked AS (SELECT value FROM {asked})
    SELECT originator_id FROM events JOIN texts USING (position)
    WHERE originator_id IN (SELECT value FROM asked)
    UNION
    SELECT ticket FROM commands
    WHERE salt IS NOT NULL AND ticket IN (SELECT value FROM asked)
"""


class Session(ABC):
    """A transaction on the tables of the log.

    `asked` is a table of one column `value` made from a parameter that `_listed` returns;
    `contains` tells whether a state contains the bytes of a parameter; `instant` is what the
    database knows of the present, for which a clock may stand in.
    """

    asked: ClassVar[str]
    contains: ClassVar[str]
    instant: ClassVar[str]

    def __init__(self, place: str, clock: Clock | None) -> None:
        self._place = place
        self._clock = clock

    def schema(self) -> int:
        """Return the number up to which the tables are there."""
        number: int = self._row("SELECT schema FROM log_settings")[0]
        return number

    def settings(self) -> Settings:
        """Return the settings."""
        return Settings(*self._row(f"SELECT {_SETTINGS} FROM log_settings"))

    def ledger(self) -> Ledger:
        """Return the heads of the chains."""
        return Ledger(*self._row(f"SELECT {LEDGER} FROM log_head"))

    @abstractmethod
    def lock(self) -> None:
        """Take the row of `log_head`; as the first statement, so that nobody writes in between."""

    def basis(self, command_ids: Sequence[str], streams: Iterable[str]) -> Basis:
        """Return what an append of some commands to some streams stands on."""
        answers = (
            self._asked(f"SELECT {LEDGER}, {self.instant} FROM log_head"),
            self._asked(_LAST_EVENT),
            self._asked(_LAST_COMMAND),
            self._asked(self._links(), self._listed(streams)),
            self._asked(self._known(), self._listed(command_ids)),
            self._asked(_LASTS),
        )
        heads, event, command, links, known, lasts = (answer() for answer in answers)
        *ledger, now = self._only(heads)
        return Basis(
            Ledger(*ledger),
            now if self._clock is None else self._clock(),
            _link(event),
            _command_link(command),
            links,
            _by_id(known),
            dict(lasts),
        )

    def lasts(self) -> dict[int, int]:
        """Return the last position of every partition that has one."""
        return dict(self._rows(_LASTS))

    def hash_at(self, position: int) -> bytes | None:
        """Return the hash of the event at a position."""
        found = self._rows("SELECT hash FROM events WHERE position = ?", position)
        return found[0][0] if found else None

    def tickets_after(
        self, position: int, limit: int, partition: int | None = None
    ) -> list[EventRow]:
        """Return the next events of tickets, of one partition or of all, by their positions."""
        chosen = "partition IS NOT NULL" if partition is None else "partition = ?"
        rows = self._rows(
            f"SELECT {EVENT} FROM events WHERE {chosen} AND position > ? ORDER BY position LIMIT ?",
            *(() if partition is None else (partition,)),
            position,
            limit,
        )
        # What `_make` does, in a third of the time: a rebuild reads everything.
        return list(map(tuple.__new__, repeat(EventRow), rows))

    def stream(self, stream: str, after: int = 0) -> list[Told]:
        """Return the events of a stream above a version, in order."""
        return self._told(f"{_STREAM} ORDER BY e.originator_version", stream, after)

    def streams(self, streams: Iterable[str]) -> list[Told]:
        """Return the events of some streams, one stream after the other, each in order."""
        return self._told(
            f"{_TOLD} WHERE e.originator_id IN (SELECT value FROM {self.asked}) "
            "ORDER BY e.originator_id, e.originator_version",
            self._listed(streams),
        )

    def part(self, stream: str, after: int, to: int, limit: int, *, desc: bool) -> list[Told]:
        """Return events of a stream with a version above `after` and up to `to`."""
        return self._told(
            f"{_STREAM} AND e.originator_version <= ? "
            f"ORDER BY e.originator_version {'DESC' if desc else 'ASC'} LIMIT ?",
            stream,
            after,
            to,
            limit,
        )

    def between(self, first: int, last: int, topics: Sequence[str], limit: int) -> list[EventRow]:
        """Return events by their positions, of some topics, or of all where none is named."""
        wanted = f"AND topic IN ({', '.join('?' * len(topics))})" if topics else ""
        rows = self._rows(
            f"SELECT {EVENT} FROM events WHERE position BETWEEN ? AND ? {wanted} "
            "ORDER BY position LIMIT ?",
            first,
            last,
            *topics,
            limit,
        )
        return list(map(EventRow._make, rows))

    def last_of(self, stream: str) -> EventRow | None:
        """Return the last event of a stream, None where there is no such stream."""
        rows = self._rows(
            f"SELECT {EVENT} FROM events WHERE originator_id = ? "
            "ORDER BY originator_version DESC LIMIT 1",
            stream,
        )
        return EventRow._make(rows[0]) if rows else None

    def naming(self, text: bytes) -> Iterator[EventRow]:
        """Yield every event whose state contains a text, in the order of their positions."""
        statement = f"SELECT {EVENT} FROM events WHERE {self.contains} ORDER BY position"
        return map(EventRow._make, self._streamed(statement, text))

    def walk(self) -> Iterator[WalkRow]:
        """Yield every event with its text, in the order of their positions."""
        return self._streamed(_WALK, ERASURES)

    def checked_commands(self) -> Iterator[Checked]:
        """Yield every command with the events that it claims, in order."""
        rows = self._streamed(_CHECKED, ERASURES)
        return (Checked(CommandRow._make(row[:-7]), *row[-7:]) for row in rows)

    def misplaced(self, limit: int) -> list[tuple[int, str, int]]:
        """Return position, stream and version of events whose version does not follow."""
        return self._rows(_MISPLACED, limit)

    def strays(self, limit: int) -> list[int]:
        """Return positions of texts that stand beside no event."""
        return [position for (position,) in self._rows(_STRAYS, limit)]

    def last_event(self) -> LinkRow | None:
        """Return the event with the highest position, None where there is none at all."""
        return _link(self._rows(_LAST_EVENT))

    def last_command(self) -> CommandLink | None:
        """Return the command with the highest ordinal, None where there is none yet."""
        return _command_link(self._rows(_LAST_COMMAND))

    @abstractmethod
    def faults(self) -> list[str]:
        """Return what the database itself finds wrong with how it is stored."""

    @abstractmethod
    def size(self) -> int:
        """Return how many bytes the log takes."""

    def known(self, command_ids: Sequence[str]) -> dict[str, CommandRow]:
        """Return those of the commands that were carried out."""
        return _by_id(self._rows(self._known(), self._listed(command_ids)))

    def tails(self, streams: Iterable[str]) -> dict[str, int]:
        """Return the last version of those of the streams that are there."""
        last = "SELECT max(originator_version) FROM events WHERE originator_id = value"
        rows = self._rows(f"SELECT value, ({last}) FROM {self.asked}", self._listed(streams))
        return {stream: version for stream, version in rows if version is not None}

    @abstractmethod
    def write(self, plan: Plan) -> None:
        """Store what was planned."""

    def erasable(self, streams: Sequence[str]) -> set[str]:
        """Return those of the streams that have words, or salts of commands, left to erase."""
        rows = self._rows(_ERASABLE.format(asked=self.asked), self._listed(streams))
        return {stream for (stream,) in rows}

    def erase(self, streams: Sequence[str]) -> int:
        """Erase the words of streams and their commands' salts; return of how many events."""
        named = self._listed(streams)
        self._change(
            "UPDATE commands SET salt = NULL "
            f"WHERE salt IS NOT NULL AND ticket IN (SELECT value FROM {self.asked})",
            named,
        )
        return self._change(
            "DELETE FROM texts WHERE position IN (SELECT position FROM events "
            f"WHERE originator_id IN (SELECT value FROM {self.asked}))",
            named,
        )

    def found(self, layout: Layout, settings: Settings, request: Request) -> None:
        """Create the tables, with the settings and one first request, recorded at creation."""
        for statement in layout.statements(0):
            self._change(statement)
        self._change(
            f"INSERT INTO log_settings (schema, {_SETTINGS}) VALUES (?, ?, ?, ?, ?, ?, ?)",
            layout.latest,
            *settings,
        )
        ledger = Ledger(0, settings.created_at - 1, chain.origin(settings), 0, b"")
        self._change(f"INSERT INTO log_head ({LEDGER}) VALUES (?, ?, ?, ?, ?)", *ledger)
        self.write(plan(ledger, settings.created_at, {}, {}, {}, [request]))

    def grow(self, layout: Layout) -> None:
        """Add what a later program needs; the lock is held, and somebody may have been faster."""
        for statement in layout.statements(self.schema()):
            self._change(statement)
        self._change("UPDATE log_settings SET schema = ?", layout.latest)

    def _told(self, statement: str, *parameters: object) -> list[Told]:
        return [
            Told(EventRow._make(row[:-1]), row[-1]) for row in self._rows(statement, *parameters)
        ]

    def _known(self) -> str:
        asked = f"(SELECT value FROM {self.asked})"
        return f"SELECT {COMMAND} FROM commands WHERE command_id IN {asked}"

    def _links(self) -> str:
        asked = f"(SELECT value FROM {self.asked})"
        order = "ORDER BY e.originator_id, e.originator_version"
        return f"{_LINK} WHERE e.originator_id IN {asked} {order}"

    def _row(self, statement: str) -> Any:
        return self._only(self._rows(statement))

    def _only(self, rows: list[Any]) -> Any:
        if not rows:
            raise Damaged(self._place, "the one row of its settings or of its head is missing")
        return rows[0]

    def _asked(self, statement: str, *parameters: object) -> Callable[[], list[Any]]:
        """Ask for the rows of a selection; a database may answer several at once."""
        rows = self._rows(statement, *parameters)
        return lambda: rows

    @abstractmethod
    def _listed(self, values: Iterable[str]) -> object:
        """Return the parameter from which `asked` is made."""

    @abstractmethod
    def _rows(self, statement: str, *parameters: object) -> list[Any]:
        """Return the rows of a selection."""

    @abstractmethod
    def _streamed(self, statement: str, *parameters: object) -> Iterator[Any]:
        """Yield the rows of a selection that may be too many to hold."""

    @abstractmethod
    def _change(self, statement: str, *parameters: object) -> int:
        """Carry a statement out; return how many rows it changed."""


def _by_id(rows: Iterable[Any]) -> dict[str, CommandRow]:
    return {row[1]: CommandRow._make(row) for row in rows}


def _link(rows: list[LinkRow]) -> LinkRow | None:
    return rows[0] if rows else None


def _command_link(rows: list[Any]) -> CommandLink | None:
    return CommandLink(CommandRow._make(rows[0][:-1]), rows[0][-1]) if rows else None
