"""The pages in a real browser: what a script adds, and who can use them."""

from collections.abc import Iterator

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.keys import Keys

from domain import instant
from infra.store.deliveries import opened as opened_deliveries
from tests.web.browser import Browser, chromium, running_engine
from tests.web.desk import ANSWER, RESOLUTION, Desk

PAGES = (
    "/desk",
    "/desk/tickets",
    "/desk/tickets/T-1",
    "/desk/open",
    "/desk/promises",
    "/desk/alerts",
    "/desk/policy",
)


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """Start one browser for all tests here: each begins with a new session."""
    with chromium(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture
def browser(desk: Desk, driver: Chrome) -> Iterator[Browser]:
    """Give a browser at a desk that serves."""
    with desk.listening() as address:
        opened = Browser(driver, address)
        opened.resize(1280, 900)
        yield opened
        driver.get("about:blank")


def test_a_breach_appears_without_reload(desk: Desk, browser: Browser) -> None:
    """The engine decides it, the page hears of it and shows it in the other list."""
    desk.triaged(subject="It stops")
    with running_engine(desk):
        browser.sign_in(desk, "agent")
        browser.until(lambda: "It stops" in browser.text("[data-live=due_next]"))
        browser.until(lambda: browser.text("#connection") == "Updates as things happen")
        browser.run("window.neverReloaded = true")
        desk.clock.now += 2 * instant.HOUR
        browser.until(lambda: "It stops" in browser.text("[data-live=broken]"))
        assert "It stops" not in browser.text("[data-live=due_next]")
        assert browser.run("return window.neverReloaded") is True


def test_an_alert_and_its_delivery_appear_without_reload(desk: Desk, browser: Browser) -> None:
    """Whoever watches the alerts sees them come in, and to whom they went."""
    told = desk.settings.data / "told.jsonl"
    with opened_deliveries(desk.settings.deliveries) as deliveries:
        deliveries.subscribe("file", str(told), ("breach",), lambda: 0)
    desk.triaged()
    with running_engine(desk):
        browser.sign_in(desk, "agent", "/desk/alerts")
        browser.until(lambda: browser.text("#connection") == "Updates as things happen")
        browser.run("window.neverReloaded = true")
        assert "promise broken" not in browser.text("[data-live=alerts]")
        desk.clock.now += 2 * instant.HOUR
        browser.until(lambda: "promise broken" in browser.text("[data-live=alerts]"))
        browser.until(lambda: "S-1 (file): delivered" in browser.text("[data-live=alerts]"))
        assert browser.run("return window.neverReloaded") is True


def test_a_form_answer_stops_a_countdown(desk: Desk, browser: Browser) -> None:
    """The time runs down by itself until somebody answers."""
    desk.triaged(subject="It stops")
    with running_engine(desk):
        browser.sign_in(desk, "agent")
        browser.until(lambda: "It stops" in browser.text("[data-live=due_next]"))
        first = browser.text("[data-live=due_next] [data-text]")
        browser.until(lambda: browser.text("[data-live=due_next] [data-text]") < first)
        browser.click("[data-live=due_next] a[data-open]")
        browser.until(lambda: browser.path == "/desk/tickets/T-1")
        browser.click("details:has(#responses) > summary")
        browser.find("#responses textarea").send_keys("Which browser?")
        browser.click("#responses button")
        browser.until(lambda: "Support answered" in browser.text("[data-live=story]"))
        browser.open("/desk")
        browser.until(lambda: "It stops" in browser.text("[data-live=waiting]"))
        assert "T-1" not in browser.text("[data-live=due_next]")


def test_a_refused_action_explains_itself(desk: Desk, browser: Browser) -> None:
    """What was legal when the page was opened may not be any more."""
    ticket = desk.triaged()
    browser.sign_in(desk, "agent", f"/desk/tickets/{ticket}")
    browser.click("details:has(#resolution) > summary")
    desk.done("agent", f"/tickets/{ticket}/resolution", RESOLUTION)
    browser.find("#resolution textarea").send_keys("Mine")
    browser.click("#resolution button")
    browser.until(lambda: "Not done: AlreadyResolved" in browser.text("[role=alert]"))


def test_hostile_words_stay_words(desk: Desk, browser: Browser) -> None:
    """Nothing of them runs, and they are shown as they were written."""
    hostile = "<img src=x onerror='window.hacked = true'><script>window.hacked = true</script>"
    ticket = desk.triaged(subject=hostile, body=hostile)
    desk.done("agent", f"/tickets/{ticket}/responses", {**ANSWER, "message": hostile})
    desk.engine()
    browser.sign_in(desk, "agent")
    for path in ("/desk", "/desk/tickets", f"/desk/tickets/{ticket}"):
        browser.open(path)
        assert hostile in browser.text("main")
        assert browser.run("return window.hacked") is None


def test_keys_lead_through_the_board(desk: Desk, browser: Browser) -> None:
    """J and k move, enter opens, / filters, ? helps."""
    for _ in range(2):
        desk.triaged()
    desk.engine()
    browser.sign_in(desk, "agent")
    focused = "return document.activeElement.textContent"
    browser.press("j")
    assert browser.run(focused) == "T-1"
    browser.press("j")
    assert browser.run(focused) == "T-2"
    browser.press("k")
    assert browser.run(focused) == "T-1"
    browser.press("?")
    assert "next and previous row" in browser.text("#keys[open]")
    browser.press(Keys.ESCAPE)
    browser.press("/")
    assert browser.run("return document.activeElement.id") == "plan"
    browser.open("/desk")
    browser.press("j", Keys.ENTER)
    browser.until(lambda: browser.path == "/desk/tickets/T-1")


def test_everything_fits_on_a_phone(desk: Desk, browser: Browser) -> None:
    """No page is wider than 360 pixels; what is wider scrolls by itself."""
    desk.triaged(subject="Averylongwordwithoutanyblank" * 4)
    desk.opened()
    desk.engine()
    browser.resize(360, 740)
    browser.sign_in(desk, "specialist")
    for path in PAGES:
        browser.open(path)
        assert browser.run("return document.documentElement.scrollWidth") <= 360, path


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_serious(desk: Desk, browser: Browser, dark: bool) -> None:
    """On no page, in light and in darkness."""
    broken = desk.triaged()
    desk.opened()
    desk.done("agent", f"/tickets/{broken}/responses", ANSWER)
    desk.triaged()
    desk.clock.now += 2 * instant.HOUR
    desk.triaged()
    desk.engine()
    browser.resize(1280, 900, dark=dark)
    browser.forget()
    browser.open("/desk/sign-in")
    assert browser.barriers() == []
    browser.sign_in(desk, "specialist")
    for path in (*PAGES, "/desk?as_of=2026-03-09T10:30"):
        browser.open(path)
        browser.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert browser.barriers() == [], path


def test_without_scripts_the_board_is_whole_and_reloads(desk: Desk, browser: Browser) -> None:
    """A script only spares reloading."""
    desk.triaged(subject="It stops")
    desk.engine()
    browser.sign_in(desk, "agent")
    browser.scripts(on=False)
    try:
        browser.open("/desk")
        assert "It stops" in browser.find("[data-live=due_next]").text
        assert browser.find("meta[http-equiv=refresh]").get_attribute("content") == "30"
    finally:
        browser.scripts(on=True)


def test_the_language_is_switched_by_a_link(desk: Desk, browser: Browser) -> None:
    """And stays switched."""
    desk.triaged()
    desk.engine()
    browser.sign_in(desk, "agent")
    browser.click(".languages a[lang=cs]")
    browser.until(lambda: browser.text("h1") == "Tabule")
    browser.open("/desk/tickets/T-1")
    assert "Běží: termín je" in browser.text("main")


def test_an_open_page_whose_token_ended_leads_to_the_form(desk: Desk, browser: Browser) -> None:
    """With the next thing that happens, and the reason."""
    name = desk.admit("gone", "agent", "a-9")
    browser.sign_in(desk, "gone")
    browser.until(lambda: browser.text("#connection") == "Updates as things happen")
    desk.revoke(name)
    desk.clock.now += instant.SECOND
    desk.opened()
    browser.until(lambda: browser.path == "/desk/sign-in")
    assert "This token was revoked" in browser.text("[role=alert]")
