"""What is really the matter with a request, in the policy's own names."""

from typing import NamedTuple

from domain.policy import Policy
from infra.doors.simulate.chance import Chance
from infra.doors.simulate.theme import GENERAL, THEMES, Theme, gravity

UNSUPPORTED = 0.06
LIFTED = 0.15
"""How often an unsupported topic turns out to be supported after all."""


class Problem(NamedTuple):
    """What a diligent specialist would find: severity, topic, and the theme of the words.

    `lifted` tells that the request is supported although its topic is not.
    """

    severity: int
    topic: str
    theme: Theme
    lifted: bool


class Problems:
    """Draws the problems of one policy version: grave ones are rare, unsupported topics too."""

    __slots__ = ("_chance", "_levels", "_supported", "_told", "_unsupported", "_weights")

    def __init__(self, policy: Policy, chance: Chance) -> None:
        self._chance = chance
        self._levels = tuple(sorted(policy.severities))
        self._weights = [place * place for place in range(1, len(self._levels) + 1)]
        self._unsupported = [name for name, topic in policy.topics.items() if not topic.supported]
        self._supported = supported_topics(policy) or self._unsupported
        self._told = {
            level: tuple(
                theme
                for theme in THEMES
                if theme.gravity == gravity(level, self._levels) and theme.topic in self._supported
            )
            for level in self._levels
        }

    def draw(self) -> Problem:
        """Return the next problem."""
        chance = self._chance
        severity = chance.weighted(self._levels, self._weights)
        if self._unsupported and chance.happens(UNSUPPORTED):
            topic = chance.pick(self._unsupported)
            told = tuple(theme for theme in THEMES if theme.topic == topic)
            lifted = chance.happens(LIFTED)
        else:
            topic = chance.pick(self._supported)
            told = self._told[severity]
            lifted = False
        if not told:
            return Problem(severity, topic, GENERAL[gravity(severity, self._levels)], lifted)
        theme = chance.pick(told)
        return Problem(severity, theme.topic or topic, theme, lifted)


def supported_topics(policy: Policy) -> list[str]:
    """Return the topics that the policy supports, in its order."""
    return [topic.name for topic in policy.topics.values() if topic.supported]
