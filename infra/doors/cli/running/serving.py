"""Serving the HTTP API from a command: its options, and a server beside what the command does."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from infra import wiring
from infra.doors.cli.failure import Unusable
from infra.engine.log_lines import note
from infra.settings import Settings

if TYPE_CHECKING:
    from infra.doors.web.server import Address

Command = TypeVar("Command", bound=Callable[..., Any])

LHUTA_HTTP = "LHUTA_HTTP"
LHUTA_HTTP_RATE = "LHUTA_HTTP_RATE"
USUAL = "127.0.0.1:8642"
RATE = 100.0

_PACKAGES = frozenset(
    {"fastapi", "jinja2", "prometheus_client", "pydantic", "starlette", "uvicorn"}
)


class Http(NamedTuple):
    """Where to serve, None for the usual place or another near it, and how much to whom.

    Where nothing else is done but serving, what cannot be served is an error.
    """

    wanted: str | None
    rate: float
    is_all: bool = False


def http_options(command: Command) -> Command:
    """Add the options of a server."""
    for option in (
        click.option(
            "--http-rate",
            type=click.FloatRange(min=0.1),
            envvar=LHUTA_HTTP_RATE,
            default=RATE,
            show_default=True,
            metavar="N",
            help=f"Let each token ask N times a second, also as {LHUTA_HTTP_RATE}.",
        ),
        click.option(
            "--http",
            is_flag=False,
            flag_value=USUAL,
            envvar=LHUTA_HTTP,
            metavar="[HOST:PORT]",
            help=f"Where to serve the HTTP API, also as {LHUTA_HTTP} in the environment. "
            f"Default: {USUAL}, or a free port where that is taken.",
        ),
    ):
        command = option(command)
    return command


no_http_option = click.option("--no-http", is_flag=True, help="Do not serve the HTTP API.")


@contextmanager
def served(settings: Settings, http: Http) -> Iterator["Address | None"]:
    """Serve until the block ends, and tell where.

    What was asked for by name is served, or Unusable says why not. Without a name, a taken port
    gives way to a free one, and missing packages, where there is more to do than serving, to a word
    about them and None.
    """
    try:
        from infra.doors.web.app import create
        from infra.doors.web.limits import Limits
        from infra.doors.web.server import beside
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in _PACKAGES:
            raise
        message = (
            f"the HTTP API needs the package {missing}, which is not installed; "
            "install lhuta with its extra: pip install 'lhuta[web]'"
        )
        if http.is_all or http.wanted is not None:
            raise Unusable(message) from error
        click.echo(f"Not served: {message}; or say --no-http.", err=True)
        yield None
        return
    limits = Limits(rate=http.rate, burst=max(1, int(2 * http.rate)))
    with ExitStack() as opened:
        taken, address = opened.enter_context(_listening(http))
        service = opened.enter_context(wiring.service(settings))
        opened.enter_context(beside(create(service, limits), limits, taken))
        note("http.started", str(address))
        if not address.is_loopback:
            click.echo(
                f"Warning: {address.url} can be reached from other machines without encryption; "
                "put a server with TLS in front of it, or listen on 127.0.0.1.",
                err=True,
            )
        yield address
    note("http.stopped", str(address))


@contextmanager
def _listening(http: Http) -> Iterator[Any]:
    from infra.doors.web.server import (
        DEFAULT,
        AddressMalformed,
        AddressUnusable,
        address,
        listening,
    )

    with ExitStack() as opened:
        try:
            if http.wanted is not None:
                found = opened.enter_context(listening(address(http.wanted)))
            else:
                try:
                    found = opened.enter_context(listening(DEFAULT))
                except AddressUnusable:
                    found = opened.enter_context(listening(DEFAULT._replace(port=0)))
        except (AddressMalformed, AddressUnusable) as error:
            raise Unusable(str(error)) from error
        yield found


def told(address: "Address | None") -> None:
    """Tell people at a terminal where it is served."""
    if address is not None and sys.stdout.isatty():
        click.echo(f"Board: {address.url} (HTTP API: {address.url}/docs)")
