"""A worker put together: its share of the log's partitions, over Kafka and Faust."""

import faulthandler
import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.engine.log_lines import note, warnings_of_others
from infra.partition_log import PartitionLog
from infra.store.log import EventLog
from infra.worker.gauges import Gauges
from infra.worker.monitor import monitored
from projections.models import Models
from projections.projector import Projector
from streams.broker import Broker
from streams.partition import Partition
from streams.share import Share
from streams.terms import LogTerms

STOPS_WITHIN = 10
"""A worker that failed and does not come to its end in so many seconds is ended."""

_SINCE_EVER = -1


def work(
    log: EventLog, models: Sequence[Models], broker: Broker, web_port: int, clock: Callable[[], int]
) -> None:
    """Work on a share of the partitions until SIGTERM or SIGINT.

    Each lane of the share has read models of its own, over a connection of its own. `web_port` is
    where monitors ask, 0 for any that is free. Raises what stopped the worker, and
    PortTaken.
    """
    # Loading Faust takes half a second, and patches what others in the process use.
    from streams.worker import Worker

    terms = LogTerms(log)
    of_lanes: dict[int, Models] = {}

    def follow(number: int, lane: int) -> Partition:
        of_lanes[number] = models[lane]
        projector = Projector(models[lane], number)
        return Partition(number, projector, PartitionLog(log, number), terms)

    gauges = Gauges(clock, lambda number: of_lanes[number].parked_since(number, _SINCE_EVER))
    process = str(os.getpid())
    with (
        warnings_of_others(),
        TemporaryDirectory(prefix="lhuta-worker-") as folder,
        monitored(web_port, gauges.ill, gauges.unready, gauges.registry) as port,
    ):
        note("worker.started", process, broker=str(broker), port=port)
        Worker(broker, Share(follow, gauges), Path(folder), _failed).run()
    note("worker.stopped", process)


def _failed(error: Exception) -> None:
    note(
        "worker.failed",
        str(os.getpid()),
        level=logging.ERROR,
        cause=type(error).__name__,
        message=str(error),
    )
    # Whatever happens on the way out, a supervisor waits for the end.
    faulthandler.dump_traceback_later(STOPS_WITHIN, exit=True)
