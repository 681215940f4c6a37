"""A server to be measured: the API on a log of its own, or a bare FastAPI that gives a body back.

python -m tests.benchmarks.served FOLDER      prints the port and a token
python -m tests.benchmarks.served FOLDER --as-it-stands   the same on a folder that is there,
                                                        at the instant of its desk
python -m tests.benchmarks.served             prints the port of the bare one
"""

import sys
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI

from infra import wiring
from infra.doors.web.app import create
from infra.doors.web.limits import Limits
from infra.doors.web.server import Address, listening, server
from infra.settings import Settings
from infra.store.access import Holder, digest_of, opened, secret
from infra.store.log import Clock, EventLog, wall_clock
from tests.benchmarks import board
from tests.conftest import REPOSITORY

ANYWHERE = Address("127.0.0.1", 0)
NO_LIMITS = Limits(rate=1e9, burst=10**9, streams=10_000, streams_of_token=10_000)
FOR_EVER = 10**17


def bare() -> None:
    """Serve what does nothing."""
    app = FastAPI()

    @app.post("/tickets", status_code=201)
    async def echo(body: dict[str, Any]) -> dict[str, Any]:
        return body

    with listening(ANYWHERE) as (taken, address):
        print(address.port, "none", flush=True)
        config = uvicorn.Config(app, log_level="error", access_log=False, lifespan="off", ws="none")
        uvicorn.Server(config).run(sockets=[taken])


def api(folder: Path) -> None:
    """Serve the API on a new log, durably."""
    EventLog.create(
        Settings(folder).log,
        policy_bytes=(REPOSITORY / "policies" / "managry.toml").read_bytes(),
        live_from=wall_clock(),
        now=wall_clock(),
    ).close()
    serve(folder)


def serve(folder: Path, clock: Clock | None = None) -> None:
    """Serve the API on a log, for an agent."""
    settings, token = Settings(folder), secret()
    with opened(settings.access) as tokens:
        tokens.add(Holder("agent", "a-1"), digest_of(token), (clock or wall_clock)(), FOR_EVER)
    with wiring.service(settings, clock) as service, listening(ANYWHERE) as (taken, address):
        print(address.port, token, flush=True)
        server(create(service, NO_LIMITS), NO_LIMITS).run(sockets=[taken])


if __name__ == "__main__":
    if "--as-it-stands" in sys.argv:
        serve(Path(sys.argv[1]), board.now)
    elif len(sys.argv) > 1:
        api(Path(sys.argv[1]))
    else:
        bare()
