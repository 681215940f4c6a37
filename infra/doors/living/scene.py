"""Small scenes that show within a minute what the engine is for, at any hour and on any day.

Each is a call that was answered a while ago and is written down only now, received just when its
warning or due time is a few seconds away.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from domain.instant import MINUTE, SECOND
from domain.policy import Policy
from infra.doors.living.aim import Aim, breaches, warnings

Scene = Literal["warned", "saved", "broken"]


class Timing(NamedTuple):
    """How long after its beginning a scene is told, and how long after that support answers."""

    told: int
    answered: int


AIMS: Mapping[Scene, Timing] = {
    "warned": Timing(36 * SECOND, 6 * MINUTE),
    "saved": Timing(41 * SECOND, 16 * SECOND),
    "broken": Timing(50 * SECOND, 75 * SECOND),
}

SOONEST = 5 * SECOND
TIME_LEFT = 3 * MINUTE
"""How long after a warning its answer must still be in time."""


def aimed(policy: Policy, scene: Scene, now: int) -> list[Aim]:
    """Return the requests that play a scene now; none where the policy promises nothing."""
    at = now + max(AIMS[scene].told - policy.settle, SOONEST)
    if scene == "broken":
        return breaches(policy, at, now)
    return warnings(policy, at, now, now + TIME_LEFT)


def answered_at(policy: Policy, scene: Scene, aim: Aim, now: int) -> int:
    """Return when support answers: after it was told, and but for the broken one in time."""
    told = max(aim.deadline + policy.settle, now)
    answer = told + AIMS[scene].answered
    return answer if scene == "broken" else min(answer, aim.due_at - 30 * SECOND)
