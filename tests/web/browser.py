"""A real browser for the pages: Debian's Chromium, without a window and without a network."""

import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib.resources import files
from pathlib import Path
from threading import Event, Thread
from typing import Any

from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from infra import wiring
from infra.doors.web.server import Address
from tests.servers.missing import missing
from tests.web.desk import PATIENCE, Desk

_ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--lang=en",
)
_AXE = (
    "const done = arguments[arguments.length - 1];"
    "axe.run(document, {resultTypes: ['violations']}).then((found) => done(found.violations));"
)


@contextmanager
def chromium(profile: Path) -> Iterator[Chrome]:
    """Start a browser; skips the test where there is none, and fails it there in CI."""
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if browser is None or driver is None:
        missing("there is no Chromium; on Debian: apt-get install chromium chromium-driver")
    options = ChromeOptions()
    options.binary_location = str(browser)
    for argument in (*_ARGUMENTS, f"--user-data-dir={profile}"):
        options.add_argument(argument)
    opened = Chrome(options, ChromeService(str(driver)))
    opened.set_script_timeout(PATIENCE)
    try:
        yield opened
    finally:
        opened.quit()


class Browser:
    """A browser at a desk: it signs in, looks, types and clicks."""

    def __init__(self, driver: Chrome, address: Address) -> None:
        self.driver = driver
        self._address = address

    def open(self, path: str) -> None:
        """Open a page."""
        self.driver.get(f"{self._address.url}{path}")

    def forget(self) -> None:
        """Let nobody be signed in."""
        self._command("Network.clearBrowserCookies", {})

    def sign_in(self, desk: Desk, who: str, path: str = "/desk") -> None:
        """Sign in by the form, which leads to a page."""
        self.forget()
        self.open(path)
        self.find("#token").send_keys(desk.secrets[who])
        self.click("main button")
        self.until(lambda: self.path == path)

    @property
    def path(self) -> str:
        """Return the path of the page."""
        shown: str = self.run("return location.pathname")
        return shown

    def run(self, script: str, *arguments: object) -> Any:
        """Run a script in the page."""
        return self.driver.execute_script(script, *arguments)

    def find(self, selector: str) -> Any:
        """Return an element that is there."""
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector: str) -> str:
        """Return what an element says now, however often it is replaced meanwhile."""
        said: str = self.run(
            "return document.querySelector(arguments[0])?.innerText ?? ''", selector
        )
        return said

    def click(self, selector: str) -> None:
        """Click on an element, also where the page is just putting another in its place."""

        def clicked() -> bool:
            self.find(selector).click()
            return True

        self.until(clicked)

    def press(self, *keys: str) -> None:
        """Press keys where the focus is."""
        self.driver.switch_to.active_element.send_keys(*keys)

    def until(self, reached: Any) -> None:
        """Wait until something holds."""
        waiting = WebDriverWait(self.driver, PATIENCE, 0.05, (StaleElementReferenceException,))
        waiting.until(lambda _: reached())

    def resize(self, width: int, height: int, *, dark: bool = False) -> None:
        """Give the page the size of a screen, and light or darkness around."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self._command("Emulation.setDeviceMetricsOverride", metrics)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._command("Emulation.setEmulatedMedia", {"features": [scheme]})

    def allow(self, *permissions: str) -> None:
        """Let pages do what a browser asks people for."""
        self._command("Browser.grantPermissions", {"permissions": permissions})

    def scripts(self, *, on: bool) -> None:
        """Let pages run scripts or not."""
        self._command("Emulation.setScriptExecutionDisabled", {"value": not on})

    def time_standing_still(self) -> AbstractContextManager[None]:
        """Let no time pass in pages that are opened meanwhile, however long they take."""
        return self._before_each_page("performance.now = () => 0")

    def in_the_background(self) -> AbstractContextManager[None]:
        """Open pages behind others, until they are `brought_to_front`."""
        hidden = "Object.defineProperty(document, 'hidden', {value: true, writable: true})"
        return self._before_each_page(hidden)

    def brought_to_front(self) -> None:
        """Look at a page that was opened behind others."""
        self.run("document.hidden = false; document.dispatchEvent(new Event('visibilitychange'))")

    def barriers(self) -> list[str]:
        """Return what axe finds serious or critical on the page."""
        axe = (files("axe_core_python") / "axe.min.js").read_text("utf-8")
        self.run(axe)
        found = self.driver.execute_async_script(_AXE)
        return [
            f"{one['id']}: {node['html'][:120]}"
            for one in found
            if one["impact"] in ("serious", "critical")
            for node in one["nodes"]
        ]

    @contextmanager
    def _before_each_page(self, script: str) -> Iterator[None]:
        added = self._command("Page.addScriptToEvaluateOnNewDocument", {"source": script})
        try:
            yield
        finally:
            self._command("Page.removeScriptToEvaluateOnNewDocument", added)

    def _command(self, name: str, parameters: dict[str, Any]) -> dict[str, Any]:
        said: dict[str, Any] = self.driver.execute_cdp_cmd(name, parameters)
        return said


@contextmanager
def running_engine(desk: Desk) -> Iterator[None]:
    """Let an engine work beside, at the clock of the desk."""
    ended = Event()

    def work() -> None:
        with wiring.engine(desk.settings, lambda one, policies: None, desk.clock) as engine:
            while not ended.wait(0.02):
                engine.step()

    thread = Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(PATIENCE)
