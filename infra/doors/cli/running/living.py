"""What the commands on a living desk share: its settings, and how they fail."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from infra.doors.cli.data_folder import StoreUnusable, shown, store_errors
from infra.settings import Settings
from infra.store.failure import Missing
from infra.store.models import ReadModels, opened
from infra.store.place import may_exist
from projections.fault import Fenced, Hole, OtherLog, TooManyParked

Command = TypeVar("Command", bound=Callable[..., Any])

EXIT_ATTENTION = 1

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
def opened_models(data: Path) -> Iterator[ReadModels]:
    """Open the read models to read them; raises StoreUnusable."""
    settings = Settings(data)
    with store_errors():
        if not may_exist(settings.log):
            raise Missing(shown(settings.log))
        with opened(settings.models, read_only=True) as models:
            yield models
