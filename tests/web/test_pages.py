"""The pages of the board without a script: who sees what, and that words stay words."""

import re
from concurrent.futures import Future
from html import unescape
from itertools import pairwise
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from domain import instant
from infra.desk import Contended
from infra.doors.web.guard import SAFE
from infra.doors.web.pages import alerts as alerts_page
from infra.doors.web.pages import tickets as tickets_page
from infra.doors.web.pages.page import local_path
from infra.doors.web.pages.session import COOKIE
from infra.doors.web.pages.words import SAID
from infra.doors.web.rights import RIGHTS
from infra.doors.web.service import Service
from infra.store.access import LASTS, ROLES, Role
from infra.store.deliveries import opened as opened_deliveries
from infra.store.log import Outcome
from infra.store.models import opened as opened_models
from projections.rows import PARKED, ParkedRow
from tests.contract.given import NOW, POLICY
from tests.web.board import cookie, hidden, page, send, text
from tests.web.desk import ANSWER, OPENING, RESOLUTION, TRIAGE, Desk

HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'
PAGES = {
    "/desk": "get_board",
    "/desk/tickets": "list_tickets",
    "/desk/tickets/T-1": "get_ticket",
    "/desk/open": "open_ticket",
    "/desk/promises": "get_report",
    "/desk/alerts": "list_alerts",
    "/desk/policy": "list_policies",
}


class TestSigningIn:
    def test_a_stranger_is_led_to_the_form_and_back(self, desk: Desk) -> None:
        """The address that was asked for goes along."""
        response = page(desk, None, "/desk/alerts?kind=breach")
        assert response.status_code == 303
        assert response.headers["location"].startswith("/desk/sign-in?to=%2Fdesk%2Falerts")
        form = page(desk, None, response.headers["location"])
        assert hidden(form, "/sign-in") == {"to": "/desk/alerts?kind=breach"}

    def test_a_token_opens_a_session(self, desk: Desk) -> None:
        """Its cookie is out of reach of scripts and of other sites, and only goes to pages."""
        data = {"token": f" {desk.secrets['agent']} ", "to": "/desk/alerts"}
        response = desk.ask(None, "POST", "/desk/sign-in", data=data)
        assert (response.status_code, response.headers["location"]) == (303, "/desk/alerts")
        kept = response.headers["set-cookie"]
        assert desk.secrets["agent"] not in kept
        assert kept.startswith(f"{COOKIE}=")
        assert {"HttpOnly", "Path=/desk", "SameSite=strict"} <= set(kept.split("; "))
        assert "Secure" not in kept
        opened = {"Cookie": kept.partition(";")[0]}
        assert desk.ask(None, "GET", "/desk/alerts", headers=opened).status_code == 200

    def test_a_session_is_never_the_token(self, desk: Desk) -> None:
        """Who finds one in a browser has nothing for the API, nor a token anything for pages."""
        for kept in (desk.secrets["agent"], "x", ""):
            headers = {"Cookie": f"{COOKIE}={kept}"}
            assert desk.ask(None, "GET", "/desk", headers=headers).status_code == 303
        bearer = {"Authorization": f"Bearer {desk.session('agent')}"}
        assert desk.ask(None, "GET", "/tickets", headers=bearer).status_code == 401

    def test_behind_tls_the_cookie_is_secure(self, desk: Desk) -> None:
        """The server in front says so."""
        response = desk.ask(
            None,
            "POST",
            "/desk/sign-in",
            data={"token": desk.secrets["agent"]},
            headers={"X-Forwarded-Proto": "https"},
        )
        assert "Secure" in response.headers["set-cookie"].split("; ")

    def test_a_token_that_lets_nobody_in_is_refused_with_the_reason(self, desk: Desk) -> None:
        """Unknown, expired and revoked are told apart, and no cookie is set."""
        desk.admit("late", "agent", "a-9", expires_at=NOW)
        desk.revoke(desk.admit("gone", "agent", "a-9"))
        for secret, reason in (
            ("lhuta_nobody", "TokenUnknown"),
            (desk.secrets["late"], "TokenExpired"),
            (desk.secrets["gone"], "TokenRevoked"),
        ):
            response = desk.ask(None, "POST", "/desk/sign-in", data={"token": secret})
            assert response.status_code == 401
            assert SAID["en"][reason] in text(response)
            assert "set-cookie" not in response.headers

    def test_an_expired_session_leads_to_the_form_with_the_reason(self, desk: Desk) -> None:
        """A session is never longer than its token."""
        desk.admit("late", "agent", "a-9", expires_at=NOW + instant.HOUR)
        assert page(desk, "late", "/desk").status_code == 200
        desk.clock.now = NOW + instant.HOUR
        response = page(desk, "late", "/desk")
        assert response.status_code == 303
        assert SAID["en"]["TokenExpired"] in text(page(desk, None, response.headers["location"]))

    def test_a_session_lasts_a_working_day(self, desk: Desk) -> None:
        """However long the token lasts; then the form says why it is there."""
        assert page(desk, "agent", "/desk").status_code == 200
        desk.clock.now += LASTS - 1
        assert page(desk, "agent", "/desk").status_code == 200
        desk.clock.now += 1
        response = page(desk, "agent", "/desk")
        assert response.status_code == 303
        assert SAID["en"]["SessionExpired"] in text(page(desk, None, response.headers["location"]))

    def test_revoking_the_token_ends_every_session_of_it(self, desk: Desk) -> None:
        """Within a moment, and the reason is told."""
        name = desk.admit("gone", "agent", "a-9")
        assert page(desk, "gone", "/desk").status_code == 200
        desk.revoke(name)
        desk.clock.now += instant.SECOND
        response = page(desk, "gone", "/desk")
        assert "why=TokenRevoked" in response.headers["location"]

    def test_signing_out_ends_the_session_wherever_its_cookie_is(self, desk: Desk) -> None:
        """It needs the token of the form, too; other sessions of the token go on."""
        kept = cookie(desk, "agent")
        assert send(desk, "agent", "/desk/sign-out", {}, token="x").status_code == 403
        assert desk.ask(None, "GET", "/desk", headers=kept).status_code == 200
        response = send(desk, "agent", "/desk/sign-out", {})
        assert response.headers["location"] == "/desk/sign-in"
        assert f'{COOKIE}="";' in response.headers["set-cookie"]
        assert desk.ask(None, "GET", "/desk", headers=kept).status_code == 303
        assert desk.get("agent", "/tickets").status_code == 200

    def test_who_signs_in_anew_leaves_no_session_behind(self, desk: Desk) -> None:
        """The one that the browser had is ended."""
        kept = cookie(desk, "agent")
        data = {"token": desk.secrets["specialist"]}
        response = desk.ask(None, "POST", "/desk/sign-in", data=data, headers=kept)
        assert response.status_code == 303
        assert desk.ask(None, "GET", "/desk", headers=kept).status_code == 303

    def test_a_session_is_nothing_to_the_api(self, desk: Desk) -> None:
        """So no site can make a browser command it."""
        response = desk.ask(None, "GET", "/tickets", headers=cookie(desk, "agent"))
        assert response.status_code == 401

    def test_no_other_site_signs_a_browser_in(self, desk: Desk) -> None:
        """Else somebody would work in a session of a stranger without knowing."""
        for site, status in (("cross-site", 403), ("same-site", 403), ("same-origin", 303)):
            response = desk.ask(
                None,
                "POST",
                "/desk/sign-in",
                data={"token": desk.secrets["agent"]},
                headers={"Sec-Fetch-Site": site},
            )
            assert response.status_code == status

    def test_nothing_of_a_stranger_is_read_but_a_token(self, desk: Desk) -> None:
        """And of that not much."""
        response = desk.ask(None, "POST", "/desk/sign-in", data={"token": "x" * 5_000})
        assert response.status_code == 413

    @pytest.mark.parametrize(
        "to",
        ["//evil.example", "https://evil.example", "/desk/../x\n", "/desk//x", "/desk\\x", "/"],
    )
    def test_nobody_is_led_elsewhere(self, to: str) -> None:
        """Only to a page of ours."""
        assert local_path(to) == "/desk"

    def test_a_page_of_ours_is_kept_with_its_filters(self) -> None:
        """Whatever they say."""
        assert local_path("/desk/alerts?kind=breach") == "/desk/alerts?kind=breach"


class TestWhoSeesWhat:
    @pytest.mark.parametrize("role", ROLES)
    def test_a_page_needs_the_right_of_its_operation(self, desk: Desk, role: Role) -> None:
        """A page that may not be seen says so, is in no menu, and keeps the policy for content."""
        desk.triaged()
        desk.engine()
        for path, operation in PAGES.items():
            response = page(desk, role, path)
            allowed = role in RIGHTS[operation]
            assert response.status_code == (200 if allowed else 403), path
            assert response.headers["content-type"].startswith("text/html")
            for name, value in SAFE:
                assert response.headers[name.decode()] == value.decode()
            if path != "/desk/tickets/T-1":
                assert (f'<li><a href="{path}"' in response.text) == allowed

    def test_a_customer_sees_own_tickets_only(self, desk: Desk) -> None:
        """Another's ticket is not there."""
        desk.opened()
        assert page(desk, "customer", "/desk/tickets/T-1").status_code == 200
        assert page(desk, "other customer", "/desk/tickets/T-1").status_code == 404
        desk.engine()
        assert "T-1" in text(page(desk, "customer", "/desk/tickets"))
        assert "T-1" not in text(page(desk, "other customer", "/desk/tickets?customer=c-1"))

    def test_who_may_not_read_words_sees_none(self, desk: Desk) -> None:
        """An auditor sees that something was written."""
        desk.triaged(subject="A secret subject", body="A secret body")
        desk.engine()
        for path in ("/desk", "/desk/tickets", "/desk/tickets/T-1"):
            assert "secret" not in page(desk, "auditor", path).text
        assert SAID["en"]["erased"] in text(page(desk, "auditor", "/desk/tickets/T-1"))

    def test_a_customer_sees_nothing_of_the_staff(self, desk: Desk) -> None:
        """Neither who triaged, nor why."""
        ticket = desk.triaged()
        shown = page(desk, "customer", f"/desk/tickets/{ticket}").text
        assert "Nobody can work" not in shown
        assert "agent:a-1" not in shown
        assert "Nobody can work" in page(desk, "agent", f"/desk/tickets/{ticket}").text

    def test_no_page_has_script_or_style_inside_or_from_elsewhere(self, desk: Desk) -> None:
        """The policy for content would forbid them anyway."""
        desk.triaged()
        desk.engine()
        for path in (*PAGES, "/desk/sign-in", "/desk/nowhere"):
            shown = page(desk, "specialist", path).text
            assert (
                re.findall(r"<script(?! src=\"/desk/static/page\.js\" defer></script>)", shown)
                == []
            )
            assert re.search(r"<style|\sstyle=|\son\w+=|javascript:", shown) is None
            assert re.findall(r'(?:src|href|action)="(?![/#?])[^"]*', shown) == []

    def test_what_a_browser_loads_is_there(self, desk: Desk) -> None:
        """Style and script are ours."""
        for path in set(
            re.findall(
                r'(?:src|href)="(/desk/static/[^"]*)"', page(desk, None, "/desk/sign-in").text
            )
        ):
            assert desk.get(None, path).status_code == 200
        assert page(desk, "agent", "/desk/static/none").status_code == 404


class TestTheBoard:
    def test_it_shows_each_ticket_where_it_belongs(self, desk: Desk) -> None:
        """With the time that is left and the wall clock of the policy's zone."""
        desk.triaged(subject="It stops")
        desk.opened(subject="Nobody looked")
        answered = desk.triaged(subject="Asked back")
        desk.done("agent", f"/tickets/{answered}/responses", ANSWER)
        desk.engine()
        shown = page(desk, "agent", "/desk")
        parts = dict(
            zip(("broken", "due", "untriaged", "waiting"), _sections(shown.text), strict=True)
        )
        assert "It stops" in parts["due"]
        assert "today 11:00" in parts["due"]
        assert "0:59:59" in parts["due"]
        assert "Nobody looked" in parts["untriaged"]
        assert "Asked back" in parts["waiting"]
        assert "T-" not in parts["broken"]

    def test_a_broken_promise_moves_up_and_time_grows_old(self, desk: Desk) -> None:
        """The head tells the age in words, not only in red."""
        desk.triaged()
        desk.engine()
        desk.clock.now += 2 * instant.HOUR
        shown = page(desk, "agent", "/desk")
        assert "T-1" in _sections(shown.text)[0]
        assert "Out of date by 1:59:59" in text(shown)
        assert '<span data-text class="bad">1:00:00</span>' in _sections(shown.text)[0]

    def test_a_line_is_marked_once_its_last_warning_is_due(self, desk: Desk) -> None:
        """At three quarters of the target, and the share is a number, too."""
        desk.triaged()
        desk.engine()
        for minutes, marked, share in ((44, False, "73 %"), (46, True, "76 %")):
            desk.clock.now = NOW + minutes * instant.MINUTE
            due = _sections(page(desk, "agent", "/desk").text)[1]
            assert ('class="soon"' in due) == marked
            assert f'<span class="number" data-percent>{share}</span>' in due

    def test_off_hours_are_named_where_they_decide(self, desk: Desk) -> None:
        """At night the other meter runs out first."""
        desk.clock.now = instant.parse("2026-03-09T17:00:00Z")
        desk.triaged()
        desk.engine()
        due = _sections(page(desk, "agent", "/desk").text)[1]
        assert "tomorrow 2:00" in due
        assert SAID["en"]["off-hours"] in due

    def test_filters_are_in_the_address(self, desk: Desk) -> None:
        """And say how many were looked at."""
        desk.triaged(plan="standard", subject="Of standard")
        desk.triaged(subject="Of premium")
        desk.engine()
        shown = page(desk, "agent", "/desk?plan=standard&severity=1")
        assert "Of standard" in shown.text
        assert "Of premium" not in shown.text
        assert "1 of the first 2 match" in text(shown)
        assert page(desk, "agent", "/desk?severity=x").status_code == 422

    def test_every_filter_chooses(self, desk: Desk) -> None:
        """By what the ticket is, by its clock, by what decides, and by its subject."""
        night = desk.triaged(subject="Of the night", customer_id="c-2")
        desk.clock.now = instant.parse("2026-03-09T17:00:00Z")
        desk.triaged(subject="In the Evening", plan="standard")
        asked = desk.triaged(subject="Asked again")
        desk.done("agent", f"/tickets/{asked}/responses", {**ANSWER, "awaiting": "support"})
        desk.engine()
        everything = {"Of the night", "In the Evening", "Asked again"}
        for query, wanted in (
            ("", everything),
            ("customer=c-2", {"Of the night"}),
            ("clock=ongoing", {"Asked again"}),
            ("clock=initial", {"Of the night", "In the Evening"}),
            ("meter=off-hours&clock=ongoing", {"Asked again"}),
            ("meter=business&plan=standard", {"In the Evening"}),
            ("text=evening", {"In the Evening"}),
            ("text=EVENING&customer=c-2", set()),
        ):
            shown = page(desk, "agent", f"/desk?{query}").text
            found = {one for one in everything if f">{one}</td>" in shown}
            assert found == wanted, query
        assert page(desk, "agent", "/desk?meter=none").status_code == 422
        assert f'/desk/tickets/{night}"' in page(desk, "auditor", "/desk?text=evening").text

    def test_filters_are_saved_as_links_without_a_script(self, desk: Desk) -> None:
        """In the own browser, as what the address says and nothing else."""
        query = "plan=standard&text=a+%26+b&as_of=2026&x=1"
        response = send(desk, "agent", "/desk/filters", {"name": " My  own ", "query": query})
        assert response.headers["location"] == "/desk?plan=standard&text=a+%26+b"
        kept = response.headers["set-cookie"]
        assert {"HttpOnly", "Path=/desk", "SameSite=strict"} <= set(kept.split("; "))
        both = {"Cookie": f"{cookie(desk, 'agent')['Cookie']}; {kept.partition(';')[0]}"}
        shown = desk.ask(None, "GET", response.headers["location"], headers=both)
        link = '<a href="/desk?plan=standard&amp;text=a+%26+b" aria-current="true">My own</a>'
        assert link in shown.text
        assert "<title>My own" in shown.text
        forgotten = desk.ask(
            None,
            "POST",
            "/desk/filters/forget",
            headers=both,
            data={**hidden(shown, "/filters/forget")},
        )
        assert "My own" not in forgotten.headers["set-cookie"]
        emptied = {"Cookie": f"{cookie(desk, 'agent')['Cookie']}; lhuta_filters=W10="}
        assert forgotten.headers["set-cookie"].startswith('lhuta_filters="W10=";')
        for broken in (emptied, {"Cookie": f"{emptied['Cookie'][:-4]}WzFd"}):
            assert "My own" not in desk.ask(None, "GET", "/desk", headers=broken).text

    def test_saved_filters_have_a_limit_and_need_the_form(self, desk: Desk) -> None:
        """A browser keeps no more than a cookie holds."""
        asked = {"name": "Long", "query": f"text={'x' * 3_000}"}
        refused = send(desk, "agent", "/desk/filters", asked)
        assert (refused.status_code, "FiltersTooMany" in refused.text) == (422, True)
        assert send(desk, "agent", "/desk/filters", asked, token="x").status_code == 403
        assert send(desk, "customer", "/desk/filters", asked).status_code == 403

    def test_parked_tickets_are_listed_with_the_reason_and_what_helps(self, desk: Desk) -> None:
        """In both languages; the reason itself is what the program said."""
        rows = [
            ParkedRow("T-8", 0, 1, "OutsideCalendar", "the year 2041 is outside", 0),
            ParkedRow("T-9", 0, 2, "KeyError", "'premium'", 0),
        ]
        with opened_models(desk.settings.models) as models:
            models.write(PARKED, rows)
        for language in ("en", "cs"):
            said = SAID["en" if language == "en" else "cs"]
            shown = text(page(desk, "operator", "/desk", lang=language))
            assert f"{said['parked']} 2" in shown
            assert "OutsideCalendar: the year 2041 is outside" in shown
            assert f"{said['cure_calendar']} lhuta retry T-8" in shown
            assert f"{said['cure_fault']} lhuta retry T-9" in shown

    def test_the_time_machine_shows_the_past_with_a_banner(self, desk: Desk) -> None:
        """Every page knows it, and every link keeps it."""
        desk.triaged(subject="Early")
        desk.clock.now += 10 * instant.MINUTE
        desk.triaged(subject="Later")
        desk.engine()
        past = page(desk, "agent", "/desk?as_of=2026-03-09T10:05")
        assert "Early" in past.text
        assert "Later" not in past.text
        assert "/desk/tickets/T-1?as_of=2026-03-09T09%3A05%3A00Z" in past.text
        for path in PAGES:
            shown = page(desk, "specialist", f"{path}?as_of=2026-03-09T10:05")
            assert "This is the past" in text(shown), path
        gone = page(desk, "agent", "/desk/tickets/T-2?as_of=2026-03-09T10:05")
        assert (gone.status_code, "TicketNotKnownThen" in gone.text) == (404, True)
        assert page(desk, "agent", "/desk?as_of=then").status_code == 422


class TestATicket:
    def test_hostile_words_stay_words(self, desk: Desk) -> None:
        """Wherever they stand."""
        ticket = desk.triaged(subject=HOSTILE, body=HOSTILE, steps_taken=HOSTILE)
        desk.done("agent", f"/tickets/{ticket}/responses", {**ANSWER, "message": HOSTILE})
        desk.engine()
        for path in ("/desk", "/desk/tickets", f"/desk/tickets/{ticket}"):
            shown = page(desk, "agent", path)
            assert "<script>alert" not in shown.text
            assert "<img" not in shown.text
            assert "&lt;script&gt;alert(1)" in shown.text

    def test_a_backdated_event_is_marked_with_both_times(self, desk: Desk) -> None:
        """When it happened, and when it was recorded."""
        ticket = desk.triaged()
        desk.clock.now += instant.HOUR
        earlier = {**ANSWER, "occurred_at": "2026-03-09T09:30:00Z"}
        desk.done("agent", f"/tickets/{ticket}/responses", earlier)
        shown = text(page(desk, "agent", f"/desk/tickets/{ticket}"))
        assert (
            "Mon 9 Mar 2026 10:30 CET , by agent:a-1 "
            "entered later recorded Mon 9 Mar 2026 11:00 CET" in shown
        )
        assert "Mon 9 Mar 2026 10:00 CET , by agent:a-1 recorded Mon 9 Mar 2026 10:00 CET" in shown

    def test_a_due_time_that_is_still_to_come_is_not_told_as_past(self, desk: Desk) -> None:
        """Who was answered early had time until tomorrow."""
        ticket = desk.triaged()
        desk.clock.now += 10 * instant.MINUTE
        desk.done("agent", f"/tickets/{ticket}/responses", ANSWER)
        shown = text(page(desk, "agent", f"/desk/tickets/{ticket}"))
        assert "✓ kept Due today 11:00" in shown
        desk.clock.now += instant.HOUR
        shown = text(page(desk, "agent", f"/desk/tickets/{ticket}"))
        assert "✓ kept Was due today 11:00" in shown

    def test_the_explanation_is_text_to_copy(self, desk: Desk) -> None:
        """Whole, in the language of the page, without a script."""
        ticket = desk.triaged()
        desk.clock.now += instant.MINUTE
        for language, head in (("en", "Which target applies"), ("cs", "Který cíl platí")):
            shown = page(desk, "agent", f"/desk/tickets/{ticket}", lang=language).text
            said = SAID["en" if language == "en" else "cs"]
            assert f">{said['copy_text']}</button>" in shown
            [copied] = re.findall(r'<textarea class="copy" readonly[^>]*>\n([^<]*)<', shown)
            explained = desk.get("agent", f"/tickets/{ticket}/explanation?lang={language}").json()
            words = explained["clocks"][0]["words"]
            lines = unescape(copied).split("\n")
            assert lines[:2] == [words["title"], words["sentence"]]
            assert head in lines
            for section in words["sections"]:
                assert section["heading"] in lines
                for row in section["table"]:
                    assert any(all(cell in line for cell in row) for line in lines)

    def test_the_form_for_triage_only_offers_what_the_policy_allows(self, desk: Desk) -> None:
        """A severity with an impact that does not back it cannot be chosen."""
        ticket = desk.opened()
        shown = page(desk, "specialist", f"/desk/tickets/{ticket}").text
        offered = re.findall(r'<option value="(\d):([^"]*)"', shown)
        policy = desk.service.log.policies().in_force(desk.clock.now)
        assert offered == [
            (str(level), impact)
            for level, severity in policy.severities.items()
            for impact in severity.impacts
        ]

    def test_a_time_that_would_be_refused_is_not_offered(self, desk: Desk) -> None:
        """Nothing happened before the ticket, nor longer ago than the policy accepts."""
        ticket = desk.opened()
        shown = page(desk, "agent", f"/desk/tickets/{ticket}").text
        assert set(re.findall(r'name="occurred_at" [^>]*min="([^"]*)"', shown)) == {
            "2026-03-09T10:00"
        }
        earliest = NOW - desk.service.log.policies().in_force(NOW).max_backdate
        here = instant.to_datetime(earliest).astimezone(ZoneInfo("Europe/Prague"))
        assert f'min="{here:%Y-%m-%dT%H:%M}"' in page(desk, "agent", "/desk/open").text

    def test_nothing_is_opened_in_the_past(self, desk: Desk) -> None:
        """The page says so in place of its form."""
        past = page(desk, "agent", "/desk/open?as_of=2026-03-09T10:00")
        assert SAID["en"]["actions_past"] in text(past)
        assert 'action="/desk/open"' not in past.text

    def test_the_due_mark_lies_where_the_explanation_says(self, desk: Desk) -> None:
        """The place on the drawing is the share of the time between its margins."""
        ticket = desk.triaged()
        shown = page(desk, "agent", f"/desk/tickets/{ticket}").text
        [(at, x)] = re.findall(r'data-mark="due" data-at="([^"]*)" x1="([^"]*)"', shown)
        first, last = map(int, re.findall(r'data-(?:first|last)="(\d+)"', shown))
        explained = desk.get("agent", f"/tickets/{ticket}/explanation").json()
        assert at == explained["clocks"][0]["due_at"]
        share = (instant.parse(at) - first) / (last - first)
        assert float(x) == pytest.approx(24 + share * 952, abs=0.01)

    def test_an_explanation_is_to_the_second(self, desk: Desk) -> None:
        """What was recorded live has microseconds; due times are not shown later than they are."""
        desk.clock.now += 27 * instant.SECOND + 904_152
        ticket = desk.triaged()
        desk.clock.now += 3 * instant.MINUTE + 700_000
        exact = desk.get("agent", f"/tickets/{ticket}/explanation").json()["clocks"][0]["due_at"]
        assert exact.endswith(":27.904152Z")
        why = text(page(desk, "agent", f"/desk/tickets/{ticket}")).partition("Why:")[2]
        assert re.search(r"\d:\d\d:27\b", why)
        assert not re.search(r":\d\d[.,]\d", why)
        assert not re.search(r"[.,]\d+.seconds", why)

    def test_a_fraction_of_a_second_that_decides_is_shown(self, desk: Desk) -> None:
        """An answer three milliseconds late, in the second in which it was due, is late."""
        ticket = desk.triaged()
        due = desk.get("agent", f"/tickets/{ticket}/explanation").json()["clocks"][0]["due_at"]
        desk.clock.now = instant.parse(due) + 3_000
        desk.done(
            "agent", f"/tickets/{ticket}/responses", {"message": "Ano", "awaiting": "support"}
        )
        assert "0.003 seconds" in text(page(desk, "agent", f"/desk/tickets/{ticket}"))

    def test_the_line_meets_every_warning_at_its_share(self, desk: Desk) -> None:
        """Of two budgets the one of which more is used is drawn, so it is whole when it is due."""
        desk.clock.now = instant.parse("2026-03-09T15:30:00Z")
        ticket = desk.triaged()
        desk.clock.now += 20 * instant.HOUR
        shown = page(desk, "agent", f"/desk/tickets/{ticket}").text
        [used] = re.findall(r'class="path" points="([^"]*)"', shown)
        line = [tuple(map(float, point.split(","))) for point in used.split()]
        [whole] = map(float, re.findall(r'y1="([^"]*)" x2="976"', shown))
        bottom = line[0][1]
        for kind, shares in (("warning", [0.5, 0.75]), ("due", [1.0])):
            places = re.findall(rf'data-mark="{kind}" data-at="[^"]*" x1="([^"]*)"', shown)
            heights = [_height(line, float(x)) for x in places]
            assert [(bottom - y) / (bottom - whole) for y in heights] == pytest.approx(
                shares, abs=0.02
            )

    def test_only_what_is_legal_is_offered(self, desk: Desk) -> None:
        """By the lifecycle and by the role."""
        ticket = desk.opened()
        assert _offered(desk, "specialist", ticket) == [
            "triage",
            "responses",
            "workarounds",
            "replies",
        ]
        assert _offered(desk, "agent", ticket) == ["responses", "workarounds", "replies"]
        assert _offered(desk, "customer", ticket) == ["replies"]
        assert _offered(desk, "auditor", ticket) == []
        desk.done(
            "specialist",
            f"/tickets/{ticket}/triage",
            {"severity": 1, "impact": "service-unavailable", "topic": "diagnosis"},
        )
        desk.done("agent", f"/tickets/{ticket}/resolution", RESOLUTION)
        assert _offered(desk, "customer", ticket) == ["replies", "verification"]

    def test_a_form_does_what_its_command_does(self, desk: Desk) -> None:
        """Through triage and an answer to the resolution, and each form counts once."""
        response = send(
            desk,
            "agent",
            "/desk/open",
            {
                "customer_id": "c-1",
                "plan": "premium",
                "channel": "phone",
                "subject": "No login",
                "browser": "Firefox 137",
            },
        )
        assert response.status_code == 303
        ticket = response.headers["location"].rpartition("/")[2]
        where = f"/desk/tickets/{ticket}"
        key = str(UUID(int=7))
        triage = {
            "grounds": "2:serious-performance",
            "topic": "diagnosis",
            "supported": "",
            "command_id": key,
        }
        for _ in range(2):
            assert send(desk, "specialist", f"{where}/triage", triage).headers["location"] == where
        answer = {"awaiting": "customer", "message": "Line 1\r\nLine 2", "occurred_at": ""}
        assert send(desk, "agent", f"{where}/responses", answer).status_code == 303
        assert (
            send(
                desk, "agent", f"{where}/resolution", {"resolution": "Fixed", "root_cause": ""}
            ).status_code
            == 303
        )
        assert (
            send(
                desk, "customer", f"{where}/verification", {"method": "retest", "evidence": "Works"}
            ).status_code
            == 303
        )
        story = desk.story(ticket)
        assert [type(one.event).__name__ for one in story] == [
            "Opened",
            "SeverityAssigned",
            "AgentResponded",
            "Resolved",
            "Verified",
        ]
        assert story[0].event.environment.browser == "Firefox 137"  # type: ignore[union-attr]
        assert story[2].words["message"] == "Line 1\nLine 2"
        assert story[4].actor == "customer:c-1"

    def test_a_refusal_is_shown_with_what_was_written(self, desk: Desk) -> None:
        """Nothing has to be typed again."""
        ticket = desk.opened()
        response = send(
            desk, "agent", f"/desk/tickets/{ticket}/resolution", {"resolution": "It is <b>done</b>"}
        )
        assert response.status_code == 409
        assert "Not done: SeverityMissing" in text(response)
        backed = {"grounds": "4:usage-question", "topic": "usage", "supported": "no"}
        refused = send(desk, "specialist", f"/desk/tickets/{ticket}/triage", backed)
        assert refused.status_code == 422
        assert "RationaleMissing" in text(refused)
        for value in backed.values():
            assert f'<option value="{value}" selected>' in refused.text
        unbacked = {"grounds": "1:usage-question", "topic": "usage", "rationale": "Because"}
        refused = send(desk, "specialist", f"/desk/tickets/{ticket}/triage", unbacked)
        assert "SeverityNotBacked" in text(refused)
        assert "Because</textarea>" in refused.text
        malformed = {"grounds": "high:usage-question", "topic": "usage"}
        refused = send(desk, "specialist", f"/desk/tickets/{ticket}/triage", malformed)
        assert (refused.status_code, "Severity:" in text(refused)) == (422, True)
        assert len(desk.story(ticket)) == 1

    def test_a_form_of_another_session_does_nothing(self, desk: Desk) -> None:
        """Neither without a token nor with that of somebody else."""
        ticket = desk.opened()
        other = hidden(page(desk, "specialist", "/desk/policy"), "/sign-out")["csrf"]
        for token in (
            "",
            "x",
            other,
            "\udcff".encode("utf-8", "surrogateescape").decode("latin-1"),
        ):
            sent = {"message": "Hello", "awaiting": "customer"}
            response = send(desk, "agent", f"/desk/tickets/{ticket}/responses", sent, token=token)
            assert (response.status_code, "FormForeign" in response.text) == (403, True)
        assert len(desk.story(ticket)) == 1

    def test_a_form_of_another_session_is_shown_again(self, desk: Desk) -> None:
        """Who signed in anew types nothing again; what another site sends is not shown."""
        ticket = desk.opened()
        written = {"message": "A long answer", "awaiting": "support", "subject": "A subject"}
        for path in (f"/desk/tickets/{ticket}/responses", "/desk/open"):
            again = send(desk, "agent", path, written, token="old")
            assert 'value="A subject"' in again.text or "A long answer</textarea>" in again.text
            shown = hidden(again, path.removeprefix("/desk"))
            assert send(desk, "agent", path, {}, token=shown["csrf"]).status_code != 403
            elsewhere = {**cookie(desk, "agent"), "Sec-Fetch-Site": "same-site"}
            foreign = desk.ask(None, "POST", path, headers=elsewhere, data=written)
            assert foreign.status_code == 403
            assert "A long answer" not in foreign.text
            assert "A subject" not in foreign.text
        assert len(desk.story(ticket)) == 1

    def test_who_has_to_sign_in_comes_back_to_the_form(self, desk: Desk) -> None:
        """By its address, which leads to the page on which it stands."""
        ticket = desk.opened()
        for path in (f"/desk/tickets/{ticket}/responses", "/desk/open", "/desk/filters/forget"):
            sent = desk.ask(None, "POST", path, data={"message": "Too late"})
            form = page(desk, None, sent.headers["location"])
            to = hidden(form, "/sign-in")["to"]
            assert to == path
            back = page(desk, "agent", to)
            while back.status_code == 303:
                back = page(desk, "agent", back.headers["location"])
            assert back.status_code == 200

    def test_what_could_not_be_stored_is_sent_again_and_counts_once(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The form has what was written, and the id under which it may have counted after all."""
        ticket = desk.triaged()
        where = f"/desk/tickets/{ticket}/responses"
        offered = hidden(
            page(desk, "agent", f"/desk/tickets/{ticket}"), f"/tickets/{ticket}/responses"
        )
        written = {**ANSWER, "command_id": offered["command_id"]}
        with monkeypatch.context() as patched:
            patched.setattr(type(desk.service), "submit", _lost)
            lost = send(desk, "agent", where, written)
            opening = send(
                desk, "agent", "/desk/open", {**OPENING, "command_id": offered["command_id"]}
            )
        assert (lost.status_code, opening.status_code) == (503, 503)
        assert f"{ANSWER['message']}</textarea>" in lost.text
        assert f'value="{OPENING["subject"]}"' in opening.text
        for again, form in ((lost, f"/tickets/{ticket}/responses"), (opening, "/open")):
            assert hidden(again, form)["command_id"] == offered["command_id"]
        for _ in range(2):
            assert send(desk, "agent", where, written).status_code == 303
        assert len(desk.story(ticket)) == 3

    def test_a_role_may_send_no_form_that_it_is_not_offered(self, desk: Desk) -> None:
        """What is hidden is refused, too."""
        ticket = desk.opened()
        response = send(desk, "agent", f"/desk/tickets/{ticket}/triage", {"severity": "1"})
        assert (response.status_code, "RoleForbids" in response.text) == (403, True)
        own = send(desk, "other customer", f"/desk/tickets/{ticket}/replies", {"message": "Hi"})
        assert own.status_code == 404


class TestTheOtherPages:
    def test_each_figure_leads_to_its_tickets(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Every one on the page, over all its pages, to just as many promises as it counts."""
        monkeypatch.setattr(tickets_page, "LISTED", 2)
        _a_busy_desk(desk)
        tickets = {
            one["ticket"]: one for one in desk.get("auditor", "/tickets?limit=100").json()["items"]
        }
        clocks = [
            {**tickets[one["ticket"]], **clock}
            for one in desk.get("auditor", "/clocks?limit=100").json()["items"]
            for clock in one["clocks"]
        ]
        kept = {"decided": ("met", "breached")}
        links = re.findall(
            r'<a href="([^"]*)" aria-label="([^"]*): ([^"]*)"',
            page(desk, "specialist", "/desk/promises").text,
        )
        asked = set()
        for href, name, figure in links:
            query = dict(parse_qsl(urlsplit(unescape(href)).query))
            listed = _all_pages(desk, href)
            counted = [
                one
                for one in clocks
                if one["ticket"] in listed
                and query.get("clock") in (None, one["clock"])
                and query.get("month") in (None, one["started_at"][:7])
                and query.get("plan") in (None, one["plan"])
                and query.get("severity") in (None, str(one["severity"]))
                and (query.get("supported") == "none") <= (one["severity"] is None)
            ]
            asked.add(
                next(key for key in ("verdict", "took", "root_cause", "review") if key in query)
            )
            if "verdict" in query:
                verdicts = kept.get(query["verdict"], (query["verdict"],))
                counted = [one for one in counted if one["verdict"] in verdicts]
                assert {one["ticket"] for one in counted} == listed, href
                if query["verdict"] != "decided":
                    assert len(counted) == int(figure), href
            elif "took" in query:
                took = int(query["took"])
                counted = [
                    one
                    for one in counted
                    if one["satisfied_at"] and one["business_seconds"] * instant.SECOND >= took
                ]
                assert {one["ticket"] for one in counted} == listed, href
                assert name != "Answered" or len(counted) == int(figure), href
                assert listed, href
            else:
                assert len(listed) == int(figure), href
        assert asked == {"verdict", "took", "root_cause", "review"}
        hrefs = {href for href, _, _ in links}
        for href in hrefs:
            if "verdict=breached" in href:
                assert href.replace("verdict=breached", "verdict=decided") in hrefs
        assert any(len(_all_pages(desk, href)) > 2 for href, _, _ in links)

    def test_a_share_of_nothing_kept_leads_to_what_was_broken(self, desk: Desk) -> None:
        """At the head of the page as in its tables."""
        late = desk.triaged()
        desk.clock.now += 2 * instant.HOUR
        desk.done("agent", f"/tickets/{late}/responses", ANSWER)
        desk.engine()
        shown = page(desk, "agent", "/desk/promises").text
        assert '<a href="/desk/tickets?verdict=decided"><b>0 %</b>' in shown

    def test_a_figure_of_the_staff_is_none_for_a_customer(self, desk: Desk) -> None:
        """Why a problem came about cannot be found out by its filter."""
        _a_busy_desk(desk)
        for query in ("root_cause=defect", "review=any"):
            assert len(_all_pages(desk, f"/desk/tickets?{query}", "specialist")) < 3
            whole = _all_pages(desk, "/desk/tickets", "customer")
            assert _all_pages(desk, f"/desk/tickets?{query}", "customer") == whole

    def test_alerts_are_the_newest_first_and_can_be_chosen(self, desk: Desk) -> None:
        """By kind, severity, plan, customer, ticket, and since when."""
        desk.triaged()
        desk.engine()
        desk.clock.now += 2 * instant.HOUR
        desk.opened(customer_id="c-2", plan="standard")
        desk.engine()
        desk.clock.now += instant.DAY
        desk.opened(customer_id="c-2")
        desk.engine()

        def alerts(query: str = "") -> list[str]:
            shown = page(desk, "auditor", f"/desk/alerts?{query}").text
            return re.findall(r'<tr data-row="(T-\d)-', shown)

        shown = text(page(desk, "auditor", "/desk/alerts"))
        assert shown.index("promise broken initial response") < shown.index("warning 75 % used")
        assert "warning 75 % used" not in text(page(desk, "auditor", "/desk/alerts?kind=breach"))
        assert "overdue 4 × the target late" in shown
        czech = text(page(desk, "auditor", "/desk/alerts", lang="cs"))
        assert "varování vyčerpáno 75 %" in czech
        assert "po termínu o 4 × cíl později" in czech
        assert alerts("ticket=T-2") == [one for one in alerts() if one == "T-2"] != []
        for query in ("severity=1", "plan=premium", "customer=c-1", "ticket=T-1"):
            assert set(alerts(query)) == {"T-1"}, query
        assert "T-1" in alerts("kind=breach")
        assert "T-1" not in alerts("kind=breach&since=2026-03-09T12:30")
        for query in ("kind=none", "severity=x", "since=then", "cursor=x"):
            assert page(desk, "auditor", f"/desk/alerts?{query}").status_code == 422

    def test_alerts_have_pages(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        """Each alert stands on just one of them, and the filters stay."""
        monkeypatch.setattr(alerts_page, "LISTED", 2)
        for _ in range(3):
            desk.triaged()
        desk.engine()
        desk.clock.now += 2 * instant.HOUR
        desk.engine()
        found: list[str] = []
        href: str | None = "/desk/alerts?severity=1"
        while href is not None:
            shown = page(desk, "agent", href).text
            found += re.findall(r'<tr data-row="([^"]*)"', shown)
            following = re.findall(r'<a href="([^"]*)" rel="next"', shown)
            assert all("severity=1" in one for one in following)
            href = following[0].replace("&amp;", "&") if following else None
        assert len(found) == len(set(found)) == sum(f"T-{one}-1" in found for one in (1, 2, 3)) * 3

    def test_each_alert_says_what_was_delivered_to_whom_and_when(self, desk: Desk) -> None:
        """What arrived, what is tried again and when, what nobody wanted, and nothing of where."""
        since = desk.clock.now
        with opened_deliveries(desk.settings.deliveries) as deliveries:
            told = desk.settings.data / "secret-place.jsonl"
            deliveries.subscribe("file", str(told), ("breach",), lambda: since)
            nowhere = desk.settings.data / "secret-folder" / "told.jsonl"
            deliveries.subscribe("file", str(nowhere), ("breach",), lambda: since)
        desk.triaged()
        desk.engine()
        desk.clock.now += 75 * instant.MINUTE
        desk.opened()
        desk.engine()
        for moment, in_words in (
            ("", "failed attempts: 1, next try"),
            ("&as_of=2026-03-09T11:10", "on its way"),
        ):
            breach = text(page(desk, "operator", f"/desk/alerts?kind=breach{moment}"))
            assert ("S-1 (file): delivered Mon 9 Mar 2026 11:15 CET" in breach) == (moment == "")
            assert f"S-2 (file): {in_words}" in breach
            assert "secret" not in breach
        assert "nobody has subscribed" in text(page(desk, "agent", "/desk/alerts?kind=warning"))
        assert "Subscribers" in text(page(desk, "agent", "/desk/alerts"))

    def test_alerts_of_the_past_have_the_severity_of_then(self, desk: Desk) -> None:
        """What the ticket has now is for the present."""
        ticket = desk.triaged()
        desk.engine()
        desk.clock.now += 55 * instant.MINUTE
        lowered = {"severity": 2, "impact": "serious-performance", "topic": "diagnosis"}
        desk.done("specialist", f"/tickets/{ticket}/triage", lowered)
        desk.engine()
        warned = "/desk/alerts?kind=warning"
        assert "T-1" in page(desk, "agent", f"{warned}&severity=2").text
        assert "T-1" not in text(page(desk, "agent", f"{warned}&severity=1"))
        past = f"{warned}&as_of=2026-03-09T10:50"
        assert "T-1" in text(page(desk, "agent", f"{past}&severity=1"))
        assert "T-1" not in text(page(desk, "agent", f"{past}&severity=2"))

    def test_the_policy_shows_targets_hours_and_holidays(self, desk: Desk) -> None:
        """Of the year that is asked for."""
        shown = text(page(desk, "customer", "/desk/policy?year=2026"))
        assert "1 hour of business time, or 8 hours outside it, whichever ends first" in shown
        assert (
            "Friday 25 December 2026" in shown
            or "25 December 2026" in shown
            or "25 Dec 2026" in shown
        )
        assert page(desk, "customer", "/desk/policy?version=7").status_code == 404

    def test_the_policy_has_its_versions_and_since_when(self, desk: Desk) -> None:
        """The one in force at the time shown is told, and the others can be looked at."""
        later = (
            POLICY.replace(b"version = 1", b"version = 2", 1)
            .replace(b'zone = "', b'effective_from = 2026-03-09T12:00:00+01:00\nzone = "', 1)
            .replace(
                b'initial.1 = { business = "1 hour" }', b'initial.1 = { business = "2 hours" }'
            )
        )
        desk.service.log.publish(later)  # type: ignore[attr-defined]
        since = "Mon 9 Mar 2026 12:00 CET"
        now = text(page(desk, "auditor", "/desk/policy"))
        assert f"managry@1 since ever {_digest(desk, 0)} in force" in now
        assert f"managry@2 {since} {_digest(desk, 1)} Show as of" in now
        assert "2 hours of business time" in text(page(desk, "auditor", "/desk/policy?version=2"))
        desk.clock.now += 3 * instant.HOUR
        then = "as_of=2026-03-09T11:00"
        for query, marked in (("", 2), (then, 1), (f"version=1&{then}", 1)):
            shown = text(page(desk, "auditor", f"/desk/policy?{query}"))
            in_force = f"{_digest(desk, marked - 1)} in force"
            assert in_force in shown
            assert shown.count(" in force") == 1

    def test_hours_and_targets_are_those_of_the_policy(self, desk: Desk) -> None:
        """Every severity of every plan, and every day that is open."""
        said = text(page(desk, "customer", "/desk/policy"))
        assert "how much of the target is used up: 50 %, 75 %." in said
        assert "how many targets an answer is late: 1, 2, 4." in said
        shown = page(desk, "customer", "/desk/policy").text
        policy = desk.service.log.policies().in_force(NOW)
        rows = re.findall(r"<tr><td>(initial|ongoing) response</td><td>(\d)[^<]*</td>", shown)
        assert rows == [
            (clock, str(level))
            for _ in policy.plans
            for clock in ("initial", "ongoing")
            for level in policy.severities
        ]
        opened = re.findall(r'<tr><td>(\w{3})</td><td class="number">0?8:00</td>', shown)
        assert opened[:5] == ["Mon", "Tue", "Wed", "Thu", "Fri"]


class TestCzech:
    def test_the_browser_s_preference_is_followed(self, desk: Desk) -> None:
        """And what was chosen by hand goes before it."""
        shown = page(desk, "agent", "/desk", lang="cs,en;q=0.5")
        assert '<html lang="cs">' in shown.text
        assert "Nejbližší termíny" in shown.text
        chosen = page(desk, "agent", "/desk/language?lang=en&to=/desk/alerts", lang="cs")
        assert chosen.headers["location"] == "/desk/alerts"
        kept = chosen.headers["set-cookie"].partition(";")[0]
        headers = {"Accept-Language": "cs", "Cookie": f"{cookie(desk, 'agent')['Cookie']}; {kept}"}
        assert '<html lang="en">' in desk.ask(None, "GET", "/desk", headers=headers).text

    def test_both_languages_say_the_same_things(self) -> None:
        """No key is missing, and none has other places to fill."""
        places = {
            language: {key: sorted(re.findall(r"\{\w+\}", said)) for key, said in words.items()}
            for language, words in SAID.items()
        }
        assert places["en"] == places["cs"]

    def test_roles_channels_and_shares_are_czech_too(self, desk: Desk) -> None:
        """Not as programs call them, and with the comma that Czech decimals have."""
        _a_busy_desk(desk)
        shown = text(page(desk, "specialist", "/desk/tickets/T-1", lang="cs"))
        assert "přihlášen: a-1, specialista" in shown
        offered = page(desk, "operator", "/desk/alerts", lang="cs")
        assert "přihlášen: a-1, provozovatel" in text(offered)
        form = page(desk, "agent", "/desk/open", lang="cs").text
        assert '<option value="phone">telefon</option>' in form
        english, czech = (
            re.findall(r"\d+[.,]\d %", text(page(desk, "specialist", "/desk/promises", lang=one)))
            for one in ("en", "cs")
        )
        assert english
        assert czech == [one.replace(".", ",") for one in english]

    def test_no_word_has_the_name_of_what_a_mapping_can_do(self) -> None:
        """A template would write the method in its place."""
        for words in SAID.values():
            assert words.keys().isdisjoint(dir(words))

    def test_every_page_can_be_told_in_czech(self, desk: Desk) -> None:
        """Explanations included."""
        desk.triaged()
        desk.engine()
        for path in PAGES:
            assert page(desk, "specialist", path, lang="cs").status_code == 200
        assert "Běží: termín je" in text(page(desk, "agent", "/desk/tickets/T-1", lang="cs"))


def _lost(service: Service, asked: object) -> Future[Outcome]:
    """Fail as a store that cannot be used."""
    failed: Future[Outcome] = Future()
    failed.set_exception(Contended("T-1"))
    return failed


def _digest(desk: Desk, place: int) -> str:
    return desk.service.log.policy_files()[place].policy.digest[:16]


def _a_busy_desk(desk: Desk) -> None:
    """Keep and break promises of several plans, severities and months, and resolve some."""
    late = desk.triaged(subject="Too late")
    for _ in range(3):
        answered = desk.triaged()
        desk.clock.now += 7 * instant.MINUTE
        desk.done("agent", f"/tickets/{answered}/responses", ANSWER)
    desk.triaged(plan="standard")
    desk.opened()
    desk.clock.now += 75 * instant.MINUTE
    desk.done("agent", f"/tickets/{late}/responses", ANSWER)
    for body in (RESOLUTION, {"resolution": "Gone"}):
        solved = desk.triaged()
        desk.done("agent", f"/tickets/{solved}/resolution", body)
    refused = {**TRIAGE, "supported": False}
    broken = desk.triaged()
    desk.clock.now += 2 * instant.HOUR
    desk.done("specialist", f"/tickets/{broken}/triage", refused)
    desk.clock.now += 30 * instant.DAY
    desk.triaged()
    desk.engine()


def _all_pages(desk: Desk, href: str, who: str = "specialist") -> set[str]:
    """Return the tickets of a list over all its pages, each of which stands there once."""
    found: list[str] = []
    following: str | None = unescape(href)
    while following is not None:
        shown = page(desk, who, following).text
        found += re.findall(r'<tr data-row="([^"]*)"', shown)
        more = re.findall(r'<a href="([^"]*)" rel="next"', shown)
        following = unescape(more[0]) if more else None
    assert len(found) == len(set(found))
    return set(found)


def _sections(shown: str) -> list[str]:
    return [
        shown.split(f'<section data-live="{name}"')[1].split("</section>", maxsplit=1)[0]
        for name in ("broken", "due_next", "untriaged", "waiting")
    ]


def _height(line: list[tuple[float, ...]], x: float) -> float:
    """Return how high a line of straight pieces is at a place."""
    for (left, from_), (right, to) in pairwise(line):
        if left <= x <= right:
            return from_ + (to - from_) * ((x - left) / (right - left) if right > left else 0)
    raise AssertionError(f"the line does not reach {x}")


def _offered(desk: Desk, who: str, ticket: str) -> list[str]:
    shown = page(desk, who, f"/desk/tickets/{ticket}").text
    return re.findall(rf'action="/desk/tickets/{ticket}/(\w+)"', shown)
