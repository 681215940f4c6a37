"""Pictures of the pages for the documents, of a made-up desk at a fixed instant.

python -m tests.web.screenshots [FOLDER]      docs/pictures unless told otherwise

Whoever takes them again gets the same: chance has a seed, time stands still. Only the fonts are the
machine's.
"""

import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from domain import instant
from infra import wiring
from infra.doors.cli.running.live.beginning import begin, make_folder
from infra.doors.living import past
from infra.doors.living.crowd import Crowd
from infra.doors.web.app import create
from infra.doors.web.limits import Limits
from infra.doors.web.server import Address, beside, listening
from infra.settings import Settings
from infra.store.access import Holder, SQLiteTokens, digest_of, secret
from infra.store.log import EventLog
from projections.board import EVERYTHING
from tests.conftest import REPOSITORY
from tests.contract.given import HandClock
from tests.web.browser import Browser, chromium

PICTURES = REPOSITORY / "docs" / "pictures"
BEGUN = instant.parse("2026-03-10T11:30:00Z")
SHOWN = instant.parse("2026-03-10T12:10:00Z")
"""Ten past one on a working Tuesday in Prague."""

_SEED = "screens"
_GENEROUS = Limits(rate=1e6, burst=10**6)


class Picture(NamedTuple):
    """What is taken, and on which screen."""

    name: str
    path: str
    width: int
    height: int
    dark: bool = False


def pictures(ticket: str) -> Iterator[Picture]:
    """Yield what the documents show; `ticket` is one whose promise is broken."""
    for name, path, height in (
        ("board", "/desk", 900),
        ("ticket", f"/desk/tickets/{ticket}", 1000),
        ("promises", "/desk/promises", 900),
    ):
        yield Picture(f"{name}-light", path, 1280, height)
        yield Picture(f"{name}-dark", path, 1280, height, dark=True)
        yield Picture(f"{name}-phone", path, 360, 740)


class Shown(NamedTuple):
    """A desk that serves: where, who may look, and a ticket to look at."""

    address: Address
    secret: str
    ticket: str


@contextmanager
def shown(folder: Path) -> Iterator[Shown]:
    """Serve the made-up desk at the instant of the pictures."""
    settings, clock = Settings(folder), HandClock()
    clock.now = BEGUN
    make_folder(folder)
    begin(settings.log, clock)
    with (
        EventLog.open(settings.log, clock=clock) as log,
        wiring.engine(settings, lambda one, policies: None, clock) as engine,
    ):
        past.furnish(log, clock, seed=_SEED)
        crowd = Crowd(log, clock, _SEED)
        while clock.now < SHOWN:
            if not (engine.step() or crowd.step()):
                clock.now += instant.SECOND
        while engine.step():
            pass
    told = secret()
    with SQLiteTokens.open(settings.access) as tokens:
        tokens.add(Holder("specialist", "me"), digest_of(told), clock.now, clock.now + instant.DAY)
    with (
        wiring.service(settings, clock) as service,
        listening(Address("127.0.0.1", 0)) as (taken, address),
        beside(create(service, _GENEROUS), _GENEROUS, taken),
    ):
        with service.reading() as reading:
            broken = reading.models.broken(clock.now, 1, EVERYTHING)
        yield Shown(address, told, broken[0].ticket)


def take(folder: Path) -> Sequence[Path]:
    """Take all pictures and return their files."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    with (
        tempfile.TemporaryDirectory() as name,
        shown(Path(name, "desk")) as desk,
        chromium(Path(name, "profile")) as driver,
    ):
        driver.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})
        browser = Browser(driver, desk.address)
        browser.open("/desk")
        browser.find("#token").send_keys(desk.secret)
        browser.click("main button")
        browser.until(lambda: browser.path == "/desk")
        # What is left does not run down while a picture is taken.
        with browser.time_standing_still():
            for picture in pictures(desk.ticket):
                browser.resize(picture.width, picture.height, dark=picture.dark)
                browser.open(picture.path)
                file = folder / f"{picture.name}.png"
                driver.save_screenshot(str(file))
                made.append(file)
    return made


if __name__ == "__main__":
    for file in take(Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURES):
        print(f"{file}: {file.stat().st_size // 1024} KiB")
