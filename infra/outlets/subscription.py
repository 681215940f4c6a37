"""Who is told of alerts."""

from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

from domain.alert import AlertKind
from projections.models import Announcement

Way = Literal["file", "command"]
KINDS: tuple[AlertKind, ...] = get_args(AlertKind)


class Subscription(NamedTuple):
    """A subscriber: by which way, where to, of which kinds, and decided since when (microseconds).

    `name` is given once and never again, so its deliveries are nobody else's.
    """

    name: str
    way: Way
    target: str
    kinds: tuple[AlertKind, ...]
    since: int

    def wants(self, announcement: Announcement) -> bool:
        """Tell whether the subscriber is to get an announcement."""
        return announcement.kind in self.kinds and announcement.decided_at >= self.since


class UnknownSubscriber(LookupError):
    """There is no subscriber of that name."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        there = f"there are {', '.join(known)}" if known else "there is none at all"
        super().__init__(f"no subscriber is called {name!r}; {there}")
