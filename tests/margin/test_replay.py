"""A replay: repeatable, provable from its export alone, and refused where it must not run."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
from django.core.management import call_command

from brokerage.config.postgres import Cluster
from brokerage.ledger import integrity, rebuild
from brokerage.ledger.export import export
from brokerage.market.queries import calendar
from margin.models import Call
from margin.replay import picture, report
from margin.replay.firm import FILES, LOTS, MissingPrices
from margin.replay.run import BookNotEmpty, Plan, Replayed, replay
from tests.margin.check_replay import check

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[2]
CRASH = date(2021, 5, 19)


def plan(prices: Path, *, seed: int = 1, clients: int = 60) -> Plan:
    return Plan(
        prices=prices,
        start=CRASH - timedelta(days=30),
        end=CRASH + timedelta(days=8),
        clients=clients,
        seed=seed,
    )


def run(wanted: Plan) -> Replayed:
    return replay(wanted, lambda day: None)


@pytest.fixture
def made_up_prices(tmp_path: Path) -> Path:
    """Price files of the real shape with invented prices that fall by a third on the day of the crash."""
    draw = Random(7)
    for code, name in FILES.items():
        lines = ["Date,Open,High,Low,Close,Volume", *_lines(draw, only_sessions=code in LOTS)]
        (tmp_path / name).write_text("\n".join(lines) + "\n")
    return tmp_path


def _lines(draw: Random, *, only_sessions: bool) -> Iterator[str]:
    price = Decimal(draw.randrange(100, 900))
    hours = calendar()
    for offset in range(-60, 20):
        day = CRASH + timedelta(days=offset)
        price *= Decimal(draw.randrange(985, 1020)) / 1000
        price *= Decimal("0.66") if day == CRASH else 1
        if not only_sessions or hours.close(day) is not None:
            text = f"{price:.6f}"
            yield f"{day},{text},{text},{text},{text},1000"


def test_the_same_seed_gives_the_same_state_and_another_seed_another(made_up_prices: Path) -> None:
    first = run(plan(made_up_prices, clients=16)).state_hash
    assert Call.objects.exists()
    call_command("flush", interactive=False, verbosity=0)
    assert run(plan(made_up_prices, clients=16)).state_hash == first
    call_command("flush", interactive=False, verbosity=0)
    assert run(plan(made_up_prices, clients=16, seed=2)).state_hash != first


def test_a_crash_of_real_prices_leads_to_the_calls_that_fractions_derive(
    price_folder: Path, tmp_path: Path
) -> None:
    replayed = run(plan(price_folder))
    lines = tmp_path / "ledger.jsonl"
    with lines.open("w", encoding="utf-8") as file:
        export(file)
    found = check(lines)
    assert found.problems == []
    assert found.calls == Call.objects.count() > 0
    assert any(report.trading_day(call.issued_at) == CRASH for call in Call.objects.all())
    assert rebuild.rebuild(check=True).identical
    assert list(integrity.verify()) == []
    assert picture.draw(replayed.days).count("<polyline") == 2
    assert "2021-05-19" in report.text(replayed)


def test_a_book_that_is_not_empty_is_left_alone(made_up_prices: Path) -> None:
    wanted = plan(made_up_prices, clients=1)
    run(wanted)
    with pytest.raises(BookNotEmpty):
        run(wanted)


def test_a_new_database_needs_no_preparation(fresh_cluster: Cluster, made_up_prices: Path) -> None:
    picture_file = made_up_prices / "replay.svg"
    words = f"margin replay --prices {made_up_prices} --from {CRASH} --to {CRASH} --picture {picture_file}"
    done = subprocess.run(
        [sys.executable, ROOT / "manage.py", *words.split(), "--clients=2"],
        env={
            "PATH": os.environ["PATH"],
            "DATABASE_URL": fresh_cluster.url(),
            "CELERY_BROKER_URL": "memory://",
            "PRAYA_DEMO": "1",
            "PRAYA_DATA_DIR": str(made_up_prices / "home"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert picture_file.exists()


def test_a_folder_without_the_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingPrices):
        run(plan(tmp_path))
