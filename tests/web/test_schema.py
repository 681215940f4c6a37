"""The description of the API holds: whatever it allows and forbids is answered as it says."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from infra.doors.web.rights import RIGHTS
from infra.store.access import ROLES, Role
from tests.web.desk import ANSWER, OPENING, PATIENCE, RESOLUTION, TRIAGE, Desk, found

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]
KNOWN = {**OPENING, **TRIAGE, "rationale": "Because"}
EXAMPLES = 16
"""How many requests of each kind an operation gets from each role that may do it."""


def make_busy(desk: Desk) -> None:
    """Let a desk have tickets in every state, so that questions find something."""
    answered, resolved = desk.triaged(), desk.triaged()
    desk.opened(customer_id="c-2")
    desk.done("agent", f"/tickets/{answered}/responses", ANSWER)
    desk.done("agent", f"/tickets/{resolved}/resolution", RESOLUTION)
    desk.engine()


@pytest.fixture
def busy(desk: Desk) -> Desk:
    """Give a busy desk."""
    make_busy(desk)
    return desk


@pytest.fixture
def desks(tmp_path: Path) -> Iterator[Mapping[Role | None, Desk]]:
    """Give a busy desk for each role and for a stranger: what one does changes nothing for others.

    To think up requests takes much longer than to answer them, so all send the same ones.
    """
    with ExitStack() as stack:
        made: dict[Role | None, Desk] = {}
        for role in (*ROLES, None):
            made[role] = stack.enter_context(Desk(tmp_path / str(role)))
            make_busy(made[role])
        yield made


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_every_operation_answers_as_it_is_described(
    desks: Mapping[Role | None, Desk], mode: GenerationMode
) -> None:
    """No 5xx, no undocumented status, type or form, for requests that are right and wrong.

    Streams have no end, and are asked elsewhere. Who may not do a thing is asked of few of them.
    """
    for operation in operations(desks[None]):
        raw = operation.definition.raw
        if raw["operationId"].startswith("follow_"):
            continue
        if mode is GenerationMode.NEGATIVE and not raw.get("parameters", raw.get("requestBody")):
            continue
        _asked(desks, operation, mode)


def _asked(desks: Mapping[Role | None, Desk], operation: Any, mode: GenerationMode) -> None:
    allowed = RIGHTS.get(operation.definition.raw["operationId"], {})
    refused = [role for role in desks if role not in allowed]

    @settings(
        max_examples=EXAMPLES,
        suppress_health_check=list(HealthCheck),
        database=None,
        derandomize=True,
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        if mode is GenerationMode.POSITIVE:
            _make_known(case)
        for role in (*allowed, *refused):
            response = _sent(desks[role], role, case)
            try:
                case.validate_response(response, checks=CHECKS)
            except BaseException as error:
                error.add_note(f"as {role}")
                raise
        refused.clear()

    ask()


def operations(desk: Desk) -> list[Any]:
    """Return every operation that the API describes."""
    schema = schemathesis.openapi.from_dict(found(desk.get(None, "/openapi.json")))
    every: list[Any] = list(schema.get_all_operations())
    return [one.ok() for one in every]


def _make_known(case: Any) -> None:
    """Put names that there are in the place of made-up ones, which hardly ever are any."""
    if "ticket" in (case.path_parameters or {}):
        case.path_parameters["ticket"] = "T-1"
    if isinstance(case.body, dict):
        case.body = {name: KNOWN.get(name, value) for name, value in case.body.items()}


def _sent(desk: Desk, role: Role | None, case: Any) -> httpx.Response:
    given = case.as_transport_kwargs(base_url="http://desk")
    headers = {**dict(given.pop("headers")), **desk.credentials(role)}
    content = given.pop("data", None)
    return desk.ask(
        None,
        given["method"],
        given["url"],
        headers=headers,
        params=given.get("params"),
        **({"content": content} if content is not None else {}),
        **({"json": given["json"]} if "json" in given else {}),
    )


def test_the_description_is_openapi_3_1(desk: Desk) -> None:
    """As its own meta-schema has it, and every schema in it is one of JSON Schema 2020-12."""
    described = found(desk.get(None, "/openapi.json"))
    assert described["openapi"] == "3.1.0"
    for schema in described["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    names = [
        operation["operationId"]
        for methods in described["paths"].values()
        for operation in methods.values()
    ]
    assert len(names) == len(set(names))


def test_a_generated_client_speaks_with_it(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A generator takes the description without a warning, and what it makes opens a ticket."""
    (tmp_path / "openapi.json").write_bytes(desk.get(None, "/openapi.json").content)
    (tmp_path / "config.json").write_text('{"post_hooks": []}')
    generated = subprocess.run(
        [
            *(sys.executable, "-m", "openapi_python_client", "generate", "--fail-on-warning"),
            *("--meta", "none", "--path", "openapi.json", "--config", "config.json"),
            *("--output-path", "lhuta_client"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert generated.returncode == 0, generated.stdout
    monkeypatch.syspath_prepend(tmp_path)

    def made(name: str) -> Any:
        return import_module(f"lhuta_client.{name}")

    with (
        desk.listening() as there,
        made("client").AuthenticatedClient(
            base_url=there.url,
            token=desk.secrets["agent"],
            timeout=httpx.Timeout(PATIENCE),
            raise_on_unexpected_status=True,
        ) as client,
    ):
        body = made("models").OpenBody.from_dict(dict(OPENING))
        key = str(uuid4())
        outcomes = [
            made("api.commands.open_ticket").sync(client=client, body=body, idempotency_key=key)
            for _ in range(2)
        ]
        assert [one.outcome for one in outcomes] == ["ok", "repeated"]
        ticket = made("api.tickets.get_ticket").sync(outcomes[0].ticket, client=client)
        assert (ticket.version, ticket.customer_id) == (1, OPENING["customer_id"])
        desk.engine()
        page = made("api.tickets.list_tickets").sync(client=client, limit=10)
        assert [one.ticket for one in page.items] == [ticket.ticket]
        body = made("models").TriageBody.from_dict({**TRIAGE, "impact": "noise"})
        refusal = made("api.commands.triage_ticket").sync("T-1", client=client, body=body)
        assert refusal.name == "RoleForbids"


def test_every_reference_leads_somewhere(desk: Desk) -> None:
    """A generator of clients finds each object that an operation names."""
    described = found(desk.get(None, "/openapi.json"))
    schemas = described["components"]["schemas"]

    def references(part: Any) -> list[str]:
        match part:
            case {"$ref": str(reference)}:
                return [reference]
            case dict():
                return [one for value in part.values() for one in references(value)]
            case list():
                return [one for value in part for one in references(value)]
            case _:
                return []

    named = {one.removeprefix("#/components/schemas/") for one in references(described)}
    assert named
    assert named - set(schemas) == set()


def test_a_wrong_body_is_never_taken(busy: Desk) -> None:
    """What breaks the schema of a command is refused, whoever sends it."""
    for operation in operations(busy):
        if operation.method != "post":
            continue

        @settings(
            max_examples=10,
            suppress_health_check=list(HealthCheck),
            database=None,
            derandomize=True,
        )
        @given(case=operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
        def ask(case: Any) -> None:
            response = _sent(busy, "specialist", case)
            case.validate_response(response, checks=[negative_data_rejection])

        ask()
