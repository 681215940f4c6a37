"""What commands on Kafka have in common: where it is, how they fail, and how they run on."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from infra.broker import BadSetting, broker, cure
from infra.doors.cli.data_folder import StoreUnusable, store_errors
from infra.doors.cli.failure import BadData, Unusable
from infra.engine.log_lines import logging_to
from infra.engine.stop import Stop
from streams.broker import Broker


def named_broker() -> Broker:
    """Return the cluster that the environment names; raises Unusable."""
    try:
        return broker(os.environ)
    except BadSetting as error:
        raise Unusable(str(error)) from error


@contextmanager
def kafka_errors() -> Iterator[None]:
    """End with exit status 5 where Kafka or a store cannot be used, with 3 where topics do not fit.

    What needs the libraries of the distributed engine is imported inside: without them, it is 2.
    """
    try:
        from streams.entry import KafkaRefused
        from streams.producer import NotSent
        from streams.topic import KafkaUnusable, NotAllowed, TooFewBrokers, TopicsUnfit
    except ImportError as error:
        raise Unusable(
            f"this needs the libraries of the distributed engine, which are not installed here "
            f"({error}); install them: pip install 'lhuta[distributed]'"
        ) from error
    with store_errors():
        try:
            yield
        except (KafkaUnusable, NotAllowed, NotSent, TooFewBrokers) as error:
            raise StoreUnusable(str(error)) from error
        except KafkaRefused as error:
            raise StoreUnusable(f"{error}; {cure(error.setting)}") from error
        except TopicsUnfit as error:
            raise BadData(str(error)) from error


def run_on(run: Callable[[Callable[[float], bool]], object]) -> None:
    """Run until SIGTERM or Ctrl-C, with a log of JSON lines on standard error."""
    with Stop() as stop, logging_to(None, "json"):
        run(stop.wait)
