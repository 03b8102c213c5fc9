from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from brokerage.market import queries
from brokerage.market.models import PriceObservation, PriceSet

from .desk import list_all

pytestmark = pytest.mark.django_db
SLOT = "2025-06-30T08:00+08:00"


@pytest.fixture
def closes(tmp_path: Path) -> Path:
    list_all("BTC", "0700")
    path = tmp_path / "BTC-USD.csv"
    path.write_text("Date,Open,High,Low,Close,Volume\n2025-06-28,1,3,1,2,0\n2025-06-29,2,4,2,3,0\n")
    return path


def bring_in(path: Path, code: str = "BTC") -> None:
    call_command("market", "import", "--instrument", code, "--source", "files", str(path))


def adopt(*rates: str, slot: str = SLOT) -> None:
    call_command("market", "adopt", "--slot", slot, *(f"--rate={rate}" for rate in rates))


def test_files_become_a_price_set_to_value_with(closes, capsys):
    bring_in(closes)
    adopt("USD/HKD=7.80")
    assert capsys.readouterr().out.startswith("BTC-USD.csv: 2 new closes\nprice set ")
    adopted = queries.latest_price_set()
    assert adopted.slot == datetime(2025, 6, 30, tzinfo=UTC)
    quote = queries.quotes(adopted.id, "HKD")["BTC"]
    assert (quote.price, quote.fx, quote.source) == (Decimal(3), Decimal("7.80"), "files")


def test_a_file_again_does_nothing_and_a_set_again_is_a_revision(closes, capsys):
    for _ in range(2):
        bring_in(closes)
        adopt("USD/HKD=7.80")
    assert "BTC-USD.csv: was imported before" in capsys.readouterr().out
    assert PriceObservation.objects.count() == 2
    assert sorted(PriceSet.objects.values_list("revision", flat=True)) == [1, 2]


def test_what_cannot_be_taken_is_refused_in_words(closes):
    with pytest.raises(CommandError, match="No such file"):
        bring_in(closes.with_name("none.csv"))
    with pytest.raises(CommandError, match="No instrument"):
        bring_in(closes, "DOGE")
    with pytest.raises(CommandError, match=r"import prices first"):
        adopt("USD/HKD=7.80")
    with pytest.raises(CommandError, match=r"write USD/HKD=7\.80"):
        adopt("7.80")
    with pytest.raises(CommandError, match="no instant"):
        adopt("USD/HKD=7.80", slot="2025-06-30")
