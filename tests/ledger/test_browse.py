from uuid import UUID, uuid4

import pytest

from brokerage.ledger import browse, seals
from brokerage.ledger.models import Entry
from tests.factories import BankFactory, ClientFactory


@pytest.fixture
def clients(db) -> list[UUID]:
    return [ClientFactory(reference=f"C{number}") for number in range(7)]


class TestPage:
    def test_shows_the_newest_first_and_goes_on_where_it_ended(self, clients):
        first = browse.newest(browse.Filter(), limit=4)
        second = browse.newest(browse.Filter(), before=first.before, limit=4)
        shown = [line.event.stream for line in (*first.lines, *second.lines)]
        assert shown == clients[::-1]
        assert second.before is None

    def test_is_narrowed_by_stream_kind_and_key(self, clients):
        BankFactory()
        key = Entry.objects.get(events__stream=clients[3]).key
        for wanted in (browse.Filter(stream=clients[3]), browse.Filter(key=key)):
            assert [line.event.stream for line in browse.newest(wanted).lines] == [clients[3]]
        opened = browse.newest(browse.Filter(kind="clients.client-opened")).lines
        assert [line.event.stream for line in opened] == clients[::-1]

    def test_of_something_unknown_is_empty(self, clients):
        for wanted in (browse.Filter(kind="no.such"), browse.Filter(owner=uuid4()), browse.Filter(key="no")):
            assert browse.newest(wanted).lines == []

    def test_looks_through_a_bounded_part_and_says_where_to_go_on(self, clients, monkeypatch):
        monkeypatch.setattr(browse, "SPAN", 3)
        BankFactory()
        pages, before = [], None
        while True:
            page = browse.newest(browse.Filter(kind="clients.client-opened"), before=before)
            pages.append(len(page.lines))
            if page.before is None:
                break
            before = page.before
        assert sum(pages) == len(clients)
        assert max(pages) <= 3


@pytest.mark.django_db(transaction=True)
class TestSeal:
    def test_gives_a_line_its_position(self):
        opened = [ClientFactory(reference=f"C{number}") for number in range(5)]
        assert {line.position for line in browse.newest(browse.Filter()).lines} == {None}
        assert browse.seal_lag().total_seconds() > 0
        seals.seal()
        lines = browse.newest(browse.Filter()).lines
        assert [(line.event.stream, line.position) for line in lines] == list(
            zip(opened[::-1], [5, 4, 3, 2, 1], strict=True)
        )
        assert browse.seal_of(5).count == 5
        assert browse.seal_lag().total_seconds() == 0
