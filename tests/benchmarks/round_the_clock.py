"""A desk that never closes: on one with office hours no promise breaks for much of the day."""

from pathlib import Path

_MANAGRY = Path(__file__).parents[2] / "policies" / "managry.toml"
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def policy() -> bytes:
    """Return the published policy with all hours as business hours.

    Under that one nothing comes due between the end of a business day and eight hours later, so
    whoever measured then how late alerts are would find none.
    """
    before, office, after = _MANAGRY.read_text("utf-8").partition("[hours.office]\n")
    days = "".join(f'{day} = ["00:00-24:00"]\n' for day in _DAYS)
    rest = after.partition("\n\n")[2].replace(', off_hours = "8 hours"', "")
    business_day = before.replace('business_day = "9 hours"', 'business_day = "24 hours"')
    return f"{business_day}{office}holidays = false\n{days}\n{rest}".encode()
