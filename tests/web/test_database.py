"""A server of the API whose database goes away, and comes back."""

from pathlib import Path

import httpx
import orjson
import pytest

from domain import instant
from infra.servers.postgresql import PostgreSQL
from infra.settings import Settings
from infra.store import pool
from tests.web.desk import OPENING, PATIENCE, Desk, furnish, refused
from tests.web.test_streams import QUICK, following


def test_a_database_that_is_started_again_is_used_again(
    server_folder: Path, tmp_path: Path
) -> None:
    """Meanwhile questions are told to wait; afterwards commands and open streams go on."""
    with PostgreSQL(server_folder) as server:
        furnish(Settings(tmp_path, server.url))
        with (
            Desk(tmp_path / "desk", QUICK, server.url) as desk,
            desk.listening() as there,
            following(there, "/events", desk.credentials("agent")) as stream,
        ):
            stream.block()
            desk.opened()
            first = stream.next()
            assert desk.get("agent", "/tickets").status_code == 200
            server.stop()
            # Who follows is looked up anew, and that fails.
            desk.clock.now += instant.SECOND
            assert [stream.block() for _ in range(3)] == [[":"]] * 3
            # Only now: to connect to one that is there may take longer than that.
            with pytest.MonkeyPatch.context() as hasty:
                hasty.setattr(pool, "WAIT_SECONDS", 0.5)
                response = desk.get("agent", "/tickets")
            assert refused(response, 503, "StoreUnavailable")
            assert response.headers["retry-after"] == "1"
            server.start()
            opened = httpx.post(
                f"{there.url}/tickets",
                json=dict(OPENING),
                headers=desk.credentials("agent"),
                timeout=PATIENCE,
            )
            assert opened.status_code == 201
            assert desk.get("agent", "/tickets").status_code == 200
            second = stream.next()
    told = [orjson.loads(one.data)["subject"] for one in (first, second)]
    assert told == ["T-1", "T-2"]
