"""Settings fail loudly: production guesses nothing, and each refusal says what to set."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRODUCTION = {
    "DATABASE_URL": "postgresql://login:word@db.example/praya?sslmode=require",
    "CELERY_BROKER_URL": "amqps://broker.example",
    "SECRET_KEY": "k" * 50,
    "EMAIL_URL": "smtp://mail.example",
    "PRAYA_KEYS": "1:" + "A" * 43 + "=",
    "PRAYA_SEAL_KEY": "/run/secrets/seal.pem",
    "ALLOWED_HOSTS": "praya.example,desk.praya.example",
}


def read(expression: str, tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Evaluate an expression over the settings in a process with exactly this environment."""
    return subprocess.run(
        [sys.executable, "-c", f"from brokerage.config import settings as s; print({expression})"],
        env={"PATH": os.environ["PATH"], "PRAYA_DATA_DIR": str(tmp_path), **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


class TestProduction:
    @pytest.mark.parametrize(
        "missing", ["SECRET_KEY", "PRAYA_SEAL_KEY", "PRAYA_KEYS", "EMAIL_URL", "ALLOWED_HOSTS"]
    )
    def test_does_not_start_without(self, missing: str, tmp_path: Path) -> None:
        environment = {name: value for name, value in PRODUCTION.items() if name != missing}
        done = read("1", tmp_path, **environment)
        assert done.returncode != 0
        assert f"{missing} is not set" in done.stderr
        assert "Set it, or set PRAYA_DEMO=1" in done.stderr

    def test_does_not_start_with_debug(self, tmp_path: Path) -> None:
        assert "DEBUG shows secrets" in read("1", tmp_path, **PRODUCTION, DEBUG="1").stderr

    def test_does_not_start_where_guessing_is_not_locked_out(self, tmp_path: Path) -> None:
        done = read("1", tmp_path, **PRODUCTION, AXES_ENABLED="0")
        assert done.returncode != 0
        assert "lets passwords be guessed" in done.stderr
        demonstration = read("s.AXES_ENABLED", tmp_path, PRAYA_DEMO="1", AXES_ENABLED="0")
        assert demonstration.stdout.strip() == "False"

    def test_is_not_the_demo(self, tmp_path: Path) -> None:
        seen = read(
            "s.DEMO, s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.SECURE_SSL_REDIRECT,"
            " s.SESSION_COOKIE_SECURE, s.SECURE_HSTS_SECONDS >= 31536000",
            tmp_path,
            **PRODUCTION,
        )
        assert seen.stdout.strip() == "False __Host-session __Host-csrf True True True"

    def test_mails_links_to_the_first_host_or_where_it_is_told(self, tmp_path: Path) -> None:
        assert read("s.SITE", tmp_path, **PRODUCTION).stdout.strip() == "https://praya.example"
        told = read("s.SITE", tmp_path, **PRODUCTION, PRAYA_SITE="https://portal.example/")
        assert told.stdout.strip() == "https://portal.example"

    def test_takes_host_names_with_spaces_between(self, tmp_path: Path) -> None:
        hosts = {"ALLOWED_HOSTS": " praya.example, desk.praya.example,"}
        seen = read("s.ALLOWED_HOSTS, s.CSRF_TRUSTED_ORIGINS[1]", tmp_path, **{**PRODUCTION, **hosts})
        assert seen.stdout.strip() == "['praya.example', 'desk.praya.example'] https://desk.praya.example"

    def test_writes_nothing_into_a_data_folder(self, tmp_path: Path) -> None:
        assert read("1", tmp_path, **PRODUCTION).returncode == 0
        assert list(tmp_path.iterdir()) == []


class TestTheDemo:
    def test_needs_no_setting_and_keeps_its_secrets_to_its_owner(self, tmp_path: Path) -> None:
        first = read("s.SECRET_KEY", tmp_path)
        assert len(first.stdout.strip()) >= 40
        assert read("s.SECRET_KEY", tmp_path).stdout == first.stdout
        kept = [tmp_path / "secret-key", tmp_path / "seal-key.pem"]
        assert [path.stat().st_mode & 0o777 for path in kept] == [0o600, 0o600]


class TestThePagesPolicy:
    def test_allows_no_inline_and_no_foreign_code(self, tmp_path: Path) -> None:
        policy = read("s.CONTENT_SECURITY_POLICY", tmp_path).stdout
        assert "unsafe" not in policy
        assert "http" not in policy
        for closed in ("base-uri", "frame-ancestors"):
            assert f"'{closed}': [\"'none'\"]" in policy
