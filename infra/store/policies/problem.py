"""What is wrong with a policy file, said so that its author can mend it."""

from typing import NamedTuple


class Problem(NamedTuple):
    """One thing to mend: where it is, what was expected there, what was found.

    `key` is the path of keys, such as `plans.premium.targets.initial.2.business`, empty where the
    whole file is meant; `line` counts from 1 and is None where no line can be told.
    """

    file: str
    key: str
    line: int | None
    expected: str
    found: str

    def __str__(self) -> str:
        """Return the problem as one line for people."""
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        what = f"{self.key}: " if self.key else ""
        return f"{where}: {what}expected {self.expected}, found {self.found}"


class PolicyInvalid(ValueError):
    """A policy file that cannot be used; carries every problem that it has."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class PolicyUnknown(LookupError):
    """No such policy can be had; the message lists those that can, or says why."""


class PolicyUnreadable(PolicyUnknown):
    """A policy file that is not there or cannot be read; the message says why."""
