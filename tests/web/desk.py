"""A desk with an API: a log, an engine that works when it is told to, callers of every role."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

import httpx
import orjson
import psycopg
from fastapi import FastAPI

from domain.event import RecordedEvent
from infra import wiring
from infra.closing import Closing
from infra.doors.web.app import create
from infra.doors.web.limits import Limits
from infra.doors.web.server import Address, beside, listening
from infra.doors.web.service import Service
from infra.settings import Settings
from infra.store.access import ROLES, Holder, Role, digest_of, opened, secret, session_secret
from infra.store.log import EventLog
from infra.store.models.postgresql.schema import NAME as MODELS
from tests.contract.given import (
    CREATED,
    LIVE_FROM,
    OPENED,
    POLICY,
    REPLIED,
    HandClock,
    story,
)

GENEROUS = Limits(rate=1e6, burst=10**6)
CUSTOMER, OTHER_CUSTOMER, AGENT = "c-1", "c-2", "a-1"
FOR_EVER = 10**17

PATIENCE = 60.0
"""How many seconds a test waits for what must come; nothing takes nearly as long."""

OPENING: Mapping[str, Any] = {
    "customer_id": CUSTOMER,
    "plan": "premium",
    "subject": "The board stays empty",
    "body": "Since this morning",
}
TRIAGE: Mapping[str, Any] = {
    "severity": 1,
    "impact": "service-unavailable",
    "topic": "diagnosis",
    "rationale": "Nobody can work",
}
ANSWER: Mapping[str, Any] = {"awaiting": "customer", "message": "Which browser?"}
RESOLUTION: Mapping[str, Any] = {"resolution": "Fixed in 4.2", "root_cause": "defect"}
VERIFICATION: Mapping[str, Any] = {"method": "retest", "evidence": "It works"}

HOLDERS: Mapping[str, Holder] = {
    **{role: Holder(role, AGENT) for role in ROLES},
    "customer": Holder("customer", CUSTOMER, "premium"),
    "other customer": Holder("customer", OTHER_CUSTOMER, "premium"),
}
SECRETS: Mapping[str, str] = {who: secret() for who in HOLDERS}


class Desk(Closing):
    """The data of a desk, its API, and those who call it; a context manager.

    A `database` has it already, as `furnish` makes it; into a folder it is brought.
    """

    def __init__(
        self, folder: Path, limits: Limits = GENEROUS, database: str | None = None
    ) -> None:
        self.settings = Settings(folder, database)
        folder.mkdir(exist_ok=True)
        if database is None:
            _copy(folder)
        self.clock = HandClock()
        self.limits = limits
        self.secrets = {**SECRETS}
        self._sessions: dict[str, str] = {}
        self._opened = ExitStack()
        self._runner = asyncio.Runner()

    def __enter__(self) -> Self:
        """Put the API together."""
        self.service: Service = self._opened.enter_context(
            wiring.service(self.settings, self.clock)
        )
        self.app: FastAPI = create(self.service, self.limits)
        return self

    def close(self) -> None:
        """Let everything go."""
        self._runner.close()
        self._opened.close()

    def admit(self, who: str, role: Role, holder: str, expires_at: int = FOR_EVER) -> str:
        """Make a token; `who` names it in `ask`. Returns its name."""
        self.secrets[who] = secret()
        plan = "premium" if role == "customer" else None
        with opened(self.settings.access) as tokens:
            made = tokens.add(
                Holder(role, holder, plan), digest_of(self.secrets[who]), CREATED, expires_at
            )
        return made.name

    def revoke(self, name: str) -> None:
        """End a token."""
        with opened(self.settings.access) as tokens:
            tokens.revoke(name, self.clock.now)

    def session(self, who: str) -> str:
        """Return what the browser of somebody who is signed in keeps."""
        if who not in self._sessions:
            token = self.service.tokens.find(digest_of(self.secrets[who]))
            assert token is not None
            self._sessions[who] = session_secret()
            digest = digest_of(self._sessions[who])
            self.service.tokens.begin(digest, token, self.clock.now)
        return self._sessions[who]

    def engine(self) -> None:
        """Let an engine do all that there is to do."""
        with wiring.engine(self.settings, lambda one, policies: None, self.clock) as engine:
            while engine.step():
                pass

    def credentials(self, who: str | None) -> dict[str, str]:
        """Return the header by which somebody shows a token."""
        return {} if who is None else {"Authorization": f"Bearer {self.secrets[who]}"}

    def ask(
        self,
        who: str | None,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        **given: Any,
    ) -> httpx.Response:
        """Send a request in the process, and return the response."""
        sent = {**self.credentials(who), **(headers or {})}
        return self._runner.run(self._asked(method, path, headers=sent, **given))

    def get(self, who: str | None, path: str, **given: Any) -> httpx.Response:
        """Ask a question."""
        return self.ask(who, "GET", path, **given)

    def post(
        self, who: str | None, path: str, body: Mapping[str, Any], **given: Any
    ) -> httpx.Response:
        """Give a command."""
        return self.ask(who, "POST", path, json=dict(body), **given)

    def lose_models(self) -> None:
        """Remove the read models, as if no engine had ever worked."""
        if self.settings.database is None:
            Path(self.settings.models).unlink()
        else:
            self._execute(self.settings.database, f"DROP SCHEMA {MODELS} CASCADE")

    def damage_models(self) -> None:
        """Make the read models something that cannot be read."""
        if self.settings.database is None:
            Path(self.settings.models).write_bytes(b"rubbish" * 1_000)
        else:
            self._execute(self.settings.database, f"ALTER TABLE {MODELS}.tickets RENAME TO rubbish")

    def done(self, who: str, path: str, body: Mapping[str, Any], **given: Any) -> dict[str, Any]:
        """Give a command that is carried out, and return its outcome."""
        response = self.post(who, path, body, **given)
        assert response.status_code in (200, 201), response.text
        return found(response)

    def opened(self, **fields: Any) -> str:
        """Open a ticket and return its id."""
        ticket: str = self.done("agent", "/tickets", {**OPENING, **fields})["ticket"]
        return ticket

    def triaged(self, **fields: Any) -> str:
        """Open and triage a ticket."""
        ticket = self.opened(**fields)
        self.done("specialist", f"/tickets/{ticket}/triage", TRIAGE)
        return ticket

    def imported(self, tickets: int, replies: int) -> None:
        """Bring tickets in, each with so many replies."""
        with EventLog.open(self.settings.log, clock=self.clock) as log:
            log.import_(
                [story(f"I-{one}", OPENED, *([REPLIED] * replies)) for one in range(tickets)]
            )

    def story(self, ticket: str) -> list[RecordedEvent]:
        """Return what the log holds of a ticket, with its words."""
        with EventLog.open(self.settings.log, read_only=True, clock=self.clock) as log:
            return log.ticket(ticket, words=True)

    @contextmanager
    def listening(self) -> Iterator[Address]:
        """Serve on a free port, as `lhuta serve` does."""
        with (
            listening(Address("127.0.0.1", 0)) as (taken, address),
            beside(self.app, self.limits, taken),
        ):
            yield address

    def _execute(self, database: str, statement: str) -> None:
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute(statement.encode())

    async def _asked(self, method: str, path: str, **given: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
            return await client.request(method, path, **given)


def _copy(folder: Path) -> None:
    """Put the files of a new desk into a folder; they are made once."""
    for name, content in _files().items():
        (folder / name).write_bytes(content)


def furnish(settings: Settings) -> None:
    """Make an empty log, the read models that an engine makes of it, and the tokens."""
    clock = HandClock()
    EventLog.create(
        settings.log, policy_bytes=POLICY, live_from=LIVE_FROM, now=CREATED, clock=clock
    ).close()
    with opened(settings.access) as tokens:
        for who, shown in SECRETS.items():
            tokens.add(HOLDERS[who], digest_of(shown), CREATED, FOR_EVER)
    with wiring.engine(settings, lambda one, policies: None, clock) as engine:
        while engine.step():
            pass


@cache
def _files() -> Mapping[str, bytes]:
    """Return the files of a new desk."""
    with TemporaryDirectory() as name:
        furnish(Settings(Path(name)))
        return {file.name: file.read_bytes() for file in Path(name).iterdir()}


def found(response: httpx.Response) -> dict[str, Any]:
    """Return the object of a response."""
    document: dict[str, Any] = orjson.loads(response.content)
    return document


def refused(response: httpx.Response, status: int, name: str) -> dict[str, Any]:
    """Return the problem of a response, which is told as RFC 9457 has it."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem = found(response)
    assert problem["type"] == f"urn:lhuta:problem:{name}"
    assert (problem["status"], problem["name"]) == (status, name)
    return problem


def fields(problem: Mapping[str, Any]) -> dict[str, str]:
    """Return the wrong fields of a problem, each with the name of what is wrong."""
    return {fault["field"]: fault["name"] for fault in problem["errors"]}
