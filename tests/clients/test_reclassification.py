from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from django.urls import reverse

from brokerage.access.commands import approve
from brokerage.access.models import Proposal
from brokerage.access.rules import Perm
from brokerage.clients import queries, vault
from brokerage.clients.commands.reclassification import reclassify
from brokerage.clients.commands.reviews import do_review, set_review
from brokerage.clients.models import VaultRecord
from brokerage.clients.past import client_as_of
from brokerage.clients.queries.reviews import review
from brokerage.clients.queries.standing_authorities import covered
from brokerage.clients.rules.classification import BelowThreshold, ConsentMissing, EvidenceMissing, Investor
from brokerage.clients.rules.documents import DocumentKind, UnknownDocument
from brokerage.clients.rules.person import UnknownRecord
from brokerage.clients.rules.reviews import EvidenceReviewed, ReviewKind, ReviewOutcome
from brokerage.clients.rules.standing_authorities import TermTooLong
from brokerage.clients.rules.status import Classification
from brokerage.config import newcomers
from brokerage.ledger import seams
from brokerage.ledger.entry import SecondPersonNeeded
from brokerage.ledger.rebuild import rebuild
from brokerage.market.rules.calendars import hong_kong_date
from tests.clients.test_screening import holder, person
from tests.clients.test_standing_authorities import Purpose, give_standing_authority
from tests.clients.test_watch_pages import body, desk_of
from tests.factories import CHECKER, ClientFactory, by_two, context
from tests.onboarding import DESK, FinancesFactory, OnboardedClientFactory, company, signing

pytestmark = pytest.mark.django_db(transaction=True)
RICH = Decimal(8_000_000)
YEAR = timedelta(days=365)


def somebody() -> tuple[UUID, UUID, UUID]:
    """A person, a client the person holds, and a paper about the person's assets."""
    one = person("Harmless")
    return one, holder(one), newcomers.paper(DESK, one, DocumentKind.ASSETS)


def declared(of: UUID, cash: Decimal = RICH) -> UUID:
    return vault.put(of, vault.Kind.FINANCES, FinancesFactory(cash=cash, securities=Decimal(0))).id


def professional() -> UUID:
    one, client, paper = somebody()
    wanted = {"investor": Investor.INDIVIDUAL, "evidence": paper, "evidence_dated": today()}
    reclassify(by_two(), client=client, finances=declared(one), **wanted)
    return client


def today() -> date:
    return hong_kong_date(seams.now())


def later(days: timedelta):
    then = seams.now() + days
    return seams.using(clock=lambda: then)


@pytest.mark.rule("CLI-1")
class TestAClient:
    def test_becomes_professional_on_dated_evidence_by_two_people(self):
        one, client, paper = somebody()
        wanted = {"client": client, "investor": Investor.INDIVIDUAL, "evidence": paper}
        wanted["evidence_dated"] = today()
        with pytest.raises(SecondPersonNeeded):
            reclassify(context(), **wanted, finances=declared(one))
        with pytest.raises(BelowThreshold):
            reclassify(by_two(), **wanted, finances=declared(one, RICH - 1))
        with pytest.raises(EvidenceMissing):
            reclassify(by_two(), **wanted)
        with pytest.raises(EvidenceMissing):
            reclassify(by_two(), **(wanted | {"evidence": None}), finances=declared(one))
        with pytest.raises(EvidenceMissing):
            reclassify(by_two(), **(wanted | {"evidence_dated": None}), finances=declared(one))
        assert queries.investor(client, today()) is Investor.RETAIL
        due = reclassify(by_two(), **wanted, finances=declared(one)).value
        assert due == today() + YEAR
        assert queries.investor(client, today()) is Investor.INDIVIDUAL
        assert rebuild(check=True).identical

    @pytest.mark.rule("CLI-2")
    def test_that_is_an_individual_keeps_suitability_whatever_it_signs(self):
        one, client, paper = somebody()
        wanted = {"investor": Investor.INDIVIDUAL, "evidence": paper, "evidence_dated": today()}
        wanted |= {"assessed": True, "consents": (newcomers.paper(DESK, one, DocumentKind.SIGNATURE),)}
        with pytest.raises(ConsentMissing):
            reclassify(by_two(), client=client, finances=declared(one), **wanted, waive=True)

    def test_is_not_judged_by_somebody_elses_papers(self):
        one, client, paper = somebody()
        other, _, foreign = somebody()
        wanted = {"client": client, "investor": Investor.INDIVIDUAL}
        with pytest.raises(UnknownDocument):
            reclassify(by_two(), **wanted, finances=declared(one), evidence=foreign)
        with pytest.raises(UnknownRecord):
            reclassify(by_two(), **wanted, finances=declared(other), evidence=paper)

    def test_counts_as_retail_everywhere_once_its_review_is_overdue(self):
        client = professional()
        long = {"client": client, "purpose": Purpose.CLIENT_MONEY, "revocation_stated": True}
        ends, overdue = today() + 3 * YEAR, today() + YEAR + timedelta(days=1)
        give_standing_authority(signing(client), **long, ends=ends)
        assert covered(client, Purpose.CLIENT_MONEY, today() + YEAR)
        assert queries.investor(client, overdue) is Investor.RETAIL
        assert not covered(client, Purpose.CLIENT_MONEY, overdue)
        with later(YEAR + timedelta(days=1)):
            assert client_as_of(client, seams.now()).investor is Investor.RETAIL
            (row,) = queries.in_scope(frozenset({client}))
            assert queries.treated(row, today()) is Investor.RETAIL
            with pytest.raises(TermTooLong):
                give_standing_authority(signing(client), **long, ends=ends)

    def test_opened_as_professional_without_evidence_is_retail(self):
        client = ClientFactory(classification=Classification.PROFESSIONAL)
        assert queries.investor(client, today()) is Investor.RETAIL
        assert queries.treated(queries.in_scope(None).get(pk=client), today()) is Investor.RETAIL

    def test_is_an_institution_by_its_own_licence(self):
        firm = company()
        client, director = OnboardedClientFactory(newcomer=firm), firm.people[1].id
        (body,) = queries.owners(client)
        wanted = {"client": client, "investor": Investor.INSTITUTIONAL, "evidence_dated": today()}
        wanted["finances"] = declared(body)
        for whose, kind in ((body, DocumentKind.ASSETS), (director, DocumentKind.AUTHORITY)):
            with pytest.raises(UnknownDocument):
                reclassify(by_two(), **wanted, evidence=newcomers.paper(DESK, whose, kind))
        reclassify(by_two(), **wanted, evidence=newcomers.paper(DESK, body, DocumentKind.AUTHORITY))
        assert queries.investor(client, today()) is Investor.INSTITUTIONAL

    def test_goes_back_to_retail_without_a_paper(self):
        client = professional()
        reclassify(by_two(), client=client, investor=Investor.RETAIL)
        assert queries.investor(client, today()) is Investor.RETAIL

    def test_is_reviewed_by_a_new_classification_only(self):
        client = professional()
        due = review(client, ReviewKind.PROFESSIONAL).due
        assert due == queries.standing(client).review_due
        with pytest.raises(EvidenceReviewed):
            do_review(context(), client=client, kind=ReviewKind.PROFESSIONAL, outcome=ReviewOutcome.SATISFIED)
        with pytest.raises(EvidenceReviewed):
            set_review(context(), client=client, kind=ReviewKind.PROFESSIONAL, due=today() + YEAR)


class TestTheDesk:
    def test_classifies_again_with_figures_that_go_to_the_vault(self):
        _, client, paper = somebody()
        browser, address = desk_of("operations"), reverse("client-reclassify", args=[client])
        assert str(paper) in body(browser, address)
        figures = dict.fromkeys(
            ("cash", "securities", "funds", "real_estate", "virtual_assets", "other", "liabilities"), "0"
        )
        filled = figures | {"investor": "individual-pi", "evidence": str(paper), "cash": "8765432"}
        assert "of which day" in browser.post(address, filled).content.decode()
        before = VaultRecord.objects.count()
        browser.post(address, filled | {"evidence_dated": str(today()), "cash": "1"})
        assert VaultRecord.objects.count() == before
        answer = browser.post(address, filled | {"evidence_dated": str(today())})
        assert VaultRecord.objects.count() == before + 1
        assert answer["Location"] == reverse("client", args=[client])
        proposal = Proposal.objects.get()
        assert "8765432" not in str(proposal.inputs)
        approve(
            context(maker=CHECKER),
            proposal=proposal.id,
            digest=proposal.digest,
            permissions=frozenset({Perm.APPROVE_CLIENTS}),
        )
        assert queries.investor(client, today()) is Investor.INDIVIDUAL
        assert "Individual pi" in body(browser, reverse("clients"))
