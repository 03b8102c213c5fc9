"""A demonstration of its own: database, seeded story, web server and a browser with its eyes open."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, Locator, Page, StorageState, sync_playwright

from brokerage.config.postgres import throwaway_cluster

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = Path(os.environ.get("PRAYA_TEST_CHROMIUM", "/usr/bin/chromium"))
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
START_S = 60


class Desk(NamedTuple):
    """Where the demonstration answers, its logins and the secrets of their apps by name, and its database."""

    url: str
    logins: dict[str, str]
    secrets: dict[str, str]
    database: str
    environment: dict[str, str]

    def code(self, name: str) -> str:
        """What the login's app shows, and showed to nobody before; waits for it if it must."""
        from brokerage.access import factors  # here, because settings are not read yet when this is

        step = max(int(time.time()) // 30, _USED.get(name, 0) + 1)
        while step > int(time.time()) // 30 + 1:
            time.sleep(1)
        _USED[name] = step
        return factors.code_at(self.secrets[name], step)


_USED: dict[str, int] = {}


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A seeded demonstration in processes of its own, set up the way a user does it."""
    if not CHROMIUM.exists():
        pytest.skip(f"no browser at {CHROMIUM}; set PRAYA_TEST_CHROMIUM to another Chromium")
    data = tmp_path_factory.mktemp("demo")
    with throwaway_cluster(durable=True) as cluster:  # the product refuses one that is not
        environment = os.environ | {
            "DATABASE_URL": cluster.url(),
            "PRAYA_DEMO": "1",
            "PRAYA_DATA_DIR": str(data),
            "CELERY_BROKER_URL": "memory://",
            "AXES_ENABLED": "1",
        }
        for command in ("migrate", "seed_demo"):
            subprocess.run(
                [sys.executable, "manage.py", command],
                cwd=ROOT,
                env=environment,
                check=True,
                capture_output=True,
            )
        with served(environment) as url:
            rows = logins(data / "demo-logins.txt")
            passwords = {name: row[0] for name, row in rows.items()}
            secrets = {name: row[2] for name, row in rows.items()}
            yield Desk(url, passwords, secrets, cluster.url(), environment)


def logins(path: Path) -> dict[str, list[str]]:
    """The logins as the demonstration keeps them: readable by their owner only."""
    assert path.stat().st_mode & 0o077 == 0
    return {line.split()[0]: line.split()[1:] for line in path.read_text().splitlines()}


@contextmanager
def served(environment: dict[str, str]) -> Iterator[str]:
    """A web server on a free port for the time of a with block; its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "brokerage.config.wsgi", f"--bind={address}", "--threads=4"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(address)
        yield f"http://localhost:{address.split(':')[1]}"  # passkeys need a name, not a number
    finally:
        server.terminate()
        server.wait(30)


def wait_for(address: str) -> None:
    """Return when the web server at host:port serves pages; raises TimeoutError."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        with suppress(OSError), closing(HTTPConnection(address, timeout=2)) as page:
            page.request("GET", "/healthz")
            if page.getresponse().status == HTTPStatus.OK:
                return
        time.sleep(0.2)
    raise TimeoutError(f"{address} did not answer in {START_S} s")


class Eyes:
    """A page and everything its console said since the last look."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url, self.said = page, url, list[str]()
        page.on("console", lambda message: self.said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.said.append(f"error: {error}"))
        page.on("dialog", lambda dialog: self.said.append(f"dialog: {dialog.message}"))

    def go(self, path: str) -> Page:
        """Open a path of the desk."""
        self.page.goto(self.url + path)
        return self.page

    def log_in(self, name: str, password: str, code: str = "", door: str = "/staff/login/") -> Page:
        """Fill in the log-in form, and the second step if there is a code for it, wherever they lead."""
        self.go(door)
        self.page.get_by_label("Username").fill(name)
        self.page.get_by_label("Password").fill(password)
        self.press("Log in")
        if code:
            self.page.get_by_role("textbox", name="Code").fill(code)
            self.press("Go on")
        return self.page

    def press(self, button: str) -> None:
        """Click the button of that name, and wait until the page it leads to is there."""
        self.follow(self.page.get_by_role("button", name=button, exact=True))

    def follow(self, way: Locator) -> None:
        """Click what leads to another page, and wait until that page is there."""
        with self.page.expect_navigation():
            way.click()

    def complaints(self) -> list[str]:
        """What the console said, apart from hints to developers; forgotten afterwards."""
        hints = ("verbose", "info: Clear-Site-Data")  # the browser says so when it obeys our log-out
        said, self.said[:] = [line for line in self.said if not line.startswith(hints)], []
        return said


@pytest.fixture(scope="session")
def chromium(desk: Desk) -> Iterator[Browser]:
    """Debian's Chromium, without a screen."""
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def stranger(chromium: Browser, desk: Desk) -> Iterator[Eyes]:
    """A browser that is not logged in."""
    with chromium.new_context(viewport={"width": 1360, "height": 850}) as context:
        yield Eyes(context.new_page(), desk.url)


@pytest.fixture(scope="session")
def session(chromium: Browser, desk: Desk) -> StorageState:
    """The cookies of a member of operations, logged in once."""
    with chromium.new_context() as context:
        Eyes(context.new_page(), desk.url).log_in(
            "operations", desk.logins["operations"], desk.code("operations")
        )
        return context.storage_state()


@pytest.fixture
def staff(chromium: Browser, desk: Desk, session: StorageState) -> Iterator[Eyes]:
    """A member of operations at the desk."""
    with chromium.new_context(storage_state=session, viewport={"width": 1360, "height": 850}) as context:
        yield Eyes(context.new_page(), desk.url)
