"""The data folder that commands work on, and how they fail when it or a rule does not let them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from domain.refusal import Refusal
from infra.desk import Contended
from infra.settings import Settings
from infra.store.failure import StoreError
from infra.store.log import EventLog, Place, is_url, named

EXIT_REFUSED = 4
EXIT_STORE = 5


class Refused(click.ClickException):
    """A command broke a rule and nothing was appended; exit status 4."""

    exit_code = EXIT_REFUSED

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(f"refused ({refusal.name}): {refusal}")


class StoreUnusable(click.ClickException):
    """What is kept on disk cannot be used as it is; exit status 5."""

    exit_code = EXIT_STORE


@contextmanager
def store_errors() -> Iterator[None]:
    """End with exit status 5 where a store cannot be used, or others are always faster."""
    try:
        yield
    except (StoreError, Contended) as error:
        raise StoreUnusable(str(error)) from error


@contextmanager
def opened_log(data: Path, *, read_only: bool = False) -> Iterator[EventLog]:
    """Open the event log of a data folder; raises StoreUnusable."""
    with store_errors():
        log = EventLog.open(Settings(data).log, read_only=read_only)
        try:
            yield log
        finally:
            log.close()


def shown(place: Place) -> str:
    """Return a place as people type it: a path below the current folder is relative."""
    if is_url(place):
        return named(place)
    path = Path(place)
    try:
        return str(path.resolve().relative_to(Path(os.curdir).resolve()))
    except ValueError:
        return str(path)
