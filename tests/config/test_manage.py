"""The command line: help costs nothing, and what is wrong outside is said in a sentence."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOBODY_LISTENS = "postgresql://praya:word@127.0.0.1:1/praya"
DEMO = {"PRAYA_DEMO": "1", "DATABASE_URL": NOBODY_LISTENS}


def python(tmp_path: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python on these words in a process with exactly this environment."""
    return subprocess.run(
        [sys.executable, *words],
        env={"PATH": os.environ["PATH"], "PRAYA_DATA_DIR": str(tmp_path), **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_starts_no_servers(tmp_path: Path, option: str) -> None:
    done = python(tmp_path, "manage.py", "margin", "replay", option)
    assert "--prices" in done.stdout
    assert not (tmp_path / "servers.json").exists()


@pytest.mark.parametrize("command", [("migrate",), ("ledger", "verify")])
def test_a_server_that_does_not_answer_is_named_without_a_traceback(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    done = python(tmp_path, "manage.py", *command, CELERY_BROKER_URL="memory://", **DEMO)
    assert done.returncode == 1
    assert "127.0.0.1" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("program", [("manage.py", "ledger", "verify"), ("-m", "brokerage.config.run")])
def test_a_missing_setting_is_named_without_a_traceback(tmp_path: Path, program: tuple[str, ...]) -> None:
    here = {"CELERY_BROKER_URL": "memory://", "DATABASE_URL": NOBODY_LISTENS, "PORT": "0"}
    done = python(tmp_path, *program, **here)
    assert done.returncode == 1
    assert "SECRET_KEY is not set" in done.stderr
    assert "Traceback" not in done.stderr
