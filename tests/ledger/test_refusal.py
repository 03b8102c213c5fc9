"""What has to say why is refused in one way, under the code of the room that asks."""

import re
from pathlib import Path

import pytest

from brokerage.ledger.refusal import ReasonMissing, Refused, check_reason

ROOT = Path(__file__).resolve().parents[2]
ROOMS = {"access", "custody", "margin"}
"""Those that ask for reasons in words, as docs/api.md lists their codes; clients' reasons are codes."""


@pytest.mark.parametrize("reason", ["", " ", "\n\t"])
def test_no_reason_is_refused_in_the_rooms_name(reason: str) -> None:
    with pytest.raises(Refused) as refused:
        check_reason("margin", reason, "Say why.")
    assert (type(refused.value), refused.value.code) == (ReasonMissing, "margin.reason-missing")
    assert refused.value.message == "Say why."


def test_a_reason_passes() -> None:
    check_reason("margin", "case 7", "Say why.")


def test_nobody_checks_it_another_way() -> None:
    asked, others = set(), []
    for path in [path for room in ("brokerage", "custody", "margin") for path in (ROOT / room).rglob("*.py")]:
        text = path.read_text()
        asked |= set(re.findall(r'check_reason\(\s*"([a-z]+)"', text))
        others += re.findall(r"class \w*Reason\w*\(Refused\)|if not reason\.strip\(\):", text)
    assert asked == ROOMS
    assert sorted(others) == [
        "class BadReason(Refused)",
        "class ReasonMissing(Refused)",
        "if not reason.strip():",
    ]


def test_the_codes_are_documented() -> None:
    said = (ROOT / "docs" / "api.md").read_text()
    assert all(f"`{room}.reason-missing`" in said for room in ROOMS)
    assert "`clients.bad-reason`" in said
