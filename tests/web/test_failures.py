"""What fails behind a page: told as a page that needs none of what may have failed."""

from contextlib import AbstractContextManager

import pytest

from domain.policy import Policies
from infra.doors.web.service import Reading
from infra.store.failure import Locked
from tests.web.board import page, send, text
from tests.web.desk import Desk, refused

SECRET = "what the fault says"


class Unreadable:
    """A log of which nothing can be read."""

    def __init__(self) -> None:
        self.asked = 0

    def policies(self) -> Policies:
        """Fail."""
        self.asked += 1
        raise Locked("a place")


def break_down(desk: Desk) -> None:
    """Put a fault where the read models are read."""

    def reading() -> AbstractContextManager[Reading]:
        raise ZeroDivisionError(SECRET)

    desk.app.state.service = desk.app.state.service._replace(reading=reading)


@pytest.mark.parametrize(
    ("lang", "cause", "cure", "label"),
    [
        ("en", "the server failed at this request", "tell the operator", "Id of the request"),
        ("cs", "server při tomto dotazu selhal", "řekněte provozovateli", "Číslo dotazu"),
    ],
)
def test_a_fault_behind_a_page_is_told_as_a_page(
    desk: Desk, lang: str, cause: str, cure: str, label: str
) -> None:
    """In the language of the reader: what to do, and the id by which the log has it."""
    break_down(desk)
    shown = page(desk, "agent", "/desk", lang=lang)
    assert (shown.status_code, shown.headers["content-type"]) == (500, "text/html; charset=utf-8")
    assert shown.headers["content-language"] == lang
    assert "default-src 'none'" in shown.headers["content-security-policy"]
    said = text(shown)
    assert cause in said
    assert cure in said
    assert f"{label}: {shown.headers['x-request-id']}" in said
    assert "ZeroDivisionError" not in shown.text
    assert SECRET not in shown.text


def test_the_log_of_the_server_has_the_fault_under_the_id_of_the_request(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """So what somebody tells the operator leads there."""
    break_down(desk)
    with caplog.at_level("INFO", "lhuta"):
        shown = page(desk, "agent", "/desk")
    [line] = [one for one in caplog.records if one.getMessage() == "http.failed"]
    assert vars(line)["facts"] == {
        "cause": "ZeroDivisionError",
        "request_id": shown.headers["x-request-id"],
    }


def test_the_id_of_a_request_is_no_markup(desk: Desk) -> None:
    """Whoever asks may name it."""
    break_down(desk)
    cookie = {"Cookie": f"lhuta_session={desk.session('agent')}"}
    shown = desk.get(None, "/desk", headers={**cookie, "X-Request-Id": "<b>7</b>"})
    assert shown.status_code == 500
    assert "<b>" not in shown.text
    assert "Id of the request: <b>7</b>" in text(shown)


def test_a_fault_behind_the_api_is_a_document(desk: Desk) -> None:
    """Programs read JSON, whatever a browser would accept."""
    break_down(desk)
    asked = desk.get("agent", "/tickets", headers={"Accept": "text/html,*/*"})
    problem = refused(asked, 500, "ServerFault")
    assert SECRET not in asked.text
    assert "X-Request-Id" in problem["cure"]
    assert asked.headers["x-request-id"]


def test_a_page_needs_no_log_to_tell_that_it_cannot_be_read(desk: Desk) -> None:
    """Nor is it asked a second time: whoever asks may have to wait for what is away."""
    log = Unreadable()
    desk.app.state.service = desk.app.state.service._replace(log=log)
    shown = page(desk, "agent", "/desk", lang="cs")
    assert (shown.status_code, shown.headers["content-type"]) == (503, "text/html; charset=utf-8")
    assert shown.headers["retry-after"] == "1"
    assert "data teď nelze použít" in text(shown)
    assert "a place" not in shown.text
    assert log.asked == 1


def test_what_cannot_be_done_at_a_page_is_told_as_a_page(desk: Desk) -> None:
    """Also where the address alone is wrong."""
    shown = send(desk, "agent", "/desk/alerts", {}, lang="cs")
    assert (shown.status_code, shown.headers["content-type"]) == (405, "text/html; charset=utf-8")
    assert "toto zde nelze udělat" in text(shown)
