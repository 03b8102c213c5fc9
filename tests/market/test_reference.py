from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from brokerage.ledger.models import Event, Refusal
from brokerage.market import queries
from brokerage.market.commands import change_instrument, declare_closure, list_instrument
from brokerage.market.commands.reference import AlreadyDeclared, AlreadyListed
from brokerage.market.queries import UnknownInstrument
from brokerage.market.rules.calendars import BadClosure, Calendar, Closure, ClosureKind
from brokerage.market.rules.instruments import BadIsin, FixedTerm

from .desk import coin, context, share

pytestmark = pytest.mark.django_db
TYPHOON = Closure(day=date(2025, 9, 24), kind=ClosureKind.GALE)


class TestListing:
    def test_makes_an_instrument_with_its_terms(self):
        terms = replace(share("0700"), isin="KYG875721634", tick=Decimal("0.2"))
        list_instrument(context(), terms=terms)
        assert queries.instrument("0700") == terms
        assert queries.instruments() == {"0700": terms}

    def test_is_refused_for_a_code_that_is_taken(self):
        list_instrument(context(), terms=coin("BTC"))
        with pytest.raises(AlreadyListed):
            list_instrument(context(), terms=replace(coin("BTC"), name="Other"))

    def test_that_is_refused_writes_nothing_but_the_refusal(self):
        with pytest.raises(BadIsin):
            list_instrument(context(), terms=replace(share("0700"), isin="KYG875721635"))
        assert not queries.instruments()
        assert not Event.objects.exists()
        assert Refusal.objects.get().code == "market.bad-isin"

    def test_repeated_under_its_key_answers_the_same(self):
        first = list_instrument(context(key="once"), terms=coin("BTC"))
        again = list_instrument(context(key="once"), terms=coin("BTC"))
        assert (again.value, again.replayed) == (first.value, True)


class TestChange:
    def test_replaces_the_terms(self):
        list_instrument(context(), terms=share("0700"))
        suspended = replace(share("0700"), suspended_since=date(2025, 6, 30))
        change_instrument(context(), terms=suspended)
        assert queries.instrument("0700") == suspended

    def test_cannot_touch_the_currency_or_an_unknown_code(self):
        list_instrument(context(), terms=share("0700"))
        with pytest.raises(FixedTerm):
            change_instrument(context(), terms=replace(share("0700"), currency="USD"))
        with pytest.raises(UnknownInstrument):
            change_instrument(context(), terms=share("0701"))


class TestClosure:
    def test_ends_the_statutory_day_from_then_on(self):
        day = TYPHOON.day
        assert queries.calendar().is_open(Calendar.STATUTORY, day)
        declare_closure(context(), closure=TYPHOON)
        assert not queries.calendar().is_open(Calendar.STATUTORY, day)
        assert queries.calendar().is_open(Calendar.TRADING, day)

    def test_is_declared_once(self):
        declare_closure(context(), closure=TYPHOON)
        with pytest.raises(AlreadyDeclared):
            declare_closure(context(), closure=TYPHOON)

    def test_keeps_the_calendars_it_names(self):
        outage = Closure(day=date(2025, 6, 30), kind=ClosureKind.OTHER, calendars=(Calendar.TRADING,))
        declare_closure(context(), closure=outage)
        assert queries.calendar().closures == (outage,)

    def test_that_names_none_is_refused(self):
        with pytest.raises(BadClosure):
            declare_closure(context(), closure=Closure(day=date(2025, 6, 30), kind=ClosureKind.OTHER))
