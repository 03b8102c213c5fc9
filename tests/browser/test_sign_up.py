"""From a stranger's first page to the wizard's first step, in a real browser, with and without JavaScript."""

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from playwright.sync_api import expect

from brokerage.access import factors
from tests.browser.conftest import ROOT, Eyes
from tests.browser.test_desk import SCREENS, faults

pytestmark = pytest.mark.browser
WORDS = "seven plain words make a fence"


def sent(desk):
    """Every mail the demonstration has written, once what waited was sent."""
    relay = "from brokerage.jobs import outbox; outbox.relay()"
    subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", relay],
        cwd=ROOT,
        env=desk.environment,
        check=True,
        capture_output=True,
    )
    letters = (Path(desk.environment["PRAYA_DATA_DIR"]) / "mail").glob("*.log")
    return "".join(letter.read_text() for letter in letters)


def link_to(desk, address):
    """Where the newest letter to an address leads, within the site."""
    letter = sent(desk).rpartition(f"To: {address}\n")[2]
    return re.search(r"https?://[^/]+(/portal/join/\S+)", letter)[1]


class Newcomer:
    """Somebody at the portal who looks hard at each page."""

    def __init__(self, eyes, desk):
        self.eyes, self.page, self.desk = eyes, eyes.page, desk

    def sees(self, title):
        """The page of that title: accessible, no wider than the screen, and in keeping with the policy."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(title)
        assert faults(self.page) == [], title
        assert self.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, title
        assert self.eyes.complaints() == [], title

    def asks(self, address):
        """Ask for a link on the first page."""
        self.eyes.go("/portal/login/")
        self.eyes.follow(self.page.get_by_role("link", name="Open a login"))
        self.sees("Open a login")
        self.page.get_by_label("E-mail address").fill(address)
        self.eyes.press("Send the link")
        self.sees("Look into your mail")

    def opens(self, address):
        """Follow the newest letter and choose a password."""
        way = link_to(self.desk, address)
        self.eyes.go(way)
        expect(self.page).to_have_url(re.compile("/portal/join/$"))
        self.sees("Choose a password")
        self.page.get_by_label("New password", exact=False).first.fill("short")
        self.page.get_by_label("confirmation", exact=False).fill("short")
        self.eyes.press("Open the login")
        expect(self.page.get_by_role("alert").first).to_be_visible()
        self.sees("Choose a password")
        for label in ("New password", "confirmation"):
            self.page.get_by_label(label, exact=False).first.fill(WORDS)
        self.eyes.press("Open the login")
        self.sees("Security")
        return way

    def proves(self):
        """Set up an app with codes, keep the recovery codes, and go on."""
        self.eyes.follow(self.page.get_by_role("link", name="Set up an app"))
        self.sees("Set up an app")
        secret = self.page.locator("#secret").inner_text()
        code = factors.code_at(secret, int(time.time()) // 30)
        self.page.get_by_role("textbox", name="Code").fill(code)
        self.eyes.press("Set up")
        self.sees("Recovery codes")
        self.eyes.follow(self.page.get_by_role("link", name="I have kept them"))

    def begins(self):
        """Start a joint application; the first page of it is open then."""
        self.sees("Become a client")
        self.page.get_by_label("Who will be the client?").select_option("joint")
        self.eyes.press("Begin")
        self.sees("Your application")
        self.eyes.follow(self.page.get_by_role("link", name="Go on"))
        self.sees("People")

    def names(self, given, **own):
        """Name a holder on the page that is open, and come back to the overview."""
        holder = {"family_name": "Chan", "given_names": given, "birth_date": "1980-02-03"}
        holder |= {"nationality": "HK", "id_number": "A123456(3)", "country": "HK"}
        for name, text in (holder | {"line": "1 Harbour Road", "city": "Hong Kong"}).items():
            self.page.locator(f"#id_{name}").fill(text)
        self.page.locator("#id_role").select_option("holder")
        self.page.locator("#id_me").set_checked(own.get("me", False))
        self.eyes.press("Save")
        self.sees("Your application")

    def invites(self, address):
        """Have a link sent to the other holder."""
        self.eyes.follow(self.page.get_by_role("link", name="Others who sign"))
        self.sees("Others who sign")
        self.page.get_by_label("own e-mail address").fill(address)
        self.eyes.press("Send the link")
        self.sees("Others who sign")
        expect(self.page.get_by_text("Invited", exact=True)).to_be_visible()


@pytest.mark.parametrize("screen", SCREENS)
def test_a_stranger_gets_from_the_mail_to_the_first_step_of_the_wizard(screen, chromium, desk):
    address = f"{screen}{time.monotonic_ns()}.with.a.rather.long.name@department.example.com"
    with chromium.new_context(**SCREENS[screen]) as context:
        newcomer = Newcomer(Eyes(context.new_page(), desk.url), desk)
        newcomer.asks(address)
        way = newcomer.opens(address)
        newcomer.proves()
        newcomer.begins()
        newcomer.names("Ada", me=True)
        newcomer.eyes.follow(newcomer.page.get_by_role("link", name="People"))
        newcomer.names("Bo Wing-tung Alexandra Montgomery-Featherstonehaugh")
        newcomer.invites(f"other.{address}")
        newcomer.eyes.go(way)
        assert [line for line in newcomer.eyes.complaints() if "410" not in line] == []
        newcomer.sees("This link is of no more use")
    with chromium.new_context(**SCREENS[screen]) as context:
        other = Newcomer(Eyes(context.new_page(), desk.url), desk)
        other.opens(f"other.{address}")
        other.proves()
        other.sees("Become a client")
        other.eyes.follow(other.page.get_by_role("link", name="Joint"))
        other.sees("Your application")


def test_a_stranger_needs_no_script(chromium, desk):
    address = f"plain{time.monotonic_ns()}@example.com"
    with chromium.new_context(java_script_enabled=False) as context:
        eyes = Eyes(context.new_page(), desk.url)
        page = eyes.go("/portal/sign-up/")
        page.get_by_label("E-mail address").fill(address)
        eyes.press("Send the link")
        eyes.go(link_to(desk, address))
        for label in ("New password", "confirmation"):
            page.get_by_label(label, exact=False).first.fill(WORDS)
        eyes.press("Open the login")
        eyes.follow(page.get_by_role("link", name="Set up an app"))
        secret = page.locator("#secret").inner_text()
        page.get_by_role("textbox", name="Code").fill(factors.code_at(secret, int(time.time()) // 30))
        eyes.press("Set up")
        eyes.follow(page.get_by_role("link", name="I have kept them"))
        expect(page.get_by_role("heading", level=1)).to_have_text("Become a client")
