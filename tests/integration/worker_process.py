"""A worker on a log and read models anywhere, as a process that tests may end in any way."""

import sys

from infra.engine.log_lines import logging_to
from infra.store.log import EventLog, wall_clock
from infra.store.models import SQLiteModels
from infra.store.models.postgresql import PostgreSQLModels
from infra.store.models.read_models import ReadModels
from infra.store.place import is_url
from infra.worker.process import work
from streams.broker import Broker


def opened(place: str) -> ReadModels:
    """Open read models in a file or a database."""
    return PostgreSQLModels.open(place) if is_url(place) else SQLiteModels.open(place)


def main() -> None:
    """Work on the log, the read models, the broker and the topics that the arguments name."""
    log_place, models_place, address, prefix = sys.argv[1:]
    with (
        logging_to(None, "json"),
        EventLog.open(log_place) as log,
        opened(models_place) as models,
    ):
        work(log, models, Broker((address,), topic_prefix=prefix), 0, wall_clock)


if __name__ == "__main__":
    main()
