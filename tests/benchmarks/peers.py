"""The peers in an environment and processes of their own; each is told what to do and says what it took."""

import hashlib
import json
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def environment(folder: Path) -> Path:
    """The python of an environment with the locked peers; made again when the lock changed."""
    lock = HERE / "requirements.txt"
    home = folder / hashlib.sha256(lock.read_bytes()).hexdigest()[:12]
    python = home / "bin" / "python"
    if not (home / "complete").exists():
        print("Installing the peers ...", flush=True)
        venv.create(home, with_pip=True, clear=True)
        subprocess.run(
            [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", lock], check=True
        )
        (home / "complete").touch()
    return python


class Peer:
    """One peer's process: a line of JSON in, a line of JSON out."""

    def __init__(self, python: Path, script: str, url: str) -> None:
        self._process = subprocess.Popen(
            [python, HERE / script, url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=sys.stderr,
            text=True,
        )

    def ask(self, what: str, **arguments: Any) -> Any:
        """Run one of the script's functions; raises RuntimeError if the process ended."""
        pipe_in, pipe_out = self._process.stdin, self._process.stdout
        assert pipe_in is not None
        assert pipe_out is not None
        pipe_in.write(json.dumps([what, arguments]) + "\n")
        pipe_in.flush()
        line = pipe_out.readline()
        if not line:
            raise RuntimeError(f"the peer ended while it should {what}")
        return json.loads(line)

    def close(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.wait()
