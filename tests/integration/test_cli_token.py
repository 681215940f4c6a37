"""`lhuta token`, `lhuta serve` and what `lhuta run` serves, by the command line."""

import builtins
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from infra.doors.cli.running import serving
from infra.doors.web.server import DEFAULT_PORT, LOOPBACK, Address
from infra.settings import Settings
from infra.store.access import SQLiteTokens, digest_of
from tests.conftest import REPOSITORY
from tests.integration.at_the_desk import DATA, answer, done, failure, run, settle_down

PATIENCE = 60.0


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with an empty log; return the data folder."""
    settle_down(tmp_path, monkeypatch)
    for name in ("LHUTA_HTTP", "LHUTA_HTTP_RATE"):
        monkeypatch.delenv(name, raising=False)
    done("init")
    return tmp_path / DATA


class TestTokens:
    def test_a_token_is_shown_once_and_lets_its_holder_in(self, desk: Path) -> None:
        """What is kept is its digest, with role, id and plan."""
        made = answer("token", "add", "customer", "c-17", "--plan", "premium", "--days", "30")
        assert (made["token"], made["role"], made["id"]) == ("K-1", "customer", "c-17")
        with SQLiteTokens.open(Settings(desk).access, read_only=True) as tokens:
            kept = tokens.find(digest_of(made["secret"]))
        assert kept is not None
        assert kept.holder.plan == "premium"
        assert made["secret"] not in done("token", "list", "--json")
        assert made["secret"] not in done("token", "list")

    def test_the_list_says_which_are_good(self) -> None:
        """A revoked one stays in it."""
        assert "There is no token" in done("token", "list")
        for name in ("a-1", "a-2"):
            done("token", "add", "agent", name)
        assert "K-1 of agent a-1 is revoked" in done("token", "revoke", "K-1")
        rows = [orjson.loads(line) for line in done("token", "list", "--json").splitlines()]
        assert [(one["id"], one["state"]) for one in rows] == [("a-1", "revoked"), ("a-2", "good")]

    @pytest.mark.parametrize(
        ("arguments", "status", "says"),
        [
            (("add", "customer", "c-1"), 2, "needs --plan"),
            (("add", "agent", "a-1", "--plan", "premium"), 2, "no other takes it"),
            (("add", "customer", "c-1", "--plan", "gold"), 4, "PlanUnknown"),
            (("add", "agent", "somebody@example.com"), 4, "IdentifierMalformed"),
            (("add", "king", "a-1"), 2, "king"),
            (("revoke", "K-7"), 2, "no token is called 'K-7'"),
        ],
    )
    def test_what_cannot_be_is_told(
        self, arguments: tuple[str, ...], status: int, says: str
    ) -> None:
        """With the documented exit status, and no token made."""
        assert says in failure(run("token", *arguments), status)
        assert "There is no token" in done("token", "list")

    def test_there_must_be_a_log(self) -> None:
        """A token is for the data folder of a desk."""
        for arguments in (("add", "agent", "a-1"), ("list",), ("revoke", "K-1")):
            failure(run("token", *arguments, "--data", "elsewhere"), 5)


class TestServing:
    def test_serve_answers_and_ends_as_asked(self, desk: Path) -> None:
        """The address is printed; SIGTERM ends it with status 0."""
        token = answer("token", "add", "agent", "a-1")["secret"]
        with process("serve", "--http", "127.0.0.1:0") as (served, url):
            response = httpx.post(
                f"{url}/tickets",
                json={"customer_id": "c-1", "plan": "premium", "subject": "Hello"},
                headers={"Authorization": f"Bearer {token}"},
                timeout=PATIENCE,
            )
            assert response.status_code == 201
            served.send_signal(signal.SIGTERM)
            assert served.wait(PATIENCE) == 0
        assert "T-1" in done("ticket", "T-1")

    def test_an_engine_serves_what_it_has_decided(self) -> None:
        """`lhuta run` serves from a thread of its own, on the same data."""
        token = answer("token", "add", "agent", "a-1")["secret"]
        done("open", "--customer", "c-1", "--plan", "premium", "--subject", "Hello")
        with process("run", "--http", "127.0.0.1:0", "--log-format", "json") as (served, url):
            until_listed(f"{url}/tickets", token)
            served.send_signal(signal.SIGTERM)
            assert served.wait(PATIENCE) == 0

    def test_the_environment_may_say_where(self) -> None:
        """LHUTA_HTTP is the same as --http."""
        with process("serve", environment={"LHUTA_HTTP": "127.0.0.1:0"}) as (_, url):
            assert httpx.get(f"{url}/health/live", timeout=PATIENCE).status_code == 200

    def test_others_who_can_reach_it_are_warned_of(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Beyond loopback a token would go unencrypted."""
        monkeypatch.setattr(Address, "is_loopback", False)
        with serving.served(Settings(Path(DATA)), serving.Http("127.0.0.1:0", 1.0)):
            pass
        assert "without encryption" in capsys.readouterr().err

    @pytest.mark.parametrize("command", ["serve", "run"])
    def test_an_address_that_is_taken_is_told(self, command: str) -> None:
        """When it was asked for by name."""
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            assert "cannot be listened on" in run(command, "--http", address).stderr

    def test_a_usual_port_that_is_taken_gives_way_to_a_free_one(self) -> None:
        """Where no address was asked for: several may serve on one machine."""
        with socket.socket() as taken:
            # Whoever else has it, it is taken.
            with suppress(OSError):
                taken.bind((LOOPBACK, DEFAULT_PORT))
                taken.listen()
            with process("serve") as (_, url):
                assert not url.endswith(f":{DEFAULT_PORT}")
                assert httpx.get(f"{url}/health/live", timeout=PATIENCE).status_code == 200

    def test_an_address_that_is_none_is_told(self) -> None:
        """With how to write one."""
        assert "HOST:PORT" in failure(run("serve", "--http", "here:there"), 2)

    def test_two_ways_at_once_are_told(self) -> None:
        """--http and --no-http do not go together."""
        assert "choose one" in failure(run("run", "--http", "127.0.0.1:0", "--no-http"), 2)

    def test_missing_packages_are_told_with_what_to_install(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The command line does not need them, and says which extra has them."""
        imported = builtins.__import__

        def without(name: str, *arguments: Any, **others: Any) -> Any:
            if name.startswith("infra.doors.web"):
                raise ModuleNotFoundError("No module named 'fastapi'", name="fastapi")
            return imported(name, *arguments, **others)

        monkeypatch.setattr(builtins, "__import__", without)
        assert "pip install 'lhuta[web]'" in failure(run("serve"), 2)
        with serving.served(Settings(Path(DATA)), serving.Http(None, 1.0)) as address:
            assert address is None


def until_listed(url: str, token: str) -> None:
    """Ask until the engine has made the first ticket known."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        response = httpx.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=PATIENCE)
        if response.status_code == 200 and response.json()["items"]:
            return
    raise AssertionError("the engine never came to it")


@contextmanager
def process(
    *arguments: str, environment: Mapping[str, str] | None = None
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run `lhuta` as a process that serves, and tell where."""
    served = subprocess.Popen(
        [sys.executable, "-m", "infra.doors.cli", *arguments, "--data", str(Path(DATA).absolute())],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1", **(environment or {})},
    )
    try:
        yield served, address_of(served, arguments[0])
    finally:
        served.kill()
        served.communicate()


def address_of(served: subprocess.Popen[str], command: str) -> str:
    """Read where a process serves: `serve` prints it, an engine notes it."""
    lines = served.stdout if command == "serve" else served.stderr
    assert lines is not None
    for line in lines:
        found = re.search(r"(?:http://|\"id\":\")(\d+\.\d+\.\d+\.\d+:\d+)", line)
        if found is not None:
            return f"http://{found[1]}"
    raise AssertionError("it ended without serving")
