"""A credit limit against the credit assessment that onboarding made."""

from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from brokerage.access.rules import Perm
from brokerage.clients import queries as clients
from brokerage.clients.commands.reclassification import reassess
from brokerage.clients.queries.reviews import review_set
from brokerage.clients.rules.reviews import ReviewKind
from brokerage.clients.rules.virtual_assets import BeyondExposure
from brokerage.jobs.schedule import Run
from brokerage.ledger.entry import SecondPersonNeeded
from custody.rules import AccountKind
from margin import commands as margin
from margin.events import LimitSet
from margin.limits import beyond_assessment, clients_with_limits
from margin.models import MarginAccount
from margin.rules.limits import BeyondAssessment, LimitBasis
from margin.tasks import review_limits
from tests.clients.test_reassessment import shown
from tests.factories import MAKER, AccountFactory, DepositFactory, by_two, context
from tests.margin.firm import Firm, last
from tests.onboarding import OnboardedClientFactory

ASSESSED = Decimal(500_000)


def opened(client: UUID) -> UUID:
    account: UUID = AccountFactory(client=client, kind=AccountKind.MARGIN)
    margin.open_margin_account(context(), account=account)
    return account


def limit(account: UUID, to: Decimal) -> None:
    margin.set_limit(context(maker=MAKER), account=account, limit=to, reason="assessment 1")


@pytest.mark.rule("VAF-7")
class TestAnAssessedClient:
    @pytest.fixture
    def client(self, firm: Firm) -> UUID:
        made: UUID = OnboardedClientFactory()
        assert clients.assessed_limit(made) == ASSESSED
        return made

    def test_is_lent_no_more_than_was_assessed(self, client: UUID) -> None:
        account = opened(client)
        with pytest.raises(BeyondAssessment):
            limit(account, ASSESSED + 1)
        limit(account, ASSESSED)
        assert MarginAccount.objects.get(pk=account).credit_limit == ASSESSED

    def test_is_lent_no_more_by_a_second_account(self, client: UUID) -> None:
        first, second = opened(client), opened(client)
        limit(first, ASSESSED - 1000)
        with pytest.raises(BeyondAssessment):
            limit(second, Decimal(1001))
        limit(second, Decimal(1000))

    @pytest.mark.rule("SMF-4")
    def test_is_lent_more_on_a_waiver_of_two_people_whatever_the_amount(self, client: UUID) -> None:
        account = opened(client)
        more = {"account": account, "limit": ASSESSED + 1, "reason": "risk assessment 7"}
        with pytest.raises(SecondPersonNeeded) as refused:
            margin.set_limit(context(maker=MAKER), **more, basis=LimitBasis.WAIVER)
        assert refused.value.permission == Perm.APPROVE_LIMITS
        margin.set_limit(by_two(), **more, basis=LimitBasis.WAIVER)
        assert last(account, LimitSet).basis is LimitBasis.WAIVER
        limit(account, ASSESSED + 1)  # no raise: what was waived stays until somebody lowers it
        limit(account, ASSESSED)
        with pytest.raises(BeyondAssessment):
            limit(account, ASSESSED + 1)


@pytest.mark.rule("VAF-7")
def test_a_client_assessed_for_less_than_its_limits_is_reviewed_unless_they_were_waived(firm: Firm) -> None:
    lowered, waived, fine = (OnboardedClientFactory() for _ in range(3))
    for client in (lowered, waived, fine):
        account = opened(client)
        limit(account, ASSESSED)
        if client != fine:
            reassess(by_two(), client=client, requested=ASSESSED - 1000, **shown(client))
        if client == waived:
            more = {"limit": ASSESSED + 1, "reason": "risk assessment 7", "basis": LimitBasis.WAIVER}
            margin.set_limit(by_two(), account=account, **more)
    run = Run(id=uuid4(), job="margin.review-limits", slot=firm.time, late=False)
    for _ in range(2):
        review_limits(run, clients_with_limits())
    reviewed = [each for each in (lowered, waived, fine) if review_set(each, ReviewKind.CIRCUMSTANCES)]
    assert reviewed == [lowered]


@pytest.mark.rule("VAF-7", "SMF-4")
def test_a_waiver_silences_the_review_for_its_own_account_and_until_the_next_assessment(firm: Firm) -> None:
    older, other, newer = (OnboardedClientFactory() for _ in range(3))
    for client in (older, other, newer):
        first, second = opened(client), opened(client)
        limit(first, ASSESSED)
        waived = {"account": second, "limit": Decimal(1000), "reason": "waived", "basis": LimitBasis.WAIVER}
        if client == older:
            margin.set_limit(by_two(), **waived)
        lowered = ASSESSED if client == newer else ASSESSED - 1000
        reassess(by_two(), client=client, requested=lowered, **shown(client))
        if client != older:
            margin.set_limit(by_two(), **waived)
    assert [beyond_assessment(each) for each in (older, other, newer)] == [True, True, False]


def test_a_client_of_an_import_has_its_assessment_named_by_the_reason(firm: Firm) -> None:
    account = firm.account({}, limit="0")
    limit(account, Decimal(999_999))
    assert last(account, LimitSet) == LimitSet(limit=Decimal(999_999), reason="assessment 1")


@pytest.mark.rule("CLI-4")
def test_a_retail_client_is_sold_virtual_assets_up_to_what_all_its_accounts_hold(firm: Firm) -> None:
    """At most 250,000: at 780,000 for one, 0.2 Bitcoin are fine, but not with 0.3 in another account."""
    client = OnboardedClientFactory()
    cash = AccountFactory(client=client)
    account = opened(client)
    margin.deposit(context(), account=account, asset="HKD", amount=Decimal(400_000))
    firm.buy(account, "BTC", "0.1", cost="0")
    DepositFactory(account=cash, asset="BTC", amount=Decimal("0.3"))
    with pytest.raises(BeyondExposure):
        firm.buy(account, "BTC", "0.1", cost="0")
