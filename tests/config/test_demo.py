from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib import import_module
from random import Random

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command

from brokerage.access.models import User
from brokerage.clients.queries import in_the_hands_of
from brokerage.config import demo, seeding
from brokerage.config.tasks import move_prices
from brokerage.jobs.schedule import Run
from brokerage.ledger import seams
from brokerage.ledger.models import Entry
from brokerage.market import queries as market
from brokerage.market.rules.calendars import HongKongCalendar
from brokerage.market.rules.instruments import checked_terms
from margin import monitor
from margin.monitor import Risk
from margin.rules.validation import validate

SUNDAY = datetime(2026, 3, 8, 4, tzinfo=UTC)
LOGINS = 8
FRIDAY_CLOSE = datetime(2026, 3, 6, 8, tzinfo=UTC)


class TestStory:
    def test_is_the_same_for_the_same_seed_and_another_for_another(self):
        assert demo.borrowers(1) == demo.borrowers(1)
        assert demo.borrowers(1) != demo.borrowers(2)
        assert list(demo.prices(1, 20)) == list(demo.prices(1, 20))

    def test_is_lawful(self):
        validate(demo.POLICY)
        for story in demo.STORIES.values():
            checked_terms(story.terms)
        assert "SOL" not in demo.POLICY.assets

    def test_ends_where_it_says(self):
        last = list(demo.prices(7, 44))[-1]
        for code, story in demo.STORIES.items():
            assert abs(last[code] - story.start * (1 + story.drift)) <= Decimal("0.01")

    def test_says_of_each_price_that_it_is_invented(self):
        assert "invented" in demo.SOURCE

    def test_prices_shares_when_they_trade_and_coins_at_once(self):
        calendar = HongKongCalendar()
        share, coin = demo.STORIES["0700"].terms, demo.STORIES["BTC"].terms
        assert demo.source_time(calendar, share, SUNDAY) == FRIDAY_CLOSE
        assert demo.source_time(calendar, coin, SUNDAY) == SUNDAY

    def test_counts_its_slots_up_to_just_before_now(self):
        slots = demo.slots(SUNDAY)
        assert slots == sorted(set(slots))
        assert timedelta(0) < SUNDAY - slots[-1] <= timedelta(minutes=6)

    def test_keeps_live_prices_near_home(self):
        price, random = Decimal("84738"), Random(1)
        for _ in range(2000):
            price = demo.moved("BTC", price, random)
        assert Decimal("70000") < price < Decimal("100000")


@pytest.fixture
def short(monkeypatch, settings, tmp_path):
    """A shorter story, its logins in a folder of the test's own."""
    monkeypatch.setattr(demo, "DAYS", 5)
    monkeypatch.setattr(demo, "HOURS", 3)
    monkeypatch.setattr(demo, "CLIENTS", 14)
    settings.DATA_DIR = tmp_path
    return tmp_path / "demo-logins.txt"


@pytest.fixture
def roles(transactional_db):
    """The roles a migration made, which the flush after another test takes away."""
    import_module("brokerage.access.migrations.0002_roles").create(apps, None)


@pytest.mark.usefixtures("roles")
class TestSeeding:
    def test_tells_the_story_once_and_keeps_the_logins_private(self, short, capsys):
        call_command("seed_demo")
        entries, risks = Entry.objects.count(), monitor.counts()
        assert short.stat().st_mode & 0o777 == 0o600
        assert len(short.read_text().splitlines()) == User.objects.count() == LOGINS
        assert min(risks[risk] for risk in (Risk.CALL, Risk.WARNING, Risk.SAFE)) > 0
        assert capsys.readouterr().out.count("operations") == 4
        rows, shown = monitor.now(risk=None, search="", sort="client", descending=False), {}
        for user in User.objects.filter(is_staff=False):
            shown[user.username] = monitor.row(rows.get(client__in=in_the_hands_of(user.person))).risk
        assert shown == {"client-safe": Risk.SAFE, "client-call": Risk.CALL, "client-near": Risk.WARNING}
        call_command("seed_demo")
        assert Entry.objects.count() == entries
        assert "there already" in capsys.readouterr().out
        slot = seams.now()
        move_prices(Run(id=seams.new_id(), job="demo.prices", slot=slot, late=False), [])
        assert market.latest_price_set(seams.now()).slot == slot

    def test_refuses_a_book_that_is_not_empty(self, short):
        next(iter(seeding.tell(seams.now())))
        with pytest.raises(CommandError, match="not empty"):
            call_command("seed_demo")

    def test_refuses_outside_a_demonstration(self, short, settings):
        settings.DEMO = False
        with pytest.raises(CommandError, match="invents clients"):
            call_command("seed_demo")
        assert not Entry.objects.exists()
