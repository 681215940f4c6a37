"""What a command judges: a history from a file, or the event log when no file is named."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from domain.event import RecordedEvent
from domain.instant import SECOND
from domain.policy import Policies
from infra.doors.cli.arguments import DEFAULT_POLICY, Instant, check_moments, policies_of
from infra.doors.cli.failure import BadData, Unusable
from infra.doors.source import history as read_history
from infra.doors.source import judging, logged
from infra.settings import Settings
from projections.judging import CannotJudge
from streams.history import History

if TYPE_CHECKING:
    # Loaded where the log is judged: a file needs none of it, and starts twice as fast.
    from infra.store.log import EventLog

Command = TypeVar("Command", bound=Callable[..., Any])
T = TypeVar("T")
Tickets = Mapping[str, Sequence[RecordedEvent]]

history_argument = click.argument("history", metavar="[HISTORY.jsonl]", required=False)

as_of_option = click.option(
    "--as-of",
    type=Instant(),
    metavar="R",
    help="Use only what was recorded by R. Default: now; of a file, its latest recorded time.",
)

at_option = click.option(
    "--at",
    type=Instant(),
    metavar="T",
    help="Judge at T and leave out what happened later. Default: the time of --as-of.",
)


def policy_option(command: Command) -> Command:
    """Add `--policy`, which hands the command the versions of one policy, or None."""

    def convert(
        context: click.Context, parameter: click.Parameter, value: str | None
    ) -> Policies | None:
        return None if value is None else policies_of(value)

    return click.option(
        "--policy",
        "policies",
        metavar="NAME|FILE",
        callback=convert,
        help="The policy to judge by: a published one by name (all its versions), or a file. "
        f"Default: the one in the log; {DEFAULT_POLICY} for a file.",
    )(command)


class Subject(NamedTuple):
    """Tickets with what they are judged by; `latest` is the instant asked for by default.

    `file` is the history that was read, None for the log.
    """

    tickets: Tickets
    policies: Policies
    latest: int
    file: tuple[str, History] | None = None

    def moments(self, as_of: int | None, at: int | None) -> tuple[int, int]:
        """Return (R, T) of semantics §4; raises Unusable outside the policy's calendar."""
        known_by = self.latest if as_of is None else as_of
        judged_at = known_by if at is None else at
        check_moments(self.policies, (known_by, judged_at))
        return known_by, judged_at

    @contextmanager
    def judging(self) -> Iterator[None]:
        """Turn a ticket that cannot be judged into BadData, with its line in a file."""
        if self.file is not None:
            with judging(*self.file):
                yield
            return
        try:
            yield
        except CannotJudge as error:
            raise BadData(str(error)) from error

    def judged(self, judge: Callable[[Tickets], T]) -> T:
        """Judge all tickets.

        In a file, one that cannot be judged is BadData with its line; in the log, it is left out
        with a warning, because a desk goes on.
        """
        if self.file is not None:
            with self.judging():
                return judge(self.tickets)
        tickets = dict(self.tickets)
        while True:
            try:
                return judge(tickets)
            except CannotJudge as error:
                del tickets[error.ticket]
                click.echo(f"Left out: {error}", err=True)


def subject(file: str | None, policies: Policies | None, data: Path) -> Subject:
    """Read a history from a file, or all tickets of the log of a data folder.

    Raises BadData (exit status 3), Unusable (2) and StoreUnusable (5).
    """
    if file is not None:
        judged_by = policies or policies_of(DEFAULT_POLICY)
        history = read_history(file, judged_by)
        return Subject(history.tickets, judged_by, history.latest, (file, history))
    from infra.doors.cli.data_folder import opened_log

    with opened_log(data, read_only=True) as log:
        return Subject(logged(log), policies or log.policies(), present(log))


def one_ticket(ticket: str, policies: Policies | None, data: Path) -> Subject:
    """Read one ticket from the log of a data folder; raises Unusable where it is not there."""
    from infra.doors.cli.data_folder import opened_log
    from infra.store.place import may_exist

    if _is_file(ticket) and not may_exist(Settings(data).log):
        raise _of_a_file(ticket)
    with opened_log(data, read_only=True) as log:
        story = log.ticket(ticket)
        if not story and _is_file(ticket):
            raise _of_a_file(ticket)
        if not story:
            raise Unusable(f"there is no ticket {ticket!r} in the log")
        return Subject({ticket: story}, policies or log.policies(), present(log))


def present(log: "EventLog") -> int:
    """Return the present in whole seconds, and never before what was recorded last."""
    from infra.store.log import wall_clock

    now = wall_clock()
    return max(now - now % SECOND, log.head().recorded_at)


def _is_file(name: str) -> bool:
    return Path(name).exists()


def _of_a_file(name: str) -> Unusable:
    return Unusable(f"{name} is a file: name the ticket in it, too, after its name")
