"""Why what is kept on disk cannot be used: one named type a cause, with the cure in its message."""

from typing import ClassVar


class StoreError(Exception):
    """A store cannot do what was asked, and nothing of it was done."""

    says: ClassVar[str] = "{place} failed: {detail}"

    def __init__(self, place: str, detail: str = "") -> None:
        super().__init__(self.says.format(place=place, detail=detail))
        self.place = place
        self.detail = detail


class Missing(StoreError):
    """There is nothing where the store should be."""

    says = "there is no store at {place}; create one with `lhuta init`, or name where it is"


class Exists(StoreError):
    """What is created must not be there yet; nothing is ever overwritten."""

    says = "{place} exists already and is left as it is; use it, or choose another place"


class DiskFull(StoreError):
    """What should be kept could not be written; what was acknowledged before is safe."""

    says = (
        "{place} cannot be written ({detail}); the disk or a quota is full, or the device fails: "
        "free some space and do it again, nothing was kept of this attempt"
    )


class ReadOnly(StoreError):
    """The store may be read at most."""

    says = (
        "{place} may not be written ({detail}); give this user the right to write the file and "
        "its folder, or use a copy on storage that can be written"
    )


class Locked(StoreError):
    """Somebody else holds the store for longer than this program waits."""

    says = (
        "{place} is held by another process ({detail}); end that process or let it finish, "
        "then do it again"
    )


class Interrupted(StoreError):
    """The connection to a store ended before it said whether it kept what was asked."""

    says = (
        "{place} was lost before it said whether this was kept ({detail}); see that it runs, then "
        "do the same again: a command with the same id gets its first outcome"
    )


class Damaged(StoreError):
    """What is stored is not what was written."""

    says = (
        "{place} is damaged: {detail}; keep a copy of it as it is, see what `lhuta log verify` "
        "finds, and go on with the last good backup"
    )


class NewerSchema(StoreError):
    """The store was written by a later version of the program."""

    says = "{place} was written by a newer version of this program ({detail}); install that version"


class OlderSchema(StoreError):
    """The store has tables of an earlier version, and may not be changed while it is only read."""

    says = (
        "{place} was written by an older version of this program ({detail}); "
        "open it once for writing, which adds what is missing"
    )


class OpeningsChanged(StoreError):
    """A published policy compiles to other openings than when it was published."""

    says = (
        "{place} holds a policy that means other opening hours today: {detail}; going on would "
        "change verdicts already given, so install the edition of tzdata named there, and publish "
        "a new version of the policy where the new rules shall apply"
    )
