"""Names of people in a real browser: any script, combining marks, markup as text, and found by searching."""

import subprocess
import sys

import pytest
from playwright.sync_api import expect

from brokerage.config.newcomers import PAPER
from tests.browser.conftest import ROOT
from tests.browser.test_desk import SCREENS, faults

pytestmark = pytest.mark.browser
NAMES = {
    "family_name": "<img src=x onerror=alert(1)> {{ 7*7 }}",
    "given_names": "大文 𠀀 q\u0323\u0307",
    "native_name": "محمد بن سلمان",
}
MAKE = """
from brokerage.access.models import User
User.objects.create_user("names", password="seven plain words make a fence")
"""


@pytest.fixture
def applicant(desk, stranger):
    """A client's login without a second factor, at the portal."""
    subprocess.run(
        [sys.executable, "manage.py", "shell", "-c", MAKE], cwd=ROOT, env=desk.environment, check=True
    )
    stranger.log_in("names", "seven plain words make a fence", door="/portal/login/")
    return stranger


def test_survive_pages_and_files_and_show_no_markup(applicant):
    page = applicant.go("/portal/apply/")
    assert faults(page) == []
    applicant.press("Begin")
    applicant.follow(page.get_by_role("link", name="Go on"))
    assert faults(page) == []
    for name, value in NAMES.items():
        page.locator(f"[name={name}]").fill(value)
    page.get_by_label("These are my own details").check()
    page.locator("[name=role]").select_option("holder")
    rest = {"birth_date": "1980-02-03", "nationality": "HK", "id_number": "A1", "line": "1 Road"}
    for name, value in (rest | {"city": "Hong Kong", "country": "HK"}).items():
        page.locator(f"[name={name}]").fill(value)
    applicant.press("Save")
    expect(page.get_by_role("status")).to_contain_text("Kept.")
    applicant.follow(page.get_by_role("link", name="Go on"))
    shown = page.locator("bdi.name").inner_text()
    assert shown == " ".join(NAMES.values())
    page.locator("[name=file]").set_input_files(
        {"name": "陳大文 ../<b>.pdf", "mimeType": "application/pdf", "buffer": PAPER}
    )
    applicant.press("Save")
    expect(page.get_by_role("status")).to_contain_text("Kept.")
    applicant.go("/portal/profile/")
    assert page.locator("bdi.name").all_inner_texts()[0] == " ".join(
        (NAMES["family_name"], NAMES["given_names"])
    )
    assert page.locator("img[src=x]").count() == 0
    assert faults(page) == []
    page.set_viewport_size(SCREENS["phone"]["viewport"])
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert applicant.complaints() == []


def test_of_the_demonstration_stand_on_the_onboarding_desk(staff):
    page = staff.go("/staff/onboarding/")
    assert faults(page) == []
    seen = []
    for number in range(page.locator("tbody a").count()):
        staff.follow(page.locator("tbody a").nth(number))
        seen += page.locator("bdi.name").all_inner_texts()
        assert faults(page) == []
        page.go_back()
    assert "سمير حداد" in seen
    assert "Nguyễn Thị Ánh" in seen
    assert staff.complaints() == []
