"""The event log: what everybody else uses of it."""

from collections.abc import Collection, Mapping, Sequence
from itertools import takewhile
from typing import NamedTuple
from uuid import uuid4

import orjson

from domain import identifier, instant
from domain.event import NO_WORDS, Opened, RecordedEvent
from domain.policy import Policies, PoliciesDisagree
from domain.refusal import CommandReused
from domain.ticket import Ticket
from infra.closing import Closing
from infra.store.failure import Damaged, Interrupted, StoreError
from infra.store.log import (
    announcing,
    chain,
    codec,
    erasure,
    footing,
    publication,
    story,
    text,
)
from infra.store.log.application import TicketLog
from infra.store.log.backend import BackEnd, Reading, Writing
from infra.store.log.clock import Clock
from infra.store.log.partition import partition_of
from infra.store.log.place import database_of
from infra.store.log.plan import Command, Entry, EventRow, Request, Result, Written, plan
from infra.store.log.request import (
    Append,
    Conflict,
    Cursor,
    Different,
    Draft,
    Erasure,
    Head,
    Imported,
    Known,
    Outcome,
    Raw,
    Skipped,
    Stored,
    Untimely,
)
from infra.store.log.settings import Settings
from infra.store.log.stream import LIVE_FROM, is_ticket, of_erasures, of_policy
from infra.store.log.verification import Finding, Progress, verify
from infra.store.place import Place
from infra.store.policies import PolicyFile
from infra.store.policies.document import parse
from infra.store.sqlite import BUSY_SECONDS

PUBLISHER = "system:lhuta"
_REST = 32


class Erased(NamedTuple):
    """What an erasure did: the words of how many events, and when (None: nothing was left).

    `gone` is False while somebody reads an earlier state of the log: until then the words can
    still be found in the files of the log.
    """

    events: int
    at: int | None
    gone: bool


class EventLog(Closing):
    """All that ever happened, in order, for ever; a context manager.

    Safe to be used by several threads, and by several processes at once. Every method raises the
    StoreError that kept it from its work.
    """

    def __init__(self, application: TicketLog, back_end: BackEnd) -> None:
        self._application = application
        self._back_end = back_end
        self._published: tuple[tuple[PolicyFile, ...], Policies | None] = ((), None)
        with back_end.reading() as reading:
            self._settings = reading.settings()

    @classmethod
    def create(
        cls,
        place: Place,
        *,
        policy_bytes: bytes,
        source: str = "/tickets",
        partitions: int = 1,
        live_from: int,
        now: int,
        clock: Clock | None = None,
    ) -> "EventLog":
        """Create a log with its policy, in force since ever, and open it.

        Raises Exists where something is there already, and PolicyInvalid.
        """
        file = parse(policy_bytes, "policy")
        settings = Settings(str(uuid4()), source, partitions, file.policy.name, now, live_from)
        database_of(place).create(
            place, settings, publication.request(file, policy_bytes, PUBLISHER, version=1)
        )
        return cls.open(place, clock=clock)

    @classmethod
    def open(
        cls,
        place: Place,
        *,
        read_only: bool = False,
        clock: Clock | None = None,
        busy_seconds: int = int(BUSY_SECONDS),
    ) -> "EventLog":
        """Open a log, and compile its policies; to write, it must end where its heads say.

        Without a clock it goes by that of its database. Raises Missing, Damaged, NewerSchema, and
        OpeningsChanged where a policy means other openings today.
        """
        log = cls.examine(place, read_only=read_only, clock=clock, busy_seconds=busy_seconds)
        try:
            log.policies()
            if not read_only:
                log._check_heads()
        except StoreError:
            log.close()
            raise
        return log

    @classmethod
    def examine(
        cls,
        place: Place,
        *,
        read_only: bool = True,
        clock: Clock | None = None,
        busy_seconds: int = int(BUSY_SECONDS),
    ) -> "EventLog":
        """Open a log as it is, to verify it: its policies are not compiled until asked for."""
        application, back_end = database_of(place).open_application(
            place, read_only=read_only, busy_seconds=busy_seconds, clock=clock
        )
        try:
            return cls(application, back_end)
        except StoreError:
            application.close()
            raise

    def close(self) -> None:
        """Let the log go."""
        self._application.close()

    @property
    def log_id(self) -> str:
        """Return the random name that tells this log from every other."""
        return self._settings.log_id

    @property
    def source(self) -> str:
        """Return the `source` of its events (contracts, Events on Kafka)."""
        return self._settings.source

    @property
    def partitions(self) -> int:
        """Return into how many partitions its tickets are divided."""
        return self._settings.partitions

    @property
    def live_from(self) -> int:
        """Return the instant from which deadlines are announced (semantics §6)."""
        with self._back_end.reading() as reading:
            return self._live_from(reading.last_of(LIVE_FROM))

    def set_live_from(self, at: int, actor: str = PUBLISHER) -> None:
        """Move the instant from which deadlines are announced; the log remembers every move."""
        with self._back_end.writing() as writing:
            last = writing.last_of(LIVE_FROM)
            if at != self._live_from(last):
                version = 1 if last is None else last.originator_version + 1
                self._append(writing, [announcing.request(at, actor, version)])

    def append(self, requests: Sequence[Append]) -> list[Outcome | Conflict | CommandReused]:
        """Append what commands decided, in one transaction; return what each comes to, in order.

        A command that is known repeats its first outcome. What is returned is on disk.
        """
        prepared = [self._request(request) for request in requests]
        try:
            results = self._committed(prepared)
        except Interrupted as lost:
            results = self._committed_again(prepared, lost)
        return [_answer(result) for result in results]

    def known(self, commands: Mapping[str, bytes], tickets: Collection[str]) -> Known:
        """Return what decisions about commands stand on, of one state of the log.

        `commands` are the digests of their contents by their ids, `tickets` are ids of tickets.
        """
        with self._back_end.reading() as reading:
            return Known(
                reading.ledger().recorded_at,
                self._policies(reading),
                {
                    command_id: row.first_outcome(commands[command_id])
                    for command_id, row in reading.known(list(commands)).items()
                },
                _told(reading, tickets, words=True),
            )

    def import_(
        self, stories: Sequence[Sequence[RecordedEvent]]
    ) -> list[Imported | Skipped | Different]:
        """Bring whole tickets in, in one transaction; return what became of each, in order.

        A story is all events of one ticket in the order of their versions, with the ids and times
        that they have elsewhere. A ticket that is there already is skipped, or told to be
        different. About a thousand events at a time are quick and hold nobody up for long.
        """
        prepared = [story.request(told, self.partitions) for told in stories]
        with self._back_end.writing() as writing:
            tails = writing.tails({request.stream for request in prepared})
            there = _told(writing, list(tails), words=True)
            coming = [request for request in prepared if request.stream not in there]
            results = iter(self._append(writing, coming))
        return [
            _compared(there[told[0].ticket], told)
            if told[0].ticket in there
            else _brought(next(results), told)
            for told in stories
        ]

    def head(self) -> Head:
        """Return where the log stands."""
        with self._back_end.reading() as reading:
            return reading.ledger().head

    def lasts(self) -> dict[int, int]:
        """Return the position of the last event of every partition that has one."""
        with self._back_end.reading() as reading:
            return reading.lasts()

    def tick(self) -> Head:
        """Move the time of an idle log on to now; return its head, which is a sound watermark.

        Nothing that is recorded at or before it can appear later.
        """
        return self._back_end.tick()

    def read(self, after: int, limit: int, partition: int | None = None) -> list[Stored]:
        """Return the next events of tickets after a position, in order; none at the end.

        Of one partition where it is named, else of all. What was recorded at one instant comes
        together, also where that is more than `limit`.
        """
        return codec.stored(self.rows(after, limit, partition))

    def rows(self, after: int, limit: int, partition: int | None = None) -> list[EventRow]:
        """Return the events that `read` returns as they are stored."""
        with self._back_end.reading() as reading:
            rows = reading.tickets_after(after, limit, partition)
            if len(rows) == limit:
                rows += _rest_of_instant(reading, rows[-1], partition)
        return rows

    def partition_of(self, ticket: str) -> int:
        """Return the partition of a ticket."""
        return partition_of(ticket, self.partitions)

    def size(self) -> int:
        """Return how many bytes the log takes."""
        with self._back_end.reading() as reading:
            return reading.size()

    def holds(self, cursor: Cursor) -> bool:
        """Tell whether a reader's cursor is a place in this log, with this history before it."""
        if cursor.position == 0:
            return cursor.hash == chain.origin(self._settings)
        with self._back_end.reading() as reading:
            return reading.hash_at(cursor.position) == cursor.hash

    def origin(self) -> Cursor:
        """Return the cursor of a reader who has read nothing."""
        return Cursor(0, chain.origin(self._settings))

    def ticket(self, ticket: str, *, words: bool = False) -> list[RecordedEvent]:
        """Return the events of a ticket in the order of their versions; none if it is unknown.

        With `words`, those that were not erased are joined.
        """
        if not is_ticket(ticket):
            return []
        with self._back_end.reading() as reading:
            return [
                _recorded(row, document, words=words) for row, document in reading.stream(ticket)
            ]

    def tickets(
        self, tickets: Sequence[str], *, words: bool = False
    ) -> dict[str, list[RecordedEvent]]:
        """Return the events of tickets as `ticket` does, in a fraction of the time.

        Those that are unknown are left out.
        """
        with self._back_end.reading() as reading:
            return _told(reading, tickets, words=words)

    def load(self, ticket: str) -> Ticket:
        """Return a ticket with its words, NOT_OPENED where there is none: what commands act on."""
        return self._application.ticket(ticket)

    def raw(self, stream: str) -> list[Raw]:
        """Return the stored bytes of a stream with their hashes: of a ticket, or of the log's own.

        Those are `policy:<name>`, `erasure:<ticket>` and `log:live-from`.
        """
        with self._back_end.reading() as reading:
            return [_raw(reading, row, self._settings) for row, _ in reading.stream(stream)]

    def trace(self, correlation_id: str) -> list[Stored]:
        """Return the events of one correlation, in the order of their positions.

        All of the log is read for it.
        """
        with self._back_end.reading() as reading:
            return [
                stored
                for stored in _naming(reading, correlation_id)
                if stored.recorded.correlation_id == correlation_id
            ]

    def policies(self) -> Policies:
        """Return the published policies, also those that were published since the log was opened.

        Raises Damaged and OpeningsChanged.
        """
        with self._back_end.reading() as reading:
            return self._policies(reading)

    def policy_files(self) -> tuple[PolicyFile, ...]:
        """Return the published policies as their author wrote them, the oldest first."""
        self.policies()
        return self._published[0]

    def publish(self, policy_bytes: bytes, actor: str = PUBLISHER) -> Outcome:
        """Publish a later version of the policy; the same one again changes nothing.

        Raises PolicyInvalid, and PoliciesDisagree unless it follows those that are published and
        takes force after it is recorded.
        """
        file = parse(policy_bytes, "policy")
        published = self.policy_files()
        request = publication.request(file, policy_bytes, actor, version=len(published) + 1)
        if file.policy.digest not in {earlier.policy.digest for earlier in published}:
            publication.check_succession(published, file)
        with self._back_end.writing() as writing:
            [result] = self._append(writing, [request])
        match result:
            case Outcome():
                return result
            case Untimely(_, recorded_at):
                raise publication.too_late(file, instant.text(recorded_at))
            case _:
                raise PoliciesDisagree(
                    f"another version was published just before {file.policy.label}; try again"
                )

    def erase(self, tickets: Sequence[str], *, by: str, reason: str) -> Erased:
        """Erase the words of tickets; that it was done, when, by whom and why stays for ever.

        `by` is an actor. What the log says happened, and what it proves, does not change. Commands
        to these tickets are known by their id alone from now on: nothing is left that could confirm
        what they said. Where nothing is left to erase, nothing is recorded. Raises WordsMissing,
        WordsTooLong and WordsUnreadable for a reason that cannot be kept.
        """
        erasure.check_reason(reason)
        with self._back_end.writing() as writing:
            left = writing.erasable(tickets)
            chosen = [ticket for ticket in dict.fromkeys(tickets) if ticket in left]
            tails = writing.tails(map(of_erasures, chosen))
            self._append(
                writing,
                [
                    erasure.request(ticket, by, reason, tails.get(of_erasures(ticket), 0) + 1)
                    for ticket in chosen
                ],
            )
            at = writing.ledger().recorded_at if chosen else None
            events = writing.erase(chosen)
        return Erased(events, at, self._back_end.purge())

    def erasures(self, ticket: str) -> list[Erasure]:
        """Return which events of a ticket have lost their words, and since when."""
        with self._back_end.reading() as reading:
            facts = [row for row, _ in reading.stream(of_erasures(ticket))]
            return list(erasure.erasures(reading.stream(ticket), facts, self._back_end.place))

    def tickets_of(self, customer_id: str) -> list[str]:
        """Return the tickets that a customer opened; all of the log is read for it."""
        with self._back_end.reading() as reading:
            return [
                stored.recorded.ticket
                for stored in _naming(reading, customer_id)
                if isinstance(event := stored.recorded.event, Opened)
                and event.customer_id == customer_id
            ]

    def verify(self, progress: Progress = lambda read, of: None) -> list[Finding]:
        """Return everything in the log that does not hold, the first position first."""
        with self._back_end.reading() as reading:
            return verify(reading, self._back_end.place, progress)

    def _policies(self, reading: Reading) -> Policies:
        stream = of_policy(self._settings.policy)
        files, policies = self._published
        rows = [row for row, _ in reading.stream(stream, after=len(files))]
        if rows or policies is None:
            place = self._back_end.place
            new = (publication.restored(row.position, row.state, place) for row in rows)
            files = (*files, *new)
            try:
                policies = Policies(tuple(file.policy for file in files))
            except PoliciesDisagree as error:
                raise Damaged(place, f"its policies are not those published: {error}") from error
            # In one assignment: another thread may be here as well.
            self._published = (files, policies)
        return policies

    def _check_heads(self) -> None:
        with self._back_end.reading() as reading:
            footing.check_heads(
                reading.ledger(),
                reading.last_event(),
                reading.last_command(),
                self._settings,
                self._back_end.place,
            )

    def _live_from(self, last: EventRow | None) -> int:
        if last is None:
            return self._settings.live_from
        return announcing.moved_to(last, self._back_end.place)

    def _request(self, append: Append) -> Request:
        return Request(
            append.ticket,
            append.expected_version,
            tuple(_entry(append, draft, index) for index, draft in enumerate(append.drafts)),
            partition_of(append.ticket, self.partitions),
            Command(append.command_id, append.digest, text.fresh_salt()),
        )

    def _committed_again(self, requests: Sequence[Request], lost: Interrupted) -> list[Result]:
        """Do it again: commands that were stored the first time are known by their ids."""
        try:
            return self._committed(requests)
        except StoreError as error:
            # Whatever it is now, of the first time nobody knows what was kept.
            raise lost from error

    def _committed(self, requests: Sequence[Request]) -> list[Result]:
        with self._back_end.writing() as writing:
            return self._append(writing, requests)

    def _append(self, writing: Writing, requests: Sequence[Request]) -> list[Result]:
        settings, place = self._settings, self._back_end.place
        basis = writing.basis(
            [request.command.command_id for request in requests if request.command],
            {request.stream for request in requests},
        )
        ledger = basis.ledger
        footing.check_heads(ledger, basis.last_event, basis.last_command, settings, place)
        tails = footing.check_streams(basis.links, settings, place)
        made = plan(ledger, basis.now, basis.known, tails, basis.lasts, requests)
        writing.write(made)
        return made.results


def _entry(append: Append, draft: Draft, index: int) -> Entry:
    topic, data = codec.data_of(draft.event)
    letter = text.sealed(draft.words) if draft.words else None
    return Entry(
        topic,
        codec.unsealed(
            event_id=identifier.of_event(append.ticket, append.command_id, index),
            actor=append.actor,
            data=data,
            text=None if letter is None else text.described(letter),
            command_id=append.command_id,
            correlation_id=append.correlation_id,
            causation_id=append.causation_id,
        ),
        draft.occurred_at,
        letter,
    )


def _answer(result: Result) -> Outcome | Conflict | CommandReused:
    # A command always gets an outcome, and may be recorded at any time.
    assert not isinstance(result, Written | Untimely)
    return result


def _compared(
    stored: Sequence[RecordedEvent], told: Sequence[RecordedEvent]
) -> Skipped | Different:
    return story.difference(stored, told) or Skipped(told[0].ticket)


def _brought(result: Result, told: Sequence[RecordedEvent]) -> Imported | Different:
    match result:
        case Written(ticket, first_position, last_position, recorded_at):
            return Imported(ticket, first_position, last_position, recorded_at)
        case Untimely(ticket, recorded_at):
            late = next(one for one in told if one.occurred_at > recorded_at)
            at, now = instant.text(late.occurred_at), instant.text(recorded_at)
            return Different(ticket, late.version, f"it happened at {at}, and it is {now} only")
        case _:
            return Different(told[0].ticket, 1, "it is in this import twice")


def _told(
    reading: Reading, tickets: Collection[str], *, words: bool
) -> dict[str, list[RecordedEvent]]:
    told: dict[str, list[RecordedEvent]] = {}
    for row, document in reading.streams(filter(is_ticket, tickets)):
        told.setdefault(row.originator_id, []).append(_recorded(row, document, words=words))
    return told


def _recorded(row: EventRow, document: bytes | None, *, words: bool) -> RecordedEvent:
    return codec.event_of(
        row.originator_id,
        row.originator_version,
        row.topic,
        row.state,
        row.recorded_at,
        text.opened(document) if words and document is not None else NO_WORDS,
    )


def _naming(reading: Reading, text: str) -> list[Stored]:
    """Return the events of tickets whose state contains a text, in the order of the log."""
    as_stored = orjson.dumps(text)[1:-1]
    return codec.stored(row for row in reading.naming(as_stored) if is_ticket(row.originator_id))


def _rest_of_instant(reading: Reading, last: EventRow, partition: int | None) -> list[EventRow]:
    """Return the events after one that were recorded at the same instant."""
    rest: list[EventRow] = []
    while more := reading.tickets_after((rest or [last])[-1].position, _REST, partition):
        same = list(takewhile(lambda row: row.recorded_at == last.recorded_at, more))
        rest += same
        if len(same) < len(more):
            break
    return rest


def _raw(reading: Reading, row: EventRow, settings: Settings) -> Raw:
    before = reading.hash_at(row.position - 1) or chain.origin(settings)
    return Raw(
        row.position,
        before,
        row.recorded_at,
        row.originator_id,
        row.originator_version,
        row.topic,
        row.state,
        row.hash,
    )
