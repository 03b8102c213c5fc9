import pytest

from brokerage.ledger import seals
from tests import desk
from tests.factories import AccountFactory, BankFactory, ClientFactory
from tests.ledger.book import superuser


@pytest.fixture
def auditor(client, db):
    client.force_login(desk.member("auditor"))
    return client


class TestExplorer:
    def test_says_what_it_is_for_when_the_book_is_empty(self, auditor):
        assert "fills with the first command" in auditor.get("/staff/ledger/").content.decode()

    def test_lists_events_and_leads_to_their_entry(self, auditor):
        stream = ClientFactory(reference="C1")
        assert "clients.client-opened" in auditor.get("/staff/ledger/").content.decode()
        answer = auditor.get(f"/staff/ledger/events/{stream}@1/", follow=True)
        page = answer.content.decode()
        assert "clients.open-client" in page
        assert "C1" in page

    def test_shows_debits_and_credits(self, auditor):
        BankFactory()
        account = AccountFactory(client=ClientFactory())
        page = auditor.get(f"/staff/ledger/?owner={account}").content.decode()
        assert "ledger.account-opened" in page

    @pytest.mark.parametrize(
        "query", ["stream=1", "owner=%27--", "before=x", "before=-1", "before=" + "9" * 30]
    )
    def test_refuses_what_it_cannot_read(self, query, auditor):
        assert auditor.get(f"/staff/ledger/?{query}").status_code == 400

    def test_treats_a_hostile_key_as_text(self, auditor):
        page = auditor.get("/staff/ledger/", {"key": "'; DROP TABLE ledger_event; <script>"}).content.decode()
        assert "&lt;script&gt;" in page
        assert "<script>" not in page.replace('<script src="', "")

    def test_has_no_entry_of_an_unknown_name(self, auditor):
        nothing = "0192f3a0-0000-7000-8000-000000000000"
        assert auditor.get(f"/staff/ledger/entries/{nothing}/").status_code == 404
        assert auditor.get(f"/staff/ledger/events/{nothing}@1/").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_an_entry_names_its_seal(client):
    stream = ClientFactory(reference="C1")
    client.force_login(desk.member("auditor"))
    seals.seal()
    page = client.get(f"/staff/ledger/events/{stream}@1/", follow=True).content.decode()
    assert "1 event from position 1" in page
    assert "verified and sealed" in page
    assert "Merkle root" in page


@pytest.mark.django_db(transaction=True)
def test_an_entry_that_was_tampered_with_says_so(client):
    stream = ClientFactory(reference="C1")
    seals.seal()
    with superuser() as session:
        session.execute("UPDATE ledger_event SET data = jsonb_set(data, '{reference}', '\"C2\"')")
    client.force_login(desk.member("auditor"))
    page = client.get(f"/staff/ledger/events/{stream}@1/", follow=True).content.decode()
    assert "does not verify" in page
    assert "does not match its hash" in page
