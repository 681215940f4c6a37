"""Limits: sizes, rates, encodings, and clients that are slow, silent or hostile."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from domain import instant
from infra.doors.web import asked
from infra.doors.web.limits import LONGEST_PAGE, Rates
from infra.doors.web.server import Address, AddressMalformed, address, listening
from tests.contract.given import HandClock
from tests.web.desk import GENEROUS, OPENING, PATIENCE, Desk, refused

HASTY = replace(
    GENEROUS, headers_seconds=0.5, body_seconds=0.5, stalled_seconds=0.5, heartbeat_seconds=0.2
)


@pytest.fixture
def hasty(tmp_path: Path) -> Iterator[Desk]:
    """Give a desk that waits half a second for anybody."""
    with Desk(tmp_path / "hasty", HASTY) as opened:
        yield opened


@contextmanager
def connected(to: Address) -> Iterator[socket.socket]:
    """Open a bare connection."""
    with socket.create_connection((to.host, to.port), timeout=PATIENCE) as one:
        yield one


def streaming(to: Address, desk: Desk, who: str) -> AbstractContextManager[httpx.Response]:
    """Open a stream of events."""
    headers = desk.credentials(who)
    return httpx.stream("GET", f"{to.url}/events", headers=headers, timeout=PATIENCE)


def streams_of(desk: Desk) -> float:
    """Return how many follow events."""
    open_streams: float = desk.app.state.metrics.streams.labels("events")._value.get()
    return open_streams


def health(of: Address) -> int:
    """Return the status that a server gives to monitors."""
    return httpx.get(f"{of.url}/health/live", timeout=PATIENCE).status_code


def everything(one: socket.socket) -> bytes:
    """Return what a server sends until it ends the connection."""
    parts = []
    while part := one.recv(65_536):
        parts.append(part)
    return b"".join(parts)


class TestSizes:
    def test_a_body_that_is_too_long_is_not_read(self, tmp_path: Path) -> None:
        """Whether it says its length or comes in pieces without one."""
        with Desk(tmp_path / "small", replace(GENEROUS, body=1_000)) as desk:
            body = {**OPENING, "body": "x" * 1_000}
            refused(desk.post("agent", "/tickets", body), 413, "BodyTooLarge")

            async def pieces() -> object:
                for _ in range(50):
                    yield b"x" * 100

            headers = {"Content-Type": "application/json"}
            response = desk.ask("agent", "POST", "/tickets", content=pieces(), headers=headers)
            refused(response, 413, "BodyTooLarge")

    def test_the_longest_words_of_a_command_fit(self, desk: Desk) -> None:
        """The limit of a body leaves room for four texts of the greatest length."""
        text = "ž" * 100_000
        body = {**OPENING, "body": text, "steps_taken": text, "recent_changes": text}
        assert desk.done("agent", "/tickets", {**body, "workarounds_tried": text})

    def test_a_page_has_an_end(self, desk: Desk) -> None:
        """More rows than the limit are a wrong field."""
        for path in ("/tickets", "/clocks", "/alerts", "/board"):
            response = desk.get("agent", f"{path}?limit={LONGEST_PAGE + 1}")
            refused(response, 422, "FieldsInvalid")

    def test_headers_have_an_end(self, desk: Desk) -> None:
        """What is longer than 16 KiB is cut off with 400."""
        ends = b"\r\n\r\n"
        with desk.listening() as there:
            for rest in (
                b" HTTP/1.1\r\nX: " + b"x" * 20_000,
                b" HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 17_000 + ends,
                b"?x=" + b"x" * 17_000 + b" HTTP/1.1\r\nHost: x" + ends,
            ):
                with connected(there) as one:
                    one.sendall(b"GET /health/live" + rest)
                    assert everything(one).startswith(b"HTTP/1.1 400 ")
            with connected(there) as one:
                fits = b"X: " + b"x" * 15_000 + b"\r\nConnection: close" + ends
                one.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\n" + fits)
                assert everything(one).startswith(b"HTTP/1.1 200 ")


class TestEncodings:
    @pytest.mark.parametrize("path", [b"/tickets/%FF", b"/tickets?customer=%C3"])
    def test_an_address_that_is_not_utf_8_is_refused(self, desk: Desk, path: bytes) -> None:
        """It is not guessed at."""
        with desk.listening() as there, connected(there) as one:
            one.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            told = everything(one)
        assert told.startswith(b"HTTP/1.1 400 ")
        assert b"EncodingInvalid" in told

    def test_rubbish_is_no_request(self, desk: Desk) -> None:
        """Neither is it answered with more than a line, nor does it end the server."""
        with desk.listening() as there:
            for rubbish in (b"\x00" * 100, b"\x16\x03\x01" + b"x" * 50, b"GET / HTTP/9\r\n\r\n"):
                with connected(there) as one:
                    one.sendall(rubbish + b"\r\n\r\n")
                    assert b" 400 " in everything(one)
            assert health(there) == 200


class TestRates:
    def test_a_bucket_fills_as_time_passes(self) -> None:
        """Each caller has an own one; whoever waits as told is let in."""
        clock = HandClock()
        rates = Rates(2.0, 3, clock)
        assert [rates.wait("K-1") for _ in range(4)] == [0, 0, 0, 1]
        assert rates.wait("K-2") == 0
        clock.now += instant.SECOND // 2
        assert (rates.wait("K-1"), rates.wait("K-1")) == (0, 1)

    def test_a_clock_that_is_set_back_locks_nobody_out(self) -> None:
        """Time that runs backwards fills nothing and takes nothing."""
        clock = HandClock()
        rates = Rates(1.0, 1, clock)
        assert rates.wait("K-1") == 0
        clock.now -= instant.HOUR
        assert rates.wait("K-1") == 1
        clock.now += 2 * instant.SECOND
        assert rates.wait("K-1") == 0

    def test_who_asks_too_often_is_told_how_long_to_wait(self, tmp_path: Path) -> None:
        """429 with Retry-After; others are let in."""
        with Desk(tmp_path / "slow", replace(GENEROUS, rate=0.5, burst=2)) as desk:
            assert [desk.get("agent", "/policies").status_code for _ in range(2)] == [200, 200]
            response = desk.get("agent", "/policies")
            refused(response, 429, "RateExceeded")
            assert response.headers["retry-after"] == "2"
            assert desk.get("auditor", "/policies").status_code == 200
            desk.clock.now += 2 * instant.SECOND
            assert desk.get("agent", "/policies").status_code == 200


class TestSlowClients:
    def test_who_never_asks_is_let_go(self, hasty: Desk) -> None:
        """A connection without a request ends; so does one that asks a letter at a time."""
        with hasty.listening() as there:
            with connected(there) as silent:
                assert everything(silent) == b""
            with connected(there) as slow:
                slow.sendall(b"GET /health/li")
                assert everything(slow) == b""

    def test_a_body_that_does_not_come_is_not_waited_for(self, hasty: Desk) -> None:
        """408, and the connection ends."""
        with hasty.listening() as there, connected(there) as slow:
            token = hasty.secrets["agent"].encode()
            slow.sendall(
                b"POST /tickets HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token + b"\r\n"
                b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
            )
            told = everything(slow)
        assert told.startswith(b"HTTP/1.1 408 ")
        assert b"BodyTooSlow" in told

    def test_nothing_of_a_stranger_is_waited_for(self, desk: Desk) -> None:
        """Without a token the body is not read at all."""
        with desk.listening() as there, connected(there) as stranger:
            stranger.sendall(
                b"POST /tickets HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n{"
            )
            assert everything(stranger).startswith(b"HTTP/1.1 401 ")

    def test_who_does_not_read_is_let_go_and_the_others_are_served(self, hasty: Desk) -> None:
        """A stream whose client reads nothing ends; what it was to get is not kept for it."""
        hasty.imported(tickets=40, replies=50)
        with hasty.listening() as there, socket.socket() as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            deaf.settimeout(PATIENCE)
            deaf.connect(there)
            token = hasty.secrets["agent"]
            deaf.sendall(
                f"GET /events?after=0 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}"
                "\r\n\r\n".encode()
            )
            # It may be let go before anybody could count it.
            assert deaf.recv(15) == b"HTTP/1.1 200 OK"
            assert health(there) == 200
            until(lambda: streams_of(hasty) == 0)

    def test_a_hundred_idle_streams_disturb_nobody(self, desk: Desk) -> None:
        """Each is a connection and a place, nothing more; commands are answered beside them."""
        with desk.listening() as there:
            token = desk.secrets["agent"]
            request = (
                f"GET /events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n"
            ).encode()
            streams = []
            for _ in range(100):
                one = socket.create_connection((there.host, there.port), timeout=PATIENCE)
                one.sendall(request)
                streams.append(one)
            for one in streams:
                assert one.recv(15) == b"HTTP/1.1 200 OK"
            credentials = desk.credentials("agent")
            response = httpx.post(
                f"{there.url}/tickets", json=dict(OPENING), headers=credentials, timeout=PATIENCE
            )
            assert response.status_code == 201
            full = httpx.get(f"{there.url}/events", headers=credentials, timeout=PATIENCE)
            refused(full, 429, "StreamsExceeded")
            for one in streams:
                one.close()
            until(lambda: streams_of(desk) == 0)


class TestManyAtOnce:
    def test_the_server_has_so_many_streams_and_no_more(self, tmp_path: Path) -> None:
        """Whoever comes later is told to wait; what is left by one is another's."""
        with (
            Desk(tmp_path / "few", replace(GENEROUS, streams=2)) as desk,
            desk.listening() as there,
            ExitStack() as opened,
        ):
            for who in ("agent", "auditor"):
                opened.enter_context(streaming(there, desk, who))
            # One is answered a moment before it is counted.
            until(lambda: streams_of(desk) == 2)
            response = desk.get("operator", "/alerts/stream")
            refused(response, 503, "StreamsExceeded")
            assert response.headers["retry-after"] == "1"

    def test_the_server_has_so_many_connections_and_no_more(self, tmp_path: Path) -> None:
        """Whoever comes later gets 503 at once, and the others go on."""
        with (
            Desk(tmp_path / "few", replace(GENEROUS, connections=3)) as desk,
            desk.listening() as there,
            streaming(there, desk, "agent") as one,
        ):
            assert one.status_code == 200
            with connected(there), connected(there):
                until(lambda: health(there) == 503)
            until(lambda: health(there) == 200)

    def test_work_on_all_tickets_is_done_one_at_a_time(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Who waits too long for the turn is told so, and everything else is answered."""
        monkeypatch.setattr(asked, "_PATIENCE", 0.05)
        with desk.service.turn:
            for path in ("/report", "/board?as_of=2026-03-09T09:00:00Z"):
                refused(desk.get("agent", path), 503, "Busy")
            assert desk.get("agent", "/board").status_code == 200
        assert desk.get("agent", "/report").status_code == 200


class TestAddresses:
    @pytest.mark.parametrize(
        ("text", "read", "loopback"),
        [
            ("127.0.0.1:9000", Address("127.0.0.1", 9000), True),
            ("localhost:0", Address("localhost", 0), True),
            ("[::1]:80", Address("::1", 80), True),
            ("[::1]", Address("::1", 8642), True),
            ("0.0.0.0:80", Address("0.0.0.0", 80), False),
            ("10.1.2.3", Address("10.1.2.3", 8642), False),
            ("desk.example:1", Address("desk.example", 1), False),
        ],
    )
    def test_it_is_host_and_port(self, text: str, read: Address, loopback: bool) -> None:
        """Without a port the usual one; who can reach it is known before anybody listens."""
        assert address(text) == read
        assert address(text).is_loopback == loopback

    @pytest.mark.parametrize("text", ["", ":80", "host:", "host:x", "host:65536", "host:²"])
    def test_anything_else_is_refused(self, text: str) -> None:
        """With how to write it."""
        with pytest.raises(AddressMalformed, match="HOST:PORT"):
            address(text)


def until(holds: object) -> None:
    """Wait until something holds that must come to hold."""
    assert callable(holds)
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, "it never came to hold"
        threading.Event().wait(0.01)


def test_no_answer_waits_for_the_client_to_confirm_its_first_part() -> None:
    """Head and body are sent apart; a system that waits in between takes 40 ms each time."""
    with listening(Address("127.0.0.1", 0)) as (taken, there), connected(there):
        taken.setblocking(True)
        accepted, _ = taken.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
