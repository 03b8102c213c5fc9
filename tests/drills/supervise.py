"""The product's supervisor on an unseeded database, with its shortest back-off after every kill."""

import subprocess
import sys

from brokerage.config import folder, run


def migrate() -> None:
    """Bring the schema up to date; a drill brings its own data."""
    subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity=0"], cwd=folder.ROOT, check=True)


if __name__ == "__main__":
    run.prepare = migrate
    run._CALM_S = 0
    raise SystemExit(run.main())
