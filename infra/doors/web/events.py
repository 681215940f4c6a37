"""Streams of server-sent events: what happens, and what is announced, each resumable."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, NamedTuple

import orjson
from fastapi import APIRouter, Header, Query, Request
from starlette.responses import StreamingResponse

from infra.doors.web import documents
from infra.doors.web.access import Caller, Route, caller_of, is_still_let_in
from infra.doors.web.alerts import KINDS, Kinds
from infra.doors.web.feed import Feed
from infra.doors.web.limits import Limits
from infra.doors.web.metrics import Metrics
from infra.doors.web.problem import Problem, unavailable
from infra.doors.web.service import Log, Service, service_of
from infra.doors.web.sight import Owners, seen
from infra.store.log import Stored
from infra.store.told import Cursor
from projections.alerts import AlertRow, alert_of, row
from streams.envelope import encode, type_of

router = APIRouter(tags=["streams"], route_class=Route)

MEDIA_TYPE = "text/event-stream"
POLL_SECONDS = 0.25

_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A stream; every event has an `id` to go on behind",
        "content": {MEDIA_TYPE: {"schema": {"type": "string"}}},
    }
}
_POSITION = r"^(0|[1-9][0-9]{0,17})$"
_DECIDED = r"^(0|[1-9][0-9]{0,17}/[A-Za-z0-9._-]{1,64}/[1-9][0-9]{0,8})$"


class Told(NamedTuple):
    """An event with the line that staff read."""

    stored: Stored
    line: bytes


class EventSource:
    """The events of the log, at their positions."""

    def __init__(self, log: Log) -> None:
        self._log = log

    def end(self) -> int:
        """Return the position of the head."""
        return self._log.head().position

    def after(self, place: int, limit: int) -> Sequence[tuple[int, Told]]:
        """Return the events after a position."""
        return [
            (stored.position, Told(stored, event_line(stored, self._log.source)))
            for stored in self._log.read(place, limit)
        ]


class AlertSource:
    """What is announced, in the order of deciding: a function of the log (semantics §6).

    So a place holds at every server, and after the read models were made anew.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self.decided_to = 0
        """Up to which instant every partition had decided when it was read last."""

    def end(self) -> Cursor:
        """Return the place before everything that is not decided yet."""
        with self._service.reading() as reading:
            return reading.alerts.end()

    def after(self, place: Cursor, limit: int) -> Sequence[tuple[Cursor, AlertRow | None]]:
        """Return what every partition has decided after a place; None is what nobody is told of."""
        live_from = self._service.log.live_from
        with self._service.reading() as reading:
            self.decided_to = settled = reading.alerts.decided_to()
            found = [one.alert for one in reading.alerts.alerts(place, limit)]
        return [
            (
                (one.decided_at, one.ticket, one.number),
                row(alert_of(one)) if one.turn >= live_from else None,
            )
            for one in found
            if one.decided_at <= settled
        ]


class Streams:
    """The two feeds of an application, and who follows them."""

    def __init__(self, service: Service, limits: Limits, metrics: Metrics) -> None:
        self.events = Feed(EventSource(service.log), poll_seconds=POLL_SECONDS)
        self._decided = AlertSource(service)
        self.alerts = Feed(self._decided, poll_seconds=POLL_SECONDS)
        self._limits = limits
        self._metrics = metrics
        self._open: Counter[str] = Counter()

    @property
    def decided_to(self) -> int:
        """Return up to when everything was decided a moment ago, while alerts are followed."""
        return self._decided.decided_to

    @property
    def heartbeat(self) -> float:
        """Return after how many seconds without news a stream gives a sign of life."""
        return self._limits.heartbeat_seconds

    def check_room(self, token: str) -> None:
        """Raise Problem where there are too many streams already."""
        if self._open[token] >= self._limits.streams_of_token:
            raise Problem(
                429,
                "StreamsExceeded",
                f"{self._open[token]} streams are open with this token; close one first",
                headers={"Retry-After": "5"},
            )
        if self._open.total() >= self._limits.streams:
            raise unavailable("StreamsExceeded", "no stream is left; try again in a moment")

    @contextmanager
    def following(self, token: str, stream: str) -> Iterator[None]:
        """Count a stream while it is open."""
        self._open[token] += 1
        self._metrics.streams.labels(stream).inc()
        try:
            yield
        finally:
            self._metrics.streams.labels(stream).dec()
            self._open[token] -= 1
            if not self._open[token]:
                del self._open[token]

    def close(self) -> None:
        """End every stream; who follows goes on at the next server."""
        self.events.close()
        self.alerts.close()


@router.get(
    "/events",
    operation_id="follow_events",
    response_class=StreamingResponse,
    responses={**documents.problems(403, 409), **_STREAM},
)
async def follow_events(
    request: Request,
    last_event_id: Annotated[
        str | None, Header(pattern=_POSITION, description="Go on behind this position of the log")
    ] = None,
    after: Annotated[
        str | None,
        Query(
            pattern=_POSITION, description="The same, for who cannot send headers; 0 is the start"
        ),
    ] = None,
) -> StreamingResponse:
    """Follow what happens to tickets, as CloudEvents; without a position from now on.

    A customer gets the events of own tickets. What people wrote is not in it.
    """
    caller = caller_of(request)
    service = service_of(request)
    place = _number(last_event_id or after)
    if place is not None and place > await asyncio.to_thread(lambda: service.log.head().position):
        raise _unknown_place()
    streams: Streams = request.app.state.streams
    streams.check_room(caller.token)

    async def told() -> AsyncIterator[bytes]:
        with streams.following(caller.token, "events"):
            yield b": events\n\n"
            async for batch in streams.events.follow(place, streams.heartbeat):
                if not await is_still_let_in(request, telling=bool(batch)):
                    return
                lines = await _events(batch, caller, service)
                # The events are not kept while a slow client takes what was made of them.
                del batch
                yield lines

    return _stream(told())


async def _events(batch: Sequence[tuple[int, Told]], caller: Caller, service: Service) -> bytes:
    if not batch:
        return b":\n\n"
    if caller.customer is None:
        return b"".join(
            _sent(str(at), type_of(one.stored.recorded.event), one.line) for at, one in batch
        )
    lines = await asyncio.to_thread(_own, batch, caller, service.owners, service.log.source)
    # The place goes on also past what was not for this customer; an id alone is no event.
    return b"".join(lines) + f"id: {batch[-1][0]}\n\n".encode()


def _own(
    batch: Sequence[tuple[int, Told]], caller: Caller, owners: Owners, source: str
) -> list[bytes]:
    return [
        _sent(
            str(at),
            type_of(one.stored.recorded.event),
            encode(seen(one.stored.recorded, caller), source).rstrip(),
        )
        for at, one in batch
        if owners.of(one.stored.recorded.ticket) == caller.customer
    ]


@router.get(
    "/alerts/stream",
    operation_id="follow_alerts",
    response_class=StreamingResponse,
    responses={**documents.problems(403), **_STREAM},
)
async def follow_alerts(
    request: Request,
    kind: Kinds = None,
    last_event_id: Annotated[
        str | None, Header(pattern=_DECIDED, description="Go on behind this event of the stream")
    ] = None,
    after: Annotated[
        str | None,
        Query(
            pattern=_DECIDED,
            description="The same, for who cannot send headers; 0 is the start",
        ),
    ] = None,
) -> StreamingResponse:
    """Follow the alerts that are announced; without a place from now on."""
    caller = caller_of(request)
    streams: Streams = request.app.state.streams
    given = last_event_id or after
    place = None if given is None else _cursor(given)
    streams.check_room(caller.token)
    kinds = KINDS if kind is None else frozenset(kind)

    async def told() -> AsyncIterator[bytes]:
        with streams.following(caller.token, "alerts"):
            yield b": alerts\n\n"
            async for batch in streams.alerts.follow(place, streams.heartbeat):
                if not await is_still_let_in(request, telling=bool(batch)):
                    return
                lines = _alerts(batch, kinds)
                del batch
                yield lines

    return _stream(told())


def _alerts(batch: Sequence[tuple[Cursor, AlertRow | None]], kinds: frozenset[str]) -> bytes:
    if not batch:
        return b":\n\n"
    sent = b"".join(
        _sent(_written(place), alert["kind"], orjson.dumps(alert))
        for place, alert in batch
        if alert is not None and alert["kind"] in kinds
    )
    # The place goes on also past what was not asked for.
    return sent + f"id: {_written(batch[-1][0])}\n\n".encode()


def event_line(stored: Stored, source: str) -> bytes:
    """Write an event with its place in the log, as contracts has it, on one line."""
    attributes = orjson.loads(encode(stored.recorded, source))
    attributes |= {
        "logposition": stored.position,
        "logprevious": stored.previous,
        "loghash": stored.hash.hex(),
    }
    return orjson.dumps(attributes)


def _sent(place: str, kind: str, line: bytes) -> bytes:
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (place.encode(), kind.encode(), line)


def _number(text: str | None) -> int | None:
    return None if text is None else int(text)


def _cursor(text: str) -> Cursor:
    decided_at, _, rest = text.partition("/")
    ticket, _, number = rest.partition("/")
    return int(decided_at), ticket, int(number or 0)


def _written(place: Cursor) -> str:
    return "/".join(map(str, place))


def _unknown_place() -> Problem:
    return Problem(
        409,
        "PlaceUnknown",
        "the log does not reach so far: it is another one, or was restored; "
        "begin anew, without a place",
    )


def _stream(told: AsyncIterator[bytes]) -> StreamingResponse:
    return StreamingResponse(told, media_type=MEDIA_TYPE, headers={"X-Accel-Buffering": "no"})
