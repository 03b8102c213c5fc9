from datetime import timedelta

import pytest

from brokerage.access.models import User
from brokerage.clients.models import ClientLabel
from margin import commands as margin
from margin.models import MarginAccount
from margin.revaluation import revalue
from tests import desk
from tests.factories import context
from tests.margin.firm import FALLEN


@pytest.fixture
def credit(client, firm):
    client.force_login(desk.member("credit"))
    return client


@pytest.fixture
def called(firm):
    """An account with an open call."""
    account, before = firm.base_book(), firm.price_set
    prices = firm.prices(FALLEN)
    margin.assess(context(), accounts=[account], price_set=prices, calm_set=before)
    revalue(prices, firm.time)
    return account


def text(answer):
    assert answer.status_code == 200, answer.content.decode()
    return " ".join(answer.content.decode().split())


class TestMonitor:
    def test_says_what_it_is_for_when_it_is_empty(self, credit):
        assert "No margin account yet" in text(credit.get("/staff/margin/"))

    def test_shows_the_account_its_state_and_exact_figures(self, credit, called):
        page = text(credit.get("/staff/margin/"))
        assert str(called) in page
        assert '<span class="risk call">Call</span>' in page
        assert "1,500,000.00" in page

    def test_narrows_to_a_state(self, credit, called):
        assert str(called) not in text(credit.get("/staff/margin/?risk=safe"))
        assert credit.get("/staff/margin/?risk=fine").status_code == 400

    def test_sends_only_the_part_that_changes_when_it_refreshes(self, credit, called):
        part = text(credit.get("/staff/margin/", headers={"HX-Request": "true"}))
        assert part.startswith('<div id="accounts" hx-get="/staff/margin/"')
        assert "<html" not in part

    def test_of_the_past_is_marked_and_stands_still(self, credit, called, firm):
        moment = firm.time.isoformat()
        firm.wait(hours=1)
        credit.force_login(User.objects.get())  # an idle stay has ended meanwhile
        page = text(credit.get("/staff/margin/", {"as_of": moment}))
        assert "As the book stood at" in page
        assert "every 5s" not in page
        assert str(called) in page

    @pytest.mark.parametrize("sort", ["loan", "-loan", "client__user__password", "-"])
    def test_sorts_by_its_own_columns_only(self, credit, called, sort):
        assert str(called) in text(credit.get("/staff/margin/", {"sort": sort}))

    def test_treats_names_as_text(self, credit, called):
        client_id = MarginAccount.objects.get(pk=called).client
        ClientLabel.objects.create(client=client_id, name="<img src=x onerror=alert(1)> {{ 7|add:7 }}")
        for path in ("/staff/margin/", f"/staff/margin/{called}/"):
            page = text(credit.get(path))
            assert "&lt;img src=x onerror=alert(1)&gt; {{ 7|add:7 }}" in page

    def test_asks_the_database_a_bounded_number_of_times(
        self, credit, called, firm, django_assert_max_num_queries
    ):
        for _ in range(5):
            firm.account({"2800": "500"})
        with django_assert_max_num_queries(20):
            credit.get("/staff/margin/")


class TestAccount:
    def test_explains_its_call_down_to_the_event(self, credit, called):
        page = text(credit.get(f"/staff/margin/{called}/"))
        call = MarginAccount.objects.get(pk=called).calls.get()
        assert call.reference in page
        assert f"/staff/ledger/events/{called}@{call.issued_version}/" in page
        assert f"{call.amount:,.2f}" in page
        assert "every number agrees" in page

    def test_shows_each_position_with_price_source_haircut_and_value(self, credit, called):
        page = text(credit.get(f"/staff/margin/{called}/"))
        for shown in (
            "0700",
            "BTC",
            "USD",
            "× 7.8",
            "30.0 %",
            "60.0 %",
            "one",
        ):
            assert shown in page

    def test_can_be_seen_as_it_was(self, credit, called, firm):
        account = MarginAccount.objects.get(pk=called)
        before = account.calls.get().issued_at - timedelta(microseconds=1)
        page = text(credit.get(f"/staff/margin/{called}/", {"as_of": before.isoformat()}))
        assert "Why this amount" not in page

    def test_shows_the_plan_of_its_forced_sale(self, credit, called, firm):
        firm.wait(days=4)
        prices = firm.prices({})
        margin.expire_calls(context(), accounts=[called], price_set=prices)
        margin.plan_sale(context(), account=called, price_set=prices)
        credit.force_login(User.objects.get())  # an idle stay has ended meanwhile
        page = text(credit.get(f"/staff/margin/{called}/"))
        assert "Plan 1 of the sale" in page
        assert "To sell" in page

    def test_was_not_there_before_it_was_opened(self, credit, called):
        assert credit.get(f"/staff/margin/{called}/?as_of=2020-01-01T00:00").status_code == 400

    def test_unknown_is_not_found(self, credit):
        assert credit.get("/staff/margin/0192f3a0-0000-7000-8000-000000000000/").status_code == 404


class TestPolicy:
    def test_shows_the_version_in_force_with_its_haircuts(self, credit):
        page = text(credit.get("/staff/policy/"))
        assert "BTC" in page
        assert "60 %" in page

    def test_of_an_unknown_version_is_not_found(self, credit):
        assert credit.get("/staff/policy/?version=99").status_code == 404
        assert credit.get("/staff/policy/?version=x").status_code == 400


class TestPrices:
    def test_show_the_latest_set_its_sources_and_states(self, credit, firm):
        page = text(credit.get("/staff/prices/"))
        assert "one" in page
        assert "fresh" in page
        assert str(firm.price_set) in page

    def test_of_one_set_can_be_opened(self, credit, firm):
        assert str(firm.price_set) in text(credit.get(f"/staff/prices/{firm.price_set}/"))


def test_the_first_page_says_what_needs_a_person(credit, called):
    page = text(credit.get("/staff/"))
    assert "account in call" in page
    assert str(called) in page
