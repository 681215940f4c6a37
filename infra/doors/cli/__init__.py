"""The command `lhuta`. Its subcommands stand in folders by what they are about.

Each is loaded when it is asked for, so that none pays for what another needs.
"""

import errno
import io
import os
import sys
from importlib import import_module
from typing import Any, NamedTuple

import click

from infra.doors.cli.failure import Interrupted, Unusable


class Place(NamedTuple):
    """Where a subcommand is found below this package, and what it does in a line."""

    module: str
    does: str


SECTIONS = {
    "Judge tickets, of a file or of the event log": {
        "clocks": Place("judging.clocks", "judge every clock: its due time and verdict"),
        "explain": Place("judging.explain", "show the calculation behind a verdict"),
        "report": Place("judging.report", "sum up promises kept and broken"),
        "alerts": Place("judging.alerts", "list what is told, and when"),
    },
    "Run a desk": {
        "run": Place("running.run", "run the engine: decide, tell and deliver alerts"),
        "serve": Place("running.serve", "serve the HTTP API beside an engine"),
        "live": Place("running.live", "run the engine on a made-up desk, for a first look"),
        "board": Place("running.board", "show what is due next, broken, untriaged, waiting"),
        "ticket": Place("running.ticket", "show a ticket: story, clocks, alerts"),
        "status": Place("running.status", "say how the engine is, for people and monitors"),
        "subscribe": Place("running.subscribe", "tell a file or a command of alerts"),
        "parked": Place("running.parked", "list the tickets that cannot be folded"),
        "retry": Place("running.retry", "fold a parked ticket again"),
        "rebuild": Place("running.rebuild", "make the read models anew from the event log"),
        "audit": Place("running.audit", "hold the read models against the event log"),
    },
    "Run a desk over Kafka": {
        "topics": Place("streaming.topics", "make and check the topics"),
        "relay": Place("streaming.relay", "send what the event log records"),
        "republish": Place("streaming.republish", "send a part of the event log again"),
        "worker": Place("streaming.worker", "keep read models of a share of the partitions"),
        "publish": Place("streaming.publish", "send alerts and clocks"),
        "notify": Place("streaming.notify", "deliver alerts to those who subscribed"),
    },
    "Work on a ticket": {
        "open": Place("acting.open", "open a ticket for a customer"),
        "triage": Place("acting.triage", "assign a severity"),
        "reply": Place("acting.reply", "add what the customer wrote"),
        "respond": Place("acting.respond", "answer the customer, which stops the clock"),
        "workaround": Place("acting.workaround", "send the customer a way around the problem"),
        "resolve": Place("acting.resolve", "declare the problem solved"),
        "verify": Place("acting.verify", "confirm that the resolution holds"),
        "apply": Place("acting.apply", "carry out many commands from a file"),
    },
    "Keep the event log": {
        "init": Place("keeping.init", "create the data folder with its event log"),
        "import": Place("keeping.import_", "bring whole tickets into the event log"),
        "export": Place("keeping.export", "write the event log as a history"),
        "history": Place("keeping.history", "show every event of a ticket, for auditors"),
        "trace": Place("keeping.trace", "show what belongs to one correlation"),
        "erase": Place("keeping.erase", "erase the words of a ticket or a customer"),
        "log": Place("keeping.log", "prove the event log, and say what it is"),
        "token": Place("keeping.token", "say who may use the HTTP API, and as what"),
    },
    "Prepare": {
        "policy": Place("policy", "check, show and prepare support policies"),
        "convert": Place("making.convert", "turn another system's export into a history"),
        "simulate": Place("making.simulate", "make up a plausible support desk"),
        "demo": Place("making.demo", "simulate three weeks and judge them, for a first look"),
    },
}

COMMANDS = {name: place for section in SECTIONS.values() for name, place in section.items()}

EXIT_STATUSES = """\b
Exit status:
  0  done
  1  `lhuta status`: something needs attention
  2  usage: an option, argument or file that cannot be used
  3  bad data: a history, a policy, an event log, read models or topics that do not hold
  4  refused: a command broke a rule; the message names it and the cure
  5  the data folder, the database or Kafka cannot be used: missing, locked, full, read-only,
     damaged, newer, or out of reach
  130  interrupted by Ctrl-C
"""


_OUTPUT_FAILS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF)


class _Commands(click.Group):
    """Finds a subcommand by name without loading the others."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the sections."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one subcommand; in its module, a word of Python has an underscore behind it."""
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        module = import_module(f"{__name__}.{place.module}")
        attribute = f"{cmd_name}_" if hasattr(module, f"{cmd_name}_") else cmd_name
        command = getattr(module, attribute)
        assert isinstance(command, click.Command)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the subcommand; an output that cannot be written, and Ctrl-C, are no traceback."""
        if sys.stdout is None:
            raise Unusable("standard output is closed")
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # The reader has seen enough; click ends quietly.
            raise
        except KeyboardInterrupt as error:
            raise Interrupted("Interrupted.") from error
        except OSError as error:
            if error.errno not in _OUTPUT_FAILS or error.filename is not None:
                raise
            # What stands in its buffer cannot be written either, also not at the end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            raise Unusable(f"standard output cannot be written: {error.strerror}") from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the subcommands by section."""
        for title, section in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name, place.does) for name, place in section.items()])


@click.command(
    cls=_Commands, epilog=EXIT_STATUSES, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(package_name="lhuta", prog_name="lhuta")
def main() -> None:
    """Run the SLA clocks of a published support policy over tickets, and prove every verdict.

    Start with `lhuta demo`. `lhuta COMMAND --help` has an example for each.
    """
    # A terminal that cannot show a Czech letter gets a question mark, not a traceback.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
