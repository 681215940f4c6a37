"""The pages in a real browser: what a script adds, and who can use them."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.keys import Keys

from domain import instant
from infra.store.deliveries import opened as opened_deliveries
from tests.web.browser import Browser, chromium, running_engine
from tests.web.desk import ANSWER, GENEROUS, RESOLUTION, TRIAGE, Desk

PAGES = (
    "/desk",
    "/desk/tickets",
    "/desk/tickets/T-1",
    "/desk/open",
    "/desk/promises",
    "/desk/alerts",
    "/desk/policy",
)


_LONGEST_LINE = """
    const ruler = document.body.appendChild(document.createElement("span"));
    ruler.textContent = "0".repeat(100);
    ruler.style.position = "absolute";
    const longest = [...document.querySelectorAll("main p, main li, main dd, .words, textarea")]
      .filter((one) => one.textContent.trim() && !one.querySelector("table"))
      .map((one) => {
        ruler.style.font = getComputedStyle(one).font;
        const range = document.createRange();
        range.selectNodeContents(one);
        const width = one.matches("textarea") ? 0 : range.getBoundingClientRect().width;
        return width / (ruler.getBoundingClientRect().width / 100);
      });
    ruler.remove();
    return Math.max(0, ...longest);
"""
"""The width of the longest line of text, in digits: about as many letters."""

_CUT_OFF = """
    const found = [];
    const ruler = document.createElement("canvas").getContext("2d");
    for (const list of document.querySelectorAll(".board, .rows")) {
      const { scrollWidth, clientWidth } = list.parentElement;
      if (scrollWidth > clientWidth) found.push(`${scrollWidth - clientWidth} pixels too wide`);
      for (const cell of list.querySelectorAll("th, td")) {
        // On a phone the heads are there for screen readers alone.
        const isHead = list.tHead.contains(cell) && list.tHead.clientWidth <= 1;
        if (isHead || !cell.checkVisibility()) continue;
        const { font, paddingLeft, paddingRight } = getComputedStyle(cell);
        ruler.font = font;
        const room = cell.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
        const words = cell.innerText.split(/\\s+/).filter((one) => one.length <= 14);
        const wide = words.filter((one) => ruler.measureText(one).width > room + 1);
        if (wide.length) found.push(`${wide} in ${room} pixels`);
      }
    }
    return found;
"""
"""Which list of tickets scrolls sideways, and which of its cells breaks short words."""

_HARD_TO_USE = """
    const found = [];
    const all = "a, button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']";
    for (const one of document.querySelectorAll(all)) {
      if (!one.checkVisibility() || one.matches(".skip") || one.closest("dialog")) continue;
      const name = one.outerHTML.slice(0, 100);
      one.focus();
      const box = one.getBoundingClientRect();
      const size = `${box.width}x${box.height}`;
      if (box.width < 24 || box.height < 24) found.push(`small, ${size}: ${name}`);
      const { outlineStyle, outlineWidth } = getComputedStyle(one);
      const framed = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
      if (document.activeElement !== one || !framed) found.push(`no frame: ${name}`);
      const x = Math.min(innerWidth - 2, Math.max(1, box.x + Math.min(12, box.width / 2)));
      const y = Math.min(innerHeight - 2, Math.max(1, box.y + Math.min(12, box.height / 2)));
      const top = document.elementFromPoint(x, y);
      const seen = top && (one.contains(top) || top.contains(one));
      if (!seen) found.push(`under ${top?.outerHTML.slice(0, 60)}: ${name}`);
    }
    return found;
"""
"""What is smaller than 24 pixels, and what has the focus without a frame or under something."""


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
    assert "What helps: it can be resolved anew" in browser.text("[role=alert]")
    # The page with the refusal goes on hearing what happens.
    browser.until(lambda: browser.text("#connection") == "Updates as things happen")
    desk.done("customer", f"/tickets/{ticket}/replies", {"message": "Not at all"})
    browser.until(lambda: "The customer wrote" in browser.text("[data-live=story]"))
    assert "AlreadyResolved" in browser.text("[role=alert]")
    browser.open(f"/desk/tickets/{ticket}/resolution")
    assert browser.path == f"/desk/tickets/{ticket}"


def test_what_can_be_done_follows_what_happens(desk: Desk, browser: Browser) -> None:
    """Without reload; but a form that is open stays as it is, with what was written in it."""
    ticket = desk.opened()
    browser.sign_in(desk, "agent", f"/desk/tickets/{ticket}")
    browser.until(lambda: browser.text("#connection") == "Updates as things happen")
    assert "Resolve" not in browser.text("#actions")
    desk.done("specialist", f"/tickets/{ticket}/triage", TRIAGE)
    browser.until(lambda: "Resolve" in browser.text("#actions"))
    browser.click("details:has(#responses) > summary")
    browser.find("#responses textarea").send_keys("Half a sente")
    browser.run("document.activeElement.blur()")
    desk.done("agent", f"/tickets/{ticket}/resolution", RESOLUTION)
    browser.until(lambda: "The problem was resolved" in browser.text("[data-live=story]"))
    assert browser.find("#responses textarea").get_attribute("value") == "Half a sente"


def test_who_reads_by_keys_is_left_where_they_are(desk: Desk, browser: Browser) -> None:
    """What happens meanwhile neither takes the focus away nor folds up what was opened."""
    ticket = desk.triaged()
    desk.done("agent", f"/tickets/{ticket}/responses", ANSWER)
    browser.sign_in(desk, "agent", f"/desk/tickets/{ticket}")
    browser.until(lambda: browser.text("#connection") == "Updates as things happen")
    browser.run("document.querySelector('details:has(.copy) > summary').focus()")
    browser.press(Keys.ENTER)
    desk.done("customer", f"/tickets/{ticket}/replies", {"message": "Firefox"})
    browser.until(lambda: "ongoing response 1" in browser.text("[data-live=clocks]"))
    browser.until(lambda: browser.run("return document.activeElement.tagName") == "SUMMARY")
    where = "return document.activeElement.closest('article').querySelector('h3').innerText"
    assert "initial response" in browser.run(where)
    assert browser.run("return document.activeElement.parentElement.open") is True


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


def test_time_that_grows_old_is_red_and_in_words(tmp_path: Path, driver: Chrome) -> None:
    """The page counts by itself, and hears how far time has come while nothing else happens."""
    limits = replace(GENEROUS, heartbeat_seconds=0.2)
    with Desk(tmp_path, limits) as desk, desk.listening() as address:
        browser = Browser(driver, address)
        desk.triaged()
        desk.engine()
        with browser.time_standing_still():
            browser.sign_in(desk, "agent")
        assert "Clocks judged 0:00:00 ago" in browser.text("#age")
        later = browser.run("return Number(main.dataset.now)") + 45

        def grown_old() -> bool:
            # Again and again: the page is brought up to date once it listens.
            browser.run("main.dataset.now = arguments[0]; count()", later)
            return "Out of date by 0:00:45" in browser.text("#age")

        browser.until(grown_old)
        assert browser.run("return document.querySelector('#age').className") == "bad"
        with running_engine(desk):
            desk.clock.now += 45 * instant.SECOND
            browser.until(lambda: "Clocks judged 0:00:00 ago" in browser.text("#age"))
        assert browser.run("return document.querySelector('#age').className") == ""
        driver.get("about:blank")


def test_a_page_that_is_looked_at_later_shows_what_happened_meanwhile(
    desk: Desk, browser: Browser
) -> None:
    """As one that was opened behind others; so it is with the moment until a page listens."""
    ticket = desk.triaged()
    with browser.in_the_background():
        browser.sign_in(desk, "agent", f"/desk/tickets/{ticket}")
    desk.done("customer", f"/tickets/{ticket}/replies", {"message": "Any news?"})
    browser.brought_to_front()
    browser.until(lambda: "The customer wrote" in browser.text("[data-live=story]"))


def test_the_due_mark_is_drawn_where_the_explanation_says(desk: Desk, browser: Browser) -> None:
    """In pixels: its share of the way between the margins is that of its time."""
    ticket = desk.triaged()
    desk.clock.now += 20 * instant.MINUTE
    browser.sign_in(desk, "agent", f"/desk/tickets/{ticket}")
    [explained] = desk.get("agent", f"/tickets/{ticket}/explanation").json()["clocks"]
    drawn, first, last = browser.run(
        "const svg = document.querySelector('.picture svg');"
        "const at = (one) => one.getBoundingClientRect();"
        "const night = at(svg.querySelector('.night')), due = at(svg.querySelector('.due'));"
        "return [(due.x + due.width / 2 - night.x) / night.width,"
        " Number(svg.dataset.first), Number(svg.dataset.last)]"
    )
    due = instant.parse(explained["due_at"])
    assert drawn == pytest.approx((due - first) / (last - first), abs=0.002)
    listed = browser.run(
        "return [...document.querySelectorAll('time')].map((one) => one.getAttribute('datetime'))"
    )
    assert explained["due_at"] in listed


def test_the_explanation_can_be_copied(desk: Desk, browser: Browser) -> None:
    """With one button."""
    browser.sign_in(desk, "agent", f"/desk/tickets/{desk.triaged()}")
    browser.allow("clipboardReadWrite", "clipboardSanitizedWrite")
    browser.click("details:has(.copy) > summary")
    browser.click("[data-copy]")
    browser.until(lambda: browser.text("[data-copy]") == "Copied")
    copied = "navigator.clipboard.readText().then(arguments[0])"
    assert browser.driver.execute_async_script(copied) == browser.run(
        "return document.querySelector('.copy').value"
    )


def test_signing_in_explains_itself_and_asks_for_nothing_to_remember(
    desk: Desk, browser: Browser
) -> None:
    """A token can be pasted and filled in by a password manager; a wrong one can be tried again."""
    browser.forget()
    browser.open("/desk/promises")
    assert browser.path == "/desk/sign-in"
    field = browser.find("#token")
    assert field.get_attribute("autocomplete") == "current-password"
    pasted = (
        "const event = new ClipboardEvent('paste', {cancelable: true, bubbles: true});"
        "return arguments[0].dispatchEvent(event)"
    )
    assert browser.run(pasted, field) is True
    field.send_keys("lhuta_nobody")
    browser.click("main button")
    browser.until(lambda: "Nobody holds this token" in browser.text("[role=alert]"))
    browser.find("#token").send_keys(desk.secrets["agent"])
    browser.click("main button")
    browser.until(lambda: browser.path == "/desk/promises")


def test_each_role_has_its_own_pages(desk: Desk, browser: Browser) -> None:
    """In the menu, in what can be done, and when somebody else's address is typed in."""
    desk.triaged(subject="Secret words")
    desk.engine()
    menus = {
        "customer": "Tickets New ticket Promises Policy",
        "auditor": "Board Tickets Promises Alerts Policy",
        "operator": "Board Promises Alerts Policy",
    }
    for who, menu in menus.items():
        browser.sign_in(desk, who, "/desk/policy")
        assert browser.text("nav").split() == menu.split()
    browser.open("/desk/tickets/T-1")
    assert "RoleForbids" in browser.text("[role=alert]")
    browser.sign_in(desk, "other customer", "/desk/tickets")
    assert "T-1" not in browser.text("main")
    browser.sign_in(desk, "auditor", "/desk/tickets/T-1")
    assert "Secret words" not in browser.text("body")
    assert "Nothing more can be done" in browser.text("#actions")


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


@pytest.mark.parametrize("language", ["en", "cs"])
def test_everything_fits_on_a_phone(desk: Desk, browser: Browser, language: str) -> None:
    """No page is wider than 360 pixels; of its own accord scrolls only what is no list of tickets.

    Nothing of a list is cut off, and nothing stands in a column of single letters.
    """
    # Times are longest where they have seconds.
    desk.clock.now += 27 * instant.SECOND
    desk.triaged(subject="Averylongwordwithoutanyblank" * 4)
    desk.triaged(ticket="INC" + "0" * 61, customer_id="c" * 64)
    desk.clock.now += 75 * instant.MINUTE
    desk.opened()
    desk.engine()
    browser.resize(360, 740)
    browser.sign_in(desk, "specialist")
    browser.open(f"/desk/language?lang={language}&to=/desk")
    for path in (*PAGES, "/desk/tickets/INC" + "0" * 61):
        browser.open(path)
        browser.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert browser.run("return document.documentElement.scrollWidth") <= 360, path
        assert browser.run(_CUT_OFF) == [], path


@pytest.mark.parametrize("width", [360, 1000, 1100, 1280])
def test_each_line_of_the_board_says_under_which_plan(
    desk: Desk, browser: Browser, width: int
) -> None:
    """Whose ticket, how grave, and what was bought stand there at every width."""
    desk.triaged(ticket="INC0010234")
    desk.opened()
    desk.engine()
    browser.resize(width, 900)
    browser.sign_in(desk, "agent")
    assert {"INC0010234", "c-1", "Premium", "critical"} <= set(browser.text("[data-row]").split())
    assert browser.run(_CUT_OFF) == []
    browser.open("/desk/language?lang=cs&to=/desk")
    assert browser.run(_CUT_OFF) == []


def test_what_is_late_by_nothing_is_red(desk: Desk, browser: Browser) -> None:
    """A promise can break at the end of a day, and no time is counted in the night."""
    desk.clock.now += 6 * instant.HOUR
    desk.triaged(plan="standard")
    desk.clock.now += 90 * instant.MINUTE
    desk.engine()
    browser.sign_in(desk, "agent")
    browser.until(lambda: browser.text("#connection") == "Updates as things happen")
    assert browser.text(".broken [data-text]") == "0:00:00"
    browser.run("count()")
    assert browser.run("return document.querySelector('.broken [data-text]').className") == "bad"


@pytest.mark.parametrize("language", ["en", "cs"])
def test_the_segments_of_a_clock_fit(desk: Desk, browser: Browser, language: str) -> None:
    """Who checks a calculation at 1280 pixels does not have to scroll sideways."""
    desk.clock.now += 27 * instant.SECOND + 904_152
    ticket = desk.triaged()
    desk.clock.now += 12 * instant.DAY
    browser.sign_in(desk, "specialist")
    browser.open(f"/desk/language?lang={language}&to=/desk/tickets/{ticket}")
    browser.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    widths = browser.run(
        "return [...document.querySelectorAll('.segments')]"
        ".map(({rows, parentElement: {scrollWidth, clientWidth}}) =>"
        " [rows.length, scrollWidth - clientWidth])"
    )
    assert max(rows for rows, _ in widths) > 20
    assert [over for _, over in widths] == [0] * len(widths)


def test_everything_can_be_read_on_a_wide_screen(desk: Desk, browser: Browser) -> None:
    """At 4K nothing scrolls sideways, letters grow, and no line is longer than 80 of them."""
    desk.triaged(subject="It stops", body="A long text. " * 200)
    desk.engine()
    browser.resize(3840, 2160)
    browser.sign_in(desk, "specialist")
    for path in PAGES:
        browser.open(path)
        assert browser.run("return document.documentElement.scrollWidth") <= 3840, path
        browser.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert browser.run(_LONGEST_LINE) <= 80, path
    assert browser.run("return parseFloat(getComputedStyle(document.body).fontSize)") >= 20


@pytest.mark.parametrize("width", [360, 1280])
def test_what_is_pointed_at_is_large_enough_and_what_has_focus_is_seen(
    desk: Desk, browser: Browser, width: int
) -> None:
    """WCAG 2.2: 24 pixels (2.5.8), nothing above it (2.4.11), a frame around it (2.4.13)."""
    broken = desk.triaged()
    desk.opened()
    desk.clock.now += 75 * instant.MINUTE
    desk.done("agent", f"/tickets/{broken}/responses", ANSWER)
    desk.triaged()
    desk.engine()
    browser.resize(width, 900)
    browser.forget()
    browser.open("/desk/sign-in")
    assert browser.run(_HARD_TO_USE) == []
    browser.sign_in(desk, "specialist")
    for path in (*PAGES, "/desk?plan=premium", "/desk?as_of=2026-03-09T10:30", "/desk/nowhere"):
        browser.open(path)
        browser.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert browser.run(_HARD_TO_USE) == [], path


def test_help_is_in_the_same_place_everywhere(desk: Desk, browser: Browser) -> None:
    """WCAG 2.2 (3.2.6): by a click, too, and behind everything else."""
    desk.triaged()
    browser.sign_in(desk, "specialist")
    for path in PAGES:
        browser.open(path)
        places = browser.run(
            "const all = [...document.querySelectorAll('a, button')]"
            ".filter((one) => !one.closest('dialog')).slice(-2);"
            "return all.map((one) => one.textContent.trim())"
        )
        assert places == ["Keys ?", "The API"], path
    browser.click("#help")
    assert "next and previous row" in browser.text("#keys[open]")


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
    past, filtered = "/desk?as_of=2026-03-09T10:30", "/desk?plan=premium&text=board"
    for path in (*PAGES, past, filtered, "/desk/nowhere", "/desk/alerts?kind=breach", "/docs"):
        browser.open(path)
        browser.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert browser.barriers() == [], path
    browser.open("/desk/tickets/T-2")
    browser.click("details:has(#triage) > summary")
    browser.run("document.querySelector('#triage-supported').value = 'no'")
    browser.click("#triage button")
    browser.until(lambda: "RationaleMissing" in browser.text("[role=alert]"))
    assert browser.barriers() == []


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


def test_what_was_written_outlives_its_session(desk: Desk, browser: Browser) -> None:
    """Who has to sign in again before it is sent finds it in its form; nobody else does."""
    ticket = desk.triaged()
    written = "return document.querySelector('#responses textarea').value"
    for after in ("agent", "specialist"):
        browser.sign_in(desk, "agent", f"/desk/tickets/{ticket}")
        browser.click("details:has(#responses) > summary")
        browser.find("#responses textarea").send_keys("A long answer")
        browser.run("document.querySelector('#responses-awaiting').value = 'support'")
        browser.forget()
        browser.click("#responses button")
        browser.until(lambda: browser.path == "/desk/sign-in")
        browser.find("#token").send_keys(desk.secrets[after])
        browser.click("main button")
        browser.until(lambda: browser.path == f"/desk/tickets/{ticket}")
        assert browser.run(written) == ("A long answer" if after == "agent" else "")
        if after == "agent":
            browser.click("#responses button")
            browser.until(lambda: "A long answer" in browser.text("[data-live=story]"))
            assert "support owes the next step" in browser.text("[data-live=story]")
            # What was taken does not come again.
            browser.open(f"/desk/tickets/{ticket}")
            assert browser.run(written) == ""


def test_what_is_being_written_outlives_its_session(desk: Desk, browser: Browser) -> None:
    """Also where the page itself finds out that nobody is signed in any more."""
    name = desk.admit("gone", "agent", "a-9")
    browser.sign_in(desk, "gone", "/desk/open")
    ticket = desk.triaged()
    browser.open(f"/desk/tickets/{ticket}")
    browser.until(lambda: browser.text("#connection") == "Updates as things happen")
    browser.click("details:has(#responses) > summary")
    browser.find("#responses textarea").send_keys("Half a sente")
    browser.run("document.activeElement.blur()")
    desk.revoke(name)
    desk.admit("back", "agent", "a-9")
    desk.clock.now += instant.SECOND
    desk.done("agent", f"/tickets/{ticket}/replies", {"message": "Firefox"})
    browser.until(lambda: browser.path == "/desk/sign-in")
    browser.find("#token").send_keys(desk.secrets["back"])
    browser.click("main button")
    browser.until(lambda: browser.path == f"/desk/tickets/{ticket}")
    assert browser.find("#responses textarea").get_attribute("value") == "Half a sente"


def test_the_language_is_switched_by_a_link(desk: Desk, browser: Browser) -> None:
    """And stays switched."""
    desk.triaged()
    desk.engine()
    browser.sign_in(desk, "agent")
    browser.click(".languages a[lang=cs]")
    browser.until(lambda: browser.text("h1") == "Tabule")
    browser.open("/desk/tickets/T-1")
    assert "Běží: termín je" in browser.text("main")


def test_a_link_with_a_token_needs_only_a_click(desk: Desk, browser: Browser) -> None:
    """The token is gone from the address, and nobody is signed in without the click."""
    browser.forget()
    browser.open(f"/desk/sign-in#{desk.secrets['agent']}")
    browser.until(lambda: browser.find("#token").get_attribute("value") == desk.secrets["agent"])
    assert browser.run("return location.href").endswith("/desk/sign-in")
    browser.press(Keys.ENTER)
    browser.until(lambda: browser.path == "/desk")


@pytest.mark.parametrize("how", ["was revoked", "has expired"])
def test_an_open_page_whose_token_ended_leads_to_the_form(
    desk: Desk, browser: Browser, how: str
) -> None:
    """With the next thing that happens, and the reason."""
    name = desk.admit("gone", "agent", "a-9", expires_at=desk.clock.now + instant.HOUR)
    browser.sign_in(desk, "gone")
    browser.until(lambda: browser.text("#connection") == "Updates as things happen")
    if how == "was revoked":
        desk.revoke(name)
    desk.clock.now += instant.HOUR if how == "has expired" else instant.SECOND
    desk.opened()
    browser.until(lambda: browser.path == "/desk/sign-in")
    assert f"This token {how}" in browser.text("[role=alert]")
