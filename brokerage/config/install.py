"""Makes .venv and installs the hashed requirements into it: `python3 brokerage/config/install.py [--dev]`.

Runs on a bare Python, even one that is too old, so that it can say so. Doing it again costs nothing.
"""

import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OLDEST, NEWEST = (3, 11), (3, 13)


def main(arguments: "list[str]") -> int:
    """Install, unless the same lock was installed before; returns the exit code."""
    version = sys.version_info[:2]
    if not OLDEST <= version <= NEWEST:
        print(
            "Praya needs Python 3.11, 3.12 or 3.13 (its PostgreSQL and Valkey wheels are built for these); "
            f"{sys.executable} is {version[0]}.{version[1]}. Name another one: make PYTHON=python3.12 run",
            file=sys.stderr,
        )
        return 1
    lock = ROOT / ("requirements-dev.txt" if "--dev" in arguments else "requirements.txt")
    python = ROOT / ".venv" / "bin" / "python"
    stamp = ROOT / ".venv" / lock.with_suffix(".installed").name
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    if python.exists() and stamp.exists() and stamp.read_text() == digest:
        return 0
    print(f"Installing {lock.name} into .venv", flush=True)
    if not python.exists() and subprocess.call([sys.executable, "-m", "venv", str(ROOT / ".venv")]):
        print("No virtual environment. On Debian or Ubuntu: apt install python3-venv", file=sys.stderr)
        return 1
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "-qq", "--require-hashes"]
    if subprocess.call([*pip, "-r", str(lock)]):
        print("pip could not install the requirements; its message is above.", file=sys.stderr)
        return 1
    stamp.write_text(digest)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
