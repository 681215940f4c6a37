"""Time zones from the pinned `tzdata` package, never from the system's own database.

What was judged by one edition of the zone data must not change because a machine was updated.
"""

from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

import tzdata  # type: ignore[import-untyped]

ZONE_DATA = f"tzdata {tzdata.IANA_VERSION}"


@cache
def names() -> tuple[str, ...]:
    """Return the name of every zone that can be loaded."""
    return tuple(files("tzdata").joinpath("zones").read_text("ascii").split())


def load(name: str) -> ZoneInfo:
    """Load a zone by its IANA name, which must be one of `names()`."""
    source = files("tzdata").joinpath("zoneinfo", *name.split("/"))
    with source.open("rb") as binary:
        return ZoneInfo.from_file(binary, key=name)
