"""What an append will write is a pure function of what was read under the lock."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from domain.refusal import CommandReused
from infra.store.log import Conflict, Outcome
from infra.store.log.plan import (
    Command,
    CommandRow,
    Entry,
    Ledger,
    Plan,
    Request,
    command_hash,
    plan,
)
from infra.store.log.request import Untimely
from infra.store.log.text import Letter

NOW = 1_000
SALT = b"salt"
EMPTY = Ledger(0, 0, bytes(32), 0, b"")


def entry(at: int | None = None, words: Letter | None = None) -> Entry:
    """Return an event without much in it."""
    return Entry("ticket.customer-replied.v1", b'{"data":{}', at, words)


def request(
    command: str | None, stream: str, expected: int, events: int = 1, content: str = ""
) -> Request:
    """Return a request of a command, or of nobody."""
    known = None if command is None else Command(command, content.encode(), SALT)
    return Request(stream, expected, (entry(),) * events, 0, known)


def alone(requests: Sequence[Request], now: int = NOW) -> Plan:
    """Plan requests for an empty log."""
    return plan(EMPTY, now, {}, {}, {}, requests)


requests = st.lists(
    st.builds(
        request,
        st.sampled_from((None, "a", "b", "c", "d")),
        st.sampled_from(("T-1", "T-2")),
        st.integers(0, 3),
        st.integers(0, 2),
        st.sampled_from(("", "other")),
    ),
    max_size=12,
)


@given(requests)
def test_a_group_comes_to_what_one_after_the_other_would(asked: list[Request]) -> None:
    """Group commit changes nothing but the speed: rows, results and heads are the same."""
    together = alone(asked)
    ledger, known, tails, lasts = EMPTY, dict[str, CommandRow](), dict[str, int](), dict[int, int]()
    rows, commands, results = [], [], []
    for one in asked:
        made = plan(ledger, NOW, known, tails, lasts, [one])
        ledger = made.ledger
        lasts |= made.lasts
        known |= {row.command_id: row for row in made.commands}
        tails |= {row.originator_id: row.originator_version for row in made.events}
        rows += made.events
        commands += made.commands
        results += made.results
    assert (rows, commands, ledger) == (together.events, together.commands, together.ledger)
    assert [str(result) for result in results] == [str(result) for result in together.results]


@given(requests, st.integers(0, 2 * NOW))
def test_what_is_planned_always_holds_together(asked: list[Request], now: int) -> None:
    """Positions without gaps, versions without gaps, instants that rise, one command once."""
    made = alone(asked, now)
    assert [row.position for row in made.events] == list(range(1, len(made.events) + 1))
    for stream in ("T-1", "T-2"):
        versions = [r.originator_version for r in made.events if r.originator_id == stream]
        assert versions == list(range(1, len(versions) + 1))
    times = [row.recorded_at for row in made.events]
    assert times == sorted(times)
    assert all(time >= now for time in times)
    assert len({row.command_id for row in made.commands}) == len(made.commands)
    assert [row.ordinal for row in made.commands] == list(range(1, len(made.commands) + 1))


def test_a_retry_is_looked_at_before_the_version() -> None:
    """A command that was stored has moved its ticket on, and must not look like a conflict."""
    first, again = alone([request("a", "T-1", 0), request("a", "T-1", 0)]).results
    assert isinstance(first, Outcome)
    assert again == first._replace(repeated=True)


def test_another_content_under_the_same_id_is_refused() -> None:
    """Whatever version it expects."""
    _, reused = alone([request("a", "T-1", 0), request("a", "T-1", 0, content="other")]).results
    assert isinstance(reused, CommandReused)


def test_without_a_salt_the_id_alone_decides() -> None:
    """What was said is erased, so nothing may tell whether something else is the same."""
    first = alone([request("a", "T-1", 0)])
    [row] = first.commands
    again = request("a", "T-1", 0, content="other")
    for salt, repeats in ((SALT, False), (None, True)):
        known = {"a": row._replace(salt=salt)}
        [answer] = plan(first.ledger, NOW, known, {"T-1": 1}, {}, [again]).results
        assert isinstance(answer, Outcome) is repeats


def test_the_salt_counts_and_is_not_chained() -> None:
    """Equal contents are stored differently, and the chain covers what an erasure leaves."""
    one, other = (
        request("a", "T-1", 0),
        request("a", "T-1", 0)._replace(command=Command("a", b"", b"other")),
    )
    [row], [row_with_other] = alone([one]).commands, alone([other]).commands
    assert row.digest != row_with_other.digest
    assert row.salt == SALT
    assert command_hash(b"", *row[:-2]) == row.hash


def test_a_conflict_carries_the_actual_version() -> None:
    """So that its caller knows what to read."""
    [conflict] = alone([request("a", "T-1", 2)]).results
    assert isinstance(conflict, Conflict)
    assert (conflict.expected, conflict.actual) == (2, 0)


def test_a_request_may_say_when_it_can_be_recorded() -> None:
    """From an instant on, or before one; otherwise it is not written."""
    free = request("a", "T-1", 0)
    for bounds, fits in (
        (free._replace(after=NOW), True),
        (free._replace(after=NOW + 1), False),
        (free._replace(before=NOW), False),
        (free._replace(before=NOW + 1), True),
    ):
        made = alone([bounds])
        assert (made.results == [Untimely("T-1", NOW)]) is not fits
        assert len(made.events) == fits


def test_the_state_is_completed_with_its_time() -> None:
    """The instant is known only under the lock; a named one is never after it."""
    asked = Request("T-1", 0, (entry(), entry(NOW - 1), entry(NOW + 1)), 0)
    states = [row.state for row in alone([asked]).events]
    assert states == [
        b'{"data":{},"time":1000}',
        b'{"data":{},"time":999}',
        b'{"data":{},"time":1000}',
    ]


def test_words_stand_at_the_position_of_their_event() -> None:
    """With their salt; an event that has none leaves no row."""
    asked = Request("T-1", 0, (entry(), entry(words=Letter(b"s", b"d")), entry()), 0)
    assert [tuple(row) for row in alone([asked]).texts] == [(2, b"s", b"d")]


def test_a_stream_without_a_partition_moves_none() -> None:
    """Policies stand in the log between tickets, and the tickets' chain passes over them."""
    made = alone(
        [
            request("a", "T-1", 0),
            request("b", "policy:p", 0)._replace(partition=None),
            request("c", "T-1", 1),
        ]
    )
    assert [row.previous for row in made.events] == [0, 0, 1]
    assert made.lasts == {0: 3}
