"""How people get in and keep others out, in a real browser with a virtual authenticator."""

import re
import subprocess
import sys
import time

import pytest
from playwright.sync_api import expect

from brokerage.access import factors
from tests.browser.conftest import ROOT, Eyes
from tests.browser.test_desk import SCREENS, faults

pytestmark = pytest.mark.browser
PARTS = ("", "app/", "passkey/", "codes/", "contact/")
STAFF_PAGES = (*(f"/staff/security/{part}" for part in PARTS), "/staff/password/", "/staff/confirm/")
WORDS = "seven plain words make a fence"
AT_HOME = re.compile(r"/staff/$")


@pytest.fixture
def newcomer(desk, chromium, request):
    """A login that the staff command has just made: its name, and the password chosen behind its link."""
    name = f"n{abs(hash(request.node.name)) % 10**8}{time.monotonic_ns() % 1000}"
    made = subprocess.run(
        [sys.executable, "manage.py", "staff", "add", name, "--person", name, "--role", "credit"],
        cwd=ROOT,
        env=desk.environment,
        check=True,
        capture_output=True,
        text=True,
    )
    link = made.stdout.split()[-1]
    with chromium.new_context() as context:
        eyes = Eyes(context.new_page(), desk.url)
        page = eyes.go(link[link.index("/staff/") :])
        assert faults(page) == []
        for label in ("New password:", "New password confirmation:"):
            page.get_by_label(label, exact=True).fill(WORDS)
        eyes.press("Set the password")
        expect(page).to_have_url(re.compile("/staff/login/$"))
        assert eyes.complaints() == []
    return name, WORDS


@pytest.fixture
def device(stranger):
    """The browser has a fingerprint reader whose owner is always there."""
    tools = stranger.page.context.new_cdp_session(stranger.page)
    tools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    added = tools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return tools, added["authenticatorId"]


def set_up_app(page):
    """Set up an app on the page that is open; its secret."""
    page.get_by_role("link", name="Set up an app").click()
    secret = page.locator("#secret").inner_text()
    page.get_by_role("textbox", name="Code").fill(factors.code_at(secret, int(time.time()) // 30))
    page.get_by_role("button", name="Set up").click()
    return secret


def later(secret):
    """A code of the app that was not typed in yet."""
    return factors.code_at(secret, int(time.time()) // 30 + 1)


class TestPasskey:
    def test_is_made_and_opens_the_desk_by_itself(self, stranger, device, newcomer):
        page = stranger.log_in(*newcomer)
        expect(page).to_have_url(re.compile("/staff/security/$"))
        page.get_by_role("link", name="Add a passkey").click()
        page.get_by_label("Name").fill("Blue laptop")
        page.get_by_role("button", name="Add").click()
        expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
        stranger.go("/staff/security/")
        expect(page.get_by_text("Blue laptop")).to_be_visible()
        stranger.press("Log out")
        page.get_by_role("button", name="Log in with a passkey").click()
        expect(page).to_have_url(AT_HOME)
        assert stranger.complaints() == []

    def test_serves_as_second_step_and_can_be_refused(self, stranger, device, newcomer):
        page = stranger.log_in(*newcomer)
        page.get_by_role("link", name="Add a passkey").click()
        page.get_by_role("button", name="Add").click()
        expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
        stranger.press("Log out")
        tools, authenticator = device
        stranger.log_in(*newcomer)
        refuse = {"authenticatorId": authenticator, "isUserVerified": False}
        tools.send("WebAuthn.setUserVerified", refuse)
        page.get_by_role("button", name="Use a passkey").click()
        expect(page.get_by_role("alert")).to_be_visible()
        tools.send("WebAuthn.setUserVerified", refuse | {"isUserVerified": True})
        page.get_by_role("button", name="Use a passkey").click()
        expect(page).to_have_url(AT_HOME)


class TestApp:
    def test_is_demanded_before_anything_else_opens(self, stranger, newcomer):
        page = stranger.log_in(*newcomer)
        for path in ("/staff/", "/staff/margin/", "/staff/ledger/", "/admin/"):
            stranger.go(path)
            expect(page).to_have_url(re.compile("/staff/security/$"))
        secret = set_up_app(page)
        expect(page.locator(".codes li")).to_have_count(10)
        stranger.go("/staff/margin/")
        expect(page.get_by_role("heading", level=1)).to_have_text("Margin monitor")
        stranger.press("Log out")
        page = stranger.log_in(*newcomer, code=later(secret))
        expect(page).to_have_url(AT_HOME)
        assert stranger.complaints() == []

    def test_code_is_good_once(self, stranger, newcomer):
        page = stranger.log_in(*newcomer)
        secret = set_up_app(page)
        code = later(secret)
        stranger.press("Log out")
        expect(stranger.log_in(*newcomer, code=code)).to_have_url(AT_HOME)
        stranger.press("Log out")
        page = stranger.log_in(*newcomer, code=code)
        expect(page.get_by_role("alert")).to_contain_text("A code is good once")
        assert faults(page) == []

    def test_recovery_code_opens_once_in_its_place(self, stranger, newcomer):
        page = stranger.log_in(*newcomer)
        set_up_app(page)
        code = page.locator(".codes li").first.inner_text()
        stranger.press("Log out")
        expect(stranger.log_in(*newcomer, code=code)).to_have_url(AT_HOME)
        stranger.press("Log out")
        expect(stranger.log_in(*newcomer, code=code).get_by_role("alert")).to_be_visible()


def test_five_wrong_codes_lock_the_second_step(stranger, newcomer):
    page = stranger.log_in(*newcomer)
    set_up_app(page)
    stranger.press("Log out")
    stranger.log_in(*newcomer)
    for _ in range(5):
        page.get_by_role("textbox", name="Code").fill("00000000")
        stranger.press("Go on")
    expect(page.get_by_role("heading", name="Too many attempts")).to_be_visible()


def test_a_session_elsewhere_can_be_ended(chromium, stranger, desk, newcomer):
    page = stranger.log_in(*newcomer)
    secret = set_up_app(page)
    with chromium.new_context() as context:
        other = Eyes(context.new_page(), desk.url)
        expect(other.log_in(*newcomer, code=later(secret))).to_have_url(AT_HOME)
        stranger.go("/staff/security/")
        expect(page.get_by_text("This session")).to_have_count(1)
        page.get_by_role("button", name="End all others").click()
        expect(page.get_by_role("button", name="End all others")).to_have_count(0)
        other.go("/staff/margin/")
        expect(other.page).to_have_url(re.compile("/staff/login/"))


def test_a_matter_of_weight_asks_again_and_leads_back(stranger, newcomer):
    page = stranger.log_in(*newcomer)
    secret = set_up_app(page)
    stranger.go("/staff/confirm/?next=https://evil.example/")
    page.get_by_role("textbox", name="Code").fill(later(secret))
    page.get_by_role("button", name="Go on").click()
    expect(page).to_have_url(AT_HOME)


@pytest.mark.parametrize("screen", SCREENS)
def test_every_page_is_accessible_and_keeps_to_the_policy(screen, chromium, desk, newcomer):
    with chromium.new_context(**SCREENS[screen]) as context:
        eyes = Eyes(context.new_page(), desk.url)
        for path in ("/staff/login/", "/portal/login/"):
            assert faults(eyes.go(path)) == [], path
        page = eyes.log_in(*newcomer)
        assert faults(page) == []
        set_up_app(page)
        for path in STAFF_PAGES:
            assert faults(eyes.go(path)) == [], path
            widest = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert widest <= 0, path
        eyes.press("Log out")
        eyes.log_in(*newcomer)
        assert faults(page) == []
        assert eyes.complaints() == []


@pytest.fixture
def customer(desk):
    """A client's login, opened by hand: its name and password."""
    name = f"c{time.monotonic_ns()}"
    opening = (
        "from uuid import uuid4; from brokerage.access.commands import open_client_login;"
        f"open_client_login({name!r}, uuid4(), {WORDS!r})"
    )
    subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", opening],
        cwd=ROOT,
        env=desk.environment,
        check=True,
        capture_output=True,
    )
    return name, WORDS


@pytest.mark.parametrize("screen", SCREENS)
def test_every_portal_page_is_accessible_and_keeps_to_the_policy(screen, chromium, desk, customer):
    with chromium.new_context(**SCREENS[screen]) as context:
        eyes = Eyes(context.new_page(), desk.url)
        page = eyes.log_in(*customer, door="/portal/login/")
        expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
        eyes.go("/portal/security/")
        set_up_app(page)
        for part in (*(f"security/{part}" for part in PARTS), "", "password/", "confirm/", "keys/"):
            assert faults(eyes.go(f"/portal/{part}")) == [], part
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, part
        eyes.go("/staff/")
        expect(page.get_by_role("heading", level=1)).to_have_text("Not yours to open")
        assert [line for line in eyes.complaints() if "403" not in line] == []


def test_a_role_is_proposed_and_a_key_made_at_the_desk(staff):
    page = staff.go("/staff/logins/")
    assert faults(page) == []
    staff.follow(page.get_by_role("link", name="credit", exact=True))
    assert faults(page) == []
    page.get_by_label("Another role").select_option("auditor")
    page.get_by_role("button", name="Propose to grant").click()
    expect(page.get_by_role("status")).to_contain_text("another person must approve it")
    staff.go("/staff/keys/")
    assert faults(page) == []
    page.get_by_label("What it is for").fill("nightly export")
    page.get_by_label("see margin").check()
    page.get_by_label("Networks").fill("192.0.2.0/24")
    page.get_by_role("button", name="Propose").click()
    expect(page.get_by_role("status")).to_contain_text("another person must approve it")
    assert staff.complaints() == []
