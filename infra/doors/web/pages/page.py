"""What every page has: who asks, in which language, as of when, and how it is shown."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any, NamedTuple, get_args
from urllib.parse import parse_qsl, quote, urlencode

from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import RedirectResponse, Response

from domain import instant
from domain.policy import Phrase, Policies, Policy
from infra.doors.web.access import Caller, Route
from infra.doors.web.asked import Language, language
from infra.doors.web.failure import FAILURES, problem_of
from infra.doors.web.guard import request_id_of
from infra.doors.web.pages import moments, session
from infra.doors.web.pages.refusals import Refused, in_short, told
from infra.doors.web.pages.words import SAID, Said
from infra.doors.web.problem import Fault, Problem, invalid
from infra.doors.web.service import Service, service_of
from projections.wording import LANGUAGES

LANGUAGE_COOKIE = "lhuta_language"
A_YEAR = 365 * 24 * 60 * 60
"""For how many seconds a browser keeps what somebody chose."""

_PAGES = Environment(
    loader=PackageLoader("infra.doors.web.pages"),
    autoescape=True,
    # Templates do not change while they are served: nobody looks at their files for every page.
    auto_reload=False,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
)
_NAVIGATION = (
    ("get_board", session.HOME, "board"),
    ("list_tickets", f"{session.HOME}/tickets", "tickets"),
    ("open_ticket", f"{session.HOME}/open", "open_ticket"),
    ("get_report", f"{session.HOME}/promises", "promises"),
    ("list_alerts", f"{session.HOME}/alerts", "alerts"),
    ("list_policies", f"{session.HOME}/policy", "policy"),
)

Handle = Callable[[Request], Coroutine[Any, Any, Response]]


class PublicPage(APIRoute):
    """A page that anybody may see; what goes wrong is told as a page, too."""

    def get_route_handler(self) -> Handle:
        """Return what answers."""
        return _showing(super().get_route_handler())


class ProtectedPage(Route):
    """A page behind the table of rights, by the operation of the API that shows the same."""

    def get_route_handler(self) -> Handle:
        """Return what answers."""
        return _showing(super().get_route_handler())


def public() -> APIRouter:
    """Return a router for pages that anybody may see."""
    return APIRouter(include_in_schema=False, route_class=PublicPage)


def protected() -> APIRouter:
    """Return a router for pages; the name of each is the operation that it needs a right to."""
    return APIRouter(include_in_schema=False, route_class=ProtectedPage)


def _showing(handle: Handle) -> Handle:
    async def showing(request: Request) -> Response:
        try:
            return await handle(request)
        except (Problem, *FAILURES) as error:
            problem = problem_of(error, request.url.path)
            return await asyncio.to_thread(shown, request, problem)

    return showing


class View(NamedTuple):
    """A request for a page: `now` is the present, `as_of` the past that is asked for, if any."""

    request: Request
    service: Service
    caller: Caller | None
    language: Language
    policies: Policies
    now: int
    as_of: int | None

    @property
    def at(self) -> int:
        """Return the instant that the page shows."""
        return self.now if self.as_of is None else self.as_of

    @property
    def policy(self) -> Policy:
        """Return the policy in force then."""
        return self.policies.in_force(self.at)

    @property
    def zone(self) -> tzinfo:
        """Return the zone in which the policy counts."""
        return zone_of(self.policy)

    @property
    def said(self) -> Said:
        """Return what pages say in the language."""
        return SAID[self.language]

    def may(self, right: str) -> bool:
        """Tell whether the caller has a right."""
        return self.caller is not None and self.caller.reach(right) is not None

    def phrase(self, phrase: Phrase) -> str:
        """Take the policy's own words."""
        return LANGUAGES[self.language].phrase(phrase)

    def plan(self, name: str) -> str:
        """Return a plan's title, or its name where the policy does not have it any more."""
        plans = self.policy.plans
        return self.phrase(plans[name].title) if name in plans else name

    def refused(self, problem: Problem | None) -> Refused | None:
        """Tell what was refused, if anything was."""
        return None if problem is None else told(problem, self)

    def near(self, at: int) -> str:
        """Write an instant by what it is at the time shown."""
        return moments.near(at, self.at, self.zone, self.said, self.language)

    def exact(self, at: int) -> str:
        """Write an instant to the second."""
        return moments.exact(at, self.zone, self.language)

    def length(self, duration: int) -> str:
        """Write how long."""
        return moments.length(duration, self.said)

    def percent(self, permille: float) -> str:
        """Write a share in hundredths."""
        return moments.percent(permille, self.language)

    def used(self, step: str | None) -> str:
        """Say which share of a target is used up, of a step such as `0.75`."""
        return self.said["warning_mark"].format(percent=self.percent(float(step or 0) * 1000))

    def link(self, path: str, **query: object) -> str:
        """Return a link to a page of the same time."""
        if self.as_of is not None:
            query["as_of"] = instant.text(self.as_of)
        kept = {name: str(value) for name, value in query.items() if value not in (None, "")}
        return f"{path}?{urlencode(kept)}" if kept else path

    def here(self, **query: object) -> str:
        """Return a link to this page with its filters, of which some are set anew."""
        kept = {
            name: value
            for name, value in self.request.query_params.items()
            if name not in ("as_of", "lang", "cursor")
        }
        return self.link(self.request.url.path, **{**kept, **query})

    def ticket(self, ticket: str) -> str:
        """Return a link to a ticket."""
        return self.link(f"{session.HOME}/tickets/{ticket}")

    def show(self, template: str, status: int = 200, **values: Any) -> Response:
        """Make a page."""
        return _rendered(
            self.request,
            self.language,
            template,
            status,
            view=self,
            navigation=[
                (self.link(path), self.said[name], path == self.request.url.path)
                for right, path, name in _NAVIGATION
                if self.may(right)
            ],
            zone_name=self.policy.zone_name,
            form_token=session.form_token(self.request),
            as_of_field="" if self.as_of is None else moments.field(self.as_of, self.zone),
            query=[
                (name, value)
                for name, value in self.request.query_params.multi_items()
                if name not in ("as_of", "lang")
            ],
            present=_without(self.request, "as_of"),
            **values,
        )


class Anybody(NamedTuple):
    """Who sees a page for which nothing is looked up, not even who it is."""

    language: Language
    caller: None = None
    as_of: None = None


def view(request: Request) -> View:
    """Read what is asked for; raises Problem where it cannot be understood."""
    service = service_of(request)
    found = request.scope["lhuta.caller"]
    policies = service.log.policies()
    now = service.present()
    written = request.query_params.get("as_of", "").strip()
    as_of = moment_of("as_of", written, zone_of(policies.in_force(now))) if written else None
    if as_of is not None:
        service.moments(as_of, None)
    return View(
        request,
        service,
        found if isinstance(found, Caller) else None,
        spoken(request),
        policies,
        now,
        as_of,
    )


def spoken(request: Request) -> Language:
    """Return the language of a page: what was chosen, else what the browser prefers."""
    match request.cookies.get(LANGUAGE_COOKIE):
        case "en":
            return "en"
        case "cs":
            return "cs"
        case _:
            return language(request, None)


def shown(request: Request, problem: Problem) -> Response:
    """Show a problem as a page; who is not signed in gets to do so."""
    if problem.status_code == 401 and request.scope["path"] != session.SIGN_IN:
        # Behind the address of a form is the page on which it stands.
        where = _without(request, "lang")
        query = {"to": where}
        if problem.name != "NotSignedIn":
            query["why"] = problem.name
        return RedirectResponse(f"{session.SIGN_IN}?{urlencode(query)}", 303)
    if problem.name == "StoreUnavailable":
        # What cannot be used would be waited for a second time.
        return unframed(request, problem)
    service = service_of(request)
    found = request.scope["lhuta.caller"]
    made = View(
        request,
        service,
        found if isinstance(found, Caller) else None,
        spoken(request),
        service.log.policies(),
        service.present(),
        None,
    )
    response = made.show("problem.html", problem.status_code, problem=made.refused(problem))
    response.headers.update(problem.headers or {})
    return response


def unframed(request: Request, problem: Problem) -> Response:
    """Show a problem without asking any store: one of them may be what failed.

    The id of the request is there, for the operator, who finds it in the log of the server.
    """
    language = spoken(request)
    response = _rendered(
        request,
        language,
        "failed.html",
        problem.status_code,
        view=Anybody(language),
        navigation=(),
        problem=in_short(problem, language),
        request_id=request_id_of(request.scope),
    )
    response.headers.update(problem.headers or {})
    return response


def _rendered(
    request: Request, language: Language, template: str, status: int, **values: Any
) -> Response:
    here = _without(request, "lang")
    text = _PAGES.get_template(template).render(
        said=SAID[language],
        languages=[
            (f"{session.HOME}/language?{urlencode({'lang': code, 'to': here})}", name, code)
            for code in get_args(Language)
            for name in (SAID[code]["language"],)
        ],
        **values,
    )
    response = Response(text, status, media_type="text/html")
    response.headers["Content-Language"] = language
    response.headers["Vary"] = "Accept-Language, Cookie"
    return response


def local_path(text: str) -> str:
    """Return a path of a page of ours, else the first page: a link leads nowhere else."""
    path = text.partition("?")[0]
    safe = session.is_page(path) and text.isprintable() and "\\" not in text and "//" not in path
    return quote(text, safe="/?=&%:+-._~") if safe else session.HOME


def zone_of(policy: Policy) -> tzinfo:
    """Return the zone in which a policy counts."""
    return next(iter(policy.plans.values())).hours.zone


def chosen(request: Request, name: str) -> str:
    """Return a filter of the address, blank where there is none."""
    return request.query_params.get(name, "").strip()


def number(request: Request, name: str, digits: int = 4) -> int | None:
    """Return a filter that is a number; raises Problem."""
    text = chosen(request, name)
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= digits):
        message = "it is no number; leave it out or choose one"
        raise invalid([Fault(name, "FieldInvalid", message, {"type": "number"})])
    return int(text)


def one_of(request: Request, name: str, known_values: Sequence[str]) -> str:
    """Return a filter that is one of some values, blank where there is none; raises Problem."""
    text = chosen(request, name)
    if text and text not in known_values:
        message = f"choose one of {', '.join(known_values)}, or leave it out"
        about = {"type": "choice", "choices": tuple(known_values)}
        raise invalid([Fault(name, "FieldInvalid", message, about)])
    return text


def moment_of(name: str, text: str, zone: tzinfo) -> int:
    """Return the instant in a field for date and time; raises Problem."""
    try:
        moment = datetime.fromisoformat(text)
        return instant.from_datetime(
            moment if moment.utcoffset() is not None else moment.replace(tzinfo=zone)
        )
    except (ValueError, OverflowError) as error:
        message = "it is no date with a time; write one such as 2026-03-06T16:30"
        raise invalid([Fault(name, "FieldInvalid", message, {"type": "moment"})]) from error


def _without(request: Request, name: str) -> str:
    kept = [(one, value) for one, value in request.query_params.multi_items() if one != name]
    return f"{request.url.path}?{urlencode(kept)}" if kept else request.url.path


def fields_of(body: bytes) -> Mapping[str, str]:
    """Return the fields of a form that say something; raises Problem where it is none."""
    try:
        pairs = parse_qsl(body.decode("utf-8"), max_num_fields=50, errors="strict")
    except ValueError as error:
        raise Problem(400, "BodyUnreadable", "the form cannot be read; send it again") from error
    # Browsers send the ends of lines as CR LF.
    return {name: value.replace("\r\n", "\n") for name, value in pairs if value.strip()}
