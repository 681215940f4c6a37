"""The explanation of a clock in whole seconds, as people read it.

What is recorded live has microseconds, which nobody can check by hand and everybody must read past.
"""

from collections.abc import Sequence

from domain.alert import holds
from domain.clock import Clock, fold
from domain.event import RecordedEvent
from domain.explanation import Explanation, explain
from domain.policy import Policies
from infra.doors.web.pages.moments import whole


def explained(
    clock: Clock, history: Sequence[RecordedEvent], policies: Policies, at: int
) -> Explanation:
    """Explain a clock as if everything had happened at the beginning of its second.

    So segments still add up to their sums, and no due time is shown later than it is. Where the
    fraction of a second decides something, it stays.
    """
    exact = explain(clock, history, at)
    cut = [
        one._replace(occurred_at=whole(one.occurred_at), recorded_at=whole(one.recorded_at))
        for one in history
    ]
    for other in fold(cut, policies).clocks:
        if other.started_by == clock.started_by and other.name == clock.name:
            rounded = explain(other, cut, whole(at))
            if _decided(rounded) == _decided(exact):
                return rounded
    return exact


def _decided(one: Explanation) -> object:
    """Return what must not depend on fractions of seconds; of instants, their seconds."""
    return (
        one.verdict,
        None if one.due is None else one.due.used_up,
        [
            (given.promise.target, None if due_at is None else whole(due_at))
            for given in one.targets
            for due_at in [given.promise.due_at]
        ],
        [triage.effect for triage in one.triages],
        [
            (warning.kind, warning.step, whole(warning.at), warning.at <= one.at)
            for warning in one.warnings
        ],
        [holds(one.clock, warning) for warning in one.warnings],
    )
