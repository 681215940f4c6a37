"""The board: what is due next, broken, not triaged, and waiting for the customer."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple, TypeVar, get_args
from urllib.parse import urlencode

from fastapi import Request
from starlette.responses import Response

from domain import instant
from domain.clock import Clock, fold, known
from domain.event import Opened, RecordedEvent
from domain.explanation import due_meter
from domain.hours import Hours, Kind
from domain.policy import CLOCK_NAMES, Target
from infra.doors.web.board import read_board
from infra.doors.web.pages import moments, saved, session
from infra.doors.web.pages.page import View, chosen, number, one_of, protected, view
from infra.doors.web.sight import Owners, stories
from infra.engine.health import OLDEST_TIME
from projections.board import Running, Waiting
from projections.board import Wanted as Lines
from projections.judging import CannotJudge, judging

router = protected()

LISTED = 25
LOOKED_AT = 1_000
"""How many of each list are looked at where a filter is set."""

READ = 250
"""How many of them where it takes the ticket's story to know whether a line is asked for."""

_COUNTED_AHEAD = 1 * instant.DAY
"""For how long a page knows by itself when time is counted."""

METERS: Sequence[Kind] = get_args(Kind)

T = TypeVar("T", Running, Waiting)


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


class Silent(NamedTuple):
    """A ticket on the page of which no clock runs."""

    ticket: str
    href: str | None
    severity: int | None
    customer: str
    plan: str
    subject: str | None
    near: str


Write = Callable[[View, T, About], Line | Silent | None]


class Section(NamedTuple):
    """A list with how many there are; `looked` were looked at for a filter, 0 without one."""

    lines: Sequence[Line | Silent]
    total: int
    matching: int
    looked: int
    rest: int


class Wanted(NamedTuple):
    """The filters of the address; blank is any. `text` is looked for in the subject."""

    plan: str
    severity: int | None
    customer: str
    clock: str
    meter: str
    text: str

    def has(self, one: Running | Waiting, owners: Owners) -> bool:
        """Tell whether a line of that plan and severity is asked for."""
        return self.clock in ("", one.clock if isinstance(one, Running) else None) and (
            not self.customer or owners.of(one.ticket) == self.customer
        )

    def query(self) -> str:
        """Write the filters as they stand in an address."""
        return urlencode({name: one for name, one in self._asdict().items() if one})

    @property
    def needs_lines(self) -> bool:
        """Tell whether a line must be written to know whether it is asked for."""
        return bool(self.meter or self.text)

    def has_line(self, line: Line | Silent) -> bool:
        """Tell whether a line is asked for by what is written in it."""
        return (
            self.meter in ("", line.meter if isinstance(line, Line) else None)
            and self.text.casefold() in (line.subject or "").casefold()
        )


@router.get(session.HOME, name="get_board")
def get_board(request: Request) -> Response:
    """Show the board."""
    made = view(request)
    wanted = _wanted(made)
    filtered = any(value not in ("", None) for value in wanted)
    limit = LISTED if not filtered else READ if wanted.needs_lines else LOOKED_AT
    board = read_board(
        made.service,
        made.as_of,
        None,
        limit,
        Lines(wanted.plan, wanted.severity),
    )
    counts = board.counts

    def section(found: Sequence[T], count: int, write: Write[T]) -> Section:
        matching = [one for one in found if wanted.has(one, made.service.owners)]
        lines = _written(made, matching if wanted.needs_lines else matching[:LISTED], write)
        if wanted.needs_lines:
            lines = [one for one in lines if wanted.has_line(one)]
        fitting = len(lines) if wanted.needs_lines else len(matching)
        rest = max(0, (fitting if filtered else count) - LISTED)
        looked = min(limit, count) if filtered else 0
        return Section(lines[:LISTED], count, fitting, looked, rest)

    return made.show(
        "board.html",
        wanted=wanted,
        filtered=filtered,
        clocks=CLOCK_NAMES,
        meters=METERS,
        saved=saved.links(made, wanted.query()),
        filter_query=wanted.query(),
        age=None if board.age is None else moments.countdown(board.age),
        decided=None if counts.decided_to is None else _seconds(counts.decided_to),
        limit=_seconds(OLDEST_TIME),
        is_old=board.age is not None and board.age > OLDEST_TIME,
        broken=section(board.broken, counts.broken, _running),
        due_next=section(board.due_next, counts.due_next, _running),
        untriaged=section(board.untriaged, counts.untriaged, _running),
        waiting=section(board.waiting, counts.waiting, _waiting),
        parked=counts.parked,
        soon=_soon(made),
        parked_lines=board.parked[:LISTED] if made.may("get_status") else (),
        seconds=_seconds,
    )


def _soon(made: View) -> int:
    """Return from which percent on a target is about to be used up: its last warning."""
    return int(max((step.value for step in made.policy.warning_steps), default=1) * 100)


def _wanted(made: View) -> Wanted:
    request = made.request
    return Wanted(
        chosen(request, "plan"),
        number(request, "severity"),
        chosen(request, "customer"),
        one_of(request, "clock", CLOCK_NAMES),
        one_of(request, "meter", METERS),
        # Who may not read subjects finds out nothing of them.
        chosen(request, "text") if made.may("read_words") else "",
    )


def _written(made: View, found: Sequence[T], write: Write[T]) -> list[Line | Silent]:
    """Write lines, without tickets that cannot be judged any more, and will be parked."""
    assert made.caller is not None
    lines: list[Line | Silent] = []
    told = stories(made.service.log, made.caller, [one.ticket for one in found], words=True)
    for one in found:
        try:
            line = write(made, one, _about(made, told[one.ticket]))
        except CannotJudge:
            continue
        if line is not None:
            lines.append(line)
    return lines


def _about(made: View, told: Sequence[RecordedEvent]) -> About:
    shown = known(told, made.at, made.at)
    opened = told[0].event
    assert isinstance(opened, Opened)
    with judging(told[0].ticket):
        clocks = fold(shown, made.policies).clocks if shown else ()
        plan = made.policy.plans[opened.plan].title
    return About(opened.customer_id, made.phrase(plan), told[0].words.get("subject"), clocks)


def _running(made: View, one: Running, about: About) -> Line | None:
    """Write a running clock; None where the log knows better than the read models by now."""
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
        *_head(made, one, about),
        made.said[one.clock].format(instance=one.instance),
        one.instance,
        meter,
        _seconds(used),
        max(1, _seconds(budget)),
        100 * max(0, budget - left) // budget if budget else 100,
        _seconds(left),
        moments.countdown(left),
        _spans(clock.hours, meter, made.at),
        _seconds(one.due_at),
        instant.text(one.due_at),
        made.near(one.due_at),
    )


def _basis(clock: Clock) -> tuple[Target | None, int]:
    """Return the budget from which the due time is counted, and since when."""
    if clock.promises:
        return clock.promises[-1].budget, clock.promises[-1].anchor
    return clock.policy.untriaged_target(clock.plan, clock.name, clock.started_at), clock.started_at


@lru_cache(maxsize=100)
def _spans(hours: Hours, meter: Kind, at: int) -> str:
    """Return when a meter counts from now on; lines of one plan share it."""
    end = min(at + _COUNTED_AHEAD, hours.end - 1)
    return " ".join(
        f"{_seconds(segment.start)}-{_seconds(segment.end)}"
        for segment in hours.segments(at, max(at, end))
        if segment.kind == meter
    )


def _waiting(made: View, one: Waiting, about: About) -> Silent:
    return Silent(*_head(made, one, about), "" if one.since is None else made.near(one.since))


def _head(
    made: View, one: Running | Waiting, about: About
) -> tuple[str, str | None, int | None, str, str, str | None]:
    """Write what every line begins with: its ticket, with a link for who may open it."""
    return (
        one.ticket,
        made.ticket(one.ticket) if made.may("get_ticket") else None,
        one.severity,
        about.customer,
        about.plan,
        about.subject,
    )


def _seconds(at: int) -> int:
    return at // instant.SECOND
