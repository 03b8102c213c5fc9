"""What the pages point at exists, and every setting is described. Decisions may outlive what they name."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
ABSENT = {"docs/benchmarks.md", "docs/decisions/NNN-title.md"}
"""Written by `make bench`, and a pattern."""
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)\)")
PATH = re.compile(r"`((?:brokerage|custody|margin|reporting|templates|tests|docs)/[\w./-]+)`")


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_and_paths_of_a_page_lead_somewhere(page: Path) -> None:
    text = page.read_text()
    linked = {(page.parent / link).resolve() for link in LINK.findall(text)}
    mentioned = {ROOT / path for path in PATH.findall(text)}
    missing = {named(path) for path in linked | mentioned if not path.exists()}
    assert missing - ABSENT == set()


def test_every_setting_is_described() -> None:
    text = (ROOT / "docs/deployment.md").read_text()
    source = "".join(path.read_text() for path in (ROOT / "brokerage/config").glob("*.py"))
    read = set(re.findall(r'(?:env\.\w+|environ\.get|required)\(\s*"([A-Z_]+)"', source))
    assert len(read) > 10
    assert {name for name in read if f"`{name}`" not in text and not name.startswith("PRAYA_TEST_")} == set()
