"""Chance that comes out alike everywhere: one seeded source, and our own arithmetic on it.

Python promises the sequence of `Random.random()` for a seed and of nothing else in that module, so
only that is drawn. What is made of it uses the four basic operations, whose results IEEE 754 fixes
to the last bit, and no logarithm, root or power, which differ between C libraries.
"""

from collections.abc import Sequence
from random import Random
from typing import TypeVar

from domain.instant import SECOND

Item = TypeVar("Item")

NUMBERS = 1 << 40


class Chance:
    """Draws from a sequence that the seed alone decides."""

    __slots__ = ("random",)

    def __init__(self, seed: str) -> None:
        self.random = Random(seed).random

    def happens(self, probability: float) -> bool:
        """Tell whether something of this probability happens now."""
        return self.random() < probability

    def below(self, count: int) -> int:
        """Return a number from 0 to one less than `count`, each as likely."""
        return int(self.random() * count)

    def number(self) -> int:
        """Return a large number to take details from, one after the other."""
        return int(self.random() * NUMBERS)

    def pick(self, items: Sequence[Item]) -> Item:
        """Return one of the items, each as likely."""
        return items[int(self.random() * len(items))]

    def weighted(self, items: Sequence[Item], weights: Sequence[int]) -> Item:
        """Return one of the items, in proportion to its weight."""
        left = self.random() * sum(weights)
        for item, weight in zip(items, weights, strict=True):
            left -= weight
            if left < 0:
                return item
        return items[-1]

    def around(self, shortest: int, typical: int, longest: int) -> int:
        """Return a duration in whole seconds, as microseconds.

        Half of them are shorter than `typical`; the long ones thin out towards `longest`.
        """
        draw = self.random()
        if draw < 0.5:
            duration = shortest + int((typical - shortest) * (draw + draw))
        else:
            rest = draw + draw - 1.0
            duration = typical + int((longest - typical) * (rest * rest * rest))
        return duration - duration % SECOND
