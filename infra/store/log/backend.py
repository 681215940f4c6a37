"""What the log needs of a database; one class a back end, held to it by one contract suite.

All of it happens inside a transaction: a `Reading` sees one state of the log and keeps seeing it, a
`Writing` holds the row of `log_head` from its first statement to its last.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from infra.store.log.plan import CommandRow, EventRow, Ledger, Plan
from infra.store.log.request import Head
from infra.store.log.settings import Settings


class Told(NamedTuple):
    """An event's row with the document of its words, None where there is none any more."""

    event: EventRow
    document: bytes | None


class CommandLink(NamedTuple):
    """A command's row with the hash of the one before it, None where there is none."""

    command: CommandRow
    before: bytes | None


class Checked(NamedTuple):
    """A command's row beside what the log has at its first and its last position.

    `erased` tells whether an erasure of its ticket was recorded after it.
    """

    command: CommandRow
    first_stream: str | None
    first_version: int | None
    first_state: bytes | None
    last_stream: str | None
    last_version: int | None
    last_state: bytes | None
    erased: bool


LinkRow = tuple[int, str, int, str, bytes, int, bytes, int, int | None, bytes | None]
"""An EventRow, then the hash at the position before it, None where nothing is there."""


class Basis(NamedTuple):
    """What an append stands on, read under the lock.

    The heads, the time, the last row of each chain, the events of the streams that go on, the
    commands that are known, and the last positions of the partitions.
    """

    ledger: Ledger
    now: int
    last_event: LinkRow | None
    last_command: CommandLink | None
    links: list[LinkRow]
    known: dict[str, CommandRow]
    lasts: dict[int, int]


WalkRow = tuple[
    int, str, int, str, bytes, int, bytes, int, int | None, bytes | None, bytes | None, bool
]
"""An EventRow, then salt and document of its words, None where there are none (any more), and
whether an erasure of its stream stands after it."""


class Reading(Protocol):
    """One state of the log."""

    def settings(self) -> Settings:
        """Return the settings."""

    def ledger(self) -> Ledger:
        """Return the heads of the chains."""

    def lasts(self) -> dict[int, int]:
        """Return the last position of every partition that has one."""

    def hash_at(self, position: int) -> bytes | None:
        """Return the hash of the event at a position."""

    def tickets_after(
        self, position: int, limit: int, partition: int | None = None
    ) -> list[EventRow]:
        """Return the next events of tickets, of one partition or of all, by their positions."""

    def stream(self, stream: str, after: int = 0) -> list[Told]:
        """Return the events of a stream above a version, in order."""

    def streams(self, streams: Iterable[str]) -> list[Told]:
        """Return the events of some streams, one stream after the other, each in order."""

    def last_of(self, stream: str) -> EventRow | None:
        """Return the last event of a stream, None where there is no such stream."""

    def last_event(self) -> LinkRow | None:
        """Return the event with the highest position, None where there is none at all."""

    def last_command(self) -> CommandLink | None:
        """Return the command with the highest ordinal, None where there is none yet."""

    def known(self, command_ids: Sequence[str]) -> dict[str, CommandRow]:
        """Return those of the commands that were carried out."""

    def naming(self, text: bytes) -> Iterator[EventRow]:
        """Yield every event whose state contains a text, in the order of their positions."""

    def walk(self) -> Iterator[WalkRow]:
        """Yield every event with its text, in the order of their positions."""

    def checked_commands(self) -> Iterator[Checked]:
        """Yield every command with the events that it claims, in order."""

    def misplaced(self, limit: int) -> list[tuple[int, str, int]]:
        """Return position, stream and version of events whose version does not follow."""

    def strays(self, limit: int) -> list[int]:
        """Return positions of texts that stand beside no event."""

    def faults(self) -> list[str]:
        """Return what the database itself finds wrong with how it is stored."""

    def size(self) -> int:
        """Return how many bytes the log takes."""


class Writing(Reading, Protocol):
    """One state of the log that nobody else can change."""

    def basis(self, command_ids: Sequence[str], streams: Iterable[str]) -> Basis:
        """Return what an append of some commands to some streams stands on."""

    def tails(self, streams: Iterable[str]) -> dict[str, int]:
        """Return the last version of those of the streams that are there."""

    def write(self, plan: Plan) -> None:
        """Store what was planned."""

    def erasable(self, streams: Sequence[str]) -> set[str]:
        """Return those of the streams that have words, or salts of commands, left to erase."""

    def erase(self, streams: Sequence[str]) -> int:
        """Erase the words of streams and their commands' salts; return of how many events."""


class BackEnd(Protocol):
    """A database that holds one log."""

    place: str

    def reading(self) -> AbstractContextManager[Reading]:
        """Begin to read one state of the log."""

    def writing(self) -> AbstractContextManager[Writing]:
        """Lock the log; what is written is kept when the block ends, unless it raises."""

    def tick(self) -> Head:
        """Move the time of the log on to now, unless it is there already, and return its head."""

    def purge(self) -> bool:
        """Remove what was erased from every file; return False where a reader still needs it."""
