"""The faces of an amendment: the desk's page and REST begin it; and the desk closes a client."""

from uuid import UUID, uuid4

import pytest
from django.urls import reverse

from brokerage.access.models import Proposal
from brokerage.clients import queries
from brokerage.clients.models import Application
from brokerage.clients.rules.status import ClientType
from tests.clients.test_watch_pages import body, desk_of
from tests.factories import AccountFactory, ClientFactory, furnish
from tests.http import callers
from tests.onboarding import HolderFactory, NewcomerFactory, OnboardedClientFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def pair() -> tuple[UUID, list[UUID]]:
    """A joint client whose two holders sign together, and the two."""
    people = (HolderFactory(), HolderFactory())
    newcomer = NewcomerFactory(form=ClientType.JOINT, people=people, signatures=2)
    return OnboardedClientFactory(newcomer=newcomer), [each.id for each in people]


class TestTheDesk:
    def test_begins_it_for_one_who_signs_and_sees_what_it_changes(self, pair):
        client, (ann, _) = pair
        browser, address = desk_of("operations"), reverse("client-amend", args=[client])
        assert address in body(browser, reverse("client", args=[client]))
        page = body(browser, address)
        assert page.count("<option") == 2
        assert 'value="2"' in page
        browser.post(address, {"signatures": "1", "applicant": str(uuid4())})
        assert not Application.objects.filter(amends=client).exists()
        answer = browser.post(address, {"signatures": "1", "applicant": str(ann)})
        found = Application.objects.get(amends=client)
        assert answer["Location"] == reverse("onboarding-application", args=[found.id])
        assert (found.applicant, found.signatures, found.margin) == (ann, 1, True)
        shown = body(browser, answer["Location"])
        for words in ("What changes", "Stays", "2 → 1", queries.client(client).reference):
            assert words in shown
        assert "Reference of the new client" not in shown
        refused = browser.post(address, {"signatures": "1", "applicant": str(ann)}, follow=True)
        assert "is open; finish or withdraw it" in refused.content.decode()

    def test_closes_a_client_that_leaves_nothing_behind_by_two(self):
        furnish()
        client = ClientFactory()
        account = AccountFactory(client=client)
        browser, address = desk_of("operations"), reverse("client-close", args=[client])
        assert address in body(browser, reverse("client", args=[client]))
        assert account.hex[-8:] in body(browser, address)
        browser.post(address, {"reason": "LEFT"})
        assert not Proposal.objects.exists()
        empty = ClientFactory()
        browser.post(reverse("client-close", args=[empty]), {"reason": "LEFT"})
        assert Proposal.objects.get().command == "custody.close-client"
        assert browser.get(reverse("client-close", args=[uuid4()])).status_code == 404


class TestThePortal:
    def test_begins_it_for_the_own_client_only(self, pair):
        client, _ = pair
        stranger = callers.holder_of(ClientFactory(), name="eve")
        assert stranger.http.get(reverse("portal-amend", args=[client])).status_code == 404
        assert stranger.http.post(reverse("portal-amend", args=[client]), {}).status_code == 404


class TestRest:
    asked = {"form": "individual", "signatures": 1, "margin": False}

    def test_begins_it_for_who_signs_and_not_for_the_desk(self):
        client = ClientFactory()
        own, desk = callers.holder_of(client, name="own"), callers.staff("operations")
        body = self.asked | {"amends": str(client)}
        made = own.post("applications/start", body).json()["data"]
        assert (made["amends"], made["client"]) == (str(client), None)
        assert own.post("applications/start", body).json()["code"] == "clients.amendment-open"
        assert desk.post("applications/start", body).status_code == 403
        theirs = self.asked | {"amends": str(ClientFactory())}
        assert own.post("applications/start", theirs).status_code == 404
