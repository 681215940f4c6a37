"""Streams over a real connection: what comes, where it goes on, and who gets what."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import NamedTuple

import httpx
import orjson
import pytest

from domain import instant
from infra.doors.web import feed as feed_module
from infra.doors.web.limits import Limits
from infra.doors.web.server import Address
from infra.store.access import digest_of
from infra.store.log import EventLog
from tests.contract.given import EVERY_EVENT, story
from tests.web.board import cookie
from tests.web.desk import ANSWER, GENEROUS, OPENING, PATIENCE, Desk, found, refused
from tests.web.served import served

QUICK = replace(GENEROUS, heartbeat_seconds=0.1)
CHANGED = ["event: changed", "data: 1"]


@pytest.fixture
def limits() -> Limits:
    """Let streams show signs of life ten times a second."""
    return QUICK


class Sent(NamedTuple):
    """A server-sent event; `kind` is empty for one that only moves the place."""

    place: str
    kind: str
    data: str


class Stream:
    """A stream that is being read."""

    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.iter_lines()
        self.place = ""

    def block(self) -> list[str]:
        """Return the lines up to the next blank one."""
        lines: list[str] = []
        for line in self._lines:
            if not line:
                return lines
            lines.append(line)
            if line.startswith("id: "):
                self.place = line[4:]
        raise EOFError

    def end(self) -> str:
        """Read on until there is nothing more, and return it."""
        return "\n".join(self._lines)

    def next(self) -> Sent:
        """Return the next event, past every sign of life."""
        while True:
            said = dict(line.split(": ", 1) for line in self.block() if not line.startswith(":"))
            if "data" in said:
                return Sent(self.place, said["event"], said["data"])

    def some(self, count: int) -> list[Sent]:
        """Return the next events."""
        return [self.next() for _ in range(count)]


@contextmanager
def following(
    address: Address | str, path: str, credentials: dict[str, str], last: str | None = None
) -> Iterator[Stream]:
    """Open a stream; what it says first is read already."""
    base = address if isinstance(address, str) else address.url
    headers = {**credentials, **({} if last is None else {"Last-Event-ID": last})}
    with httpx.stream("GET", f"{base}{path}", headers=headers, timeout=PATIENCE) as response:
        assert response.status_code == 200, response.read()
        assert response.headers["content-type"].startswith("text/event-stream")
        stream = Stream(response)
        assert stream.block() == [f": {'events' if 'events' in path else 'alerts'}"]
        yield stream


class TestEvents:
    def test_what_happens_comes_as_it_is_in_the_log(self, desk: Desk) -> None:
        """A CloudEvent with position, previous position and hash; the id is the position."""
        with (
            desk.listening() as there,
            following(there, "/events", desk.credentials("agent")) as stream,
        ):
            stream.block()
            ticket = desk.triaged()
            opened, triaged = stream.some(2)
        assert (opened.kind, triaged.kind) == (
            "ticket.opened.v1",
            "ticket.severity-assigned.v1",
        )
        event = orjson.loads(triaged.data)
        assert event["subject"] == ticket
        assert (event["logposition"], event["logprevious"]) == (
            int(triaged.place),
            int(opened.place),
        )
        with EventLog.open(desk.settings.log, read_only=True, clock=desk.clock) as log:
            assert event["loghash"] == log.raw(ticket)[1].hash.hex()
        assert "Nobody can work" not in triaged.data

    def test_it_goes_on_behind_the_last_event(self, desk: Desk) -> None:
        """From the log, however long ago that was, without loss or repeat."""
        for _ in range(7):
            desk.opened()
        with desk.listening() as there:
            with following(there, "/events?after=0", desk.credentials("agent")) as stream:
                first = stream.some(3)
            last = first[-1].place
            with following(there, "/events", desk.credentials("agent"), last) as stream:
                rest = stream.some(4)
                desk.opened()
                rest.append(stream.next())
        subjects = [orjson.loads(one.data)["subject"] for one in first + rest]
        assert subjects == [f"T-{number}" for number in range(1, 9)]

    def test_who_is_slower_than_the_ring_reads_on_from_the_log(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The ring is small, nothing is kept for anybody, and nothing is missed."""
        monkeypatch.setattr(feed_module, "RING", 3)
        monkeypatch.setattr(feed_module, "TOGETHER", 2)
        monkeypatch.setattr(feed_module, "GIVEN", 2)
        with (
            desk.listening() as there,
            following(there, "/events", desk.credentials("agent")) as slow,
        ):
            slow.block()
            desk.imported(tickets=4, replies=9)
            subjects = [orjson.loads(one.data)["subject"] for one in slow.some(40)]
            ring = desk.app.state.streams.events._ring
            assert subjects == [f"I-{one}" for one in range(4) for _ in range(10)]
            assert len(ring) <= 3

    def test_a_customer_gets_own_events_and_moves_past_the_others(self, desk: Desk) -> None:
        """Nothing of another's, no staff, and a place that goes on all the same."""
        with (
            desk.listening() as there,
            following(there, "/events", desk.credentials("customer")) as stream,
        ):
            stream.block()
            desk.triaged(customer_id="c-2")
            mine = desk.triaged()
            opened, triaged = stream.some(2)
            other = desk.opened(customer_id="c-2")
            while int(stream.place) < 6:
                said = stream.block()
                assert not any(line.startswith("data") for line in said)
        assert [orjson.loads(one.data)["subject"] for one in (opened, triaged)] == [mine, mine]
        assert orjson.loads(triaged.data)["actor"] == "agent:support"
        assert other not in triaged.data

    def test_a_place_beyond_the_log_is_told(self, desk: Desk) -> None:
        """A log that was restored is another one: who follows begins anew."""
        refused(desk.get("agent", "/events?after=99"), 409, "PlaceUnknown")
        refused(desk.get("agent", "/alerts/stream?after=x/T-1/1"), 422, "FieldsInvalid")
        refused(desk.get("agent", "/events?after=-1"), 422, "FieldsInvalid")

    def test_a_stream_shows_that_it_lives(self, desk: Desk) -> None:
        """A comment now and then, which no reader takes for an event."""
        with (
            desk.listening() as there,
            following(there, "/events", desk.credentials("agent")) as stream,
        ):
            assert [stream.block() for _ in range(3)] == [[":"]] * 3

    def test_a_stream_ends_with_its_token(self, desk: Desk) -> None:
        """What happens after it was revoked is not told any more."""
        name = desk.admit("gone", "agent", "a-9")
        with desk.listening() as there, ExitStack() as opened:
            streams = [
                opened.enter_context(following(there, path, desk.credentials("gone")))
                for path in ("/events", "/alerts/stream")
            ]
            for stream in streams:
                stream.block()
            desk.revoke(name)
            desk.clock.now += instant.SECOND
            ticket = desk.opened()
            for stream in streams:
                assert ticket not in stream.end()

    def test_a_server_that_ends_lets_its_streams_go(self, desk: Desk) -> None:
        """At once, so that nobody waits for those who only listen."""
        with desk.listening() as there:
            opened = ExitStack()
            stream = opened.enter_context(following(there, "/events", desk.credentials("agent")))
            stream.block()
        with opened:
            stream.end()


class TestAlerts:
    def test_what_is_announced_comes_and_goes_on(self, desk: Desk) -> None:
        """Each with its kind, in the order of announcing; the id leads back to it."""
        ticket = desk.triaged()
        with desk.listening() as there:
            with following(there, "/alerts/stream", desk.credentials("operator")) as stream:
                stream.block()
                desk.clock.now += 2 * instant.HOUR
                desk.engine()
                told = stream.some(3)
            assert [one.kind for one in told] == ["warning", "warning", "breach"]
            alerts = found(desk.get("agent", "/alerts"))["items"]
            assert orjson.loads(told[2].data) == {
                name: value for name, value in alerts[2].items() if name != "announced"
            }
            desk.done("agent", f"/tickets/{ticket}/responses", ANSWER)
            desk.engine()
            path = "/alerts/stream?kind=cleared"
            with following(there, path, desk.credentials("agent"), told[0].place) as stream:
                cleared = stream.next()
            assert cleared.kind == "cleared"

    def test_its_places_hold_after_the_read_models_were_made_anew(self, desk: Desk) -> None:
        """What is decided is a function of the log, so nothing is lost and nothing comes twice."""
        desk.triaged()
        desk.clock.now += instant.HOUR
        desk.engine()
        with desk.listening() as there:
            everything = "/alerts/stream?after=0"
            with following(there, everything, desk.credentials("agent")) as stream:
                first = stream.some(2)
            desk.lose_models()
            desk.clock.now += instant.HOUR
            desk.engine()
            last = first[-1].place
            with following(there, "/alerts/stream", desk.credentials("agent"), last) as stream:
                rest = stream.some(1)
            with following(there, everything, desk.credentials("agent")) as stream:
                assert stream.some(3) == first + rest

    def test_what_was_never_announced_is_passed_over(self, desk: Desk) -> None:
        """An import of the past tells nobody anything; the place goes on past it."""
        opened, triaged, *_ = EVERY_EVENT
        with EventLog.open(desk.settings.log, clock=desk.clock) as log:
            log.import_([story("I-1", opened, triaged)])
        desk.triaged()
        desk.clock.now += 12 * instant.HOUR
        desk.engine()
        path = "/alerts/stream?after=0"
        told = found(desk.get("agent", "/alerts?announced=true"))["items"]
        with (
            desk.listening() as there,
            following(there, path, desk.credentials("agent")) as stream,
        ):
            sent = [orjson.loads(one.data)["id"] for one in stream.some(len(told))]
        assert sent == [one["id"] for one in told]
        assert len(found(desk.get("agent", "/alerts"))["items"]) > len(told)


@contextmanager
def hearing(there: Address, desk: Desk, who: str, path: str = "/desk/changes") -> Iterator[Stream]:
    """Hear what an open page of somebody hears, from its first sign of life on."""
    headers = cookie(desk, who)
    with httpx.stream("GET", f"{there.url}{path}", headers=headers, timeout=PATIENCE) as response:
        stream = Stream(response)
        assert stream.block()[0].startswith("retry: ")
        stream.block()
        yield stream


class TestPages:
    def test_a_page_hears_that_something_changed(self, desk: Desk) -> None:
        """And meanwhile, in signs of life, how far time has come."""
        with desk.listening() as there, hearing(there, desk, "agent") as stream:
            assert stream.block()[0] == "event: time"
            desk.opened()
            while stream.block() != CHANGED:
                pass

    def test_a_page_hears_of_what_concerns_it_alone(self, desk: Desk) -> None:
        """A customer of own tickets, and the page of a ticket of that one."""
        own, other = desk.opened(), desk.opened(customer_id="c-2")
        with (
            desk.listening() as there,
            hearing(there, desk, "customer") as customer,
            hearing(there, desk, "agent", f"/desk/changes?ticket={own}") as of_ticket,
        ):
            desk.done("agent", f"/tickets/{other}/responses", ANSWER)
            for stream in (customer, of_ticket):
                assert CHANGED not in [stream.block() for _ in range(10)]
            desk.done("agent", f"/tickets/{own}/responses", ANSWER)
            for stream in (customer, of_ticket):
                while stream.block() != CHANGED:
                    pass

    def test_a_page_hears_that_its_session_has_ended(self, desk: Desk) -> None:
        """Also where nothing else happens; then it asks for itself, and nothing more is told."""
        with desk.listening() as there, hearing(there, desk, "agent") as stream:
            desk.service.tokens.end(digest_of(desk.session("agent")))
            desk.clock.now += instant.SECOND
            assert stream.end().endswith("\n".join([*CHANGED, ""]))


class TestRestart:
    def test_streams_resume_without_loss_or_repeat(self, desk: Desk) -> None:
        """The server is killed while events come, and started again: each comes once."""
        seen: list[str] = []
        last: str | None = "0"
        for round_ in range(3):
            with served(desk) as there:
                for number in range(4):
                    response = httpx.post(
                        f"{there.url}/tickets",
                        json={**OPENING, "ticket": f"R-{round_}-{number}"},
                        headers=desk.credentials("agent"),
                        timeout=PATIENCE,
                    )
                    assert response.status_code == 201
                # Killed with something left to read, but for the last time.
                wanted = 4 * (round_ + 1) - (0 if round_ == 2 else 2)
                with following(there.url, "/events", desk.credentials("agent"), last) as stream:
                    while len(seen) < wanted:
                        sent = stream.next()
                        seen.append(orjson.loads(sent.data)["subject"])
                        last = sent.place
        assert seen == [f"R-{round_}-{number}" for round_ in range(3) for number in range(4)]

    def test_so_do_streams_of_alerts(self, desk: Desk) -> None:
        """Each server is killed with something left to read, but for the last one."""
        seen: list[str] = []
        last: str | None = "0"
        for round_ in range(3):
            desk.triaged()
            desk.clock.now += 2 * instant.HOUR
            desk.engine()
            decided = [one["id"] for one in found(desk.get("agent", "/alerts"))["items"]]
            wanted = len(decided) - (0 if round_ == 2 else 1)
            with (
                served(desk) as there,
                following(there.url, "/alerts/stream", desk.credentials("agent"), last) as stream,
            ):
                while len(seen) < wanted:
                    sent = stream.next()
                    seen.append(orjson.loads(sent.data)["id"])
                    last = sent.place
        assert len(seen) > 6
        assert seen == decided
