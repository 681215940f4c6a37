"""Public holidays of a country as the calendar table of a policy, from the `holidays` package.

The package only proposes: a policy carries its calendar frozen, so that no update of a library
changes a verdict.
"""

from difflib import get_close_matches
from importlib.metadata import version
from typing import NamedTuple

import holidays
from holidays.registry import COUNTRIES


class NoSuchCalendar(LookupError):
    """A country, part of a country or year that the package does not know."""


class _Country(NamedTuple):
    code: str
    name: str


def calendar(
    country: str,
    first_year: int,
    last_year: int,
    subdivision: str | None,
    languages: tuple[str, ...],
) -> str:
    """Return the `[calendar]` table of a policy for whole years, ready to paste.

    `languages` are those of `en` and `cs` that are wanted; a language that the package lacks is
    left out, but `en` then gets the country's own names, with a remark. Raises NoSuchCalendar.
    """
    found = _country(country)
    whole = holidays.country_holidays(found.code)
    if subdivision is not None and subdivision not in whole.subdivisions:
        parts = ", ".join(whole.subdivisions) or "none"
        raise NoSuchCalendar(f"{found.name} has no part called '{subdivision}'; known are {parts}")
    if not whole.start_year <= first_year <= last_year <= whole.end_year:
        raise NoSuchCalendar(
            f"the holidays of {found.name} are known from {whole.start_year} to {whole.end_year}"
        )
    spoken = {language: _spoken(whole, language) for language in languages}
    names = {
        language: holidays.country_holidays(
            found.code, subdiv=subdivision, years=range(first_year, last_year + 1), language=code
        )
        for language, code in spoken.items()
        if code is not None or language == "en"
    }
    if not names:
        raise NoSuchCalendar(
            f"the holidays of {found.name} have no names in the language asked for"
        )
    years = str(first_year) if first_year == last_year else f"{first_year}-{last_year}"
    place = found.code if subdivision is None else f"{found.code}-{subdivision}"
    remarks = [
        f"# Public holidays of {found.name}, proposed by holidays {version('holidays')}.",
        "# Compare them with the law before you publish.",
    ]
    if "en" in names and spoken["en"] is None and whole.default_language is not None:
        remarks.append(f"# The names under `en` are in '{whole.default_language}'; translate them.")
    days = sorted(next(iter(names.values())))
    lines = [
        f"    {{ date = {day.isoformat()}, "
        + ", ".join(f"{language} = {_quoted(names[language][day])}" for language in sorted(names))
        + " },"
        for day in days
    ]
    return "\n".join(
        [
            *remarks,
            "[calendar]",
            f"name = {_quoted(f'{place} {years}, edition 1')}",
            f"years = [{first_year}, {last_year}]",
            "holidays = [",
            *lines,
            "]",
        ]
    )


def _country(text: str) -> _Country:
    known = {
        entry[1]: module.replace("_", " ").title() for module, entry in sorted(COUNTRIES.items())
    }
    code = text.upper()
    if code in known:
        return _Country(code, known[code])
    codes_by_name = {name.casefold(): code for code, name in known.items()}
    initials = {"".join(word[0] for word in name.split()): code for code, name in known.items()}
    long_codes = {entry[2]: entry[1] for entry in COUNTRIES.values()}
    near = [
        long_codes.get(code) or codes_by_name.get(text.casefold()),
        initials.get(code),
        *(codes_by_name[name] for name in get_close_matches(text.casefold(), codes_by_name, n=3)),
        *(other for other in known if len(code) == 2 and other[0] == code[0]),
    ]
    proposals = list(dict.fromkeys(code for code in near if code is not None))[:8]
    hint = ", ".join(f"{code} ({known[code]})" for code in proposals)
    raise NoSuchCalendar(
        f"no country has the code '{text}'; write two letters such as CZ"
        + (f"; near are {hint}" if hint else "")
    )


def _spoken(whole: holidays.HolidayBase, language: str) -> str | None:
    """Return the package's code of a language, None where it speaks only its own."""
    return next(
        (code for code in whole.supported_languages if code.split("_")[0] == language), None
    )


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
