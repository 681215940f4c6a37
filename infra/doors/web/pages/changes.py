"""The stream by which an open page hears that something changed; what, it asks for itself."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

from fastapi import Request
from starlette.responses import Response, StreamingResponse

from domain import instant
from infra.doors.web.access import Caller, is_still_let_in
from infra.doors.web.events import MEDIA_TYPE, Streams, Told
from infra.doors.web.feed import comes
from infra.doors.web.pages import session
from infra.doors.web.pages.page import chosen, public
from infra.doors.web.problem import Problem
from infra.doors.web.service import Service, service_of

router = public()

_CHANGED = b"event: changed\ndata: 1\n\n"
_ALIVE = b":\n\n"
_TOGETHER = 0.3
"""For how many seconds changes are gathered: a page is asked for again once for all of them."""


@router.get(f"{session.HOME}/changes", name="follow_changes")
async def follow_changes(request: Request) -> Response:
    """Tell that something changed, of all tickets or of one; a customer only hears of own ones."""
    caller = request.scope["lhuta.caller"]
    if isinstance(caller, Problem):
        # The script asks for its page then, and is led to where signing in is done.
        return caller.response()
    streams: Streams = request.app.state.streams
    streams.check_room(caller.token)
    told = _told(streams, request, caller, chosen(request, "ticket"))
    return StreamingResponse(told, media_type=MEDIA_TYPE, headers={"X-Accel-Buffering": "no"})


async def _told(
    streams: Streams, request: Request, caller: Caller, ticket: str
) -> AsyncIterator[bytes]:
    service = service_of(request)
    news = asyncio.Event()

    async def events() -> None:
        async for batch in streams.events.follow(None, streams.heartbeat):
            if await asyncio.to_thread(_concerns, batch, service, caller, ticket):
                news.set()

    async def alerts() -> None:
        async for batch in streams.alerts.follow(None, streams.heartbeat):
            if any(ticket in ("", one["ticket"]) for _, one in batch if one is not None):
                news.set()

    followers = [asyncio.create_task(events())]
    told_of_time = caller.reach("follow_alerts") is not None
    if told_of_time:
        followers.append(asyncio.create_task(alerts()))
    with streams.following(caller.token, "pages"):
        try:
            yield b"retry: 2000\n" + _ALIVE
            while not any(one.done() for one in followers):
                if await comes(news, streams.heartbeat):
                    await asyncio.sleep(_TOGETHER)
                    news.clear()
                    line = _CHANGED
                else:
                    line = _time(streams.decided_to) if told_of_time else _ALIVE
                # A page is told nothing but when to ask.
                if not await is_still_let_in(request, telling=False):
                    # Now: it is led to where signing in is done.
                    yield _CHANGED
                    return
                yield line
        finally:
            for one in followers:
                one.cancel()
            await asyncio.gather(*followers, return_exceptions=True)


def _time(decided_to: int) -> bytes:
    """Say how far time has come, so that a page on which nothing happens knows how old it is."""
    return f"event: time\ndata: {decided_to // instant.SECOND}\n\n".encode()


def _concerns(
    batch: Sequence[tuple[Any, Told]], service: Service, caller: Caller, ticket: str
) -> bool:
    changed = {told.stored.recorded.ticket for _, told in batch}
    if ticket:
        changed &= {ticket}
    if caller.customer is None:
        return bool(changed)
    return any(service.owners.of(one) == caller.customer for one in changed)
