"""The HTTP API beside a bare FastAPI and the same in the process; streams; the board."""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import wait
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import httpx
import orjson

from domain.command import Open
from infra import wiring
from infra.desk import Request
from infra.doors.web.pages.session import COOKIE
from infra.settings import Settings
from infra.store.log import EventLog, wall_clock
from tests.benchmarks import board
from tests.benchmarks.measure import Row
from tests.conftest import REPOSITORY

CONNECTIONS = 64
COMMANDS = 30
"""Of each connection in a round."""

ROUNDS = 4
STREAMS = 1_000
TOLD = 20
LOOKS, WARMING = 300, 10
IDLE_SECONDS = 60
PAGES = (
    ("board page", "/desk"),
    ("board page of a plan and a severity", "/desk?plan=standard&severity=1"),
    ("board page of a filter that little matches", "/desk?plan=premium&severity=1"),
)
_END = b"\r\n\r\n"


class Served(NamedTuple):
    """A server in a process of its own."""

    process: int
    port: int
    token: str


def rows(parts: Sequence[str]) -> Iterator[Row]:
    """Measure the parts, one after the other."""
    for part in parts:
        with tempfile.TemporaryDirectory() as folder:
            yield from PARTS[part](Path(folder))


def pages(folder: Path) -> Iterator[Row]:
    """Measure the board of many open tickets, and what it costs to leave it open."""
    board.furnish(folder)
    with served(folder, "--as-it-stands") as opened:
        desk = opened._replace(token=_signed_in(opened))
        for name, path in PAGES:
            spent = _processor(desk.process)
            took = sorted(asyncio.run(_looked(desk, path)))
            computed = (_processor(desk.process) - spent) / (WARMING + LOOKS) * 1e3
            middle = took[len(took) // 2]
            yield Row(f"{name}, {board.OPEN:,} open tickets, p50", middle, None, "ms", "-")
            yield Row("  the same, p99", took[len(took) * 99 // 100], None, "ms", "< 50")
            yield Row("  processor time of each", computed, None, "ms", "-")
        sent = asyncio.run(_left_open(desk))
        yield Row("idle open board", sent * 60 / IDLE_SECONDS, None, "bytes per minute", "-")


def commands(folder: Path) -> Iterator[Row]:
    """Measure opening tickets at 64 connections."""
    (folder / "api").mkdir()
    (folder / "direct").mkdir()
    bests: list[list[float]] = [[], [], []]
    with served() as bare, served(folder / "api") as api:
        for _ in range(ROUNDS):
            for one, seconds in zip((bare, api), bests[:2], strict=True):
                seconds.append(asyncio.run(_opened(one)))
            bests[2].append(_opened_directly(folder / "direct"))
    echo, ours, direct = (min(seconds) / (CONNECTIONS * COMMANDS) * 1e6 for seconds in bests)
    yield Row(
        f"durable command over HTTP, {CONNECTIONS} connections, bare FastAPI echo as baseline",
        ours,
        echo,
        "us",
        "ratio >= 0.5",
        "one interpreter: a fifth writes the log; most of the rest is the server and the "
        "framework, as for the echo, and then tokens, limits, checks and headers",
    )
    yield Row("  the same, in the process as baseline", ours, direct, "us", "-")


def streams(folder: Path) -> Iterator[Row]:
    """Measure a thousand followers of events: until all have heard, and what each costs."""
    with served(folder) as api:
        before = _memory(api.process)
        seconds, memory, idle = asyncio.run(_followed(api))
    yield Row(f"an event to {STREAMS:,} streams, until all have it", seconds * 1e3, None, "ms", "-")
    each = (memory - before) / STREAMS / 1024
    yield Row("memory of the server for each stream", each, None, "KiB", "bounded")
    yield Row(f"processor time of {STREAMS:,} idle streams", idle * 100, None, "% of a core", "-")


@contextmanager
def served(*arguments: str | Path) -> Iterator[Served]:
    """Run a server until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.served", *map(str, arguments)],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        port, token = process.stdout.readline().split()
        yield Served(process.pid, int(port), token)
    finally:
        process.kill()
        process.communicate()


async def _opened(api: Served) -> float:
    started = time.perf_counter()
    await asyncio.gather(*(_connection(api) for _ in range(CONNECTIONS)))
    return time.perf_counter() - started


async def _connection(api: Served) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    for _ in range(COMMANDS):
        body = orjson.dumps(
            {
                "ticket": uuid4().hex,
                "customer_id": "c-1",
                "plan": "premium",
                "subject": "The board stays empty",
                "body": "Since this morning nobody can see a ticket.",
            }
        )
        head = (
            f"POST /tickets HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {api.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}"
        )
        writer.write(head.encode() + _END + body)
        told = await reader.readuntil(_END)
        assert told.startswith(b"HTTP/1.1 201"), told
        length = told.lower().split(b"content-length: ")[1].split(b"\r\n")[0]
        await reader.readexactly(int(length))
    writer.close()
    await writer.wait_closed()


def _opened_directly(folder: Path) -> float:
    settings = Settings(folder)
    if not (folder / "log.db").exists():
        EventLog.create(
            settings.log,
            policy_bytes=(REPOSITORY / "policies" / "managry.toml").read_bytes(),
            live_from=wall_clock(),
            now=wall_clock(),
        ).close()
    with wiring.service(settings, wall_clock) as service:
        started = time.perf_counter()
        for _ in range(COMMANDS):
            # As many wait for their turn as there are connections.
            wait([service.submit(_opening()) for _ in range(CONNECTIONS)])
        return time.perf_counter() - started


def _opening() -> Request:
    command = Open(uuid4().hex, "c-1", "premium", "api", "The board stays empty", "Since this ...")
    return Request(command, str(uuid4()), "agent:a-1")


def _signed_in(desk: Served) -> str:
    """Sign in as a browser does; return what it keeps."""
    where = f"http://127.0.0.1:{desk.port}/desk/sign-in"
    return httpx.post(where, data={"token": desk.token}).cookies[COOKIE]


async def _looked(desk: Served, path: str) -> list[float]:
    """Open a page again and again; return how many milliseconds each took."""
    reader, writer = await asyncio.open_connection("127.0.0.1", desk.port)
    took = []
    for number in range(WARMING + LOOKS):
        started = time.perf_counter()
        writer.write(_page(desk, path))
        told = await reader.readuntil(_END)
        assert told.startswith(b"HTTP/1.1 200"), told
        length = told.lower().split(b"content-length: ")[1].split(b"\r\n")[0]
        await reader.readexactly(int(length))
        if number >= WARMING:
            took.append((time.perf_counter() - started) * 1e3)
    writer.close()
    return took


async def _left_open(desk: Served) -> int:
    """Follow a board on which nothing happens; return how many bytes its stream sent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", desk.port)
    writer.write(_page(desk, "/desk/changes"))
    await reader.readuntil(_END)
    sent = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(IDLE_SECONDS):
            while more := await reader.read(65_536):
                sent += len(more)
    writer.close()
    return sent


def _page(desk: Served, path: str) -> bytes:
    head = f"GET {path} HTTP/1.1\r\nHost: x\r\nCookie: {COOKIE}={desk.token}"
    return head.encode() + _END


async def _followed(api: Served) -> tuple[float, int, float]:
    request = f"GET /events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {api.token}"
    readers: list[asyncio.StreamReader] = []
    writers: list[asyncio.StreamWriter] = []
    for _ in range(STREAMS):
        reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
        writer.write(request.encode() + _END)
        told = await reader.readuntil(_END)
        assert told.startswith(b"HTTP/1.1 200"), told
        await reader.readuntil(b": events")
        readers.append(reader)
        writers.append(writer)
    # Opening them sets things going that are no part of what it costs to keep them open.
    await asyncio.sleep(1)
    spent = _processor(api.process)
    await asyncio.sleep(3)
    idle = (_processor(api.process) - spent) / 3
    seconds = [await _told(api, readers) for _ in range(TOLD)]
    memory = _memory(api.process)
    for writer in writers:
        writer.close()
    return min(seconds), memory, idle


async def _told(api: Served, readers: Sequence[asyncio.StreamReader]) -> float:
    """Open a ticket; return how long it took until every stream had heard of it."""
    started = time.perf_counter()
    ticket = uuid4().hex
    body = orjson.dumps({"ticket": ticket, "customer_id": "c-1", "plan": "premium", "subject": "x"})
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    head = (
        f"POST /tickets HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {api.token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}"
    )
    writer.write(head.encode() + _END + body)
    await reader.readuntil(_END)
    await asyncio.gather(*(one.readuntil(f'"subject":"{ticket}"'.encode()) for one in readers))
    writer.close()
    return time.perf_counter() - started


def _memory(process: int) -> int:
    """Return the resident memory of a process, in bytes."""
    pages = Path(f"/proc/{process}/statm").read_text("ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _processor(process: int) -> float:
    """Return the processor time of a process, in seconds."""
    fields = Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


PARTS = {"requests": commands, "streams": streams, "board": pages}
