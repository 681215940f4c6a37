"""A relay as a process of its own, over a log in a file; it runs until it is stopped or killed.

python -m tests.integration.relaying LOG ADDRESS TOPIC_PREFIX PLACE
"""

import sys
from functools import partial
from pathlib import Path

from infra.engine.log_lines import logging_to, note
from infra.engine.stop import Stop
from infra.store.log import EventLog, wall_clock
from streams.broker import Broker
from streams.producer import Producer
from streams.relay import Place, Relay, Sent


class FilePlace:
    """A relay's place in a small file."""

    def __init__(self, path: Path, log: EventLog) -> None:
        self.path = path
        self.start = Place(0, log.origin().hash)

    def load(self) -> Place:
        """Return the place."""
        if not self.path.exists():
            return self.start
        position, proof = self.path.read_text("ascii").split()
        return Place(int(position), bytes.fromhex(proof))

    def save(self, place: Place) -> None:
        """Keep the place, whole or not at all."""
        half = self.path.with_suffix(".half")
        half.write_text(f"{place.position} {place.hash.hex()}", "ascii")
        half.replace(self.path)


class NoLease:
    """A lease that everybody holds: two relays harm nothing."""

    def take(self) -> bool:
        """Hold it."""
        return True


def relay(log: EventLog, broker: Broker, place: Path) -> Relay:
    """Put a relay together."""
    return Relay(
        log,
        FilePlace(place, log),
        NoLease(),
        partial(Producer[Sent], broker, "relay"),
        broker.topic,
        wall_clock,
        note,
    )


if __name__ == "__main__":
    _, path, address, prefix, place = sys.argv
    broker = Broker((address,), topic_prefix=prefix)
    with EventLog.open(path) as log, Stop() as stop, logging_to(None, "json"):
        relay(log, broker, Path(place)).run(stop.wait)
