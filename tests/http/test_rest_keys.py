"""API keys at the REST door: what a key may, where, for whom and until when."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client

from brokerage.access import keys
from brokerage.access.models import ApiKey, User
from brokerage.clients import commands as clients
from brokerage.clients.rules.authority import Capacity
from brokerage.clients.rules.status import ClientType
from brokerage.ledger import seams
from brokerage.ledger.models import Entry
from tests import desk, factories
from tests.onboarding import entitled


def made(*scopes, **more):
    """A key and the headers that carry it."""
    fields = {"id": uuid4(), "name": "export", "networks": [], "prefix": "abcdefghij"}
    if "person" not in more:
        fields["person"] = desk.member("operations", name="owner").person
    fields |= {"scopes": [f"access.{scope}" for scope in scopes]}
    fields |= {"expires_at": seams.now() + timedelta(days=30)}
    key = ApiKey.objects.create(**fields | more)
    return key, {"Authorization": f"Bearer {keys.fetch(factories.context(maker=key.person), key.id)}"}


def ask(headers, path="accounts", **more):
    return Client().get(f"/api/v1/{path}", headers=headers, **more)


class TestKey:
    def test_reads_what_its_scopes_allow(self, broker):
        _, headers = made("see_accounts")
        assert len(ask(headers).json()["data"]) == 2
        assert ask(headers, "events").status_code == 403

    def test_moves_money_under_its_own_name_and_its_persons(self, broker):
        key, headers = made("see_accounts", "make_payments")
        answer = Client().post(
            f"/api/v1/accounts/{broker.account}/withdraw",
            {"asset": "HKD", "amount": "1"},
            content_type="application/json",
            headers=headers | {"Idempotency-Key": "first-key"},
        )
        assert answer.status_code == 200
        entry = Entry.objects.get(command="custody.withdraw")
        assert (entry.actor, entry.source, entry.maker) == ("machine:abcdefghij", "api", key.person)

    def test_does_nothing_any_more_once_its_persons_login_is_closed(self, broker):
        key, headers = made("see_accounts")
        User.objects.filter(person=key.person).update(is_active=False)
        assert ask(headers).status_code == 403

    @pytest.mark.parametrize(
        "spoil",
        [
            {"revoked_at": seams.now()},
            {"made_at": seams.now() - timedelta(days=9), "expires_at": seams.now() - timedelta(days=1)},
            {"networks": ["10.0.0.0/8"]},
        ],
        ids=["revoked", "expired", "elsewhere"],
    )
    def test_is_worth_nothing_once_spoiled(self, spoil, broker):
        key, headers = made("see_accounts")
        ApiKey.objects.filter(id=key.id).update(**spoil)
        answer = ask(headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "authentication-failed")

    @pytest.mark.parametrize("text", ["", "praya_abcdefghij_" + "x" * 43, "x" * 5000, "praya__"])
    def test_made_up_is_unknown(self, text, broker):
        made("see_accounts")
        assert ask({"Authorization": f"Bearer {text}"}).status_code == 401

    def test_in_the_address_is_none(self, broker):
        _, headers = made("see_accounts")
        text = headers["Authorization"].split()[1]
        assert ask({}, f"accounts?key={text}").status_code == 401

    def test_of_a_client_reaches_that_client_while_its_person_has_authority(self, broker):
        person, client = (
            desk.member("client", staff=False).person,
            factories.ClientFactory(type=ClientType.JOINT),
        )
        for each in (person, None):
            entitled(client, each)
        account = factories.AccountFactory(client=client)
        _, headers = made("see_accounts", client=client, person=person)
        assert [row["id"] for row in ask(headers).json()["data"]] == [str(account)]
        assert ask(headers, f"accounts/{broker.other_account}").status_code == 404
        ended = {"client": client, "person": person, "capacity": Capacity.HOLDER}
        clients.end_authority(factories.by_two(), **ended, reason="LEFT")
        assert ask(headers).json()["data"] == []
        assert ask(headers, f"accounts/{account}").status_code == 404

    def test_of_a_client_does_nothing_any_more_once_its_persons_login_is_closed(self, broker):
        person = desk.member("client", staff=False).person
        entitled(broker.client, person)
        _, headers = made("see_accounts", client=broker.client, person=person)
        assert ask(headers).status_code == 200
        User.objects.filter(person=person).update(is_active=False)
        assert ask(headers).status_code == 403

    def test_of_a_client_does_not_act_where_clients_do_not(self, broker):
        _, headers = made("see_accounts", "make_payments", client=broker.client)
        answer = Client().post(
            f"/api/v1/accounts/{broker.account}/withdraw",
            {"asset": "HKD", "amount": "1"},
            content_type="application/json",
            headers=headers | {"Idempotency-Key": "first-key"},
        )
        assert answer.status_code == 403

    def test_needs_no_csrf_token_and_leaves_no_cookie(self, broker):
        _, headers = made("make_payments")
        answer = Client(enforce_csrf_checks=True).post(
            f"/api/v1/accounts/{broker.account}/withdraw",
            {"asset": "HKD", "amount": "1"},
            content_type="application/json",
            headers=headers | {"Idempotency-Key": "first-key"},
        )
        assert answer.status_code == 200
        assert not answer.cookies

    def test_is_limited_by_itself(self, broker, settings):
        settings.REST_QUOTA_LOGIN = 1
        _, headers = made("see_accounts")
        assert [ask(headers).status_code for _ in range(2)] == [200, 429]
