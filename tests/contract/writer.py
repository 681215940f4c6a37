"""A process that writes into a log until it is done or killed, and tells what was acknowledged.

python -m tests.contract.writer PLACE append NAME COUNT
python -m tests.contract.writer PLACE insist NAME COUNT
python -m tests.contract.writer PLACE group NAME COUNT
python -m tests.contract.writer PLACE import
python -m tests.contract.writer PLACE fill BYTES
"""

import os
import resource
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from domain.event import RecordedEvent
from infra.store.failure import DiskFull, Interrupted
from infra.store.log import Append, EventLog, GroupCommit, Outcome
from tests.contract.given import OPENED, REPLIED, append, story

TICKETS_IMPORTED = 600
ERASED = 40
TOGETHER = 20
CALLERS = 8


def request(name: str, number: int) -> Append:
    """Return the `number`-th command of a writer: five for a ticket, with words."""
    ticket, version = f"{name}-{number // 5}", number % 5
    event = REPLIED if version else OPENED
    return append(f"{name}/{number}", ticket, version, event, message=f"zpráva {number}")


def imported() -> list[list[RecordedEvent]]:
    """Return the stories that are imported, the same ones in every process."""
    return [
        story(f"I-{number}", OPENED, *[REPLIED] * (number % 4), message=f"zpráva {number}")
        for number in range(TICKETS_IMPORTED)
    ]


def main(place: str, what: str, *arguments: str) -> None:
    """Do what is asked and write a line for everything that was acknowledged."""
    with EventLog.open(place) as log:
        match what, arguments:
            case "append", (name, count):
                for number in range(int(count)):
                    acknowledge(log.append([request(name, number)]))
            case "insist", (name, count):
                for number in range(int(count)):
                    insist(log, request(name, number))
            case "group", (name, count):
                in_groups(log, name, int(count))
            case "import", ():
                stories = imported()
                for first in range(0, len(stories), TOGETHER):
                    log.import_(stories[first : first + TOGETHER])
                    tell(str(first))
            case "erase", ():
                for ticket in (told[0].ticket for told in imported()[:ERASED]):
                    log.erase([ticket], by="agent:a-9", reason="asked for")
                    tell(ticket)
            case "fill", (size,):
                fill(log, int(size))
            case _:
                raise SystemExit(f"unknown work: {what}")


def tell(line: str) -> None:
    """Write a line at once and in one piece, whatever other threads write."""
    os.write(sys.stdout.fileno(), f"{line}\n".encode())


def acknowledge(results: Sequence[object]) -> None:
    """Tell the ids of commands that the log has taken."""
    for result in results:
        assert isinstance(result, Outcome), result
        tell(result.command_id)


def insist(log: EventLog, wanted: Append) -> None:
    """Append, and do the same again while nobody knows whether it was kept."""
    while True:
        try:
            acknowledge(log.append([wanted]))
        except Interrupted:
            continue
        return


def in_groups(log: EventLog, name: str, count: int) -> None:
    """Append from several threads at once, each for its own tickets."""
    with GroupCommit(log.append) as group, ThreadPoolExecutor(CALLERS) as callers:

        def work(caller: int) -> None:
            for number in range(count // CALLERS):
                acknowledge([group.append(request(f"{name}-{caller}", number))])

        for done in [callers.submit(work, caller) for caller in range(CALLERS)]:
            done.result()


def fill(log: EventLog, size: int) -> None:
    """Append until no file may grow any more, tell why, and go on when they may again."""
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, most))
    number = 0
    try:
        while True:
            acknowledge(log.append([request("F", number)]))
            number += 1
    except DiskFull as error:
        tell(f"full: {error}")
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    acknowledge(log.append([request("F", number)]))


if __name__ == "__main__":
    main(*sys.argv[1:])
