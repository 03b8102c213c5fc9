"""A client's credit and knowledge are judged again: what margin and custody read moves with it."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.urls import reverse

from brokerage.access.commands import approve
from brokerage.access.models import Proposal
from brokerage.access.rules import Perm
from brokerage.clients import queries, vault
from brokerage.clients.commands.reclassification import reassess
from brokerage.clients.models import VaultRecord
from brokerage.clients.rules.classification import EvidenceMissing, Investor
from brokerage.clients.rules.credit import Ground, GroundMissing
from brokerage.clients.rules.documents import DocumentKind, UnknownDocument
from brokerage.clients.rules.knowledge import Answers, Experience
from brokerage.clients.rules.person import UnknownRecord
from brokerage.clients.rules.virtual_assets import Offer
from brokerage.config import newcomers
from brokerage.ledger import seams
from brokerage.ledger.entry import SecondPersonNeeded
from brokerage.ledger.rebuild import rebuild
from brokerage.market.rules.calendars import hong_kong_date
from tests.clients.test_watch_pages import body, desk_of
from tests.factories import CHECKER, ClientFactory, by_two, context
from tests.onboarding import DESK, FinancesFactory, NewcomerFactory, OnboardedClientFactory, company, entitled

pytestmark = pytest.mark.django_db(transaction=True)
KNOWS = Experience(training=True)
IGNORANT = Answers(virtual_assets=Experience(), derivatives=Experience(), risks_read=True)


def said(client: UUID, kind: vault.Kind, content: object) -> UUID:
    return vault.put(min(queries.owners(client)), kind, content).id


def figures(client: UUID, **changes: object) -> UUID:
    return said(client, vault.Kind.FINANCES, FinancesFactory(**changes))


def shown(client: UUID, **changes: object) -> dict[str, Any]:
    """A paper of today that shows what a client has, and figures by it."""
    paper = newcomers.paper(DESK, min(queries.owners(client)), DocumentKind.ASSETS)
    dated = hong_kong_date(seams.now())
    return {"finances": figures(client, **changes), "evidence": paper, "evidence_dated": dated}


def offered(client: UUID, days: int = 0) -> Offer | None:
    return queries.offered_virtual_assets(client, hong_kong_date(seams.now()) + timedelta(days=days))


class TestAClient:
    @pytest.mark.rule("VAF-7", "CLI-4")
    def test_is_lent_more_by_a_second_look_of_two_people_and_on_a_ground(self):
        client = OnboardedClientFactory()
        asked = {"client": client, "requested": Decimal(700_000)} | shown(client, cash=Decimal(3_000_000))
        with pytest.raises(SecondPersonNeeded) as refused:
            reassess(context(), **asked, grounds=(Ground.INCOME,))
        assert refused.value.permission == Perm.APPROVE_LIMITS
        with pytest.raises(GroundMissing):
            reassess(by_two(), **asked, grounds=(Ground.VA_FINANCING,))
        assert queries.assessed_limit(client) == 500_000
        assert reassess(by_two(), **asked, grounds=(Ground.INCOME,)).value == 700_000
        assert (queries.assessed_limit(client), offered(client)) == (700_000, Offer(known=True, most=450_000))
        assert rebuild(check=True).identical

    @pytest.mark.rule("CLI-3")
    def test_learns_and_is_asked_anew(self):
        client = OnboardedClientFactory(newcomer=NewcomerFactory(answers=IGNORANT))
        assert not offered(client).known
        answers = Answers(virtual_assets=KNOWS, derivatives=KNOWS, risks_read=True)
        asked = {"client": client, "requested": Decimal(0)} | shown(client)
        reassess(by_two(), **asked)
        assert not offered(client).known
        reassess(by_two(), **asked, answers=said(client, vault.Kind.ANSWERS, answers))
        assert offered(client).known
        assert queries.standing(client).derivatives_knowledge == ["training"]

    @pytest.mark.rule("CLI-4")
    def test_no_longer_professional_has_no_bound_until_it_is_assessed_again(self):
        rich = NewcomerFactory(
            investor=Investor.INDIVIDUAL, finances=FinancesFactory(cash=Decimal(8_000_000))
        )
        client = OnboardedClientFactory(newcomer=rich)
        assert offered(client) == Offer(known=True, most=None)
        assert offered(client, days=366) == Offer(known=True, most=Decimal(0))

    def test_is_not_judged_by_somebody_elses_figures(self):
        client, other = OnboardedClientFactory(), ClientFactory()
        entitled(other)
        asked = {"client": client, "requested": Decimal(0)}
        with pytest.raises(UnknownRecord):
            reassess(by_two(), **asked, **shown(client) | {"finances": figures(other)})
        with pytest.raises(UnknownDocument):
            reassess(by_two(), **asked, **shown(other) | {"finances": figures(client)})

    @pytest.mark.rule("VAF-7")
    def test_that_is_a_company_is_not_judged_by_a_directors_wealth(self):
        newcomer = company()
        client, director = OnboardedClientFactory(newcomer=newcomer), newcomer.people[1].id
        assert queries.owners(client) == {newcomer.people[0].id}
        private = vault.put(director, vault.Kind.FINANCES, FinancesFactory(cash=Decimal(10**9))).id
        asked = {"client": client, "requested": Decimal(0)} | shown(client)
        with pytest.raises(UnknownRecord):
            reassess(by_two(), **asked | {"finances": private})
        with pytest.raises(UnknownDocument):
            reassess(by_two(), **asked | {"evidence": newcomers.paper(DESK, director, DocumentKind.ASSETS)})
        reassess(by_two(), **asked)

    @pytest.mark.rule("VAF-7")
    def test_is_judged_on_a_paper_of_the_last_year(self):
        client = OnboardedClientFactory()
        asked = {"client": client, "requested": Decimal(0)} | shown(client)
        today = asked["evidence_dated"]
        for dated in (today - timedelta(days=366), today + timedelta(days=1)):
            with pytest.raises(EvidenceMissing):
                reassess(by_two(), **asked | {"evidence_dated": dated})
        reassess(by_two(), **asked | {"evidence_dated": today - timedelta(days=365)})


def test_the_desk_asks_and_what_a_refusal_would_have_named_is_not_kept():
    client = OnboardedClientFactory()
    browser, address = desk_of("credit"), reverse("client-reassess", args=[client])
    paper = str(newcomers.paper(DESK, min(queries.owners(client)), DocumentKind.ASSETS))
    assert paper in body(browser, address)
    names = ("securities", "funds", "real_estate", "virtual_assets", "other", "liabilities")
    filled = dict.fromkeys((*names, "va_trades", "derivatives_trades"), "0") | {
        "evidence": paper,
        "requested": "900000",
        "cash": "8765432",
        "evidence_dated": str(hong_kong_date(seams.now())),
    }
    before = VaultRecord.objects.count()
    browser.post(address, filled)
    assert VaultRecord.objects.count() == before
    answer = browser.post(address, filled | {"grounds": "income", "enquired": "on"})
    assert answer["Location"] == reverse("client", args=[client])
    assert VaultRecord.objects.count() == before + 2
    proposal = Proposal.objects.get()
    assert "8765432" not in str(proposal.inputs)
    approve(
        context(maker=CHECKER),
        proposal=proposal.id,
        digest=proposal.digest,
        permissions=frozenset({Perm.APPROVE_LIMITS}),
    )
    assert queries.assessed_limit(client) == 900_000
    assert not offered(client).known
