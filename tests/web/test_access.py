"""Who may do what: every operation against every role, and what is hidden from whom."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from domain import instant
from infra.doors.web.rights import BESIDE_ROUTES, PUBLIC, RIGHTS, TABLE
from infra.store.access import ROLES, Role
from tests.conftest import REPOSITORY
from tests.contract.given import NOW
from tests.web.desk import ANSWER, PATIENCE, RESOLUTION, Desk, found, refused

METHODS = frozenset({"get", "post", "put", "patch", "delete"})


@pytest.fixture
def operations(desk: Desk) -> dict[str, tuple[str, str]]:
    """Return every operation that the API describes: its method and its path."""
    described = found(desk.get(None, "/openapi.json"))
    return {
        operation["operationId"]: (method.upper(), path)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    }


class TestTheTable:
    def test_every_operation_is_in_it_and_nothing_else(
        self, operations: dict[str, tuple[str, str]]
    ) -> None:
        """A route that is added without an entry fails here, and is refused to everybody."""
        hidden = {"get_openapi", "get_docs", "get_docs_style"}
        assert set(operations) - PUBLIC == set(RIGHTS) - BESIDE_ROUTES
        assert set(operations) & PUBLIC == PUBLIC - hidden

    @pytest.mark.parametrize("role", ROLES)
    def test_a_role_may_do_just_what_stands_in_it(
        self, desk: Desk, operations: dict[str, tuple[str, str]], role: Role
    ) -> None:
        """Nobody learns more of an operation that they may not do than that."""
        ticket = desk.triaged()
        desk.engine()
        for operation, (method, path) in operations.items():
            if operation in PUBLIC or operation.startswith("follow_"):
                continue
            address = path.replace("{ticket}", ticket).replace("{version}", "1")
            response = desk.ask(role, method, address, **({"json": {}} if method == "POST" else {}))
            if role in RIGHTS[operation]:
                assert response.status_code in (200, 409, 422), (operation, response.text)
            else:
                refused(response, 403, "RoleForbids")

    @pytest.mark.parametrize("role", ROLES)
    @pytest.mark.parametrize(
        ("operation", "path"),
        [("follow_events", "/events"), ("follow_alerts", "/alerts/stream")],
    )
    def test_so_it_is_with_streams(self, desk: Desk, operation: str, path: str, role: Role) -> None:
        """Which have no end, so that they are only begun."""
        with (
            desk.listening() as there,
            httpx.stream(
                "GET", f"{there.url}{path}", headers=desk.credentials(role), timeout=PATIENCE
            ) as response,
        ):
            assert response.status_code == (200 if role in RIGHTS[operation] else 403)

    def test_every_operation_wants_a_token_but_the_public_ones(
        self, desk: Desk, operations: dict[str, tuple[str, str]]
    ) -> None:
        """Without one it is 401, before anything of the request is looked at."""
        for operation, (method, path) in operations.items():
            address = path.replace("{ticket}", "T-1").replace("{version}", "1")
            given: dict[str, Any] = {"content": b"{"} if method == "POST" else {}
            response = desk.ask(None, method, address, **given)
            if operation in PUBLIC:
                assert response.status_code == 200
            else:
                refused(response, 401, "TokenMissing")
                assert response.headers["www-authenticate"] == 'Bearer realm="lhuta"'

    def test_people_read_the_same_table(self) -> None:
        """docs/api.md shows it word for word."""
        text = (REPOSITORY / "docs" / "api.md").read_text("utf-8")
        assert re.sub(r"(?m)^    ", "", text).count(TABLE.strip()) == 1


class TestTokens:
    def test_an_unknown_token_lets_nobody_in(self, desk: Desk) -> None:
        """Nor does another scheme, or a token of another form."""
        for sent, name in (
            ("Bearer lhuta_unknown", "TokenUnknown"),
            ("Bearer \xff\xfe", "TokenUnknown"),
            ("Basic abc", "TokenMissing"),
            ("Bearer ", "TokenMissing"),
            ("", "TokenMissing"),
        ):
            headers = {"Authorization": sent.encode("latin-1").decode("latin-1")}
            response = desk.ask(None, "GET", "/tickets", headers=_raw(headers))
            refused(response, 401, name)

    def test_an_expired_token_says_so(self, desk: Desk) -> None:
        """It is over at its instant, not after it."""
        desk.admit("late", "agent", "a-9", expires_at=NOW + instant.HOUR)
        assert desk.get("late", "/tickets").status_code == 200
        desk.clock.now = NOW + instant.HOUR
        assert "expired at" in refused(desk.get("late", "/tickets"), 401, "TokenExpired")["detail"]

    def test_a_revoked_token_ends_within_a_moment(self, desk: Desk) -> None:
        """A token that was just looked up is believed for a second at most."""
        name = desk.admit("gone", "agent", "a-9")
        assert desk.get("gone", "/tickets").status_code == 200
        desk.revoke(name)
        desk.clock.now += instant.SECOND
        refused(desk.get("gone", "/tickets"), 401, "TokenRevoked")

    def test_who_acts_follows_from_the_token_alone(self, desk: Desk) -> None:
        """No field of a body names an actor."""
        response = desk.post("agent", "/tickets", {"actor": "system:lhuta", "subject": "Hello"})
        assert "actor" in refused(response, 422, "FieldsInvalid")["detail"]


class TestACustomer:
    @pytest.fixture
    def ticket(self, desk: Desk) -> str:
        """Give a ticket with a story that has something to hide."""
        ticket = desk.triaged()
        desk.done("agent", f"/tickets/{ticket}/responses", ANSWER, headers={"X-Request-Id": "i-1"})
        desk.done("agent", f"/tickets/{ticket}/resolution", RESOLUTION)
        desk.clock.now += instant.HOUR
        desk.engine()
        return ticket

    def test_sees_own_tickets_only(self, desk: Desk, ticket: str) -> None:
        """In every list and by every address; what is another's is as if it were not."""
        desk.opened(customer_id="c-2")
        desk.engine()
        for path in ("/tickets", "/clocks", "/tickets?customer=c-1"):
            rows = found(desk.get("customer", path))["items"]
            assert [one["ticket"] for one in rows] == [ticket]
        assert found(desk.get("customer", "/tickets?customer=c-2"))["items"] == []
        assert found(desk.get("customer", "/clocks?customer=c-2"))["items"] == []
        assert found(desk.get("customer", "/report"))["tickets"] == 1
        for path in (f"/tickets/{ticket}", f"/tickets/{ticket}/explanation"):
            assert desk.get("customer", path).status_code == 200
            refused(desk.get("other customer", path), 404, "TicketUnknown")

    def test_sees_no_staff_and_nothing_internal(self, desk: Desk, ticket: str) -> None:
        """No agent's id, no rationale, no root cause, no causes and no alerts, in any answer."""
        for path in (f"/tickets/{ticket}", f"/tickets/{ticket}/explanation", "/report", "/clocks"):
            text = desk.get("customer", path).text
            for hidden in ("agent:a-1", "Nobody can work", "defect", "i-1", "commandid"):
                assert hidden not in text, (path, hidden)
        told = found(desk.get("customer", f"/tickets/{ticket}"))
        assert told["alerts"] is None
        assert [one["actor"] for one in told["events"]] == ["agent:support"] * 4
        assert told["events"][2]["data"]["message"] == ANSWER["message"]

    def test_is_told_of_staff_by_staff_only(self, desk: Desk, ticket: str) -> None:
        """An agent sees what a customer does not, so there is something to hide."""
        text = desk.get("agent", f"/tickets/{ticket}").text
        for shown in ("agent:a-1", "Nobody can work", "defect", "i-1"):
            assert shown in text


class TestWords:
    def test_only_who_may_read_them_gets_them(self, desk: Desk) -> None:
        """An auditor gets their digests, and cannot tell what a request lacks."""
        ticket = desk.opened()
        told = found(desk.get("auditor", f"/tickets/{ticket}?words=true"))
        assert "text" in told["events"][0]["data"]
        assert "subject" not in told["events"][0]["data"]
        assert told["lacks"] is None


class TestSafeToShow:
    @pytest.mark.parametrize("path", ["/docs", "/tickets", "/nothing", "/openapi.json"])
    def test_every_response_says_what_a_browser_may_do_with_it(self, desk: Desk, path: str) -> None:
        """No script but our own, no frame, no guessing of types, nothing kept."""
        headers = desk.get("agent", path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"

    def test_the_docs_load_nothing_from_elsewhere(self, desk: Desk) -> None:
        """Every address in the page is one of this server, and nothing stands inline."""
        page = desk.get(None, "/docs").text
        assert "needs a token (<code>lhuta token add</code>)" in page
        assert "`" not in re.sub(r"<code>.*?</code>", "", page)
        addresses = re.findall(r'(?:src|href)="([^"]*)"', page)
        assert addresses
        assert all(one.startswith(("/", "#")) and not one.startswith("//") for one in addresses)
        assert "<script" not in page
        assert "style=" not in page
        assert desk.get(None, "/docs/style.css").status_code == 200


def _raw(headers: dict[str, str]) -> Any:
    """Return headers as bytes: a token may hold what is no text."""
    return {name: value.encode("latin-1") for name, value in headers.items()}


def test_a_role_of_the_table_is_a_role_of_tokens() -> None:
    """The head of the table names them all."""

    def named() -> Iterator[str]:
        yield from TABLE.strip().splitlines()[0].split()

    assert tuple(named()) == ROLES
