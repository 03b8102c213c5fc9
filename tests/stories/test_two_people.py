"""A maker who tries to approve his own change, and what two people do instead, on the desk's pages."""

import re
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from django.test import Client

from brokerage.access.models import Proposal, User
from brokerage.ledger.models import Entry
from brokerage.market.models import Quarantine
from margin import commands as margin
from margin.forms import written
from margin.models import Call, MarginAccount, Policy, Sale
from margin.rules.lifecycle import Stage
from margin.rules.policy import AssetKind
from tests.desk import member
from tests.factories import context
from tests.margin.firm import FALLEN, Firm, policy, terms


class Desk:
    """One browser through which members of staff take turns."""

    def __init__(self, browser: Client) -> None:
        self.browser = browser

    def send(self, user: User, path: str, **filled: object) -> str:
        """What the next page says after a form was sent."""
        self.browser.force_login(user)
        answer = self.browser.post(path, filled, follow=True)
        assert answer.status_code == 200, answer
        return answer.content.decode()

    def read(self, user: User, path: str) -> str:
        """What a page says."""
        self.browser.force_login(user)
        answer = self.browser.get(path)
        assert answer.status_code == 200, answer
        return answer.content.decode()

    def approve(self, user: User, row: Proposal) -> str:
        """What the page says after an approval of what it shows."""
        path = f"/staff/approvals/{row.pk}/"
        found = re.search(r'name="digest" value="([0-9a-f]{64})"', self.read(user, path))
        return self.send(user, f"{path}decide/", act="approve", digest=found[1] if found else row.digest)


@pytest.fixture
def desk(client: Client) -> Desk:
    return Desk(client)


def limit(account: UUID) -> Decimal:
    return MarginAccount.objects.get(pk=account).credit_limit


def called(firm: Firm) -> UUID:
    """An account with an open call."""
    account, before = firm.base_book(), firm.price_set
    margin.assess(context(), accounts=[account], price_set=firm.prices(FALLEN), calm_set=before)
    return account


def test_a_maker_who_tries_to_approve_his_own_raise_of_a_limit(firm: Firm, desk: Desk) -> None:
    account = firm.account({}, limit="0")
    maker, other = member("credit", name="mei"), member("compliance", name="ho")
    page = f"/staff/margin/{account}/"
    said = desk.send(maker, f"{page}limit/", limit="5000000", reason="assessment 9", key="asked-once")
    assert "Proposed; another person must approve it." in said
    desk.send(maker, f"{page}limit/", limit="5000000", reason="assessment 9", key="asked-once")
    row = Proposal.objects.get()
    assert limit(account) == 0
    assert row.client == MarginAccount.objects.get(pk=account).client

    assert "You made this proposal yourself" in desk.approve(maker, row)
    second_login = member("credit", name="mei-too")
    User.objects.filter(pk=second_login.pk).update(person=maker.person, another=True)
    assert "You made this proposal yourself" in desk.approve(second_login, row)
    assert limit(account) == 0

    assert "Approved and done." in desk.approve(other, row)
    assert limit(account) == 5_000_000
    entry = Entry.objects.get(command="margin.set-limit", proposal=row.pk)
    assert (entry.maker, entry.checker) == (maker.person, other.person)
    assert "nothing is left to decide" in desk.approve(other, row)


def test_a_small_limit_takes_one_person_and_needs_the_right(firm: Firm, desk: Desk) -> None:
    account = firm.account({}, limit="0")
    page = f"/staff/margin/{account}/"
    assert "Done." in desk.send(member("credit", name="mei"), f"{page}limit/", limit="5000", reason="a 9")
    assert limit(account) == 5000
    desk.browser.force_login(member("operations", name="ops"))
    assert desk.browser.post(f"{page}limit/", {"limit": "6000", "reason": "a 9"}).status_code == 403
    assert limit(account) == 5000


def test_a_deadline_is_extended_by_operations_and_their_checker(firm: Firm, desk: Desk) -> None:
    account = called(firm)
    maker, checker = member("operations", name="mei"), member("operations-checker", name="ho")
    page = f"/staff/margin/{account}/"
    assert "Extend the call" in desk.read(maker, page)
    assert "Extend the call" not in desk.read(checker, page)
    call = Call.objects.get(account=account)
    assert call.securities_due_at is not None
    until = call.securities_due_at + timedelta(hours=5)
    hong_kong = (until + timedelta(hours=8)).strftime("%Y-%m-%dT%H:%M:%S")
    asked = {"part": "securities", "until": hong_kong, "reason": "bank closed"}
    assert "Write the time as" in desk.send(maker, f"{page}extend/", **asked | {"until": "soon"})
    assert "Proposed" in desk.send(maker, f"{page}extend/", **asked)
    assert "Approved and done." in desk.approve(checker, Proposal.objects.get())
    call.refresh_from_db()
    assert (call.extended, call.securities_due_at) == (True, until.replace(microsecond=0))
    assert "Done." in desk.send(maker, f"{page}dispute/", reason="prices")
    assert "Proposed" in desk.send(maker, f"{page}cancel/", reason="wrong price")


def test_a_sale_is_approved_at_the_prices_of_the_approval(firm: Firm, desk: Desk) -> None:
    account = called(firm)
    maker, checker = member("operations", name="mei"), member("operations-checker", name="ho")
    firm.wait(hours=40)
    firm.prices({})
    margin.expire_calls(context(), accounts=[account], price_set=firm.price_set)
    sale = margin.plan_sale(context(), account=account, price_set=firm.price_set).value
    page = f"/staff/margin/{account}/"
    assert str(sale) in desk.read(maker, page)
    assert "Proposed" in desk.send(maker, f"{page}approve-sale/", sale=sale)
    row = Proposal.objects.get()
    firm.prices({"BTC": "30000"})
    assert "Prices or holdings have changed: plan the sale again." in desk.approve(checker, row)
    firm.prices(FALLEN)
    assert "Approved and done." in desk.approve(checker, row)
    assert Sale.objects.get(pk=sale).state == Sale.State.APPROVED
    assert Call.objects.get(account=account).stage == Stage.APPROVED


def test_a_policy_is_made_by_credit_and_adopted_by_compliance(firm: Firm, desk: Desk) -> None:
    maker, other = member("credit", name="mei"), member("compliance", name="ho")
    shown = desk.read(maker, "/staff/policy/propose/")
    assert "&quot;BTC&quot;" in shown
    stricter = policy(assets=policy().assets | {"BTC": terms(AssetKind.VA, "0.75", "1")})
    asked = {
        "policy": written(stricter),
        "effective_from": (firm.time + timedelta(days=2, hours=8)).strftime("%Y-%m-%dT%H:%M"),
        "reason": "minutes 12",
    }
    assert "This is no policy" in desk.send(maker, "/staff/policy/propose/", **asked | {"policy": "{}"})
    assert "Proposed" in desk.send(maker, "/staff/policy/propose/", **asked)
    row = Proposal.objects.get()
    assert "0.75" in desk.read(other, f"/staff/approvals/{row.pk}/")
    assert "Approved and done." in desk.approve(other, row)
    newest = Policy.objects.order_by("-version")[0]
    assert (newest.version, newest.terms) == (2, stricter)
    lax = policy(assets=policy().assets | {"BTC": terms(AssetKind.VA, "0.59", "1")})
    said = desk.send(maker, "/staff/policy/propose/", **asked | {"policy": written(lax)})
    assert "Proposed" not in said
    assert Proposal.objects.count() == 1


def test_a_price_in_quarantine_is_released_by_two(firm: Firm, desk: Desk) -> None:
    maker, checker = member("operations", name="mei"), member("operations-checker", name="ho")
    firm.wait(hours=1)
    firm.prices({"BTC": "300000"}, sources=("one",))
    row = Quarantine.objects.get()
    assert "Why the price of BTC is real" in desk.read(maker, "/staff/prices/")
    assert "Why the price of BTC is real" not in desk.read(checker, "/staff/prices/")
    path = f"/staff/prices/quarantine/{row.pk}/release/"
    assert "This field is required" in desk.send(maker, path)
    assert "Proposed" in desk.send(maker, path, reason="confirmed by phone")
    assert "Approved and done." in desk.approve(checker, Proposal.objects.get())
    row.refresh_from_db()
    assert row.released_at is not None
