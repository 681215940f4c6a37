"""One ticket: its story, its clocks as pictures and in words, and what can be done to it."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, assert_never

import orjson
from fastapi import Request
from starlette.responses import RedirectResponse, Response

from domain import instant
from domain.clock import Clock, fold
from domain.command import CHANNELS, METHODS
from domain.conclusion import alerts
from domain.event import (
    AgentResponded,
    CustomerReplied,
    Opened,
    RecordedEvent,
    Resolved,
    SeverityAssigned,
    Verified,
    WorkaroundFound,
)
from domain.explanation import explain
from domain.ticket import fold as fold_ticket
from infra.doors.answers.ticket import lacking
from infra.doors.web.body import OpenBody
from infra.doors.web.commands import open_ticket
from infra.doors.web.failure import FAILURES, problem_of
from infra.doors.web.pages import moments, session, to_the_second
from infra.doors.web.pages.forms import (
    ACTIONS,
    Action,
    as_sent,
    body_of,
    legal,
    to_send_again,
)
from infra.doors.web.pages.page import View, fields_of, protected, view
from infra.doors.web.pages.picture import Picture, picture
from infra.doors.web.pages.plain import plain
from infra.doors.web.problem import Problem
from infra.doors.web.sight import story
from infra.doors.web.tickets import known_then
from projections.judging import judging
from projections.narrative import Narrative, narrate
from projections.wording import LANGUAGES

router = protected()


class Entry(NamedTuple):
    """One event of the story, as people read it."""

    title: str
    happened: str
    exact: str
    recorded_at: str
    recorded: str
    backdated: bool
    actor: str
    notes: Sequence[str]
    words: Sequence[tuple[str, str]]
    erased: bool


class Shown(NamedTuple):
    """A clock on the page."""

    name: str
    clock: Clock
    verdict: str
    due: str
    is_ahead: bool
    drawing: Picture
    told: Narrative
    text: str


@router.get(f"{session.HOME}/tickets/{{ticket}}", name="get_ticket")
def get_ticket(request: Request, ticket: str) -> Response:
    """Show a ticket."""
    return _page(view(request), ticket)


def _page(
    made: View,
    ticket: str,
    *,
    problem: Problem | None = None,
    tried: str = "",
    fields: Mapping[str, str] | None = None,
) -> Response:
    assert made.caller is not None
    told = story(made.service.log, made.caller, ticket, words=True)
    shown = known_then(told, made.at, made.at)
    opened = shown[0].event
    assert isinstance(opened, Opened)
    internal = made.may("see_staff")
    with judging(ticket):
        folded = fold(shown, made.policies)
        decided = alerts(shown, made.policies, made.at) if internal else []
        clocks = [_shown(made, clock, shown) for clock in folded.clocks]
    standing = fold_ticket(shown).standing
    return made.show(
        "ticket.html",
        200 if problem is None else problem.status_code,
        ticket=ticket,
        opened=opened,
        subject=shown[0].words.get("subject"),
        plan=made.policy.plans[opened.plan],
        folded=folded,
        entries=[_entry(made, one) for one in reversed(shown)],
        lacks=lacking(shown[0], shown[0].words) if made.may("read_words") else None,
        clocks=clocks[::-1],
        decided=decided[::-1],
        actions=[] if made.as_of is not None else legal(standing, made.may),
        problem=made.refused(problem),
        tried=tried,
        fields=fields or {},
        command_id=made.request.app.state.fresh_id,
        **_options(made),
        earliest=_earliest(made, opened_at=shown[0].occurred_at),
        now=made.at // instant.SECOND,
    )


def _earliest(made: View, opened_at: int = 0) -> str:
    """Return since when something may have happened, as a field for date and time has it."""
    earliest = max(opened_at, made.at - made.policy.max_backdate)
    return moments.field(earliest, made.zone)


def _options(made: View) -> Mapping[str, Sequence[tuple[object, object]]]:
    """Return what can be chosen in the forms, by the policy in force."""
    policy, phrase = made.policy, made.phrase
    return {
        "grounds": [
            (
                f"{one.level} {phrase(one.title)}",
                [
                    # Once it is chosen, nothing else says which severity it means.
                    (f"{one.level}:{name}", f"{one.level}: {phrase(policy.impacts[name])}")
                    for name in one.impacts
                ],
            )
            for one in policy.severities.values()
        ],
        "topic_options": [(one.name, phrase(one.title)) for one in policy.topics.values()],
        "cause_options": [
            ("", "-"),
            *((name, phrase(title)) for name, title in policy.root_causes.items()),
        ],
        "method_options": [(name, made.said[name]) for name in METHODS],
    }


def _shown(made: View, clock: Clock, shown: Sequence[RecordedEvent]) -> Shown:
    explained = explain(clock, shown, made.at)
    read = to_the_second.explained(clock, shown, made.policies, made.at)
    told = narrate(read, moments.whole(made.at), LANGUAGES[made.language], None)
    return Shown(
        made.said[clock.name].format(instance=clock.instance),
        clock,
        explained.verdict,
        "" if clock.due_at is None else made.near(clock.due_at),
        clock.due_at is not None and clock.due_at > made.at,
        picture(explained, made),
        told,
        plain(told),
    )


def _entry(made: View, one: RecordedEvent) -> Entry:
    return Entry(
        _title(made, one),
        instant.text(one.occurred_at),
        made.exact(one.occurred_at),
        instant.text(one.recorded_at),
        made.exact(one.recorded_at),
        one.recorded_at > one.occurred_at,
        one.actor,
        list(_notes(made, one)),
        [
            (made.said[name], text)
            for name, text in {**_environment(one), **one.words}.items()
            if name != "subject"
        ],
        one.text is not None and not one.words,
    )


def _title(made: View, one: RecordedEvent) -> str:
    said, policy = made.said, made.policy
    match one.event:
        case Opened():
            return said["opened_event"]
        case SeverityAssigned(severity, impact, topic):
            topics = policy.topics
            return said["triage_event"].format(
                severity=severity,
                impact=made.phrase(policy.impacts[impact]) if impact in policy.impacts else impact,
                topic=made.phrase(topics[topic].title) if topic in topics else topic,
            )
        case CustomerReplied():
            return said["reply_event"]
        case AgentResponded():
            return said["response_event"]
        case WorkaroundFound():
            return said["workaround_event"]
        case Resolved():
            return said["resolution_event"]
        case Verified(method):
            return said["verification_event"].format(method=said.get(method, method))
        case never:
            assert_never(never)


def _notes(made: View, one: RecordedEvent) -> Iterator[str]:
    said, event = made.said, one.event
    match event:
        case SeverityAssigned(supported=False):
            yield said["unsupported"]
        case AgentResponded(awaiting) | WorkaroundFound(awaiting):
            yield said[f"awaits_{awaiting}"]
        case Resolved(root_cause) if root_cause is not None:
            causes = made.policy.root_causes
            cause = made.phrase(causes[root_cause]) if root_cause in causes else root_cause
            yield f"{said['root_cause']}: {cause}"
        case Opened(follows=follows) if follows is not None:
            yield f"{said['follows']} {follows}"
        case _:
            return


def _environment(one: RecordedEvent) -> Mapping[str, str]:
    if not isinstance(one.event, Opened):
        return {}
    parts = (one.event.environment.browser, one.event.environment.android)
    other = one.event.environment.other
    told = dict(zip(("browser", "android", "environment"), (*parts, other), strict=True))
    return {name: text for name, text in told.items() if text is not None}


def _acting(action: Action) -> Callable[[Request, str], Coroutine[Any, Any, Response]]:
    async def act(request: Request, ticket: str) -> Response:
        session.check_origin(request)
        fields = fields_of(await request.body())
        made = await asyncio.to_thread(view, request)
        try:
            session.check_form(request, fields)
            body = body_of(fields, action.body, made.zone)
            await action.carry_out(as_sent(request, fields), ticket, body)
        except (Problem, *FAILURES) as error:
            problem = problem_of(error, request.url.path)
            if problem.status_code == 404:
                raise
            return await asyncio.to_thread(_again, request, ticket, action, problem, fields)
        return RedirectResponse(f"{session.HOME}/tickets/{ticket}", 303)

    return act


@router.get(f"{session.HOME}/tickets/{{ticket}}/{{action}}", name="get_ticket")
def go_back(request: Request, ticket: str, action: str) -> Response:
    """Lead from the address of a form, where a refusal is shown, to the ticket."""
    if action not in {one.name for one in ACTIONS}:
        raise Problem(404, "PageUnknown", "there is no such page; go back to the first one")
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"{session.HOME}/tickets/{ticket}{query}", 303)


def _again(
    request: Request, ticket: str, action: Action, problem: Problem, fields: Mapping[str, str]
) -> Response:
    made, kept = view(request), to_send_again(problem, fields)
    return _page(made, ticket, problem=problem, tried=action.name, fields=kept)


for _action in ACTIONS:
    router.add_api_route(
        f"{session.HOME}/tickets/{{ticket}}/{_action.name}",
        _acting(_action),
        methods=["POST"],
        name=_action.operation,
    )


@router.get(f"{session.HOME}/open", name="open_ticket")
def get_open(request: Request) -> Response:
    """Show the form for a new ticket."""
    return _opening(view(request))


@router.post(f"{session.HOME}/open", name="open_ticket")
async def post_open(request: Request) -> Response:
    """Open a ticket."""
    session.check_origin(request)
    fields = fields_of(await request.body())
    made = await asyncio.to_thread(view, request)
    try:
        session.check_form(request, fields)
        body = body_of(fields, OpenBody, made.zone)
        response = await open_ticket(as_sent(request, fields), body)
    except (Problem, *FAILURES) as error:
        problem = problem_of(error, request.url.path)
        kept = to_send_again(problem, fields)
        return await asyncio.to_thread(_opening, made, problem, kept)
    ticket = orjson.loads(response.body)["ticket"]
    return RedirectResponse(f"{session.HOME}/tickets/{ticket}", 303)


def _opening(
    made: View, problem: Problem | None = None, fields: Mapping[str, str] | None = None
) -> Response:
    assert made.caller is not None
    return made.show(
        "open.html",
        200 if problem is None else problem.status_code,
        problem=made.refused(problem),
        fields={"channel": "web", **(fields or {})},
        command_id=made.request.app.state.fresh_id,
        earliest=_earliest(made),
        channel_options=[(name, made.said[name]) for name in CHANNELS],
        plan_options=[(plan.name, made.phrase(plan.title)) for plan in made.policy.plans.values()],
        is_customer=made.caller.customer is not None,
    )
