"""Run benchmarks and print a table of each: `python -m tests.benchmarks --help`."""

import argparse
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import domain
from tests.benchmarks import distributed, engine, files, hours, models, web
from tests.benchmarks.measure import Row, table

BENCHMARKS: dict[str, Callable[[], Iterable[Row]]] = {
    "hours": hours.rows,
    "files": files.rows,
    "models": models.rows,
}

parser = argparse.ArgumentParser(
    prog="python -m tests.benchmarks",
    formatter_class=argparse.RawDescriptionHelpFormatter,
    epilog="""\
what takes how long on two cores:
  hours    seconds
  files    a minute
  models   a minute; PostgreSQL beside SQLite, on a server of its own
  web      4 minutes, of its parts
             requests  30 s; commands over HTTP at 64 connections, beside a bare FastAPI
             streams   30 s; a thousand followers of events
             board     3 minutes; its page with 100,000 open tickets, and what leaving it open costs
  engine   about five minutes, of its parts
             commands  20 s; 64 callers and one, beside stock eventsourcing
             database  30 s; the same in PostgreSQL, on a server of its own
             import    30 s; the UCI history into log and read models
             rebuild   60 s; 200,000 imported events and 100,000 lived ones, --full five times that
             alerts    90 s; 100,000 running clocks, with --full a million: 10 minutes
             growth    30 s; 10,000 and 100,000 tickets, with --full a million: 6 minutes
             start     40 s; 300,000 events, with --full ten million: 20 minutes, 10 GB of disk
  distributed  on a broker and a server of their own, for which Java is needed, of its parts
             relay     a minute; 60,000 events, beside a bare producer
             worker    2 minutes; 56,000 events over Kafka and in bulk, beside a no-op Faust agent
             delays    3 minutes; commands, alerts and a takeover until they are seen
""",
)
parser.add_argument(
    "names",
    nargs="*",
    metavar="NAME",
    help="hours, files, models, web, engine, distributed; default: all but the last",
)
parser.add_argument(
    "--part",
    action="append",
    choices=[*web.PARTS, *engine.PARTS, *distributed.PARTS],
    help="only this part of web, engine or distributed; may be given again",
)
parser.add_argument("--full", action="store_true", help="engine in the sizes of its goals: long")
given = parser.parse_args()
parts = [part for part in web.PARTS if part in (given.part or web.PARTS)]
BENCHMARKS["web"] = partial(web.rows, parts)
parts = [part for part in engine.PARTS if part in (given.part or engine.PARTS)]
BENCHMARKS["engine"] = partial(engine.rows, parts, full=given.full)
default = list(BENCHMARKS)
parts = [part for part in distributed.PARTS if part in (given.part or distributed.PARTS)]
BENCHMARKS["distributed"] = partial(distributed.rows, parts)
unknown = [name for name in given.names if name not in BENCHMARKS]
if unknown:
    parser.error(f"unknown benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
print(f"measured is domain of {Path(domain.__file__).parents[1]}", flush=True)
for name in given.names or default:
    print(f"\n{name}", flush=True)
    print(table(list(BENCHMARKS[name]())), flush=True)
