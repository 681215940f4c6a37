"""The customers of the desk: what each bought, speaks and runs."""

from typing import NamedTuple

from domain.event import Environment
from domain.policy import Policy
from infra.doors.simulate.chance import Chance
from infra.doors.simulate.texts import LANGUAGES

TICKETS_PER_CUSTOMER = 6
MOST_CUSTOMERS = 20_000
CZECH_SHARE = 0.7
FIRST_PLAN_WEIGHT, OTHER_PLAN_WEIGHT = 3, 2

BROWSERS = ("Chrome 134", "Chrome 133", "Firefox 136", "Edge 134", "Safari 18.3")
ANDROIDS = ("15", "14", "14", "13", "13", "12", "11")
OLD_ANDROIDS = ("8.1", "7.1", "6.0")
OTHERS = ("Windows 11", "Windows 10", "Zebra TC26", "Samsung Galaxy Tab Active5", "macOS 15")


class Customer(NamedTuple):
    """A customer, with an opaque id (contracts, `actor`)."""

    number: int
    id: str
    plan: str
    language: str
    environment: Environment


class People:
    """All customers, by plan."""

    __slots__ = ("_by_plan", "_chance")

    def __init__(self, tickets: int, policy: Policy, chance: Chance) -> None:
        """Make customers enough for so many tickets; each plan of the policy has some."""
        self._chance = chance
        plans = tuple(policy.plans)
        weights = plan_weights(policy)
        count = max(min(tickets // TICKETS_PER_CUSTOMER, MOST_CUSTOMERS), 4 * len(plans))
        languages = [name for name in LANGUAGES if name in policy.title]
        self._by_plan: dict[str, list[Customer]] = {plan: [] for plan in plans}
        for number in range(1, count + 1):
            # The first few go around, so that no plan is without a customer.
            plan = plans[number - 1] if number <= len(plans) else chance.weighted(plans, weights)
            czech = "cs" in languages and chance.happens(CZECH_SHARE)
            environment = Environment(
                chance.pick(BROWSERS), chance.pick(ANDROIDS), chance.pick(OTHERS)
            )
            language = "cs" if czech else "en"
            self._by_plan[plan].append(
                Customer(number, f"C-{number:04d}", plan, language, environment)
            )

    def caller(self, plan: str) -> Customer:
        """Return who writes this time: few customers write often, many seldom."""
        customers = self._by_plan[plan]
        draw = self._chance.random()
        return customers[int(draw * draw * len(customers))]

    def environment(self, customer: Customer, *, old_android: bool) -> Environment:
        """Return what the customer tells of the environment, seldom all of it."""
        chance = self._chance
        own = customer.environment
        android = chance.pick(OLD_ANDROIDS) if old_android else own.android
        return Environment(
            own.browser if chance.happens(0.6) else None,
            android if old_android or chance.happens(0.6) else None,
            own.other if chance.happens(0.25) else None,
        )


def plan_weights(policy: Policy) -> tuple[int, ...]:
    """Return how the customers divide among the plans, in the policy's order of plans."""
    return (FIRST_PLAN_WEIGHT,) + (OTHER_PLAN_WEIGHT,) * (len(policy.plans) - 1)
