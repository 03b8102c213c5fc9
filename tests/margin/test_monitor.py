from datetime import timedelta
from decimal import Decimal

import psycopg
import pytest

from brokerage.clients.models import ClientLabel
from brokerage.ledger import seams
from margin import commands as margin
from margin import monitor, past
from margin.models import MarginAccount
from margin.monitor import Risk
from margin.revaluation import revalue
from tests.factories import context
from tests.margin.firm import FALLEN


def watched(**changes):
    """The monitor's rows now, worst first unless asked otherwise."""
    asked = {"risk": None, "search": "", "sort": "risk", "descending": True} | changes
    return [monitor.row(account) for account in monitor.now(**asked)]


@pytest.fixture
def accounts(firm):
    """One account with a loan, one without, revalued."""
    borrower, saver = firm.base_book(), firm.account({"2800": "1000"})
    revalue(firm.price_set, firm.time)
    return borrower, saver


def fall(firm, accounts):
    """Prices fall, everybody is assessed and revalued."""
    before = firm.price_set
    prices = firm.prices(FALLEN)
    margin.assess(context(), accounts=list(accounts), price_set=prices, calm_set=before)
    revalue(prices, firm.time)


@pytest.fixture
def statements(monkeypatch):
    """Every statement sent from here on: Django's, and the ledger's own beside Django."""
    sent, execute = [], psycopg.Cursor.execute

    def counted(cursor, query, *arguments, **options):
        sent.append(query)
        return execute(cursor, query, *arguments, **options)

    monkeypatch.setattr(psycopg.Cursor, "execute", counted)
    return sent


class TestNow:
    def test_shows_what_the_worked_example_says(self, firm, accounts):
        worst = watched()[0]
        assert worst.account == accounts[0]
        assert worst.loan == Decimal(1_500_000)
        assert worst.excess == min(worst.lending_value, worst.limit) - worst.loan
        assert round(worst.ratio, 6) == round(worst.loan / worst.lending_value, 6)
        assert worst.risk is Risk.WARNING

    def test_puts_an_account_in_call_on_top_with_its_deadline(self, firm, accounts):
        fall(firm, accounts)
        called, safe = watched()
        assert (called.account, called.risk, safe.risk) == (accounts[0], Risk.CALL, Risk.SAFE)
        assert called.due_at is not None
        assert called.call_amount > 0
        assert monitor.counts()[Risk.CALL] == 1
        assert [row.account for row in monitor.in_call()] == [accounts[0]]

    def test_names_the_account_to_be_sold_when_the_call_has_expired(self, firm, accounts):
        fall(firm, accounts)
        firm.wait(days=3)
        margin.expire_calls(context(), accounts=[accounts[0]], price_set=firm.prices({}))
        assert watched()[0].risk is Risk.SALE

    def test_says_when_an_account_was_never_valued(self, firm):
        firm.account({"2800": "1000"})
        assert watched()[0].risk is Risk.UNKNOWN

    def test_adds_up_by_currency(self, firm, accounts):
        (total,) = monitor.totals()
        rows = watched()
        assert total.accounts == 2
        assert total.loan == sum(row.loan for row in rows)
        assert total.lending_value == sum(row.lending_value for row in rows)

    def test_finds_clients_by_reference_and_name(self, firm, accounts):
        row = watched()[0]
        account = MarginAccount.objects.get(pk=row.account)
        ClientLabel.objects.create(client=account.client, name="Wong Tai Sin")
        for search in (row.reference.lower(), "tai s"):
            assert [found.account for found in watched(search=search)] == [row.account]
        assert watched(search="nobody") == []

    @pytest.mark.parametrize("sort", monitor.SORTS)
    @pytest.mark.parametrize("descending", [True, False])
    def test_sorts_in_the_database_as_it_would_by_hand(self, firm, accounts, sort, descending):
        firm.account({"2800": "500"}, limit="100")
        fall(firm, accounts)
        rows = watched(sort=sort, descending=descending)
        assert rows == monitor.sorted_rows(sorted(rows, key=lambda row: row.reference), sort, descending)


class TestThen:
    def test_is_what_now_was_at_that_time(self, firm, accounts):
        shown = {row.account: row for row in watched()}
        moment = firm.time
        firm.wait(hours=1)
        fall(firm, accounts)
        for row in monitor.then(moment):
            before = shown[row.account]
            assert (row.loan, row.lending_value, row.excess, row.risk) == (
                before.loan,
                before.lending_value,
                before.excess,
                before.risk,
            )

    def test_knows_the_call_that_was_open(self, firm, accounts):
        fall(firm, accounts)
        in_call = firm.time
        firm.wait(minutes=5)
        margin.deposit(context(), account=accounts[0], asset="HKD", amount=Decimal(1_500_000))
        after = firm.time
        risks = [{row.account: row.risk for row in monitor.then(at)}[accounts[0]] for at in (in_call, after)]
        assert risks == [Risk.CALL, Risk.SAFE]

    def test_takes_the_limit_of_that_time(self, firm, accounts):
        moment = firm.time
        firm.wait(minutes=1)
        margin.set_limit(context(), account=accounts[0], limit=Decimal(7), reason="assessment 2")
        for at, limit in ((moment, 5_000_000), (firm.time, 7), (moment - timedelta(days=400), 0)):
            assert past.limits_at(accounts, at)[accounts[0]] == Decimal(limit)

    def test_asks_the_database_no_more_often_for_more_accounts(self, firm, accounts, statements):
        assert len(monitor.then(firm.time)) == 2
        asked = len(statements)
        for _ in range(3):
            firm.account({"2800": "500"}, limit="100")
        statements.clear()
        assert len(monitor.then(firm.time)) == 5
        assert len(statements) == asked > 0

    def test_is_empty_before_the_first_prices(self, firm, accounts):
        assert monitor.then(seams.now() - timedelta(days=400)) == []
