"""The mapping of one kind of foreign log, read from TOML and checked whole.

What every key means stands in the built-in mappings themselves; they are the documentation of the
format and can be copied and changed.
"""

import tomllib
from collections.abc import Mapping as Table
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from importlib import resources
from typing import NamedTuple
from zoneinfo import ZoneInfo

from domain import instant
from domain.command import CHANNELS, METHODS
from infra.doors.convert.lifecycle import Phase
from infra.doors.convert.wallclock import RFC3339, pattern_of

BUILT_IN = ("uci", "bpi2013")
ELSE = "*"

_REJECT = "reject"


class MappingInvalid(ValueError):
    """A mapping that cannot be used; the message names every key path and what was expected."""


class Triage(NamedTuple):
    """What a foreign priority says: a severity and the impact that backs it."""

    severity: int
    impact: str


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column holds what; None or nothing where the file has no such column."""

    ticket: str
    state: tuple[str, ...]
    time: str
    order: str | None
    opened: str | None
    severity: str | None
    channel: str | None
    customer: str | None
    actor: str | None
    root_cause: str | None
    subject: tuple[str, ...]
    environment: tuple[str, ...]

    def needed(self) -> list[str]:
        """Return the names of all columns that the mapping reads, each once."""
        single = (
            self.ticket,
            self.time,
            self.order,
            self.opened,
            self.severity,
            self.channel,
            self.customer,
            self.actor,
            self.root_cause,
        )
        names = [*self.state, *(name for name in single if name is not None)]
        return list(dict.fromkeys([*names, *self.subject, *self.environment]))


@dataclass(frozen=True, slots=True)
class Mapping:
    """How the rows of a foreign log become events.

    `states` gives None for a state that the mapping rejects. `earliest` and `latest` are instants
    in microseconds.
    """

    name: str
    missing: frozenset[str]
    columns: Columns
    written: str
    zone: ZoneInfo | None
    earliest: int
    latest: int
    plan: str
    customer: str
    topic: str
    supported: bool
    verified_by: str
    work_answers: bool
    system: frozenset[str]
    hide: bool
    states: Table[str, Phase | None]
    severities: Table[str, Triage]
    channels: Table[str, str]
    root_causes: Table[str, str]

    def in_zone(self, name: str) -> "Mapping":
        """Return the mapping with another zone for its times.

        Raises MappingInvalid where there is no such zone, or times carry their own offset.
        """
        if self.zone is None:
            raise MappingInvalid("the times of this file carry their own offset, a zone has no say")
        zone = _zone(name)
        if zone is None:
            raise MappingInvalid(f"{name!r} is no time zone; write it as Europe/Prague")
        return replace(self, zone=zone)


def built_in(name: str) -> str:
    """Return the text of a built-in mapping."""
    return (resources.files(__package__) / f"{name}.toml").read_text(encoding="utf-8")


def load(text: str) -> Mapping:
    """Read a mapping from TOML; raise MappingInvalid with everything that is wrong with it."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise MappingInvalid(f"not TOML: {error}") from error
    problems: list[str] = []
    mapping = _mapping(_Section(tables, "", problems))
    if problems:
        raise MappingInvalid("\n".join(problems))
    return mapping


class _Section:
    """One table of the file: hands out checked values and notes what is wrong.

    A wrong value is replaced by one of the right type, so that reading goes on and finds all
    the problems at once.
    """

    def __init__(self, values: Table[str, object], path: str, problems: list[str]) -> None:
        self._values = values
        self._path = path
        self._problems = problems
        self._known: set[str] = set()

    def names(self) -> list[str]:
        return list(self._values)

    def wrong(self, key: str, expected: str) -> None:
        """Note that a value is not what was expected, or missing."""
        where = self._where(key)
        if key in self._values:
            self._problems.append(f"{where}: expected {expected}, got {_shown(self._values[key])}")
        else:
            self._problems.append(f"{where}: missing; expected {expected}")

    def take(self, key: str) -> object:
        self._known.add(key)
        return self._values.get(key)

    def text(self, key: str) -> str:
        value = self.take(key)
        if isinstance(value, str) and value.strip():
            return value
        self.wrong(key, "a text")
        return ""

    def optional_text(self, key: str) -> str | None:
        return self.text(key) if key in self._values else None

    def texts(self, key: str, at_least: int = 0) -> tuple[str, ...]:
        if key not in self._values and not at_least:
            self._known.add(key)
            return ()
        match self.take(key):
            case list() as values if len(values) >= at_least and all(
                isinstance(value, str) and value for value in values
            ):
                return tuple(values)
            case _:
                self.wrong(key, "a list of texts" + (", not empty" if at_least else ""))
                return ()

    def flag(self, key: str) -> bool:
        value = self.take(key)
        if isinstance(value, bool):
            return value
        self.wrong(key, "true or false")
        return False

    def count(self, key: str) -> int:
        value = self.take(key)
        if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
            return value
        self.wrong(key, "a whole number from 1")
        return 1

    def day(self, key: str, instead: date) -> date:
        value = self.take(key)
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        self.wrong(key, "a date such as 2010-01-01")
        return instead

    def one_of(self, key: str, allowed: tuple[str, ...]) -> str:
        value = self.take(key)
        if isinstance(value, str) and value in allowed:
            return value
        self.wrong(key, "one of " + ", ".join(allowed))
        return allowed[0]

    def section(self, key: str) -> "_Section":
        value = self.take(key)
        if not isinstance(value, dict):
            self.wrong(key, "a table")
            # What it should hold is not worth a message of its own.
            return _Section({}, self._where(key), [])
        return _Section(value, self._where(key), self._problems)

    def done(self) -> None:
        """Note every key that nobody asked for: most likely a slip."""
        for key in self._values:
            if key not in self._known:
                known = ", ".join(sorted(self._known))
                self._problems.append(f"{self._where(key)}: not a known key; known are {known}")

    def _where(self, key: str) -> str:
        bare = key.replace("-", "").replace("_", "").isalnum() and key.isascii()
        step = key if bare else f'"{key}"'
        return f"{self._path}.{step}" if self._path else step


def _mapping(top: _Section) -> Mapping:
    time = top.section("time")
    ticket = top.section("ticket")
    people = top.section("people")
    first_response = top.section("first_response")
    written, zone = _clock(time)
    earliest, latest = time.day("earliest", date(1970, 1, 1)), time.day("latest", date(2999, 1, 1))
    if latest <= earliest:
        time.wrong("latest", f"a date after {earliest}")
    mapping = Mapping(
        name=top.text("name"),
        missing=frozenset(("", *top.texts("missing"))),
        columns=_columns(top.section("columns")),
        written=written,
        zone=zone,
        earliest=_midnight(earliest),
        latest=_midnight(latest) + instant.DAY - 1,
        plan=ticket.text("plan"),
        customer=ticket.text("customer"),
        topic=ticket.text("topic"),
        supported=ticket.flag("supported"),
        verified_by=ticket.one_of("verified_by", METHODS),
        work_answers=first_response.flag("work"),
        system=frozenset(people.texts("system")),
        hide=people.flag("hide"),
        states=_states(top.section("states")),
        severities=_severities(top.section("severities")),
        channels=_channels(top.section("channels")),
        root_causes=_root_causes(top.section("root_causes")),
    )
    for section in (top, time, ticket, people, first_response):
        section.done()
    return mapping


def _columns(section: _Section) -> Columns:
    columns = Columns(
        ticket=section.text("ticket"),
        state=section.texts("state", at_least=1),
        time=section.text("time"),
        order=section.optional_text("order"),
        opened=section.optional_text("opened"),
        severity=section.optional_text("severity"),
        channel=section.optional_text("channel"),
        customer=section.optional_text("customer"),
        actor=section.optional_text("actor"),
        root_cause=section.optional_text("root_cause"),
        subject=section.texts("subject"),
        environment=section.texts("environment"),
    )
    section.done()
    return columns


def _clock(section: _Section) -> tuple[str, ZoneInfo | None]:
    written = section.text("written")
    if written == RFC3339:
        if section.take("zone") is not None:
            section.wrong("zone", f'no zone, because "{RFC3339}" carries an offset')
        return written, None
    try:
        pattern_of(written)
    except ValueError as error:
        if written:
            section.wrong("written", f'"{RFC3339}" or a pattern as %d/%m/%Y %H:%M ({error})')
    zone = section.take("zone")
    found = _zone(zone) if isinstance(zone, str) else None
    if found is None:
        section.wrong("zone", "a time zone such as Europe/Prague")
    return written, found


def _states(section: _Section) -> dict[str, Phase | None]:
    phases: dict[str, Phase | None] = {}
    for state in section.names():
        value = section.one_of(state, (*Phase, _REJECT))
        phases[state] = None if value == _REJECT else Phase(value)
    return phases


def _severities(section: _Section) -> dict[str, Triage]:
    severities: dict[str, Triage] = {}
    for value in section.names():
        triage = section.section(value)
        severities[value] = Triage(triage.count("severity"), triage.text("impact"))
        triage.done()
    return severities


def _channels(section: _Section) -> dict[str, str]:
    channels = {value: section.one_of(value, CHANNELS) for value in section.names()}
    if ELSE not in channels:
        section.wrong(ELSE, "the channel of every other row, one of " + ", ".join(CHANNELS))
    return channels


def _root_causes(section: _Section) -> dict[str, str]:
    return {value: section.text(value) for value in section.names()}


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        # What is said about a bad name differs: not found, a directory, no name at all.
        return None


def _midnight(day: date) -> int:
    return instant.from_datetime(datetime(day.year, day.month, day.day, tzinfo=UTC))


def _shown(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else shown[:57] + "..."
