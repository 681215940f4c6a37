"""Proving a log: everything in it is read once, and what does not hold is named with its position.

Memory is bounded: at most FINDINGS_KEPT findings are kept of each kind. After a row that does not
hold, the walk goes on from what stands in that row, so that one damage is one finding.
"""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import NamedTuple

import orjson

from infra.store.failure import StoreError
from infra.store.log import chain, publication, text
from infra.store.log.backend import Checked, Reading
from infra.store.log.codec import Said, command_of, text_of
from infra.store.log.partition import partition_of
from infra.store.log.plan import Ledger, command_hash
from infra.store.log.request import Head
from infra.store.log.stream import is_ticket

FINDINGS_KEPT = 100
PROGRESS_EVERY = 10_000

Progress = Callable[[int, int], object]
"""Told now and then how many events were read, and how many there are."""


class Finding(NamedTuple):
    """Something that does not hold; `position` is None where it is about the whole log."""

    position: int | None
    what: str
    message: str


def verify(reading: Reading, place: str, progress: Progress) -> list[Finding]:
    """Return what does not hold, the first position first; nothing where everything does."""
    found: list[Finding] = []
    for check in (
        _events(reading, place, progress),
        _places(reading),
        _commands(reading),
        _structure(reading),
    ):
        found += islice(_readable(check), FINDINGS_KEPT)
    return sorted(
        dict.fromkeys(found), key=lambda finding: (finding.position is None, finding.position or 0)
    )


def _structure(reading: Reading) -> Iterator[Finding]:
    """Hold the database's own structure: an index that lies would let a command in twice."""
    for fault in reading.faults():
        yield Finding(None, "file", f"the database finds in its file: {fault}")


def _readable(findings: Iterator[Finding]) -> Iterator[Finding]:
    """Yield findings, and as the last one that the file cannot be read any further."""
    try:
        yield from findings
    except StoreError as error:
        yield Finding(None, "file", f"it cannot be read any further: {error.detail}")


def _events(reading: Reading, place: str, progress: Progress) -> Iterator[Finding]:
    settings = reading.settings()
    total = _expected(reading)
    last_hash = chain.origin(settings)
    last_position = last_recorded = 0
    lasts: dict[int, int] = {}
    policies = 0
    try:
        for row in reading.walk():
            position, stream, version, topic, state, recorded_at, stored_hash = row[:7]
            if position != last_position + 1:
                missing = _missing("position", last_position + 1, position - 1)
                yield Finding(last_position + 1, "gap", missing)
            elif stored_hash != chain.of_event(
                last_hash, position, recorded_at, stream, version, topic, state
            ):
                yield Finding(
                    position, "hash", f"event {version} of {stream} is not what was recorded there"
                )
            if recorded_at < last_recorded:
                yield Finding(position, "time", "it is recorded before the event in front of it")
            if topic == publication.POLICY_PUBLISHED:
                policies += 1
                yield from _policy(position, state, place)
            partition = partition_of(stream, settings.partitions) if is_ticket(stream) else None
            if row[7:9] != (0 if partition is None else lasts.get(partition, 0), partition):
                yield Finding(position, "partition", "its place in its partition is another")
            if partition is not None:
                lasts[partition] = position
            fault = _words_fault(text_of(state), *row[9:])
            if fault is not None:
                yield Finding(position, "words", fault)
            last_position, last_recorded, last_hash = position, recorded_at, stored_hash
            if not position % PROGRESS_EVERY:
                progress(position, total)
    except StoreError as error:
        message = f"the log cannot be read from here on: {error.detail}"
        yield Finding(last_position + 1, "file", message)
        return
    progress(last_position, total)
    if not policies:
        yield Finding(None, "policy", "there is no policy in the log")
    if lasts != reading.lasts():
        yield Finding(None, "partition", "the last positions of the partitions are others")
    # Last, because without its head the log can be read all the same.
    yield from _end(reading.ledger(), Head(last_position, last_recorded, last_hash))


def _expected(reading: Reading) -> int:
    """Return how many events there should be, 0 where the head cannot be read."""
    try:
        return reading.ledger().position
    except StoreError:
        return 0


def _end(ledger: Ledger, last: Head) -> Iterator[Finding]:
    """Hold the last event that is there against the head."""
    if last.position < ledger.position:
        missing = f"the log ends here and should go on to {ledger.position}"
        yield Finding(last.position + 1, "tail", missing)
    elif last.position > ledger.position or last.hash != ledger.hash:
        message = f"the head of the log is {ledger.position}, not this"
        yield Finding(last.position, "head", message)
    if ledger.recorded_at < last.recorded_at:
        yield Finding(last.position, "head", "it is recorded after the time of the log")


def _words_fault(
    said: Said | None, salt: bytes | None, document: bytes | None, erased: bool
) -> str | None:
    if salt is None or document is None:
        missing = said is not None and not said.withheld and not erased
        return "its words are gone and nobody erased them" if missing else None
    if said is None or said.withheld:
        return "it never had the words that stand beside it"
    if erased:
        return "its words were erased and still stand beside it"
    if text.described(text.Letter(salt, document)).sha256 != said.sha256:
        return "its words are not those that were recorded"
    return None


def _policy(position: int, state: bytes, place: str) -> Iterator[Finding]:
    try:
        publication.restored(position, state, place)
    except StoreError as error:
        yield Finding(position, "policy", error.detail)


def _places(reading: Reading) -> Iterator[Finding]:
    for position, stream, version in reading.misplaced(FINDINGS_KEPT):
        yield Finding(
            position, "version", f"version {version} of {stream} does not follow the one before it"
        )
    for position in reading.strays(FINDINGS_KEPT):
        yield Finding(position, "words", "words stand there beside no event")


def _missing(what: str, first: int, last: int) -> str:
    if first == last:
        return f"{what} {first} is missing"
    return f"{what}s {first} to {last} are missing"


def _commands(reading: Reading) -> Iterator[Finding]:
    ledger = reading.ledger()
    last_ordinal, last_hash = 0, b""
    for checked in reading.checked_commands():
        row = checked.command
        if row.ordinal != last_ordinal + 1:
            missing = _missing("command", last_ordinal + 1, row.ordinal - 1)
            yield Finding(row.first_position, "command", missing)
        elif row.hash != command_hash(last_hash, *row[:-2]):
            yield Finding(
                row.first_position,
                "command",
                f"command {row.ordinal} ({row.command_id}) is not what was recorded",
            )
        else:
            yield from _claims(checked)
        last_ordinal, last_hash = row.ordinal, row.hash
    if (last_ordinal, last_hash) != (ledger.commands, ledger.commands_hash):
        yield Finding(
            None, "command", f"the last command is {last_ordinal}, and should be {ledger.commands}"
        )


def _claims(checked: Checked) -> Iterator[Finding]:
    row = checked.command
    first = (checked.first_stream, checked.first_version)
    last = (checked.last_stream, checked.last_version)
    for position, there, claimed, state in (
        (row.first_position, first, (row.ticket, row.first_version), checked.first_state),
        (row.last_position, last, (row.ticket, row.last_version), checked.last_state),
    ):
        if position is not None and (there != claimed or not _caused(state, row.command_id)):
            message = f"command {row.ordinal} ({row.command_id}) did not cause what is there"
            yield Finding(position, "command", message)
            return
    if (row.salt is None) != checked.erased:
        lacks = "was erased and still stands" if checked.erased else "is gone and nobody erased it"
        message = f"the salt of command {row.ordinal} ({row.command_id}) {lacks}"
        yield Finding(row.first_position, "command", message)


def _caused(state: bytes | None, command_id: str) -> bool:
    try:
        return state is not None and command_of(state) == command_id
    except orjson.JSONDecodeError:
        return False
