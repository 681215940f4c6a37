"""A TOML table read key by key; whatever is wrong becomes a problem and reading goes on.

Where a value is wrong or missing a neutral one stands in for it, so that one reading finds all
problems. Nothing that was read may be used before `Findings.refuse` let it pass.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from difflib import get_close_matches

from infra.store.policies.duration import Duration
from infra.store.policies.duration import parse as parse_duration
from infra.store.policies.line import KeyPath, key_lines
from infra.store.policies.problem import PolicyInvalid, Problem

NOTHING = "nothing"
LONGEST_TEXT = 200
LONGEST_SHOWN = 60

# Python calls them unprintable, and Czech typography asks for them.
_HARD_SPACES = str.maketrans("\u00a0\u202f", "  ")

_NAME = re.compile(r"[a-z0-9-]{1,64}")
_NAME_EXPECTED = "a name of at most 64 characters a-z, 0-9 and -"


class Findings:
    """The problems of one file, collected while it is read."""

    def __init__(self, file: str, text: str) -> None:
        self._file = file
        self._text = text
        self._found: list[tuple[KeyPath, str, str]] = []
        self._tables: list[Table] = []

    def add(self, path: KeyPath, expected: str, found: str) -> None:
        """Note one problem."""
        self._found.append((path, expected, found))

    def watch(self, table: "Table") -> None:
        """Remember a table whose unknown keys are to be reported in the end."""
        self._tables.append(table)

    def clean(self, *paths: KeyPath) -> bool:
        """Tell whether nothing was found at or under the paths, so that they can be compared."""
        return not any(found[: len(path)] == path for found, _, _ in self._found for path in paths)

    def names_clean(self, path: KeyPath) -> bool:
        """Tell whether a table and the keys in it are right, whatever is wrong deeper inside."""
        depths = (len(path), len(path) + 1)
        return not any(
            found[: len(path)] == path and len(found) in depths for found, _, _ in self._found
        )

    def misnamed(self, path: KeyPath) -> list[str]:
        """Return the keys of a table of names that are no names."""
        return [
            found[-1]
            for found, expected, _ in self._found
            if found[:-1] == path and expected == _NAME_EXPECTED and isinstance(found[-1], str)
        ]

    def report_unknown_keys(self) -> None:
        """Note the keys that no table was asked for; nothing may be read afterwards."""
        for table in self._tables:
            table.report_unknown()

    def refuse(self) -> None:
        """Raise PolicyInvalid with every problem, if there is one."""
        problems = self.problems()
        if problems:
            raise PolicyInvalid(problems)

    def problems(self) -> tuple[Problem, ...]:
        """Return every problem, in the order of the file."""
        if not self._found:
            return ()
        lines = key_lines(self._text)
        problems = [
            Problem(self._file, written(path), _line(path, lines), expected, found)
            for path, expected, found in self._found
        ]
        return tuple(sorted(problems, key=lambda problem: problem.line or 0))


class Table:
    """One table of the file and the path that leads to it.

    The keys that were asked for are the keys that may be there; the others are typing errors.
    """

    def __init__(
        self, findings: Findings, path: KeyPath, values: Mapping[str, object] | None
    ) -> None:
        self.findings = findings
        self.path = path
        self._values = values or {}
        # What hangs on a missing table is not reported again, key by key.
        self._absent = values is None
        self._asked: set[str] = set()
        findings.watch(self)

    def __contains__(self, key: str) -> bool:
        self._asked.add(key)
        return key in self._values

    def wrong(self, key: str, expected: str) -> None:
        """Report the value of a key, or that it is missing."""
        if not self._absent:
            self.findings.add((*self.path, key), expected, shown(self._values.get(key)))

    def lacks(self, expected: str, found: str) -> None:
        """Report the table itself."""
        if not self._absent:
            self.findings.add(self.path, expected, found)

    def value(self, key: str) -> object:
        """Return the raw value of a key, None where it is missing."""
        self._asked.add(key)
        return self._values.get(key)

    def text(self, key: str) -> str:
        """Return one printable line of words."""
        value = self.value(key)
        if (
            isinstance(value, str)
            and 0 < len(value) <= LONGEST_TEXT
            and value.translate(_HARD_SPACES).isprintable()
            and value == value.strip()
        ):
            return value
        self.wrong(key, f"one line of text, 1 to {LONGEST_TEXT} characters")
        return ""

    def integer(self, key: str, low: int, high: int) -> int:
        """Return an integer between two bounds, both included."""
        value = self.value(key)
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        self.wrong(key, f"an integer from {low} to {high}")
        return low

    def boolean(self, key: str, default: bool | None = None) -> bool:
        """Return true or false; a key with a default may be missing."""
        value = self.value(key)
        if value is None and default is not None:
            return default
        if isinstance(value, bool):
            return value
        self.wrong(key, "true or false")
        return False

    def duration(
        self, key: str, units: tuple[str, ...], low: int, high: Duration, default: Duration
    ) -> Duration:
        """Return a duration in one of the units, from `low` of them to `high`.

        The default stands in for a wrong value too. A business day counts here as a day at most.
        """
        value = self.value(key)
        found = parse_duration(value) if isinstance(value, str) else None
        if found is None or found.unit not in units:
            written_units = [f"{unit}s" for unit in units]
            self.wrong(
                key,
                f"a whole number of {', '.join(written_units[:-1])} or {written_units[-1]}, "
                f'such as "2 {written_units[-2]}"',
            )
            return default
        a_day = 24 * 3_600 * 1_000_000
        if found.amount < low or found.microseconds(a_day) > high.microseconds(a_day):
            least = "more than nothing" if low else "nothing or more"
            self.wrong(key, f"a duration of {least} and at most {high.amount} {high.unit}s")
            return default
        return found

    def array(self, key: str) -> list[tuple[KeyPath, object]]:
        """Return the elements of an array, each with its path."""
        value = self.value(key)
        if isinstance(value, list):
            return [((*self.path, key, index), item) for index, item in enumerate(value)]
        self.wrong(key, "an array, in [ ]")
        return []

    def table(self, key: str) -> "Table":
        """Return a table inside this one."""
        value = self.value(key)
        if isinstance(value, dict):
            return Table(self.findings, (*self.path, key), value)
        self.wrong(key, "a table")
        return Table(self.findings, (*self.path, key), None)

    def entries(self) -> list[str]:
        """Return every key, for a table whose keys are the author's own."""
        self._asked.update(self._values)
        if not self._values:
            self.lacks("at least one entry", "none")
        return list(self._values)

    def named(self) -> Iterator[tuple[str, "Table"]]:
        """Yield every table inside this one by a name of the author's choice."""
        for key in self.entries():
            if _NAME.fullmatch(key) is None:
                self.findings.add((*self.path, key), _NAME_EXPECTED, shown(key))
            else:
                yield key, self.table(key)

    def phrase(self) -> dict[str, str]:
        """Return the words of this table by language: `en` always, `cs` where given."""
        words = {"en": self.text("en")}
        if "cs" in self:
            words["cs"] = self.text("cs")
        return words

    def report_unknown(self) -> None:
        """Report the keys that nobody asked for, each with the nearest one that exists."""
        for key in self._values:
            if key not in self._asked:
                self.findings.add(
                    (*self.path, key), f"a known key{_nearest(key, self._asked)}", shown(key)
                )


def one_of(known: Mapping[str, object] | tuple[str, ...], found: object, what: str) -> str:
    """Return the expectation of a known name, with the one nearest to what was found."""
    near = _nearest(found, set(known)) if isinstance(found, str) else ""
    if near or len(known) > 12:
        return f"{what}{near}"
    return f"{what} ({', '.join(known)})"


def shown(value: object) -> str:
    """Return a value as a person reads it in the file, shortened."""
    match value:
        case None:
            return NOTHING
        case bool():
            return "true" if value else "false"
        case str():
            short = f"{value[:LONGEST_SHOWN]}..." if len(value) > LONGEST_SHOWN else value
            return f'"{short}"'.replace("\n", "\\n")
        case datetime() | date() | time():
            return value.isoformat()
        case int() | Decimal():
            return _shown_number(value)
        case list():
            return _shown_array(value)
        case _:
            return "a table"


def written(path: KeyPath) -> str:
    """Return a path of keys as people write it: `calendar.holidays[3].date`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text


def _shown_array(values: list[object]) -> str:
    items: list[str] = []
    for value in values:
        if sum(map(len, items)) > LONGEST_SHOWN:
            items.append("...")
            break
        # Arrays may be nested as deep as the parser goes.
        items.append("[...]" if isinstance(value, list) else shown(value))
    return f"[{', '.join(items)}]"


def _shown_number(value: int | Decimal) -> str:
    if isinstance(value, int) and abs(value) >= 10**18:
        return "a very large number"
    return str(value)


def _nearest(key: str, known: set[str]) -> str:
    near = get_close_matches(key, sorted(known), n=1)
    return f" (did you mean '{near[0]}'?)" if near else ""


def _line(path: KeyPath, lines: Mapping[KeyPath, int]) -> int | None:
    """Return the line of a key, or of the nearest table around it that has one."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return None
