"""The engine on one machine: commands, import, rebuild, alerts, growth, start.

Every part makes its own data in a temporary folder. With other work on the machine the ratios
hold, the absolute figures do not: the load is told beside them.
"""

import gc
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import islice, product
from pathlib import Path
from random import Random
from statistics import quantiles
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import orjson
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

from domain import instant
from domain.command import Reply
from domain.event import AgentResponded, Opened, RecordedEvent
from domain.policy import Plan, Policies, Target
from infra import wiring
from infra.desk import Desk
from infra.engine.follower import Mark
from infra.engine.loop import Engine
from infra.servers.postgresql import PostgreSQL
from infra.settings import Settings
from infra.store.log import (
    Append,
    Draft,
    EventLog,
    GroupCommit,
    Place,
    Stored,
    may_exist,
    wall_clock,
)
from infra.store.models import SQLiteModels
from infra.store.policies import find
from projections.models import Announcement
from projections.projector import Projector, Terms
from tests.benchmarks import round_the_clock, stories
from tests.benchmarks.measure import Row, per_call, process

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
POLICY = (REPOSITORY / "policies" / "managry.toml").read_bytes()
LHUTA = (sys.executable, "-m", "infra.doors.cli")

CALLERS = 64
BATCH = 20_000
FEW = 50
"""How many events of a lived desk are recorded together, within a moment."""

TOGETHER = 1_000
"""How many events are imported together, as `lhuta import` does; a lived batch has no more."""

ROUNDS = {1: 2, TOGETHER: 3}
"""In how many rounds of a thousand events the growth is measured, by how many come together."""

WATCHED = 45
"""For how many seconds alerts come due while an engine is watched."""

URGENT = 450


def rows(parts: Sequence[str], *, full: bool) -> Iterator[Row]:
    """Measure the parts, one after the other; the large sizes take an hour."""
    for part in parts:
        with tempfile.TemporaryDirectory() as folder:
            started = time.perf_counter()
            yield from PARTS[part](Path(folder), full)
            seconds = time.perf_counter() - started
            load = f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
            print(f"  {part}: {seconds:.0f} s, {load}", file=sys.stderr, flush=True)


def commands(folder: Path, full: bool) -> Iterator[Row]:
    """Measure durable commands beside stock eventsourcing, in turns."""
    stock = Application[UUID](
        env={
            "PERSISTENCE_MODULE": "eventsourcing.sqlite",
            "SQLITE_DBNAME": str(folder / "stock.db"),
        }
    )
    with created(folder / "log.db") as log:
        yield from _commands(log, stock, 200 if full else 60, ("ratio >= 3", "ratio >= 0.6"))
    stock.close()


def database(folder: Path, full: bool) -> Iterator[Row]:
    """Measure the same in PostgreSQL, on a server of its own, and whole tickets."""
    # The user that serves must be able to pass through.
    folder.chmod(0o711)
    with PostgreSQL(folder / "server") as server:
        given = urlsplit(server.url)
        password = (folder / "server" / "pgpass").read_text("utf-8").strip().rpartition(":")[2]
        stock = Application[UUID](
            env={
                "PERSISTENCE_MODULE": "eventsourcing.postgres",
                "POSTGRES_DBNAME": given.path.removeprefix("/"),
                "POSTGRES_HOST": str(given.hostname),
                "POSTGRES_PORT": str(given.port),
                "POSTGRES_USER": str(given.username),
                "POSTGRES_PASSWORD": password,
                "POSTGRES_POOL_SIZE": "16",
            }
        )
        with created(server.url) as log:
            yield from _commands(log, stock, 200 if full else 30, ("-", "-"))
            yield from _whole_tickets(log, stock)
        stock.close()


def _whole_tickets(log: EventLog, stock: Application[UUID]) -> Iterator[Row]:
    now = wall_clock()
    told = [list(stories.finished(200, now - 300 * instant.DAY, now)) for _ in range(3)]
    events = sum(map(len, told[0]))
    coming = iter(told)

    def ours() -> None:
        log.import_([_renamed(story) for story in next(coming)])

    def theirs() -> None:
        tickets = [_Ticket("c-1", "premium", "email") for _ in range(200)]
        for number in range(events - len(tickets)):
            tickets[number % len(tickets)].reply("Any news?", "customer:c-1")
        stock.save(*tickets)

    one, other = in_turns(ours, theirs)
    name = f"import of {events:,} events in one transaction, stock eventsourcing as baseline"
    yield Row(name, one * 1e6 / events, other * 1e6 / events, "us per event", "-")


def _renamed(story: Sequence[RecordedEvent]) -> list[RecordedEvent]:
    ticket = uuid4().hex
    return [recorded._replace(ticket=ticket) for recorded in story]


def _commands(
    log: EventLog, stock: Application[UUID], count: int, goals: tuple[str, str]
) -> Iterator[Row]:
    with GroupCommit(log.append) as group:

        def ours(_: int) -> None:
            for _ in range(count):
                group.append(opening())

        def theirs(_: int) -> None:
            for _ in range(count):
                stock.save(_Ticket("c-1", "premium", "email"))

        one, other = in_turns(lambda: side_by_side(ours), lambda: side_by_side(theirs))
        per = 1e6 / (CALLERS * count)
        name = f"durable command, {CALLERS} callers, stock eventsourcing as baseline"
        yield Row(name, one * per, other * per, "us", goals[0])
    one, other = in_turns(
        lambda: repeat(10 * count, lambda: log.append([opening()])),
        lambda: repeat(10 * count, lambda: stock.save(_Ticket("c-1", "premium", "email"))),
    )
    per = 1e6 / (10 * count)
    yield Row("durable command, one caller", one * per, other * per, "us", goals[1])
    tickets = [uuid4().hex for _ in range(10 * count)]
    log.append([opening(ticket) for ticket in tickets])
    aggregates = [_Ticket("c-1", "premium", "email") for _ in tickets]
    stock.save(*aggregates)
    desk = Desk(log, wall_clock)

    def reply() -> None:
        for ticket in tickets:
            command = Reply(ticket, "Any news?")
            desk.handle(command, command_id=str(uuid4()), actor="customer:c-1")

    def reply_by_stock() -> None:
        for one in aggregates:
            ticket: _Ticket = stock.repository.get(one.id)
            ticket.reply("Any news?", "customer:c-1")
            stock.save(ticket)

    one, other = in_turns(reply, reply_by_stock, rounds=1)
    yield Row("reply loaded, decided, appended, one caller", one * per, other * per, "us", "-")


def imports(folder: Path, full: bool) -> Iterator[Row]:
    """Measure the way of the UCI history into log and read models; nothing without the data."""
    shared = Path(os.environ.get("LHUTA_SHARED", REPOSITORY.parent / "shared"))
    export = shared / "data" / "uci_incident_event_log.csv.gz"
    if not export.exists():
        print(f"left out: {export.name} is not here (set LHUTA_SHARED)", file=sys.stderr)
        return
    history, data = str(folder / "uci.jsonl"), ("--data", str(folder / "data"))
    rejects = str(folder / "rejects.csv")
    process([*LHUTA, "convert", "uci", str(export), "--output", history, "--rejects", rejects])
    with Path(history).open("rb") as lines:
        events = sum(1 for _ in lines)
    decoded = process([sys.executable, str(HERE / "decode.py"), history]).seconds
    process([*LHUTA, "init", *data])
    imported = process([*LHUTA, "import", history, *data]).seconds
    applied = process([*LHUTA, "run", "--once", "--log-format", "text", *data]).seconds
    per = 1e6 / events
    yield Row(
        f"import of {events:,} UCI events, end to end, orjson decoding the lines as baseline",
        (imported + applied) * per,
        decoded * per,
        "us per event",
        "<= 100, goal 50",
    )
    yield Row("  of it: lhuta import into the log", imported * per, None, "us per event", "-")
    yield Row("  of it: lhuta run --once", applied * per, None, "us per event", "-")


def rebuilds(folder: Path, full: bool) -> Iterator[Row]:
    """Measure a rebuild beside reading and decoding the log: of imported and of lived tickets.

    What was imported has one recorded instant a ticket, so it is folded at once; of what was
    lived, tickets that told something are followed instant by instant.
    """
    tickets = 200_000 if full else 40_000
    now = wall_clock()
    begun = now - 300 * instant.DAY
    imported, lived = Settings(folder / "imported"), Settings(folder / "lived")
    for settings in (imported, lived):
        settings.data.mkdir()
    with created(imported.log) as log:
        events = brought(log, stories.finished(tickets, begun, now))
    bound = "a third writes rows, a third reads and decodes the log, a quarter folds"
    yield from _rebuilt("imported", imported, events, bound)
    events = live(lived, list(stories.finished(tickets // 2, begun, now)))
    bound = "a third writes rows, with alerts; a third folds, a quarter reads and decodes the log"
    yield from _rebuilt("lived", lived, events, bound)


def _rebuilt(kind: str, settings: Settings, events: int, bound: str) -> Iterator[Row]:
    def read() -> None:
        with EventLog.open(settings.log) as log:
            position = 0
            gc.disable()
            while batch := log.read(position, BATCH):
                position = batch[-1].position
            gc.enable()

    with wiring.held(settings, "benchmark") as desk:
        one, other = in_turns(
            lambda: wiring.rebuild(desk, lambda done, of: None),
            read,
            clock=time.process_time,
        )
    yield Row(
        f"rebuild of {events:,} {kind} events, reading and decoding the log as baseline",
        one * 1e6 / events,
        other * 1e6 / events,
        "us of one core per event",
        "<= 16.7, goal 10",
        bound,
    )


def alerts(folder: Path, full: bool) -> Iterator[Row]:
    """Measure how late alerts are among many running clocks, and what an idle step costs."""
    idle_row = idle_cost(folder / "few", 100)
    tickets = 1_000_000 if full else 100_000
    settings = Settings(folder / "many", audit_every=0)
    settings.data.mkdir()
    with created(settings.log, round_the_clock.policy()) as log:
        log.set_live_from(wall_clock())
        brought(log, stories.running(tickets, wall_clock() - instant.MINUTE))
    delays = watched(settings, tickets)
    cuts = quantiles(delays, n=100)
    name = f"alert after its instant, {tickets:,} running clocks, {len(delays)} alerts"
    yield Row(f"{name}, p50", cuts[49], None, "s", "-")
    bound = "how often an engine looks: every quarter of a second"
    yield Row(f"{name}, p99", cuts[98], None, "s", "< 1.5", bound)
    yield Row(f"{name}, latest", max(delays), None, "s", "-")
    few, many = idle_row, idle_cost(settings.data, tickets)
    for what, one, other in zip(("step with nothing to do", "tick"), many, few, strict=True):
        name = f"{what}, {tickets:,} running clocks, 100 as baseline"
        yield Row(name, one, other, "us", "ratio near 1")


def watched(settings: Settings, tickets: int) -> list[float]:
    """Return how many seconds each alert was late that came due while an engine ran."""
    late: list[float] = []

    def tell(announcement: Announcement, policies: Policies) -> None:
        now = wall_clock()
        alert = orjson.loads(announcement.alert)
        if alert["kind"] == "breach":
            settle = policies.in_force(now).settle
            late.append((now - instant.parse(alert["deadline"]) - settle) / instant.SECOND)

    with wiring.engine(settings, tell) as engine:
        rest(engine)
        with EventLog.open(settings.log) as log:
            bring_urgent(log, tickets)
        rest(engine)
        late.clear()
        # Those that are told from now on came due while the engine ran.
        ended = threading.Event()
        threading.Timer(WATCHED, ended.set).start()
        engine.run(ended.wait, settings.poll_every)
    return late


def bring_urgent(log: EventLog, tickets: int) -> None:
    """Bring tickets in whose promises break one after the other in the next moments."""
    policy = log.policies().in_force(wall_clock())
    plan = policy.plans["premium"]
    target = plan.targets["initial", 1]
    now = wall_clock()
    chance = Random("urgent")
    told = []
    for number in range(URGENT):
        ahead = chance.randrange(3 * instant.SECOND, WATCHED * instant.SECOND)
        opened_at = opening_for(now + ahead - policy.settle, plan, target, now)
        told.append(stories.urgent(tickets + number, opened_at, now - instant.SECOND))
    brought(log, told)


def opening_for(due_at: int, plan: Plan, target: Target, now: int) -> int:
    """Return when a ticket must have been opened for its promise to break just then."""
    first, last = now - 9 * instant.DAY, now
    while last - first > 1:
        middle = (first + last) // 2
        if plan.hours.due(middle, *target) <= due_at:
            first = middle
        else:
            last = middle
    return first


def idle_cost(folder: Path, tickets: int) -> tuple[float, float]:
    """Return the microseconds of an engine's step with nothing due, and of one that ticks."""
    settings = Settings(folder, audit_every=0)
    if not may_exist(settings.log):
        folder.mkdir()
        with created(settings.log, round_the_clock.policy()) as log:
            brought(log, stories.running(tickets, wall_clock() - instant.MINUTE))
    with EventLog.open(settings.log) as log:
        now = max(wall_clock(), log.head().recorded_at)

    def clock() -> int:
        return now

    def tick() -> None:
        nonlocal now
        now += settings.tick_every
        engine.step()

    with wiring.engine(settings, lambda announcement, policies: None, clock) as engine:
        rest(engine)
        still = per_call(engine.step, 200)
        return still, per_call(tick, 20)


def growth(folder: Path, full: bool) -> Iterator[Row]:
    """Measure the cost of an event in read models of growing size, all sizes in turns.

    Processor time with that of the database's writing, but not the disk's: others may use it.
    """
    bound = (
        "pages: six of its own for each event; among 10,000 a thousand events share two thousand"
    )
    sizes = (10_000, 100_000, *((1_000_000,) if full else ()))
    worst = (TOGETHER, "any", sizes[-1])
    with ExitStack() as opened:
        desks = []
        for tickets in sizes:
            models = opened.enter_context(SQLiteModels.open(folder / f"{tickets}.db"))
            desks.append(_Growing(models, tickets))
        for together, kind in product(ROUNDS, ("recent", "any")):
            for desk in desks:
                desk.settle()
            rounds = range(ROUNDS[together])
            seconds = [[desk.next_round(kind, together) for desk in desks] for _ in rounds]
            seconds.append([desk.settle() for desk in desks])
            events = len(rounds) * TOGETHER
            costs = [sum(one) / events * 1e6 for one in zip(*seconds, strict=True)]
            for tickets, cost in zip(sizes, costs, strict=True):
                name = f"event of {kind} ticket among {tickets:,}, {together:,} at a time"
                why = bound if (together, kind, tickets) == worst else ""
                yield Row(name, cost, costs[0], "us per event", "ratio >= 0.77", why)


class _Growing:
    """Read models of so many tickets, none of them like another, and what comes next to them."""

    def __init__(self, models: SQLiteModels, tickets: int) -> None:
        self._models = models
        self._projector = Projector(models)
        self._terms = Terms(find("managry"), 0)
        self._position = 0
        self._now = instant.parse("2026-03-09T08:00:00Z")
        chance = Random("growth")
        count = sum(ROUNDS.values()) * TOGETHER
        older, recent = range(tickets - count), range(tickets - count, tickets)
        self._chosen = {
            "recent": iter(chance.sample(recent, count)),
            "any": iter(chance.sample(older, count)),
        }
        events = self._placed(one for told in stories.running(tickets, self._now) for one in told)
        gc.disable()
        while batch := list(islice(events, BATCH)):
            self._apply(batch)
        gc.enable()

    def next_round(self, kind: str, together: int) -> float:
        """Answer a thousand tickets that were not answered yet; return the seconds it took.

        `together` of them are applied at a time: one, as on a desk at work, or many, as when an
        engine catches up. Desks work at recent tickets; at any of all is the worst that can happen.
        """
        answered = (
            RecordedEvent(
                f"T-{number}", 3, str(uuid4()), 0, 0, "agent:a-1", AgentResponded("customer")
            )
            for number in islice(self._chosen[kind], TOGETHER)
        )
        events = [
            one._replace(recorded=one.recorded._replace(occurred_at=one.recorded.recorded_at))
            for one in self._placed(answered)
        ]
        batches = [events[first : first + together] for first in range(0, TOGETHER, together)]
        started = time.process_time()
        for batch in batches:
            self._apply(batch)
        return time.process_time() - started

    def settle(self) -> float:
        """Move what was written to its place in the file; return the seconds it took.

        The database does it every few thousand events.
        """
        started = time.process_time()
        self._models.database.rows("PRAGMA wal_checkpoint(TRUNCATE)")
        return time.process_time() - started

    def _apply(self, batch: Sequence[Stored]) -> None:
        last = batch[-1]
        self._projector.apply(batch, self._terms, Mark(last.position, last.recorded.recorded_at))

    def _placed(self, events: Iterable[RecordedEvent]) -> Iterator[Stored]:
        """Give events their places, each recorded at an instant of its own."""
        for recorded in events:
            self._position += 1
            self._now += 1
            yield Stored(
                self._position,
                self._position - 1,
                b"\0" * 32,
                recorded._replace(recorded_at=self._now),
            )


def starts(folder: Path, full: bool) -> Iterator[Row]:
    """Measure the start of an engine on a long log, up to its first rest."""
    settings = Settings(folder, audit_every=0)
    tickets = 2_000_000 if full else 60_000
    now = wall_clock()
    started = time.perf_counter()
    with created(settings.log) as log:
        events = brought(log, stories.finished(tickets, now - 300 * instant.DAY, now))
    made = time.perf_counter() - started
    yield Row(f"making of a log of {events:,} events", made, None, "s", "-")
    started = time.perf_counter()
    with wiring.held(settings, "benchmark") as desk:
        wiring.rebuild(desk, lambda done, of: None)
    yield Row(f"rebuild of {events:,} events", time.perf_counter() - started, None, "s", "-")
    once = [*LHUTA, "run", "--once", "--log-format", "text", "--audit-every", "0"]
    seconds = min(process([*once, "--data", str(folder)]).seconds for _ in range(3))
    empty = folder / "empty"
    empty.mkdir()
    created(empty / "log.db").close()
    baseline = min(process([*once, "--data", str(empty)]).seconds for _ in range(3))
    name = f"start and end of an engine on {events:,} events, an empty log as baseline"
    bound = "loading the program and compiling the policy; nothing reads the log or its index whole"
    yield Row(name, seconds, baseline, "s", "seconds", bound)


PARTS: dict[str, Callable[[Path, bool], Iterator[Row]]] = {
    "commands": commands,
    "database": database,
    "import": imports,
    "rebuild": rebuilds,
    "alerts": alerts,
    "growth": growth,
    "start": starts,
}


class _Ticket(Aggregate):
    """What an application of stock eventsourcing would have as a ticket."""

    @event("Opened")
    def __init__(self, customer_id: str, plan: str, channel: str) -> None:
        self.customer_id = customer_id
        self.plan = plan
        self.channel = channel
        self.replies = 0

    @event("Replied")
    def reply(self, message: str, actor: str) -> None:
        """Take what the customer wrote."""
        self.replies += 1


def created(place: Place, policy: bytes = POLICY) -> EventLog:
    """Create a log that tells of everything from now on."""
    now = wall_clock()
    return EventLog.create(place, policy_bytes=policy, live_from=now, now=now - instant.DAY)


def opening(ticket: str | None = None) -> Append:
    """Ask for a new ticket."""
    command_id = str(uuid4())
    draft = Draft(Opened("c-1", "premium", "email"), None, {})
    return Append(
        command_id, b"\0" * 32, ticket or command_id, 0, (draft,), "agent:a-1", command_id
    )


def brought(log: EventLog, told: Iterable[Sequence[RecordedEvent]]) -> int:
    """Import tickets in bulk, as `lhuta import` does; return how many events came."""
    events = 0
    chunk: list[Sequence[RecordedEvent]] = []
    size = 0
    gc.disable()
    for one in told:
        chunk.append(one)
        size += len(one)
        if size >= TOGETHER:
            log.import_(chunk)
            events += size
            chunk, size = [], 0
    if chunk:
        log.import_(chunk)
    gc.enable()
    return events + size


def live(settings: Settings, told: Sequence[Sequence[RecordedEvent]]) -> int:
    """Record tickets event by event when they happened; return how many events there are."""
    events = sorted((one for story in told for one in story), key=lambda one: one.occurred_at)
    now = events[0].occurred_at
    EventLog.create(settings.log, policy_bytes=POLICY, live_from=now, now=now - 1).close()
    gc.disable()
    with EventLog.open(settings.log, clock=lambda: now) as log:
        for first in range(0, len(events), FEW):
            chunk = events[first : first + FEW]
            now = chunk[0].occurred_at
            log.append([recording(one) for one in chunk])
    gc.enable()
    return len(events)


def recording(told: RecordedEvent) -> Append:
    """Ask for an event as the command did that brought it about."""
    draft = Draft(told.event, None, {})
    return Append(
        told.event_id,
        b"\0" * 32,
        told.ticket,
        told.version - 1,
        (draft,),
        told.actor,
        told.event_id,
    )


def rest(engine: Engine) -> None:
    """Step until there is nothing to do for now."""
    while engine.step():
        pass


def side_by_side(work: Callable[[int], None]) -> None:
    """Let all callers work at once."""
    with ThreadPoolExecutor(CALLERS) as callers:
        for done in [callers.submit(work, caller) for caller in range(CALLERS)]:
            done.result()


def repeat(times: int, work: Callable[[], object]) -> None:
    """Do something again and again."""
    for _ in range(times):
        work()


def in_turns(
    one: Callable[[], object],
    other: Callable[[], object],
    rounds: int = 3,
    clock: Callable[[], float] = time.perf_counter,
) -> tuple[float, float]:
    """Do two things in turns and return the fewest seconds of each."""
    ones: list[float] = []
    others: list[float] = []
    for _ in range(rounds):
        for work, seconds in ((one, ones), (other, others)):
            started = clock()
            work()
            seconds.append(clock() - started)
    return min(ones), min(others)
