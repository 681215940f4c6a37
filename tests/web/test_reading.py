"""Questions over HTTP: tickets, clocks, explanations, alerts, board, report, policies, status."""

import csv
import io
from itertools import chain
from typing import Any

import orjson
import pytest

from domain import instant
from infra.doors.web.table import written_csv
from infra.store.log import EventLog
from tests.web.desk import ANSWER, CUSTOMER, OPENING, RESOLUTION, Desk, fields, found, refused


def items(desk: Desk, path: str, who: str = "agent") -> list[dict[str, Any]]:
    """Return the rows of a page."""
    response = desk.get(who, path)
    assert response.status_code == 200, response.text
    rows: list[dict[str, Any]] = found(response)["items"]
    return rows


def walked(desk: Desk, path: str, who: str = "agent") -> list[list[dict[str, Any]]]:
    """Return every page of a list, one after the other."""
    pages = []
    address: str | None = path
    while address is not None:
        response = desk.get(who, address)
        pages.append(found(response)["items"])
        links = response.links
        address = links["next"]["url"] if "next" in links else None
    return pages


class TestListsOfTickets:
    def test_the_newest_comes_first_and_pages_go_on_where_they_ended(self, desk: Desk) -> None:
        """A cursor is not shaken by tickets that are opened meanwhile."""
        for _ in range(5):
            desk.clock.now += instant.SECOND
            desk.opened()
        desk.engine()
        first = found(desk.get("agent", "/tickets?limit=2"))
        desk.clock.now += instant.SECOND
        desk.opened()
        desk.engine()
        second = found(desk.get("agent", f"/tickets?limit=2&cursor={first['next']}"))
        assert [one["ticket"] for one in first["items"] + second["items"]] == [
            *("T-5", "T-4", "T-3", "T-2")
        ]
        pages = walked(desk, "/tickets?limit=3")
        assert [[one["ticket"] for one in page] for page in pages] == [
            ["T-6", "T-5", "T-4"],
            ["T-3", "T-2", "T-1"],
        ]

    def test_filters_are_kept_together(self, desk: Desk) -> None:
        """Status, severity, customer and plan, alone and combined."""
        desk.triaged()
        desk.opened(customer_id="c-2", plan="standard")
        answered = desk.triaged(customer_id="c-2")
        desk.done("agent", f"/tickets/{answered}/responses", ANSWER)
        desk.engine()
        for question, tickets in (
            ("status=new", ["T-2"]),
            ("status=pending", ["T-3"]),
            ("severity=1", ["T-3", "T-1"]),
            ("customer=c-2", ["T-3", "T-2"]),
            ("plan=standard", ["T-2"]),
            ("customer=c-2&severity=1&status=pending&plan=premium", ["T-3"]),
            ("customer=c-2&status=open", []),
        ):
            for path in ("/tickets", "/clocks"):
                assert [one["ticket"] for one in items(desk, f"{path}?{question}")] == tickets

    def test_a_line_says_how_a_ticket_stands(self, desk: Desk) -> None:
        """Instants in RFC 3339, `supported` as a truth, `version` for If-Match."""
        ticket = desk.triaged()
        desk.engine()
        [line] = items(desk, "/tickets")
        assert line["ticket"] == ticket
        assert (line["supported"], line["version"], line["answered_at"]) == (True, 2, None)
        assert instant.parse(line["opened_at"]) == desk.story(ticket)[0].occurred_at

    @pytest.mark.parametrize("cursor", ["x", "W10", "WzEsMl0", "ČČ", "e30", "WyJhIiwiYiJd"])
    def test_a_cursor_that_is_none_is_a_wrong_field(self, desk: Desk, cursor: str) -> None:
        """Neither rubbish nor a cursor of another list is taken for a place."""
        response = desk.get("agent", "/tickets", params={"cursor": cursor})
        assert fields(refused(response, 422, "FieldsInvalid")) == {"cursor": "CursorInvalid"}

    def test_wrong_questions_are_all_named(self, desk: Desk) -> None:
        """Every parameter is told, not only the first."""
        response = desk.get("agent", "/tickets?limit=0&status=lost&severity=x&format=xml&cursor=x")
        assert set(fields(refused(response, 422, "FieldsInvalid"))) == {
            "limit",
            "status",
            "severity",
            "format",
            "cursor",
        }
        response = desk.get("agent", "/board?as_of=1700-01-01T00:00:00Z&at=2300-01-01T00:00:00Z")
        assert fields(refused(response, 422, "FieldsInvalid")) == {
            "as_of": "OutsideCalendar",
            "at": "OutsideCalendar",
        }
        far = found(desk.get("agent", "/board?as_of=2300-01-01T00:00:00Z"))
        assert far["cure"] == "name an instant within it"

    def test_each_wrong_field_says_what_helps(self, desk: Desk) -> None:
        """Behind the cause, whatever is wrong with it."""
        environment = {"environment": 1, "body": 2, "follows": ["T-1"], "occurred_at": "then"}
        wrong: list[dict[str, Any]] = [{**OPENING, **environment}, {**OPENING, "occurred_at": 5}]
        responses = [
            desk.get("agent", "/tickets?limit=0&status=lost&severity=x&format=xml&cursor=x"),
            desk.get("agent", "/clocks?limit=1000&as_of=then&at=tomorrow"),
            desk.get("auditor", "/events?after=x"),
            desk.get("agent", "/tickets/T-1/explanation?clock=x&lang=de"),
            *(desk.post("agent", "/tickets", one) for one in wrong),
            desk.post("agent", "/tickets", {**OPENING, "subject": "x" * 1_000, "body": ""}),
        ]
        for response in responses:
            problem = refused(response, 422, "FieldsInvalid")
            assert problem["cure"]
            for fault in problem["errors"]:
                cause, semicolon, cure = fault["message"].partition("; ")
                assert (bool(cause), semicolon, bool(cure)) == (True, "; ", True)

    def test_an_address_says_all_that_can_be_done_there(self, desk: Desk) -> None:
        """Also where several operations share it."""
        for method, path, allowed in (
            ("PUT", "/tickets", "GET, HEAD, POST"),
            ("POST", "/board", "GET, HEAD"),
            ("GET", "/tickets/T-1/triage", "POST"),
        ):
            response = desk.ask("agent", method, path)
            refused(response, 405, "MethodNotAllowed")
            assert response.headers["allow"] == allowed


class TestForms:
    def test_csv_leaves_nothing_out(self, desk: Desk) -> None:
        """Whatever stands in a row of JSON has a column, erasures and causes included."""
        ticket = desk.triaged()
        desk.clock.now += 2 * instant.HOUR
        desk.done("agent", f"/tickets/{ticket}/responses", ANSWER)
        desk.engine()
        with EventLog.open(desk.settings.log, clock=desk.clock) as log:
            log.erase([ticket], by="agent:a-1", reason="asked for")
        for path in ("/tickets", "/clocks", "/alerts", f"/tickets/{ticket}/history"):
            rows = desk.get("specialist", path).json()["items"]
            [*heads] = next(
                csv.reader(io.StringIO(desk.get("specialist", f"{path}?format=csv").text))
            )
            assert rows, path
            for row in rows:
                inner = [key for clock in row.pop("clocks", []) for key in clock]
                assert {*row, *inner} <= set(heads)

    def test_json_lines_and_csv_say_the_same_as_json(self, desk: Desk) -> None:
        """By parameter or by Accept; the next page is in the Link header."""
        desk.triaged()
        desk.opened()
        desk.engine()
        told = items(desk, "/tickets")
        lines = desk.get("agent", "/tickets", headers={"Accept": "application/jsonl"})
        assert [orjson.loads(line) for line in lines.text.splitlines()] == told
        sheet = desk.get("agent", "/tickets?format=csv&limit=1")
        assert sheet.headers["content-type"] == "text/csv; charset=utf-8"
        [row] = csv.DictReader(io.StringIO(sheet.text))
        assert row["ticket"] == told[0]["ticket"]
        assert row["severity"] == ""
        [next_row] = csv.DictReader(io.StringIO(desk.get("agent", sheet.links["next"]["url"]).text))
        assert (next_row["ticket"], next_row["supported"]) == ("T-1", "true")

    @pytest.mark.parametrize(
        ("accept", "kind"),
        [
            ("text/csv;q=0.1, application/json", "application/json"),
            ("application/json;q=0.1, text/csv", "text/csv; charset=utf-8"),
            ("image/png", "application/json"),
            ("application/x-ndjson", "application/jsonl"),
            ("text/csv;q=0, */*", "application/json"),
            (",;q=x,;;,text/csv;q=", "application/json"),
        ],
    )
    def test_what_is_preferred_comes(self, desk: Desk, accept: str, kind: str) -> None:
        """Weights are heeded, and what cannot be had becomes JSON."""
        response = desk.get("agent", "/tickets", headers={"Accept": accept})
        assert response.headers["content-type"] == kind

    @pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
    def test_a_cell_is_never_a_formula(self, desk: Desk, start: str) -> None:
        """What a spreadsheet would calculate is led by an apostrophe; the rest is as it is."""
        [head, cell] = written_csv(["text"], [{"text": f"{start}cmd|'/c calc'!A1"}]).splitlines(
            keepends=True
        )[0:2]
        assert head == b"text\r\n"
        assert cell.lstrip(b'"').startswith(b"'")
        assert written_csv(["text"], [{"text": -5}]) == b"text\r\n-5\r\n"

    def test_a_line_of_csv_is_a_clock(self, desk: Desk) -> None:
        """Tickets hold lists of clocks; a table has a line for each."""
        ticket = desk.triaged()
        desk.done("agent", f"/tickets/{ticket}/responses", {**ANSWER, "awaiting": "support"})
        desk.engine()
        rows = list(csv.DictReader(io.StringIO(desk.get("agent", "/clocks?format=csv").text)))
        assert [(one["ticket"], one["clock"], one["verdict"]) for one in rows] == [
            ("T-1", "initial", "met"),
            ("T-1", "ongoing", "running"),
        ]


class TestOneTicket:
    def test_it_is_whole(self, desk: Desk) -> None:
        """Story with words, what the request lacks, clocks and alerts, as of now."""
        ticket = desk.triaged(environment={"browser": "Firefox 148"})
        told = found(desk.get("agent", f"/tickets/{ticket}"))
        assert (told["status"], told["version"], told["customer_id"]) == ("open", 2, CUSTOMER)
        assert told["events"][0]["data"]["subject"] == OPENING["subject"]
        assert told["events"][1]["data"]["rationale"] == "Nobody can work"
        assert told["lacks"] == ["android", "recent_changes", "workarounds_tried", "steps_taken"]
        assert [one["verdict"] for one in told["clocks"]] == ["running"]
        assert told["alerts"] == []

    def test_it_is_shown_as_it_was_known(self, desk: Desk) -> None:
        """`as_of` leaves out what was recorded later, `at` what happened later."""
        ticket = desk.opened()
        before = desk.clock.now
        desk.clock.now += instant.HOUR
        desk.done("specialist", f"/tickets/{ticket}/triage", {**_triage(), "rationale": "x"})
        for question in (f"as_of={instant.text(before)}", f"at={instant.text(before)}"):
            told = found(desk.get("agent", f"/tickets/{ticket}?{question}"))
            assert (told["status"], len(told["events"]), told["version"]) == ("new", 1, 2)

    def test_before_it_was_opened_it_is_not_found(self, desk: Desk) -> None:
        """Which says when it was."""
        ticket = desk.opened()
        response = desk.get("agent", f"/tickets/{ticket}?as_of=2026-03-09T08:30:00Z")
        assert "opened at" in refused(response, 404, "TicketNotKnownThen")["detail"]

    @pytest.mark.parametrize("moment", ["2090-01-01T00:00:00Z", "0001-01-01T00:00:00Z"])
    def test_an_instant_outside_the_calendar_is_a_wrong_field(
        self, desk: Desk, moment: str
    ) -> None:
        """Nothing can be judged there, whatever is asked."""
        ticket = desk.opened()
        for path in (f"/tickets/{ticket}", "/clocks", "/board", "/report"):
            response = desk.get("agent", f"{path}?as_of={moment}")
            assert fields(refused(response, 422, "FieldsInvalid")) == {"as_of": "OutsideCalendar"}

    def test_words_can_be_left_out(self, desk: Desk) -> None:
        """Their digests stand for them then."""
        ticket = desk.opened()
        [event] = found(desk.get("agent", f"/tickets/{ticket}?words=false"))["events"]
        assert set(event["data"]) == {"customer_id", "plan", "channel", "text"}


class TestHistory:
    def test_auditors_get_positions_hashes_and_digests(self, desk: Desk) -> None:
        """Every event as stored, no words, and since when they are erased."""
        ticket = desk.triaged()
        with EventLog.open(desk.settings.log, clock=desk.clock) as log:
            log.erase([ticket], by="agent:a-1", reason="asked for")
            hashes = [row.hash.hex() for row in log.raw(ticket)]
        told = items(desk, f"/tickets/{ticket}/history", "auditor")
        assert [one["loghash"] for one in told] == hashes
        assert [one["erased"]["reason"] for one in told] == ["asked for", "asked for"]
        assert all("subject" not in one["data"] for one in told)


class TestExplanation:
    def test_every_clock_is_explained_as_data_and_in_words(self, desk: Desk) -> None:
        """English unless Czech is asked for or preferred."""
        ticket = desk.triaged()
        path = f"/tickets/{ticket}/explanation"
        english = found(desk.get("agent", path))
        [clock] = english["clocks"]
        assert clock["words"]["title"] == "Ticket T-1: initial response"
        assert clock["due_at"] is not None
        for given in (
            {"params": {"lang": "cs"}},
            {"headers": {"Accept-Language": "de, cs-CZ;q=0.8, en;q=0.5"}},
        ):
            response = desk.get("agent", path, **given)
            assert response.headers["content-language"] == "cs"
            assert found(response)["language"] == "cs"
            assert "Požadavek" in found(response)["clocks"][0]["words"]["title"]

    def test_one_clock_can_be_asked_for(self, desk: Desk) -> None:
        """A clock that is not there is told with those that are."""
        ticket = desk.triaged()
        path = f"/tickets/{ticket}/explanation"
        assert len(found(desk.get("agent", f"{path}?clock=initial"))["clocks"]) == 1
        problem = refused(desk.get("agent", f"{path}?clock=ongoing/1"), 422, "FieldsInvalid")
        assert fields(problem) == {"clock": "ClockUnknown"}
        assert "initial" in problem["detail"]


class TestAlerts:
    @pytest.fixture
    def told(self, desk: Desk) -> list[dict[str, Any]]:
        """Let a promise break with nobody looking, and a second one be cleared."""
        desk.triaged()
        cleared = desk.triaged()
        desk.clock.now += 2 * instant.HOUR
        desk.engine()
        desk.done("agent", f"/tickets/{cleared}/responses", ANSWER)
        desk.engine()
        return items(desk, "/alerts")

    def test_they_come_in_the_order_of_deciding(
        self, desk: Desk, told: list[dict[str, Any]]
    ) -> None:
        """With a page, a kind, an instant since and one until."""
        assert told == sorted(
            told, key=lambda one: (instant.parse(one["decided_at"]), one["ticket"])
        )
        assert {one["kind"] for one in told} == {"warning", "breach", "cleared"}
        assert list(chain(*walked(desk, "/alerts?limit=2"))) == told
        breaches = [one for one in told if one["kind"] == "breach"]
        assert items(desk, "/alerts?kind=breach") == breaches
        both = [one for one in told if one["kind"] in ("breach", "cleared")]
        assert items(desk, "/alerts?kind=breach&kind=cleared") == both
        middle = breaches[0]["decided_at"]
        first = [one for one in told if one["ticket"] == "T-1"]
        assert first
        assert items(desk, "/alerts?ticket=T-1") == first
        assert items(desk, "/alerts?ticket=T-9") == []
        since = told[told.index(breaches[0]) :]
        assert items(desk, f"/alerts?since={middle}") == since
        until = told[: told.index(breaches[0]) + 1]
        assert items(desk, f"/alerts?as_of={middle}") == until

    def test_what_was_announced_is_marked(self, desk: Desk, told: list[dict[str, Any]]) -> None:
        """All of it here: the desk lives since before its tickets."""
        assert all(one["announced"] for one in told)
        assert items(desk, "/alerts?announced=true") == told


class TestTheDesk:
    def test_the_board_has_what_is_due_and_what_is_broken(self, desk: Desk) -> None:
        """As the engine has it now, or folded as of another instant."""
        desk.triaged()
        desk.opened()
        desk.engine()
        early = desk.clock.now + instant.SECOND
        board = found(desk.get("agent", "/board"))
        assert [one["ticket"] for one in board["due_next"]] == ["T-1"]
        assert [one["ticket"] for one in board["untriaged"]] == ["T-2"]
        desk.clock.now += 2 * instant.HOUR
        desk.engine()
        assert [one["ticket"] for one in found(desk.get("agent", "/board"))["broken"]] == ["T-1"]
        then = found(desk.get("agent", f"/board?as_of={instant.text(early)}"))
        assert [one["ticket"] for one in then["due_next"]] == ["T-1"]
        assert then["broken"] == []

    def test_the_report_counts_promises(self, desk: Desk) -> None:
        """Of all tickets, also of those that one page does not hold."""
        kept = desk.triaged()
        desk.done("agent", f"/tickets/{kept}/resolution", RESOLUTION)
        desk.triaged()
        desk.clock.now += 2 * instant.HOUR
        desk.engine()
        report = found(desk.get("auditor", "/report?broken=0"))
        assert (report["tickets"], report["broken_count"], report["broken"]) == (2, 1, [])
        [promise] = report["promises"]
        assert (promise["met"], promise["breached"]) == (1, 1)

    def test_clocks_are_judged_at_any_instant(self, desk: Desk) -> None:
        """What was not opened then is left out of the page."""
        desk.triaged()
        early = desk.clock.now
        desk.clock.now += instant.HOUR
        desk.triaged()
        desk.engine()
        assert [one["ticket"] for one in items(desk, "/clocks")] == ["T-2", "T-1"]
        [then] = items(desk, f"/clocks?as_of={instant.text(early + instant.MINUTE)}")
        assert (then["ticket"], then["clocks"][0]["verdict"]) == ("T-1", "running")

    def test_the_policy_is_public_among_those_who_are_let_in(self, desk: Desk) -> None:
        """Every version with its digest, and one with everything."""
        [line] = items(desk, "/policies", "customer")
        assert (line["policy"], line["in_force"]) == ("managry@1", True)
        policy = found(desk.get("customer", "/policies/1?year=2026"))
        assert policy["digest"] == line["digest"]
        assert all(one["date"].startswith("2026") for one in policy["calendar"]["holidays"])
        refused(desk.get("customer", "/policies/2"), 404, "PolicyVersionUnknown")

    def test_the_status_is_that_of_the_engine(self, desk: Desk) -> None:
        """As `lhuta status --json` tells it; the engines of a database may be anywhere."""
        desk.triaged()
        desk.engine()
        status = found(desk.get("operator", "/status"))
        expected = [] if desk.settings.database else ["not-running"]
        assert [one["name"] for one in status["problems"]] == expected
        assert (status["tickets"], status["positions_behind"]) == (1, 0)

    def test_metrics_count_by_operation_and_never_by_path(self, desk: Desk) -> None:
        """So that nobody can make the server remember endless names."""
        for number in range(3):
            desk.get("agent", f"/tickets/T-{number}")
            desk.get("agent", f"/nothing/{number}")
        text = desk.get("operator", "/metrics").text
        assert 'lhuta_http_requests_total{operation="get_ticket",status="404"} 3.0' in text
        assert 'lhuta_http_requests_total{operation="none",status="404"} 3.0' in text
        assert "lhuta_log_position 1.0" in text
        problems = found(desk.get("operator", "/status"))["problems"]
        assert problems
        for problem in problems:
            assert f'lhuta_problem{{name="{problem["name"]}"}} 1.0' in text


class TestWithoutReadModels:
    def test_lists_wait_for_the_engine_and_tickets_do_not(self, desk: Desk) -> None:
        """One ticket comes from the log; what needs the read models says what to start."""
        ticket = desk.opened()
        desk.lose_models()
        assert desk.get("agent", f"/tickets/{ticket}").status_code == 200
        response = desk.get("agent", "/tickets")
        assert "lhuta run" in refused(response, 503, "ModelsMissing")["cure"]
        assert response.headers["retry-after"] == "1"
        assert refused(desk.get(None, "/health/ready"), 503, "NotReady")
        assert desk.get(None, "/health/live").status_code == 200

    def test_a_damaged_store_tells_nothing_of_where_it_lies(self, desk: Desk) -> None:
        """A caller learns that it cannot be used, not the path."""
        desk.damage_models()
        problem = refused(desk.get("agent", "/tickets"), 503, "StoreUnavailable")
        assert str(desk.settings.data) not in str(problem)


def _triage() -> dict[str, Any]:
    return {"severity": 1, "impact": "service-unavailable", "topic": "diagnosis"}
