"""The desk in a real browser: what a member of staff does on a working day."""

import re
from decimal import Decimal

import psycopg
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
PAGES = (
    "/staff/",
    "/staff/margin/",
    "/staff/prices/",
    "/staff/policy/",
    "/staff/ledger/",
    "/staff/jobs/",
    "/staff/jobs/margin.revalue/",
    "/staff/password/",
    "/admin/",
    "/admin/market/instrument/",
)
SCREENS = {
    "light": {"color_scheme": "light", "viewport": {"width": 1360, "height": 850}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1360, "height": 850}},
    "phone": {"color_scheme": "light", "viewport": {"width": 360, "height": 740}},
}


def faults(page):
    """What axe finds wrong by WCAG 2.2 AA: rule and first place."""
    found = Axe().run(page, options={"runOnly": WCAG}).response["violations"]
    return [(each["id"], each["nodes"][0]["html"]) for each in found]


def figures(page, column):
    """One column of the monitor as exact numbers, top to bottom."""
    shown = page.locator(f"#monitor td[data-label='{column}']").all_inner_texts()
    return [Decimal(text.replace(",", "").removesuffix("\N{NO-BREAK SPACE}%")) for text in shown]


class TestLogIn:
    def test_wrong_and_unknown_are_refused_in_the_same_words(self, stranger, desk):
        heard = []
        for name in ("operations", "nobody"):
            stranger.log_in(name, "wrong")
            heard.append(stranger.page.get_by_role("alert").inner_text())
        assert heard[0] == heard[1]
        assert faults(stranger.page) == []
        assert stranger.complaints() == []

    def test_leads_to_the_page_asked_for_and_out_again(self, stranger, desk):
        page = stranger.go("/staff/margin/?risk=call")
        page.get_by_label("Username").fill("credit")
        page.get_by_label("Password").fill(desk.logins["credit"])
        page.keyboard.press("Enter")
        page.get_by_role("textbox", name="Code").fill(desk.code("credit"))
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile(r"/staff/margin/\?risk=call$"))
        expect(page.get_by_role("link", name="Jobs")).to_have_count(0)
        page.get_by_role("button", name="Log out").click()
        expect(page).to_have_url(re.compile("/staff/login/"))
        stranger.go("/staff/margin/")
        expect(page).to_have_url(re.compile("/staff/login/"))
        assert stranger.complaints() == []

    def test_says_that_this_is_a_demonstration(self, stranger):
        expect(stranger.go("/staff/login/").get_by_role("note")).to_contain_text("Demonstration")


@pytest.mark.parametrize("screen", SCREENS)
def test_every_page_is_accessible_and_keeps_to_the_policy(screen, chromium, desk, session):
    from tests.browser.conftest import Eyes

    with chromium.new_context(storage_state=session, **SCREENS[screen]) as context:
        eyes = Eyes(context.new_page(), desk.url)
        first = eyes.go("/staff/margin/").locator("#monitor tbody a").first.get_attribute("href")
        entry = eyes.go("/staff/ledger/").locator("#events tbody a").first.get_attribute("href")
        for path in (
            *PAGES,
            first,
            entry,
            "/staff/margin/?as_of=2020-01-01T00:00",
            "/staff/margin/?risk=call",
        ):
            page = eyes.go(path)
            assert faults(page) == [], path
            assert eyes.complaints() == [], path
            expect(page.get_by_role("note")).to_contain_text("Demonstration")
            if "/admin/" not in path:
                assert not page.evaluate("document.documentElement.scrollWidth > innerWidth"), path


class TestMonitor:
    def test_puts_the_worst_first_in_words(self, staff):
        words = staff.go("/staff/margin/").locator("#monitor .risk").all_inner_texts()
        assert words[0] == "Forced sale"
        assert {"Call", "Warning", "Safe"} <= set(words)
        assert [words.index(word) for word in ("Forced sale", "Call", "Warning", "Safe")] == sorted(
            words.index(word) for word in ("Forced sale", "Call", "Warning", "Safe")
        )

    def test_sorts_by_a_heading_both_ways(self, staff):
        page = staff.go("/staff/margin/")
        page.locator("#sort-loan").click()
        heading = page.locator("th:has(#sort-loan)")
        expect(heading).to_have_attribute("aria-sort", "descending")
        assert figures(page, "Loan") == sorted(figures(page, "Loan"), reverse=True)
        page.locator("#sort-loan").click()
        expect(heading).to_have_attribute("aria-sort", "ascending")
        assert figures(page, "Loan") == sorted(figures(page, "Loan"))

    def test_narrows_to_a_state_and_finds_a_client(self, staff):
        page = staff.go("/staff/margin/")
        staff.follow(page.locator("#state-warning"))
        assert set(page.locator("#monitor .risk").all_inner_texts()) == {"Warning"}
        staff.go("/staff/margin/").get_by_role("searchbox").fill("m10003")
        staff.press("Find")
        assert page.locator("#monitor tbody tr").count() == 1

    def test_refreshes_itself(self, staff):
        page = staff.go("/staff/margin/")
        shown = page.locator(".live").inner_text()
        expect(page.locator(".live")).not_to_have_text(shown, timeout=15_000)
        assert staff.complaints() == []

    def test_stands_still_when_paused(self, staff):
        page = staff.go("/staff/margin/?sort=-loan")
        page.get_by_role("link", name="Pause").click()
        expect(page.get_by_role("link", name="Resume")).to_be_visible()
        expect(page.locator("[hx-trigger]")).to_have_count(0)
        expect(page.locator("th:has(#sort-loan)")).to_have_attribute("aria-sort", "descending")

    def test_shows_the_book_as_it_was(self, staff, desk):
        with psycopg.connect(desk.database) as session:
            (moment,) = session.execute(
                "SELECT min(slot) + interval '9 days' FROM market_priceset"
            ).fetchone()
        page = staff.go("/staff/margin/")
        now = figures(page, "Lending value")
        page.get_by_label("As of").fill(moment.strftime("%Y-%m-%dT%H:%M"))
        staff.press("Show")
        expect(page.get_by_role("status")).to_contain_text("As the book stood at")
        assert figures(page, "Lending value") != now
        page.get_by_role("link", name="Back to now").click()
        expect(page.get_by_role("status")).to_have_count(0)
        assert staff.complaints() == []


class TestAccount:
    def test_leads_from_the_call_to_the_event_it_rests_on(self, staff):
        page = staff.go("/staff/margin/?risk=call")
        page.locator("#monitor tbody a").first.click()
        expect(page.get_by_role("heading", name=re.compile("Margin call for HKD"))).to_be_visible()
        expect(page.get_by_text("every number agrees")).to_be_visible()
        reference = page.locator("dt:text-is('Rests on') + dd a")
        name = reference.inner_text()
        reference.click()
        expect(page.get_by_text("verified and sealed")).to_be_visible()
        expect(page.locator(f"[id='{name}']")).to_contain_text("margin.call-issued")
        assert staff.complaints() == []

    def test_shows_a_hostile_name_as_text(self, staff, desk):
        hostile = "<img src=x onerror=alert(1)><script>alert(2)</script>"
        with psycopg.connect(desk.database) as session:
            session.execute(
                "UPDATE clients_clientlabel SET name = %s WHERE client ="
                " (SELECT id FROM clients_client WHERE reference = 'M10001')",
                [hostile],
            )
        page = staff.go("/staff/margin/?q=M10001")
        expect(page.get_by_text(hostile)).to_be_visible()
        assert staff.complaints() == []


class TestExplorer:
    def test_narrows_by_kind_and_goes_back_in_time(self, staff):
        page = staff.go("/staff/ledger/")
        page.get_by_label("Kind of event").select_option("margin.interest-accrued")
        staff.press("Show")
        kinds = page.locator("#events tbody th").all_inner_texts()
        assert set(kinds) == {"margin.interest-accrued"}
        newest = page.locator("#events tbody td.num").first.inner_text()
        staff.follow(page.get_by_role("link", name="Older"))
        assert int(page.locator("#events tbody td.num").first.inner_text()) < int(newest)
        assert staff.complaints() == []


def test_the_theme_chosen_stays_chosen(staff):
    page = staff.go("/staff/")
    chosen = "dark" if page.locator("html").get_attribute("data-bs-theme") == "light" else "light"
    page.get_by_role("button", name="Theme").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", chosen)
    staff.go("/staff/ledger/")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", chosen)


def test_the_keyboard_reaches_the_content_at_once(staff):
    page = staff.go("/staff/margin/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
