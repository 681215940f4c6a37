"""What the commands on a living desk share: its settings, and how they fail."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from infra.doors.cli.data_folder import StoreUnusable, shown, store_errors
from infra.settings import Settings
from infra.store.failure import Missing
from infra.store.log import may_exist
from infra.store.models import SQLiteModels
from projections.fault import Fenced, Hole, OtherLog, TooManyParked

Command = TypeVar("Command", bound=Callable[..., Any])

EXIT_ATTENTION = 1

language_option = click.option(
    "--lang",
    type=click.Choice(["en", "cs"]),
    default="en",
    show_default=True,
    help="The language.",
)

json_option = click.option("--json", "as_json", is_flag=True, help="JSON, for programs.")


@contextmanager
def desk_errors() -> Iterator[None]:
    """End with exit status 5 where a store, or what follows it, cannot go on."""
    try:
        with store_errors():
            yield
    except (Fenced, Hole, OtherLog, TooManyParked) as error:
        raise StoreUnusable(str(error)) from error


@contextmanager
def needs_models(data: Path) -> Iterator[None]:
    """Say how read models are made where there are none; raises StoreUnusable."""
    settings = Settings(data)
    try:
        yield
    except Missing as error:
        if error.place != str(settings.models) or not may_exist(settings.log):
            raise
        raise StoreUnusable(
            f"there are no read models in {shown(data)} yet; "
            "start the engine with `lhuta run`, or make them with `lhuta rebuild`"
        ) from error


@contextmanager
def opened_models(data: Path) -> Iterator[SQLiteModels]:
    """Open the read models to read them; raises StoreUnusable."""
    settings = Settings(data)
    with store_errors(), needs_models(data):
        if not may_exist(settings.log):
            raise Missing(shown(settings.log))
        with SQLiteModels.open(settings.models, read_only=True) as models:
            yield models
