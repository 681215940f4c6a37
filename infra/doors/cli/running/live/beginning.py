"""The log of a made-up desk, begun where there is none."""

from contextlib import suppress
from pathlib import Path

from domain.policy import Policies
from infra.doors.cli.arguments import DEFAULT_POLICY
from infra.doors.living import past
from infra.store.failure import Exists
from infra.store.log import Clock, Place
from infra.store.policies import files
from infra.store.small_file import failure


def make_folder(data: Path, mode: int = 0o700) -> None:
    """Make the data folder; raises StoreError."""
    try:
        data.mkdir(mode=mode, parents=True, exist_ok=True)
    except OSError as error:
        raise failure(error, data) from error


def begin(place: Place, clock: Clock, partitions: int = 1) -> None:
    """Create the log where there is none, judged by the policy in force now; raises StoreError."""
    found = files(DEFAULT_POLICY)
    current = Policies(tuple(file.policy for file in found)).in_force(clock())
    [content] = [file.content for file in found if file.policy is current]
    with suppress(Exists):
        past.create(place, content, clock, partitions)
