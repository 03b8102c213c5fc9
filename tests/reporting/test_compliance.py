"""The compliance page is what source and tests say, and says so when they disagree."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from reporting import compliance
from reporting.compliance import Place
from reporting.rulebook import FAMILIES, RULES, Certainty, Rule

ROOT = Path(__file__).resolve().parents[2]
SOURCE = '''
"""Limits; VAF-3 to VAF-4."""

LEAST = 60
"""VAF-5: per cent."""


class TooLow(Exception):
    """Less than VAF-5 asks."""

    def why(self):
        # The larger one first (H). And SMF-2 decides.
        return 1
'''
TEST = """
import pytest

@pytest.mark.rule("VAF-5")
class TestLimits:
    @pytest.mark.rule("VAF-3", "VAF-4")
    def test_hold(self):
        pass

    @pytest.mark.parametrize("case", [pytest.param(1, marks=pytest.mark.rule("SMF-2"))])
    def test_order(self, case):
        pass
"""


def rule(id: str) -> Rule:
    return Rule(id=id, asks="A.", source="B", certainty=Certainty.LIKELY, extent="C.")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small project: one module that enforces four rules, one file that proves them."""
    for name, text in (("margin/limits.py", SOURCE), ("tests/test_limits.py", TEST)):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text)
    return tmp_path


class TestThePage:
    def test_is_what_the_source_says_today(self) -> None:
        text = compliance.page(compliance.survey(ROOT))
        assert (ROOT / "docs/compliance.md").read_text() == text, "stale: run `manage.py compliance`"

    def test_finds_no_fault_with_source_and_tests(self) -> None:
        assert compliance.faults(compliance.survey(ROOT)) == []

    def test_links_to_files_that_exist(self) -> None:
        links = re.findall(r"\]\(\.\./([^)]+)\)", (ROOT / "docs/compliance.md").read_text())
        assert len(links) > 50
        assert all((ROOT / link).is_file() for link in links)

    def test_shows_each_rule_with_its_places_and_tests(self, tree: Path) -> None:
        text = compliance.page(compliance.survey(tree), [rule("VAF-5")])
        assert "* [margin/limits.py](../margin/limits.py) `LEAST`" in text
        assert "* [tests/test_limits.py](../tests/test_limits.py) `TestLimits`" in text
        assert text.endswith(
            "* [margin/limits.py](../margin/limits.py) `TooLow.why`: The larger one first (H).\n"
        )


class TestASurvey:
    def test_names_module_constant_class_and_method(self, tree: Path) -> None:
        found = compliance.survey(tree).enforced
        assert found == {
            "VAF-3": [Place("margin/limits.py", "")],
            "VAF-4": [Place("margin/limits.py", "")],
            "VAF-5": [Place("margin/limits.py", "LEAST"), Place("margin/limits.py", "TooLow")],
            "SMF-2": [Place("margin/limits.py", "TooLow.why")],
        }

    def test_reads_marks_on_classes_tests_and_single_cases(self, tree: Path) -> None:
        found = compliance.survey(tree).proved
        assert found == {
            "VAF-5": [Place("tests/test_limits.py", "TestLimits")],
            "VAF-3": [Place("tests/test_limits.py", "TestLimits.test_hold")],
            "VAF-4": [Place("tests/test_limits.py", "TestLimits.test_hold")],
            "SMF-2": [Place("tests/test_limits.py", "TestLimits.test_order")],
        }


class TestFaults:
    RULES = tuple(map(rule, ("VAF-3", "VAF-4", "VAF-5", "SMF-2")))

    def test_are_none_where_all_agree(self, tree: Path) -> None:
        assert compliance.faults(compliance.survey(tree), self.RULES) == []

    def test_name_a_rule_without_a_test(self, tree: Path) -> None:
        (tree / "tests/test_limits.py").write_text(TEST.replace('"VAF-3", ', ""))
        assert compliance.faults(compliance.survey(tree), self.RULES) == ["no test proves VAF-3"]

    def test_name_a_rule_that_nothing_enforces(self, tree: Path) -> None:
        (tree / "margin/limits.py").write_text(SOURCE.replace("SMF-2", "nobody"))
        assert compliance.faults(compliance.survey(tree), self.RULES) == ["nothing enforces SMF-2"]

    def test_name_a_marker_and_a_docstring_of_an_unknown_rule(self, tree: Path) -> None:
        wrong = compliance.faults(compliance.survey(tree), self.RULES[:-1])
        assert wrong == [
            "margin/limits.py TooLow.why names SMF-2, which the rulebook does not know",
            "tests/test_limits.py TestLimits.test_order proves SMF-2, which the rulebook does not know",
        ]


class TestTheCommand:
    def test_finds_the_page_fresh(self, capsys: pytest.CaptureFixture[str]) -> None:
        call_command("compliance", "--check")
        assert f"{len(RULES)} rules" in capsys.readouterr().out

    def test_refuses_a_stale_page(self, tree: Path, settings: Any) -> None:
        settings.BASE_DIR = tree
        with pytest.raises(CommandError, match="stale"):
            call_command("compliance", "--check")


def test_a_rule_stands_in_the_table_once_and_in_a_known_family() -> None:
    ids = [rule.id for rule in RULES]
    assert len(set(ids)) == len(ids)
    assert all(id.split("-")[0] in FAMILIES for id in ids)
