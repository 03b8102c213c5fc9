import csv
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from brokerage.ledger import seams
from brokerage.ledger.amounts import BadAmount
from brokerage.ledger.models import Event
from brokerage.market.commands import import_prices, record_observations
from brokerage.market.models import Feed, PriceFile, PriceObservation
from brokerage.market.queries import UnknownInstrument
from brokerage.market.rules.price_csv import HEADER, DuplicateFile, MalformedFile
from brokerage.market.rules.prices import (
    BadPrice,
    DuplicateObservation,
    FuturePrice,
    OutOfOrder,
    WrongUnit,
)

from .desk import DEMO, context, file_name, list_all, observe, tick

pytestmark = pytest.mark.django_db
NOON = datetime(2025, 6, 30, 12, tzinfo=UTC)


@pytest.fixture
def bitcoin():
    list_all("BTC")


def import_file(content: bytes, code: str = "BTC", source: str = "files") -> int:
    return import_prices(context(), instrument=code, source=source, content=content).value


def file(*lines: str) -> bytes:
    return "\n".join((HEADER, *lines, "")).encode()


class TestTicks:
    def test_are_kept_exactly_with_source_and_times(self, bitcoin):
        with seams.using(clock=lambda: NOON + timedelta(seconds=1)):
            observe("BTC", "107135.335938", NOON)
        row = PriceObservation.objects.get()
        assert (row.price, row.source_time) == (Decimal("107135.335938"), NOON)
        assert row.received_at == NOON + timedelta(seconds=1)
        assert (row.feed.source, row.feed.instrument.code) == ("alpha", "BTC")

    @pytest.mark.parametrize(
        ("price", "refusal"),
        [
            *((price, BadPrice) for price in ("0", "-1", "1e12", "1e-13")),
            *((price, BadAmount) for price in ("NaN", "Infinity", "-Infinity", "1e400", "1e-30")),
        ],
    )
    def test_that_are_no_price_are_refused_and_nothing_is_written(self, bitcoin, price, refusal):
        with pytest.raises(refusal):
            observe("BTC", price, NOON)
        assert not PriceObservation.objects.exists()
        assert not Event.objects.filter(kind="market.price-observed").exists()

    def test_in_another_currency_are_refused(self, bitcoin):
        with pytest.raises(WrongUnit):
            record_observations(context(), source="alpha", ticks=(tick("BTC", "1", NOON, currency="HKD"),))

    def test_of_unknown_instruments_are_refused(self):
        with pytest.raises(UnknownInstrument):
            observe("BTC", "1", NOON)

    def test_from_the_future_are_refused(self, bitcoin):
        with seams.using(clock=lambda: NOON), pytest.raises(FuturePrice):
            observe("BTC", "1", NOON + timedelta(seconds=3))

    def test_of_one_source_only_move_forward_while_another_source_is_free(self, bitcoin):
        observe("BTC", "100", NOON)
        with pytest.raises(DuplicateObservation):
            observe("BTC", "100", NOON)
        with pytest.raises(OutOfOrder):
            observe("BTC", "100", NOON - timedelta(seconds=1))
        observe("BTC", "100", NOON - timedelta(seconds=1), source="beta")
        assert Feed.objects.count() == 2

    def test_of_one_call_stand_or_fall_together(self, bitcoin):
        list_all("ETH")
        ticks = (tick("ETH", "2500", NOON), tick("BTC", "-1", NOON))
        with pytest.raises(BadPrice):
            record_observations(context(), source="alpha", ticks=ticks)
        assert not PriceObservation.objects.exists()
        with pytest.raises(OutOfOrder):
            record_observations(context(), source="alpha", ticks=(tick("BTC", "1", NOON),) * 2)


class TestFiles:
    def test_as_shipped_come_in_whole(self, price_folder):
        list_all()
        for code, terms in DEMO.items():
            content = (price_folder / file_name(terms)).read_bytes()
            rows = list(csv.DictReader(content.decode().splitlines()))
            assert import_file(content, code) == len(rows)
            stored = PriceObservation.objects.filter(feed__instrument__code=code).order_by("source_time")
            assert list(stored.values_list("price", flat=True)) == [Decimal(row["Close"]) for row in rows]

    def test_close_at_24_utc_for_coins(self, bitcoin):
        import_file(file("2025-06-29,1,1,1,1,0"))
        assert PriceObservation.objects.get().source_time == datetime(2025, 6, 30, tzinfo=UTC)

    def test_close_with_the_last_session_for_shares(self):
        list_all("0700")
        import_file(file("2024-12-23,1,1,1,1,0", "2024-12-24,1,1,1,1,0"), "0700")
        times = PriceObservation.objects.order_by("source_time").values_list("source_time", flat=True)
        assert list(times) == [datetime(2024, 12, 23, 8, tzinfo=UTC), datetime(2024, 12, 24, 4, tzinfo=UTC)]

    def test_with_a_bad_line_in_the_middle_are_refused_whole(self, bitcoin, price_folder):
        lines = (price_folder / "BTC-USD.csv").read_bytes().split(b"\n")
        lines[800] = lines[800].replace(b".", b".x", 1)
        with pytest.raises(MalformedFile) as refused:
            import_file(b"\n".join(lines))
        assert [number for number, _ in refused.value.evidence["problems"]] == [801]
        assert not PriceObservation.objects.exists()
        assert not PriceFile.objects.exists()

    def test_are_imported_once(self, bitcoin):
        content = file("2025-06-29,1,1,1,1,0")
        import_file(content)
        with pytest.raises(DuplicateFile) as refused:
            import_file(content, source="elsewhere")
        assert refused.value.code == "market.duplicate-file"
        assert PriceObservation.objects.count() == 1

    def test_that_overlap_add_what_is_new(self, bitcoin):
        import_file(file("2025-06-28,1,1,1,1,0", "2025-06-29,2,2,2,2,0"))
        assert import_file(file("2025-06-27,3,3,3,3,0", "2025-06-29,2,2,2,2,0", "2025-06-30,4,4,4,4,0")) == 2
        assert import_file(file("2025-06-29,2,2,2,2,0")) == 0
        assert Feed.objects.get().latest_at == datetime(2025, 7, 1, tzinfo=UTC)

    def test_may_fill_in_older_days_without_turning_the_feed_back(self, bitcoin):
        import_file(file("2025-06-29,2,2,2,2,0"))
        assert import_file(file("2025-06-27,1,1,1,1,0")) == 1
        assert Feed.objects.get().latest_at == datetime(2025, 6, 30, tzinfo=UTC)

    def test_that_contradict_what_was_taken_are_refused(self, bitcoin):
        import_file(file("2025-06-29,2,2,2,2,0"))
        with pytest.raises(MalformedFile, match="line 3: 2025-06-29 was taken before at 2"):
            import_file(file("2025-06-28,1,1,1,1,0", "2025-06-29,2,3,2,3,0"))

    @pytest.mark.parametrize("day", ["2025-06-28", "2024-12-25", "2023-09-01", "2013-01-02"])
    def test_of_shares_have_no_weekends_holidays_or_typhoons(self, day):
        list_all("0700")
        with pytest.raises(MalformedFile):
            import_file(file(f"{day},1,1,1,1,0"), "0700")

    def test_hold_no_close_that_has_not_happened(self, bitcoin):
        early = pytest.raises(MalformedFile, match="line 3: the close of 2025-06-30 lies in the future")
        with seams.using(clock=lambda: NOON), early:
            import_file(file("2025-06-29,1,1,1,1,0", "2025-06-30,1,1,1,1,0"))
        with pytest.raises(MalformedFile):
            import_file(file("9999-12-31,1,1,1,1,0"))


class TestTheDatabase:
    @pytest.mark.parametrize("price", ["0", "-1", "NaN", "1e12"])
    def test_refuses_an_unusable_price_itself(self, bitcoin, price):
        observe("BTC", "100", NOON)
        with connection.cursor() as cursor, pytest.raises(IntegrityError), transaction.atomic():
            cursor.execute("UPDATE market_priceobservation SET price = %s::numeric", [price])
