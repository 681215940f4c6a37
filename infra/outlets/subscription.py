"""Who is told of alerts: a file of subscriptions, apart from the read models, which are disposable.

The engine looks at the file again whenever it was changed, so `lhuta subscribe` needs no restart.
"""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple, get_args

import orjson

from domain.alert import AlertKind
from infra.store.small_file import DamagedFile, failure, replace

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


class UnknownSubscriber(LookupError):
    """There is no subscriber of that name."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        there = f"there are {', '.join(known)}" if known else "there is none at all"
        super().__init__(f"no subscriber is called {name!r}; {there}")


class _Listed(NamedTuple):
    last_number: int
    subscriptions: tuple[Subscription, ...]


class Subscriptions:
    """The file of subscriptions; its methods raise DamagedFile and StoreError."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read: tuple[tuple[int, int, int], _Listed] | None = None

    def all(self) -> tuple[Subscription, ...]:
        """Return the present subscriptions, the oldest first."""
        return self._listed().subscriptions

    def add(self, way: Way, target: str, kinds: Sequence[AlertKind], since: int) -> Subscription:
        """Add a subscriber and return it with its name."""
        with self._changing() as listed:
            number = listed.last_number + 1
            added = Subscription(f"S-{number}", way, target, tuple(kinds), since)
            self._write(_Listed(number, (*listed.subscriptions, added)))
        return added

    def remove(self, name: str) -> Subscription:
        """Remove a subscriber and return it; raises UnknownSubscriber."""
        with self._changing() as listed:
            found = [one for one in listed.subscriptions if one.name == name]
            if not found:
                raise UnknownSubscriber(name, [one.name for one in listed.subscriptions])
            kept = tuple(one for one in listed.subscriptions if one.name != name)
            self._write(_Listed(listed.last_number, kept))
        return found[0]

    def _listed(self) -> _Listed:
        try:
            looks = os.stat(self._path)
        except FileNotFoundError:
            return _Listed(0, ())
        state = (looks.st_mtime_ns, looks.st_ino, looks.st_size)
        if self._read is None or self._read[0] != state:
            self._read = (state, self._parsed(self._path.read_bytes()))
        return self._read[1]

    def _parsed(self, text: bytes) -> _Listed:
        try:
            found = orjson.loads(text)
            subscriptions = tuple(
                Subscription(**{**one, "kinds": tuple(one["kinds"])})
                for one in found["subscriptions"]
            )
            return _Listed(found["last_number"], subscriptions)
        except (orjson.JSONDecodeError, TypeError, KeyError) as error:
            raise DamagedFile(str(self._path), f"not a list of subscriptions: {error}") from error

    @contextmanager
    def _changing(self) -> Iterator[_Listed]:
        """Hold others off until the change is written."""
        try:
            folder = os.open(self._path.parent, os.O_RDONLY)
        except OSError as error:
            raise failure(error, self._path) from error
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield self._listed()
        finally:
            os.close(folder)

    def _write(self, listed: _Listed) -> None:
        text = orjson.dumps(
            {
                "last_number": listed.last_number,
                "subscriptions": [one._asdict() for one in listed.subscriptions],
            },
            option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE,
        )
        replace(self._path, text)
