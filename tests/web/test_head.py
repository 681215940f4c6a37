"""HEAD: what GET says of its answer, without the answer."""

from collections.abc import Iterator

import httpx
import pytest

from tests.web.desk import OPENING, PATIENCE, Desk

DIFFERENT_EACH_TIME = {"date", "x-request-id"}


@pytest.fixture
def agent(desk: Desk) -> Iterator[httpx.Client]:
    """Give an agent who asks everything over one connection."""
    desk.done("agent", "/tickets", {**OPENING, "ticket": "T-1"})
    with (
        desk.listening() as there,
        httpx.Client(
            base_url=there.url,
            headers=desk.credentials("agent"),
            timeout=PATIENCE,
            limits=httpx.Limits(max_connections=1),
        ) as client,
    ):
        yield client


def told(response: httpx.Response) -> tuple[int, dict[str, str]]:
    """Return status and headers, but for what differs each time."""
    headers = {
        name: value for name, value in response.headers.items() if name not in DIFFERENT_EACH_TIME
    }
    return response.status_code, headers


@pytest.mark.parametrize(
    "path", ["/health/live", "/tickets/T-1", "/tickets/T-9", "/report", "/desk", "/nowhere"]
)
def test_it_is_answered_as_get_is(agent: httpx.Client, path: str) -> None:
    """Status and headers are the same, the length included, also where it is refused."""
    head = agent.head(path)
    assert head.content == b""
    assert told(head) == told(agent.get(path))


def test_a_stream_ends_with_its_head(agent: httpx.Client) -> None:
    """Monitors look at any address; the connection is free for the next request."""
    for path in ("/events", "/alerts/stream"):
        head = agent.head(path)
        assert head.status_code == 200
        assert head.headers["content-type"].startswith("text/event-stream")
    assert agent.get("/health/live").status_code == 200


def test_a_command_has_no_head(agent: httpx.Client) -> None:
    """Nothing but GET is answered without its body."""
    head = agent.head("/tickets/T-1/triage")
    assert (head.status_code, head.headers["allow"]) == (405, "POST")
