"""The market's read models are caches: a replay of the book gives the same rows, races included."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection

from brokerage.ledger import rebuild
from brokerage.market import queries
from brokerage.market.commands import change_instrument, declare_closure, import_prices, release_price
from brokerage.market.models import PriceFile, PriceSet, Quarantine
from brokerage.market.rules.calendars import Closure, ClosureKind
from brokerage.market.rules.price_csv import HEADER, DuplicateFile

from .desk import adopt, context, list_all, observe, share

pytestmark = pytest.mark.django_db(transaction=True)
NOON = datetime(2025, 6, 30, 4, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FILE = f"{HEADER}\n2025-06-28,1,1,1,1,0\n2025-06-29,100,100,100,100,0\n".encode()


def at_once(work: Callable[[], object], times: int) -> list[object]:
    """What `times` threads get from the same work, refusals as values."""

    def attempt(_: int) -> object:
        try:
            return work()
        except DuplicateFile as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(attempt, range(times)))


def test_a_replay_gives_every_row_again():
    list_all("BTC", "0700")
    import_prices(context(), instrument="BTC", source="files", content=FILE)
    observe("BTC", "100", NOON)
    adopt(NOON)
    observe("BTC", "50", NOON + MINUTE)
    adopt(NOON + MINUTE)
    (waiting,) = queries.open_quarantines()
    release_price(context(maker=UUID(int=1), checker=UUID(int=2)), quarantine=waiting.id, reason="real")
    change_instrument(context(), terms=replace(share("0700"), lot=share("0700").lot * 2))
    declare_closure(context(), closure=Closure(day=date(2025, 7, 2), kind=ClosureKind.GALE))

    found = rebuild.rebuild(check=True)
    assert found.differences == {}
    Quarantine.objects.update(released_at=None)
    assert rebuild.rebuild(check=True).differences == {"market_quarantine": 2}
    rebuild.rebuild(check=False)
    assert not queries.open_quarantines()


def test_one_file_imported_by_many_at_once_comes_in_once():
    list_all("BTC")
    answers = at_once(
        lambda: import_prices(context(), instrument="BTC", source=str(uuid4()), content=FILE).value, 6
    )
    assert answers.count(2) == 1
    assert sum(isinstance(answer, DuplicateFile) for answer in answers) == 5
    assert PriceFile.objects.count() == 1


def test_one_slot_adopted_by_many_at_once_gets_revisions_in_a_row():
    list_all("BTC")
    observe("BTC", "100", NOON)
    at_once(lambda: adopt(NOON), 6)
    revisions = PriceSet.objects.order_by("revision").values_list("revision", flat=True)
    assert list(revisions) == [1, 2, 3, 4, 5, 6]
