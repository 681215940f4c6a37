"""However Kafka brings a log, and whoever else works on it, the rows are those of the log."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from domain.policy import Policies
from infra.store.models import SQLiteModels
from projections.projector import Projector, Terms
from streams.partition import Partition
from streams.terms import LogTerms
from tests.property.test_projector import SINCE_EVER, at_once, folder
from tests.spec.growing_log import GrowingLog
from tests.spec.partition import Entry, Mark, dump
from tests.strategies import Delivery, deliveries, partitions, policies


def carry_out(delivery: Delivery, log: GrowingLog, marks: list[Mark], worker: Partition) -> None:
    """Let a thing happen to a worker."""
    match delivery.kind:
        case "records":
            there = log.entries[: log.grown]
            worker.take([there[one % len(there)] for one in delivery.numbers] if there else [])
        case "watermark":
            worker.mark(marks[delivery.numbers[0] % len(marks)])
        case "undecodable":
            worker.fall_behind()
        case "idle":
            pass
    if worker.behind:
        worker.catch_up()


@given(partitions(), policies(), st.data())
def test_any_mix_of_what_comes_ends_in_the_rows_of_the_log(
    entries: Sequence[Entry], under: Policies, data: st.DataObject
) -> None:
    """Lost, repeated, reordered and unreadable records, and two workers: the same rows."""
    log = GrowingLog(entries, under)
    last = entries[-1].recorded.recorded_at
    marks = [log.head()]
    with folder() as place:
        with SQLiteModels.open(place / "streamed.db") as models:
            workers = [
                Partition(0, Projector(models), log, LogTerms(log), data.draw(st.integers(1, 9)))
                for _ in range(2)
            ]
            for delivery in data.draw(deliveries(len(entries))):
                marks.append(log.grow(delivery.grown))
                carry_out(delivery, log, marks, workers[delivery.worker])
            # The relay goes on telling the time, and one worker is there to hear it.
            for seconds in (1, 2, 3):
                workers[0].mark(log.grow(len(entries), last + seconds * 1_000_000))
                while workers[0].behind:
                    workers[0].catch_up()
            streamed = dump(models)
        until = Mark(entries[-1].position, last + 3_000_000)
        whole = at_once(place / "whole.db", tuple(entries), Terms(under, SINCE_EVER), until)
        assert streamed == whole
