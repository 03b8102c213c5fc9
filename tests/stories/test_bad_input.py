"""Bad input at every door: a typed refusal with its stable code, a note of it, and nothing written."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from brokerage.ledger import rebuild
from brokerage.ledger.entry import Context
from brokerage.ledger.models import Entry, Event, PostingRow, Refusal
from brokerage.ledger.refusal import Refused
from brokerage.market import queries as market
from brokerage.market.commands import adopt_price_set, import_prices, record_observations
from brokerage.market.models import Quarantine
from brokerage.market.rules.fx import FxRate
from brokerage.market.rules.prices import PriceState, Tick
from custody import commands as custody
from custody.rules import AccountKind
from margin import commands as margin
from margin.rules.policy import AssetKind
from tests.factories import AccountFactory, context
from tests.margin.firm import BASE, RATES, Firm, policy, terms

HEADER = "Date,Open,High,Low,Close,Volume"
LINES = 300
MIDDLE = 150
NINETEEN_PLACES = "1.0000000000000000001"


def book() -> tuple[int, int, int, str]:
    """What may not change: entries, events, postings, and the hash of events, balances and read models."""
    counts = (Entry.objects.count(), Event.objects.count(), PostingRow.objects.count())
    return *counts, rebuild.state_hash()


@contextmanager
def refused(code: str, **changes: Any) -> Iterator[Context]:
    """The context to use inside; the block must be refused with that code, noted once, and leave the book."""
    asked, before, noted = context(**changes), book(), Refusal.objects.count()
    with pytest.raises(Refused) as caught:
        yield asked
    assert caught.value.code == code
    assert book() == before
    note = Refusal.objects.latest("id")
    assert (note.key, note.code, note.message) == (asked.key, code, caught.value.message)
    assert Refusal.objects.count() == noted + 1


def tick(firm: Firm, **changes: Any) -> tuple[Tick, ...]:
    """One price of Bitcoin a minute after the last, changed."""
    firm.wait(minutes=1)
    usual = {"instrument": "BTC", "price": Decimal(100_000), "currency": "USD", "source_time": firm.time}
    return (Tick(**(usual | changes)),)


def file(middle: str = "") -> bytes:
    """A file of 300 good days up to the end of 2025, with the line in the middle replaced."""
    first = date(2025, 12, 31) - timedelta(days=LINES - 1)
    lines = [f"{first + timedelta(days=day)},10,11,9,10.5,1000" for day in range(LINES)]
    if middle:
        lines[MIDDLE] = middle.format(day=lines[MIDDLE].split(",")[0])
    return "\n".join((HEADER, *lines, "")).encode()


class TestAPrice:
    @pytest.mark.parametrize("price", ["0", "-0", "-1", "1e12", "9e18", "1e-13"])
    def test_that_is_zero_negative_or_absurd_is_refused(self, firm: Firm, price: str) -> None:
        ticks = tick(firm, price=Decimal(price))
        with refused("market.bad-price") as asked:
            record_observations(asked, source="one", ticks=ticks)

    @pytest.mark.parametrize("price", ["NaN", "-NaN", "sNaN", "Infinity", "1e30", NINETEEN_PLACES])
    def test_that_is_no_number_or_too_long_a_one_is_refused(self, firm: Firm, price: str) -> None:
        ticks = tick(firm, price=Decimal(price))
        with refused("ledger.bad-amount") as asked:
            record_observations(asked, source="one", ticks=ticks)

    def test_from_the_future_is_refused(self, firm: Firm) -> None:
        ticks = tick(firm, source_time=firm.time + timedelta(minutes=2))
        with refused("market.future-price") as asked:
            record_observations(asked, source="one", ticks=ticks)

    def test_of_an_unknown_instrument_is_refused(self, firm: Firm) -> None:
        ticks = tick(firm, instrument="DOGE")
        with refused("market.unknown-instrument") as asked:
            record_observations(asked, source="one", ticks=ticks)

    def test_in_another_currency_is_refused(self, firm: Firm) -> None:
        ticks = tick(firm, currency="HKD")
        with refused("market.wrong-unit") as asked:
            record_observations(asked, source="one", ticks=ticks)

    def test_that_is_bad_takes_the_good_ones_of_its_message_with_it(self, firm: Firm) -> None:
        ticks = tick(firm) + tick(firm, instrument="ETH", price=Decimal(0))
        with refused("market.bad-price") as asked:
            record_observations(asked, source="one", ticks=ticks)

    def test_that_jumps_absurdly_is_kept_as_said_and_decides_nothing(self, firm: Firm) -> None:
        record_observations(context(), source="one", ticks=tick(firm, price=Decimal(1)))
        firm.wait(minutes=5)
        record_observations(context(), source="one", ticks=tick(firm, price=Decimal(1)))
        adopted = adopt_price_set(context(), slot=firm.time, rates=RATES).value
        quote = market.quotes(adopted, "HKD")["BTC"]
        assert (quote.price, quote.state) == (Decimal(BASE["BTC"]), PriceState.DISPUTED)
        assert Quarantine.objects.get().price == 1

    @pytest.mark.parametrize(
        ("rate", "code"),
        [("0", "market.bad-price"), ("-7.8", "market.bad-price"), ("NaN", "ledger.bad-amount")],
    )
    def test_of_a_currency_is_held_to_the_same(self, firm: Firm, rate: str, code: str) -> None:
        rates = (FxRate(base="USD", quote="HKD", rate=Decimal(rate)),)
        with refused(code) as asked:
            adopt_price_set(asked, slot=firm.time, rates=rates)


class TestAFileOfPrices:
    @pytest.mark.parametrize(
        "line",
        [
            "{day},10,11,9,10.5",
            "{day},10,11,9,-10.5,1000",
            "{day},10,11,9,0,1000",
            "{day},10,11,9,NaN,1000",
            "{day},10,11,9,1_0,1000",
            "{day},10,11,9,1e1,1000",
            "{day},10,11,9,12,1000",
            "{day},10,11,9,10.0000000000000000001,1000",
            "2025-02-30,10,11,9,10.5,1000",
            "2020-01-01,10,11,9,10.5,1000",
            "{day},١٠,11,9,10.5,1000",
            "Oops",
        ],
    )
    def test_with_one_bad_line_in_the_middle_is_refused_by_its_number(self, firm: Firm, line: str) -> None:
        with refused("market.malformed-file") as asked:
            import_prices(asked, instrument="BTC", source="file", content=file(line))
        note = Refusal.objects.latest("id")
        assert f"line {MIDDLE + 2}: " in note.message
        assert note.evidence["count"] == "1"

    def test_seen_before_is_refused_under_any_name(self, firm: Firm) -> None:
        assert import_prices(context(), instrument="BTC", source="file", content=file()).value == LINES
        for instrument, source in (("BTC", "file"), ("BTC", "other"), ("ETH", "file")):
            with refused("market.duplicate-file") as asked:
                import_prices(asked, instrument=instrument, source=source, content=file())

    def test_that_contradicts_what_it_said_before_is_refused(self, firm: Firm) -> None:
        import_prices(context(), instrument="BTC", source="file", content=file())
        with refused("market.malformed-file") as asked:
            import_prices(asked, instrument="BTC", source="file", content=file("{day},10,11,9,10.6,1000"))

    def test_of_an_unknown_instrument_is_refused(self, firm: Firm) -> None:
        with refused("market.unknown-instrument") as asked:
            import_prices(asked, instrument="DOGE", source="file", content=file())

    def test_of_days_to_come_is_refused(self, firm: Firm) -> None:
        tomorrow = f"{HEADER}\n{firm.time.date() + timedelta(days=1)},1,1,1,1,1\n".encode()
        with refused("market.malformed-file") as asked:
            import_prices(asked, instrument="BTC", source="file", content=tomorrow)


class TestAPolicy:
    @pytest.mark.rule("VAF-5")
    @pytest.mark.parametrize("haircut", ["0.59", "0.5999999999", "0", "-1"])
    def test_with_a_haircut_below_60_percent_on_bitcoin_is_refused(self, firm: Firm, haircut: str) -> None:
        code = "margin.haircut-out-of-range" if haircut == "-1" else "margin.va-haircut-too-low"
        assets = policy().assets | {"BTC": terms(AssetKind.VA, haircut, "1")}
        self.refused(firm, code, assets)

    @pytest.mark.rule("VAF-4")
    def test_that_lends_on_another_token_is_refused(self, firm: Firm) -> None:
        self.refused(
            firm, "margin.va-not-eligible", policy().assets | {"SOL": terms(AssetKind.VA, "0.9", "1")}
        )

    @staticmethod
    def refused(firm: Firm, code: str, assets: dict[str, Any]) -> None:
        with refused(code) as asked:
            margin.adopt_policy(asked, policy=policy(assets=assets), effective_from=firm.time, reason="a try")


class TestCollateral:
    @pytest.mark.rule("VAF-4")
    def test_in_solana_is_refused(self, firm: Firm) -> None:
        account = firm.account({})
        with refused("margin.not-eligible") as asked:
            margin.deposit(asked, account=account, asset="SOL", amount=Decimal(10))
        with refused("margin.not-eligible") as asked:
            margin.purchase(
                asked, account=account, asset="SOL", quantity=Decimal(1), price_set=firm.price_set
            )

    def test_of_an_unknown_instrument_or_account_is_refused(self, firm: Firm) -> None:
        account = firm.account({})
        with refused("market.unknown-instrument") as asked:
            margin.deposit(asked, account=account, asset="DOGE", amount=Decimal(10))
        with refused("margin.unknown-account") as asked:
            margin.deposit(asked, account=uuid4(), asset="BTC", amount=Decimal(1))

    @pytest.mark.rule("VAF-2")
    def test_in_a_cash_account_carries_no_loan(self, firm: Firm) -> None:
        account = AccountFactory(kind=AccountKind.CASH)
        with refused("margin.not-a-margin-account") as asked:
            margin.open_margin_account(asked, account=account)


class TestCredit:
    @pytest.mark.parametrize(
        ("quantity", "code"),
        [("900", "margin.purchase-beyond-buying-power"), ("100000", "margin.purchase-beyond-limit")],
    )
    def test_beyond_buying_power_or_limit_is_refused(self, firm: Firm, quantity: str, code: str) -> None:
        account = firm.base_book()
        with refused(code) as asked:
            margin.purchase(
                asked, account=account, asset="0700", quantity=Decimal(quantity), price_set=firm.price_set
            )

    @pytest.mark.rule("VAF-15")
    def test_paid_out_as_cash_is_refused(self, firm: Firm) -> None:
        account = firm.account({"0700": "10000", "HKD": "1000"})
        with refused("margin.cash-out-on-credit") as asked:
            margin.withdraw(asked, account=account, asset="HKD", amount=Decimal("1000.01"))

    @pytest.mark.rule("VAF-10", "SMF-5")
    def test_during_a_call_is_refused_even_as_a_withdrawal_of_collateral(self, firm: Firm) -> None:
        account = firm.base_book()
        firm.wait(hours=3)
        firm.prices({"BTC": "60000", "ETH": "2400", "0700": "400"})
        firm.assess(account)
        with refused("margin.credit-stopped") as asked:
            margin.purchase(
                asked, account=account, asset="0700", quantity=Decimal(100), price_set=firm.price_set
            )
        with refused("margin.credit-stopped") as asked:
            margin.withdraw(asked, account=account, asset="2800", amount=Decimal(1))


class TestAnAmount:
    @pytest.mark.parametrize("amount", ["0", "-1", "NaN", "Infinity", "1e20", NINETEEN_PLACES])
    def test_that_is_none_is_refused(self, firm: Firm, amount: str) -> None:
        account = firm.account({})
        with refused("ledger.bad-amount") as asked:
            margin.deposit(asked, account=account, asset="HKD", amount=Decimal(amount))

    def test_as_a_float_is_an_error_of_the_caller_and_writes_nothing(self, firm: Firm) -> None:
        tenth: Any = 0.1
        account = firm.account({})
        before, notes = book(), Refusal.objects.count()
        with pytest.raises(TypeError, match="float"):
            margin.deposit(context(), account=account, asset="HKD", amount=tenth)
        assert (book(), Refusal.objects.count()) == (before, notes)


class TestARequest:
    def test_under_a_key_used_for_other_inputs_is_refused(self, firm: Firm) -> None:
        account = firm.account({})
        first = context()
        margin.deposit(first, account=account, asset="HKD", amount=Decimal(100))
        with refused("ledger.key-reused", key=first.key) as asked:
            margin.deposit(asked, account=account, asset="HKD", amount=Decimal(101))
        with refused("ledger.key-reused", key=first.key) as asked:
            custody.deposit(asked, account=account, asset="HKD", amount=Decimal(100))

    def test_that_was_refused_leaves_its_key_free(self, firm: Firm) -> None:
        account = firm.account({})
        with refused("ledger.bad-amount") as asked:
            margin.deposit(asked, account=account, asset="HKD", amount=Decimal(0))
        assert not margin.deposit(asked, account=account, asset="HKD", amount=Decimal(1)).replayed

    def test_for_a_business_time_to_come_is_refused(self, firm: Firm) -> None:
        account = firm.account({})
        with refused("ledger.future-time", effective_at=firm.time + timedelta(seconds=3)) as asked:
            margin.deposit(asked, account=account, asset="HKD", amount=Decimal(1))

    def test_without_a_time_zone_is_refused(self, firm: Firm) -> None:
        slot = datetime(2026, 3, 2, 2, tzinfo=UTC).replace(tzinfo=None)
        with refused("ledger.unencodable") as asked:
            adopt_price_set(asked, slot=slot, rates=RATES)
