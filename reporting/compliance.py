"""The compliance page: rule -> where it is enforced -> the tests that prove it, read from the source.

A place enforces a rule if its docstring or a comment in it names the rule's id; a test proves a rule if
`@pytest.mark.rule("VAF-5")` stands on it or on one of its cases. Nothing is imported or run, and no
line numbers are kept, so the page changes only when rules, names or tests do.
"""

import ast
import io
import re
import tokenize
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

from .rulebook import FAMILIES, RULES, Rule

ROOMS = ("brokerage", "custody", "margin", "reporting")
SILENT = ("reporting/rulebook.py", "reporting/compliance.py", "margin/replay/")
"""Where rules are talked about, or tried by invented clients, and none is enforced."""
RULE = re.compile(rf"\b({'|'.join(FAMILIES)})-(\d+)(?: to \1-(\d+))?\b")
CHOICE = "(H)"
SENTENCE = re.compile(r"(?<=\.)\s+")
DEFINED = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class Place(NamedTuple):
    """A module, as a path from the root, and the function, class or constant in it ("" for the module)."""

    path: str
    name: str

    def link(self) -> str:
        """The place as a Markdown link from docs/."""
        return f"[{self.path}](../{self.path})" + (f" `{self.name}`" if self.name else "")


class _Prose(NamedTuple):
    place: Place
    text: str


@dataclass(frozen=True, slots=True)
class Survey:
    """Rule ids with the places that enforce and prove them, and the house's own choices, sorted."""

    enforced: dict[str, list[Place]]
    proved: dict[str, list[Place]]
    choices: list[tuple[Place, str]]


def survey(root: Path) -> Survey:
    """Read every module of the rooms and every test below `root`."""
    enforced: dict[str, set[Place]] = defaultdict(set)
    choices = set()
    for path in _modules(root, *ROOMS):
        for place, text in _prose(root, path):
            for rule in named(text):
                enforced[rule].add(place)
            choices |= {(place, sentence) for sentence in SENTENCE.split(text) if CHOICE in sentence}
    proved: dict[str, set[Place]] = defaultdict(set)
    for path in _modules(root, "tests"):
        for place, rule in _marks(root, path):
            proved[rule].add(place)
    return Survey(
        {rule: sorted(places) for rule, places in enforced.items()},
        {rule: sorted(places) for rule, places in proved.items()},
        sorted(choices),
    )


def named(text: str) -> list[str]:
    """The rule ids in a text; "VAF-3 to VAF-6" names four."""
    return [
        f"{family}-{number}"
        for family, first, last in RULE.findall(text)
        for number in range(int(first), int(last or first) + 1)
    ]


def faults(found: Survey, rules: Sequence[Rule] = RULES) -> list[str]:
    """What is wrong between table, source and tests, a sentence each; empty when all is well."""
    known = {rule.id for rule in rules}
    unknown = "which the rulebook does not know"
    named_only, marked_only = found.enforced.keys() - known, found.proved.keys() - known
    return [
        *(f"{_where(found.enforced[rule])} names {rule}, {unknown}" for rule in sorted(named_only)),
        *(f"{_where(found.proved[rule])} proves {rule}, {unknown}" for rule in sorted(marked_only)),
        *(f"nothing enforces {rule}" for rule in sorted(known - found.enforced.keys())),
        *(f"no test proves {rule}" for rule in sorted(known - found.proved.keys())),
    ]


def page(found: Survey, rules: Sequence[Rule] = RULES) -> str:
    """The whole page in Markdown."""
    lines = [_HEAD]
    for family, title in FAMILIES.items():
        members = [rule for rule in rules if rule.id.startswith(f"{family}-")]
        if members:
            lines += [f"\n## {title}", *(_section(rule, found) for rule in members)]
    lines += [_CHOICES, *(f"* {place.link()}: {text}" for place, text in found.choices)]
    return "\n".join(lines) + "\n"


_HEAD = """\
# Compliance

Written by `manage.py compliance` from the source, its tests and `reporting/rulebook.py`; a test fails when it
is stale, when a rule has no test, or when source or test names a rule that the table does not know.

This is what the product enforces, not legal advice. Rules that are not on this page are not enforced yet.
Each source says how well the rule is known: *primary*, its text was read; *likely*, law firms, the press or
another authority say so; *unknown*, no figure was found, and the one in use is the house's own parameter."""

_CHOICES = """
## Choices of the house

Not law and asked for by nobody: our own figures and orders, marked (H) in the source. Each firm sets its own.
[Decision 007](decisions/007-margin-room.md) gives the reasons for margin's.
"""


def _section(rule: Rule, found: Survey) -> str:
    places = {"Enforced in": found.enforced, "Proved by": found.proved}
    lists = "".join(
        f"\n\n{heading}:\n" + "".join(f"\n* {place.link()}" for place in at.get(rule.id, []))
        for heading, at in places.items()
    )
    return (
        f"\n### {rule.id}: {rule.asks}\n\nSource: {rule.source} ({rule.certainty}).\n\n{rule.extent}{lists}"
    )


def _where(places: Sequence[Place]) -> str:
    return ", ".join(" ".join(filter(None, place)) for place in places)


def _modules(root: Path, *folders: str) -> Iterator[Path]:
    for folder in folders:
        for path in sorted((root / folder).rglob("*.py")):
            if "migrations" not in path.parts and not path.relative_to(root).as_posix().startswith(SILENT):
                yield path


def _prose(root: Path, path: Path) -> Iterator[_Prose]:
    """Docstrings, the texts under constants, and comments, each with the place it stands in."""
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    spans = _spans(tree)
    module = path.relative_to(root).as_posix()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield _Prose(Place(module, _at(spans, node.lineno)), " ".join(str(node.value.value).split()))
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield _Prose(Place(module, _at(spans, token.start[0])), token.string.lstrip("# "))


def _marks(root: Path, path: Path) -> Iterator[tuple[Place, str]]:
    """Every `pytest.mark.rule(...)` with the test, or class of tests, it stands on."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    spans = _spans(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.rule":
            place = Place(path.relative_to(root).as_posix(), _at(spans, node.lineno))
            yield from ((place, str(ast.literal_eval(argument))) for argument in node.args)


def _spans(tree: ast.Module) -> list[tuple[int, int, str]]:
    """First line, last line and name of each class, function and documented constant, outer ones first."""
    spans: list[tuple[int, int, str]] = []

    def visit(body: Sequence[ast.stmt], prefix: str) -> None:
        for node, after in zip_longest(body, body[1:]):
            if isinstance(node, DEFINED):
                first = min(part.lineno for part in (node, *node.decorator_list))
                spans.append((first, node.end_lineno or first, prefix + node.name))
                visit(node.body, f"{prefix}{node.name}.")
            elif isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(after, ast.Expr):
                target = node.targets[0] if isinstance(node, ast.Assign) else node.target
                spans.append((node.lineno, after.end_lineno or after.lineno, prefix + ast.unparse(target)))

    visit(tree.body, "")
    return spans


def _at(spans: Sequence[tuple[int, int, str]], line: int) -> str:
    """The name of the innermost span that holds the line; "" outside all of them."""
    return next((name for first, last, name in reversed(spans) if first <= line <= last), "")
