"""A worker on a log and read models anywhere, as a process that tests may end in any way."""

import sys
from contextlib import ExitStack

from infra.engine.log_lines import logging_to
from infra.store.log import EventLog, wall_clock
from infra.store.models import SQLiteModels
from infra.store.models.postgresql import PostgreSQLModels
from infra.store.models.read_models import ReadModels
from infra.store.place import is_url
from infra.worker.process import work
from streams.broker import Broker
from streams.share import LANES


def opened(place: str) -> ReadModels:
    """Open read models in a file or a database."""
    return PostgreSQLModels.open(place) if is_url(place) else SQLiteModels.open(place)


def main() -> None:
    """Work on the log, the read models, the broker and the topics that the arguments name."""
    log_place, models_place, address, prefix = sys.argv[1:]
    with ExitStack() as opening:
        opening.enter_context(logging_to(None, "json"))
        log = opening.enter_context(EventLog.open(log_place))
        models = [opening.enter_context(opened(models_place)) for _ in range(LANES)]
        work(log, models, Broker((address,), topic_prefix=prefix), 0, wall_clock)


if __name__ == "__main__":
    main()
