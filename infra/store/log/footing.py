"""What an append stands on, held before anything is added to it.

The heads of both chains, and every event of the streams that go on: so nothing is ever added on top
of damage that touches it. The rest of the log is held by `verification`.
"""

from collections.abc import Iterable

from infra.store.failure import Damaged
from infra.store.log import chain
from infra.store.log.backend import CommandLink, LinkRow
from infra.store.log.plan import Ledger, command_hash
from infra.store.log.settings import Settings


def check_heads(
    ledger: Ledger,
    last_event: LinkRow | None,
    last_command: CommandLink | None,
    settings: Settings,
    place: str,
) -> None:
    """Raise Damaged unless both chains end where their heads say.

    The last row of each is looked at, however long the log is.
    """
    _check_last_event(last_event, ledger, settings, place)
    if last_command is None:
        if ledger.commands:
            raise Damaged(place, f"it has no commands, and its head says {ledger.commands}")
        return
    row, before = last_command
    if (row.ordinal, row.hash) != (ledger.commands, ledger.commands_hash):
        detail = f"its last command is {row.ordinal}, and not the one that its head says"
        raise Damaged(place, f"{detail}, {ledger.commands}")
    if row.hash != command_hash(before or b"", *row[:-2]):
        raise Damaged(place, f"command {row.ordinal} ({row.command_id}) is not what was recorded")


def check_streams(links: Iterable[LinkRow], settings: Settings, place: str) -> dict[str, int]:
    """Return the last version of each stream, of all whose events are given in order.

    Raises Damaged unless each of their events is what was recorded at its position: its hash
    follows from its row and from the hash before it in the log, and versions have no gap.
    """
    origin = chain.origin(settings)
    tails: dict[str, int] = {}
    for row in links:
        position, stream, version = row[:3]
        if version != tails.get(stream, 0) + 1:
            message = f"version {version} of {stream} does not follow the one before it"
            raise Damaged(place, f"at position {position} {message}")
        _check_link(row, origin, place)
        tails[stream] = version
    return tails


def _check_last_event(row: LinkRow | None, ledger: Ledger, settings: Settings, place: str) -> None:
    end = 0 if row is None else row[0]
    if row is None or end != ledger.position:
        raise Damaged(place, f"it ends at position {end}, and its head says {ledger.position}")
    recorded_at, stored = row[5:7]
    if stored != ledger.hash or recorded_at > ledger.recorded_at:
        raise Damaged(place, f"at position {end} is not the event that its head says")
    _check_link(row, chain.origin(settings), place)


def _check_link(row: LinkRow, origin: bytes, place: str) -> None:
    position, stream, version, topic, state, recorded_at, stored = row[:7]
    before = origin if position == 1 else row[-1]
    if before is None:
        raise Damaged(place, f"at position {position - 1} an event is missing")
    if stored != chain.of_event(before, position, recorded_at, stream, version, topic, state):
        message = f"event {version} of {stream} is not what was recorded there"
        raise Damaged(place, f"at position {position} {message}")
