"""An agent's work: how long a step takes, and what the customer gets in the end."""

from collections.abc import Mapping
from typing import assert_never

from domain.command import Command, OfferWorkaround, Resolve, Respond
from domain.event import Awaiting
from domain.instant import MINUTE
from domain.policy import Policy
from infra.doors.simulate.case import Case, Step
from infra.doors.simulate.chance import Chance
from infra.doors.simulate.texts import Writer
from infra.doors.simulate.theme import Gravity

SCRIPTS: dict[Gravity, tuple[tuple[int, tuple[Step, ...]], ...]] = {
    0: (
        (25, ("acknowledge", "resolve")),
        (20, ("acknowledge", "update", "resolve")),
        (30, ("acknowledge", "workaround", "resolve")),
        (15, ("acknowledge", "update", "workaround", "resolve")),
        (10, ("workaround", "resolve")),
    ),
    1: (
        (25, ("acknowledge", "resolve")),
        (20, ("ask", "update", "resolve")),
        (25, ("acknowledge", "workaround", "resolve")),
        (15, ("acknowledge", "ask", "update", "workaround", "resolve")),
        (15, ("workaround", "resolve")),
    ),
    2: (
        (30, ("resolve",)),
        (25, ("ask", "resolve")),
        (20, ("acknowledge", "resolve")),
        (15, ("acknowledge", "workaround", "resolve")),
        (10, ("ask", "update", "resolve")),
    ),
    3: ((55, ("resolve",)), (20, ("acknowledge", "resolve")), (25, ("ask", "resolve"))),
}
AGAIN: tuple[tuple[int, tuple[Step, ...]], ...] = (
    (40, ("resolve",)),
    (30, ("acknowledge", "resolve")),
    (30, ("ask", "workaround", "resolve")),
)
"""What is done about a ticket that came back."""

HINTED_CAUSE, NO_CAUSE = 0.88, 0.06


class Agent:
    """Does what the desk decided, in the customer's language."""

    __slots__ = ("_chance", "_writers")

    def __init__(self, writers: Mapping[str, Writer], chance: Chance) -> None:
        self._writers = writers
        self._chance = chance

    def script(self, choices: tuple[tuple[int, tuple[Step, ...]], ...]) -> list[Step]:
        """Choose what will be done, the first step last."""
        weights = [weight for weight, _ in choices]
        return list(reversed(self._chance.weighted([steps for _, steps in choices], weights)))

    def command(
        self, case: Case, step: Step, policy: Policy, called_at: int | None
    ) -> tuple[Command, Awaiting | None]:
        """Return the command of a step, and who owes the next one afterwards.

        `called_at` is when it was said on the phone, None where it is written.
        """
        writer = self._writers[case.customer.language]
        book = writer.book

        def told(text: str) -> str:
            if called_at is not None:
                return writer.after_call(text, case.about)
            return writer.from_agent(text, case.about)

        match step:
            case "acknowledge" | "update" | "ask":
                triage = case.ticket.triage
                text = self._chance.pick(
                    book.questions
                    if step == "ask"
                    else book.updates
                    if step == "update"
                    else book.acknowledgements
                )
                if triage is not None and not triage.supported and not case.answered:
                    text = self._chance.pick(book.best_effort)
                awaiting: Awaiting = "customer" if step == "ask" else "support"
                return Respond(case.id, awaiting, told(text), called_at), awaiting
            case "workaround":
                awaiting = "customer" if self._chance.happens(0.6) else "support"
                closing = book.workaround_closings[0 if awaiting == "customer" else 1]
                text = f"{writer.wording(case.about).workaround} {closing}"
                return OfferWorkaround(case.id, awaiting, told(text), called_at), awaiting
            case "resolve":
                text = writer.wording(case.about).resolution
                return Resolve(case.id, told(text), self._cause(case, policy), called_at), None
            case "give-up":
                text = self._chance.pick(book.silence)
                cause = "unknown" if "unknown" in policy.root_causes else None
                return Resolve(case.id, told(text), cause, called_at), None
            case _:
                assert_never(step)

    def _cause(self, case: Case, policy: Policy) -> str | None:
        if self._chance.happens(NO_CAUSE):
            return None
        hinted = case.about.theme.cause
        if hinted in policy.root_causes and self._chance.happens(HINTED_CAUSE):
            return hinted
        return self._chance.pick(tuple(policy.root_causes))


def work(step: Step, chance: Chance) -> int:
    """Return how long a step keeps somebody's hands busy."""
    match step:
        case "acknowledge" | "give-up":
            return chance.around(2 * MINUTE, 7 * MINUTE, 25 * MINUTE)
        case "ask":
            return chance.around(4 * MINUTE, 10 * MINUTE, 30 * MINUTE)
        case "update":
            return chance.around(5 * MINUTE, 15 * MINUTE, 50 * MINUTE)
        case "workaround" | "resolve":
            return chance.around(10 * MINUTE, 25 * MINUTE, 90 * MINUTE)
        case _:
            assert_never(step)
