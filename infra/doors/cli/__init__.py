"""The command `lhuta`. Each subcommand is a module here, loaded when it is asked for."""

import io
import sys
from importlib import import_module

import click

COMMANDS = {
    "clocks": "judge a ticket history: every clock with its due time and verdict",
    "explain": "show the calculation behind a verdict, to check it by hand",
    "report": "sum up promises kept and broken",
    "alerts": "list what would have been told, and when",
    "policy": "check, show and prepare support policies",
    "convert": "turn other systems' exports into ticket histories",
    "simulate": "make up a plausible support desk",
    "init": "create the data folder with its event log",
    "open": "open a ticket for a customer",
    "triage": "assign a severity",
    "reply": "add what the customer wrote",
    "respond": "answer the customer, which stops the clock",
    "workaround": "send the customer a way around the problem",
    "resolve": "declare the problem solved",
    "verify": "confirm that the resolution holds",
    "apply": "carry out many commands from a file",
    "import": "bring whole tickets into the event log",
    "export": "write the event log as a history",
    "history": "show every event of a ticket, for auditors",
    "trace": "show what belongs to one correlation",
    "erase": "erase the words of a ticket or a customer",
    "log": "check the event log and say what it is",
    "demo": "simulate three weeks, judge them, and show what came of it",
}

# Where a command's name is a word of Python, or several commands share a package.
PLACES = {
    "open": "ticket_commands.open:open_",
    "import": "import_:import_",
    **{
        name: f"ticket_commands.{name}:{name}"
        for name in ("triage", "reply", "respond", "workaround", "resolve", "verify")
    },
}

EXIT_STATUSES = """\b
Exit status:
  0  done
  2  usage: an option, argument or file that cannot be used
  3  bad data: a history, a policy or an event log that does not hold
  4  refused: a command broke a rule; the message names it and the cure
  5  the data folder cannot be used: missing, locked, full, read-only, damaged or newer
"""


class _Commands(click.Group):
    """Finds a subcommand by name without loading the others."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which a newcomer needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one subcommand."""
        if cmd_name not in COMMANDS:
            return None
        module, attribute = PLACES.get(cmd_name, f"{cmd_name}:{cmd_name}").split(":")
        command = getattr(import_module(f"{__name__}.{module}"), attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the subcommands from the table above."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(
    cls=_Commands, epilog=EXIT_STATUSES, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(package_name="lhuta", prog_name="lhuta")
def main() -> None:
    """Run the SLA clocks of a published support policy over ticket histories.

    Start with `lhuta demo`, then `lhuta clocks HISTORY.jsonl` on your own. `lhuta COMMAND --help`
    has an example for each.
    """
    # A terminal that cannot show a Czech letter gets a question mark, not a traceback.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
