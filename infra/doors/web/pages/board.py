"""The board: what is due next, broken, not triaged, and waiting for the customer."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

from fastapi import Request
from starlette.responses import Response

from domain import instant
from domain.clock import Clock, fold, known
from domain.event import Opened, RecordedEvent
from domain.explanation import due_meter
from domain.hours import Kind
from domain.policy import Target
from infra.doors.web.board import read_board
from infra.doors.web.pages import moments, session
from infra.doors.web.pages.page import View, chosen, number, protected, view
from infra.doors.web.sight import story
from infra.engine.health import OLDEST_TIME
from projections.board import Running, Waiting
from projections.judging import CannotJudge, judging

router = protected()

LISTED = 25
LOOKED_AT = 1_000
"""How many of each list are looked at where a filter is set."""

_COUNTED_AHEAD = 1 * instant.DAY
"""For how long a page knows by itself when time is counted."""

T = TypeVar("T", Running, Waiting)


class Wanted(NamedTuple):
    """The filters of the address."""

    plan: str
    severity: int | None

    def has(self, one: Running | Waiting) -> bool:
        """Tell whether a line is asked for."""
        return self.plan in ("", one.plan) and self.severity in (None, one.severity)


class Section(NamedTuple):
    """A list with how many there are; `looked` were looked at for a filter, 0 without one."""

    lines: Sequence[Any]
    total: int
    matching: int
    looked: int
    rest: int


class About(NamedTuple):
    """What a line says of its ticket."""

    customer: str
    plan: str
    subject: str | None
    clocks: Sequence[Clock]


class Line(NamedTuple):
    """A running clock on the page: durations and instants in seconds, for the script."""

    ticket: str
    href: str | None
    severity: int | None
    customer: str
    plan: str
    subject: str | None
    clock: str
    instance: int
    meter: Kind
    used: int
    budget: int
    percent: int
    left: int
    countdown: str
    spans: str
    due: int
    due_iso: str
    near: str


@router.get(session.HOME, name="get_board")
def get_board(request: Request) -> Response:
    """Show the board."""
    made = view(request)
    wanted = Wanted(chosen(request, "plan"), number(request, "severity"))
    filtered = wanted != Wanted("", None)
    board = read_board(made.service, made.as_of, None, LOOKED_AT if filtered else LISTED)
    counts = board.counts

    def section(found: Sequence[T], count: int, line: Callable[[T], Any]) -> Section:
        matching = [one for one in found if wanted.has(one)]
        lines = [told for one in matching[:LISTED] if (told := _judged(line, one)) is not None]
        rest = len(matching) if filtered else count
        looked = len(found) if filtered else 0
        return Section(lines, count, len(matching), looked, max(0, rest - LISTED))

    def running(one: Running) -> Line | None:
        return _running(made, one)

    return made.show(
        "board.html",
        wanted=wanted,
        plans=made.policy.plans.values(),
        severities=made.policy.severities.values(),
        age=None if board.age is None else moments.countdown(board.age),
        is_old=board.age is not None and board.age > OLDEST_TIME,
        broken=section(board.broken, counts.broken, running),
        due_next=section(board.due_next, counts.due_next, running),
        untriaged=section(board.untriaged, counts.untriaged, running),
        waiting=section(board.waiting, counts.waiting, lambda one: _waiting(made, one)),
        parked=counts.parked,
        seconds=_seconds,
    )


def _judged(line: Callable[[T], Any], one: T) -> Any:
    """Write a line; None where its ticket cannot be judged any more, and will be parked."""
    try:
        return line(one)
    except CannotJudge:
        return None


def _about(made: View, ticket: str) -> About:
    assert made.caller is not None
    told = story(made.service.log, made.caller, ticket, words=True)
    shown = known(told, made.at, made.at)
    opened = told[0].event
    assert isinstance(opened, Opened)
    with judging(ticket):
        clocks = fold(shown, made.policies).clocks if shown else ()
        plan = made.policy.plans[opened.plan].title
    return About(opened.customer_id, made.phrase(plan), _subject(told), clocks)


def _subject(told: Sequence[RecordedEvent]) -> str | None:
    return told[0].words.get("subject")


def _running(made: View, one: Running) -> Line | None:
    """Write a running clock; None where the log knows better than the read models by now."""
    about = _about(made, one.ticket)
    for clock in about.clocks:
        if (clock.name, clock.instance) == (one.clock, one.instance):
            break
    else:
        return None
    target, anchor = _basis(clock)
    if target is None or clock.satisfied_at is not None:
        return None
    meter, budget = due_meter(clock.hours, target, anchor, one.due_at)
    counted = clock.hours.elapsed(made.at, one.due_at)
    left = counted[0] if meter == "business" else counted[1]
    used = min(budget, max(0, budget - left))
    return Line(
        one.ticket,
        made.ticket(one.ticket) if made.may("get_ticket") else None,
        one.severity,
        about.customer,
        about.plan,
        about.subject,
        made.said[one.clock].format(instance=one.instance),
        one.instance,
        meter,
        _seconds(used),
        max(1, _seconds(budget)),
        100 * used // budget if budget else 100,
        _seconds(left),
        moments.countdown(left),
        " ".join(_spans(clock, meter, made.at)),
        _seconds(one.due_at),
        instant.text(one.due_at),
        made.near(one.due_at),
    )


def _basis(clock: Clock) -> tuple[Target | None, int]:
    """Return the budget from which the due time is counted, and since when."""
    if clock.promises:
        return clock.promises[-1].budget, clock.promises[-1].anchor
    return clock.policy.untriaged_target(clock.plan, clock.name, clock.started_at), clock.started_at


def _spans(clock: Clock, meter: Kind, at: int) -> Iterator[str]:
    end = min(at + _COUNTED_AHEAD, clock.hours.end - 1)
    for segment in clock.hours.segments(at, max(at, end)):
        if segment.kind == meter:
            yield f"{_seconds(segment.start)}-{_seconds(segment.end)}"


def _waiting(made: View, one: Waiting) -> dict[str, Any]:
    about = _about(made, one.ticket)
    return {
        "ticket": one.ticket,
        "href": made.ticket(one.ticket) if made.may("get_ticket") else None,
        "severity": one.severity,
        "customer": about.customer,
        "plan": about.plan,
        "subject": about.subject,
        "near": "" if one.since is None else made.near(one.since),
    }


def _seconds(at: int) -> int:
    return at // instant.SECOND
