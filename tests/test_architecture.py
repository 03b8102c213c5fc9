"""The rules of the house that a newcomer would break first."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("brokerage", "custody", "margin", "reporting")
LONG_FILE, LONG_FUNCTION = 400, 70
OFFERED = {
    "brokerage.jobs": {"outbox", "schedule"},
    "brokerage.access": {"envelope", "resealing", "step_up", "address", "notices"},
    "brokerage.market": {"sources"},
    "brokerage.clients": {"steps"},
    "custody": {"steps"},
}
"""What a room offers on purpose, as ARCHITECTURE.md lists it, beyond queries, commands, rules and events."""
FORBIDDEN_NAMES = {"utils.py", "helpers.py", "services.py", "signals.py"}


def sources(*folders: str) -> Iterator[Path]:
    """Every module of ours below these folders, migrations excepted."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


def exact_modules() -> list[Path]:
    """Where money is decided: the ledger and every room's rules and events."""
    pure = {"rules", "rules.py", "events.py"}
    return [path for path in sources(*ROOMS) if pure & set(path.parts) or "ledger" in path.parts]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_rooms_and_layers_import_one_way_only() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", list(sources(*ROOMS)), ids=named)
def test_a_module_is_short_and_so_are_its_functions(path: Path) -> None:
    text = path.read_text()
    assert path.name not in FORBIDDEN_NAMES
    assert text.count("\n") <= LONG_FILE
    long = {
        node.name: node.end_lineno - node.lineno + 1
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > LONG_FUNCTION
    }
    assert long == {}


def is_a_wait(node: ast.AST) -> bool:
    """`time.sleep(...)`, or a constant that says it is a time: PATIENCE = 5.0."""
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Attribute) and node.func.attr == "sleep"
    return isinstance(node, ast.Assign) and [getattr(name, "id", "") for name in node.targets] == ["PATIENCE"]


@pytest.mark.parametrize("path", exact_modules(), ids=named)
def test_money_is_never_a_float(path: Path) -> None:
    """Seconds to wait may be fractions; they are constants in capitals, or said to `sleep`."""
    tree = ast.parse(path.read_text())
    waits = {id(part) for node in ast.walk(tree) if is_a_wait(node) for part in ast.walk(node)}
    floats = [
        f"line {node.lineno}"
        for node in ast.walk(tree)
        if id(node) not in waits
        and (
            (isinstance(node, ast.Constant) and isinstance(node.value, float))
            or (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float")
        )
    ]
    assert floats == []


def test_the_clock_is_read_in_one_place_only() -> None:
    """Everything else asks `seams.now()`, so that a simulation owns time."""
    readers = {
        named(path)
        for path in sources(*ROOMS)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and node.attr in {"now", "utcnow", "today"}
        and isinstance(node.value, ast.Name)
        and node.value.id in {"datetime", "date", "timezone"}
    }
    assert readers == {"brokerage/ledger/seams.py"}


def test_a_pure_module_loads_neither_django_nor_celery() -> None:
    code = "import sys, margin.rules.valuation; print({'django', 'celery'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "set()", done.stderr


def test_every_library_has_a_reason() -> None:
    for name in ("requirements.in", "requirements-dev.in"):
        for line in (ROOT / name).read_text().splitlines():
            if line and not line.startswith(("#", "-r")):
                assert "  # " in line, f"{name}: {line}"


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_a_lock_is_hashed_and_names_no_registry(name: str) -> None:
    text = (ROOT / name).read_text()
    pins = [line for line in text.splitlines() if "==" in line and not line.lstrip().startswith("#")]
    assert len(pins) > 30
    assert all(line.endswith("\\") for line in pins)
    assert "://" not in text
    assert "--index-url" not in text


def test_a_room_is_entered_by_its_doors_only() -> None:
    """Across rooms only these modules are imported; models and projections stay inside."""
    doors = {"queries", "commands", "rules", "events"}
    graph = grimp.build_graph(*ROOMS)
    rooms = ("brokerage.jobs", "brokerage.access", "brokerage.market", "brokerage.clients", *ROOMS[1:])
    climbed = {
        f"{module} -> {seen}"
        for module in graph.modules
        for seen in graph.find_modules_directly_imported_by(module)
        if (home := room_of(module, rooms)) and (other := room_of(seen, rooms)) and home != other
        if seen.removeprefix(f"{other}.").split(".")[0] not in doors | OFFERED.get(other, set())
    }
    assert climbed == set()


def room_of(module: str, rooms: tuple[str, ...]) -> str | None:
    return next((room for room in rooms if module == room or module.startswith(f"{room}.")), None)
