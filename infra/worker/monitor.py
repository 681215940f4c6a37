"""What monitors ask a worker over HTTP, on the loopback interface: is it alive, ready, how is it.

It has a thread of its own, so that it answers also while the worker is busy or hangs.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

LOOPBACK = "127.0.0.1"
_SECONDS = 5.0
_TEXT = "text/plain; charset=utf-8"


class PortTaken(Exception):
    """Monitors cannot be answered where it was asked for; the message names the cure."""

    def __init__(self, port: int, error: OSError) -> None:
        super().__init__(
            f"monitors cannot be answered on port {port} ({error.strerror}); give each worker on a "
            "machine another --web-port, or 0 for any that is free"
        )


Answer = Callable[[], tuple[int, str, bytes]]
"""Returns status, content type and body."""


@contextmanager
def monitored(
    port: int,
    ill: Callable[[], Sequence[str]],
    unready: Callable[[], Sequence[str]],
    registry: CollectorRegistry,
) -> Iterator[int]:
    """Answer on a port, 0 for any that is free; give the port. Raises PortTaken.

    `/health/live` and `/health/ready` answer 200, or 503 with a line for each reason.
    """
    answers: dict[str, Answer] = {
        "/health/live": lambda: _health(ill()),
        "/health/ready": lambda: _health([*ill(), *unready()]),
        "/metrics": lambda: (200, CONTENT_TYPE_LATEST, generate_latest(registry)),
    }
    try:
        server = ThreadingHTTPServer((LOOPBACK, port), _handler(answers))
    except OSError as error:
        raise PortTaken(port, error) from error
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, name="monitor", daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _health(reasons: Sequence[str]) -> tuple[int, str, bytes]:
    body = "".join(f"{reason}\n" for reason in reasons) or "well\n"
    return 503 if reasons else 200, _TEXT, body.encode()


def _handler(answers: dict[str, Answer]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = _SECONDS

        def do_GET(self) -> None:
            answer = answers.get(self.path)
            status, kind, body = answer() if answer else (404, _TEXT, b"not found\n")
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: a monitor asks every few seconds."""

    return Handler
