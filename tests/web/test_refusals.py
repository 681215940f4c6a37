"""What is refused, in both languages: every rule has a cause and a cure in English and in Czech."""

import re
from dataclasses import replace
from pathlib import Path
from string import Formatter

import pytest

import infra.doors.web
from domain import instant
from infra.doors.web.pages.czech import CZECH
from infra.doors.web.pages.refusals import ENGLISH
from tests.web.board import page, send, text
from tests.web.desk import GENEROUS, RESOLUTION, Desk

# A file of commands is read on the command line, which speaks English.
REFUSALS = {name: says for name, says in ENGLISH.items() if name != "CommandMalformed"}
_PROBLEM = re.compile(r'\b(?:Problem\(\s*\w+,|unavailable\(|_not_let_in\()\s*"(\w+)"')
_FAULT = re.compile(r'\bFault\(\s*[\w."-]+,\s*"([A-Z]\w+)"')


def _places(text: str) -> set[str]:
    return {place for _, place, _, _ in Formatter().parse(text) if place}


def _problems() -> list[str]:
    """Return the names of all problems and faults that the server makes by itself."""
    [folder] = infra.doors.web.__path__
    sources = [one.read_text("utf-8") for one in Path(folder).rglob("*.py")]
    return sorted(
        {name for one in sources for name in (*_PROBLEM.findall(one), *_FAULT.findall(one))}
    )


def test_every_refusal_has_the_same_places_in_both_languages() -> None:
    """So nothing that one language tells is missing in the other, but for what it words around."""
    worded_around = {"RationaleMissing": {"proposed"}}
    assert len(REFUSALS) > 30
    for name, english in REFUSALS.items():
        assert _places(english) - worded_around.get(name, set()) == _places(CZECH[name]), name


def test_every_problem_of_the_server_is_told_in_czech() -> None:
    """Without places: a problem that is no refusal tells only its message."""
    found = _problems()
    assert {"FormForeign", "RoleForbids", "TicketNotKnownThen", "TokenExpired"} <= set(found)
    for name in found:
        assert _places(CZECH[name]) == set(), name


@pytest.mark.parametrize("name", sorted(CZECH))
def test_every_text_has_a_cause_and_a_cure(name: str) -> None:
    """The cure stands behind a semicolon."""
    for told in (CZECH[name], REFUSALS.get(name, "a; b")):
        cause, semicolon, cure = told.partition("; ")
        assert (bool(cause), semicolon, bool(cure)) == (True, "; ", True)


def test_nothing_is_told_that_nobody_refuses() -> None:
    """A text without a refusal would be dead."""
    known = {
        *REFUSALS,
        *_problems(),
        "Contended",
        "Stopped",
        "CannotJudge",
        "OutsideCalendar",
    }
    assert {name.partition(".")[0] for name in CZECH} <= known


def test_a_refusal_on_a_czech_page_is_czech(desk: Desk) -> None:
    """With the policy's own words, the labels of fields, and instants in the policy's zone."""
    ticket = desk.opened()
    for language, cause, cure in (
        ("en", "has no severity at that time", "What helps: triage it first"),
        ("cs", f"požadavek {ticket} v té době nemá závažnost", "Co pomůže: nejprve ji určete"),
    ):
        shown = text(
            send(desk, "agent", f"/desk/tickets/{ticket}/resolution", {**RESOLUTION}, lang=language)
        )
        assert cause in shown
        assert cure in shown
    unbacked = {"severity": "1", "impact": "usage-question", "topic": "usage"}
    shown = text(send(desk, "specialist", f"/desk/tickets/{ticket}/triage", unbacked, lang="cs"))
    assert "Dopad: dopad „dotaz k používání“ neodpovídá závažnosti 1" in shown
    ahead = {"message": "x", "awaiting": "customer", "occurred_at": "2026-03-09T11:00"}
    shown = text(send(desk, "agent", f"/desk/tickets/{ticket}/responses", ahead, lang="cs"))
    assert "po 9. 3. 2026 11:00 CET teprve bude" in shown


def test_a_problem_page_is_in_the_language_of_the_reader(desk: Desk) -> None:
    """Of missing rights, of what is not there, and of a filter that means nothing."""
    for path, english, czech in (
        ("/desk/tickets/T-9", "there is no ticket T-9", "požadavek T-9 neexistuje"),
        ("/desk/tickets?status=gone", "choose one of", "taková možnost není"),
        ("/desk?as_of=then", "it is no date with a time", "není to datum s časem"),
        ("/desk/nowhere", "there is no such page", "taková stránka není"),
    ):
        assert english in text(page(desk, "agent", path))
        assert czech in text(page(desk, "agent", path, lang="cs"))
    assert "vaše role to nesmí" in text(page(desk, "customer", "/desk", lang="cs"))


def test_what_is_too_much_is_told_as_a_page(tmp_path: Path) -> None:
    """In the language of the reader, and nothing was done."""
    limits = replace(GENEROUS, body=1_000)
    with Desk(tmp_path, limits) as desk:
        ticket = desk.opened()
        long = {"message": "x" * 2_000, "awaiting": "customer"}
        refused = send(desk, "agent", f"/desk/tickets/{ticket}/responses", long, lang="cs")
        assert refused.status_code == 413
        assert "Co pomůže: zkraťte text" in text(refused)
        assert refused.headers["connection"] == "close"
        assert len(desk.story(ticket)) == 1


def test_who_comes_too_often_is_told_so_on_a_page(tmp_path: Path) -> None:
    """With when to come again."""
    with Desk(tmp_path, replace(GENEROUS, rate=0.1, burst=3)) as desk:
        shown = [page(desk, "agent", "/desk/policy", lang="cs") for _ in range(6)][-1]
        assert (shown.status_code, shown.headers["retry-after"]) == (429, "10")
        assert "chvíli počkejte" in text(shown)


def test_who_cannot_be_signed_out_now_is_told_so(tmp_path: Path) -> None:
    """The cookie stays, because its session does."""
    with Desk(tmp_path, replace(GENEROUS, rate=0.1, burst=1)) as desk:
        refused = send(desk, "agent", "/desk/sign-out", {})
        assert (refused.status_code, "set-cookie" in refused.headers) == (429, False)
        desk.clock.now += 10 * instant.SECOND
        assert page(desk, "agent", "/desk/policy").status_code == 200
