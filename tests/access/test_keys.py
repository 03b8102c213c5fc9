from datetime import timedelta
from typing import ClassVar
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group

from brokerage.access import keys, queries
from brokerage.access.commands.api_keys import KeyFetchedBefore, UnknownKey
from brokerage.access.models import ApiKey, User
from brokerage.access.rules import Perm
from brokerage.ledger import queries as ledger
from brokerage.ledger import seams
from brokerage.ledger.models import Entry
from brokerage.ledger.refusal import Refused
from tests.desk import member
from tests.factories import ClientFactory, context
from tests.http.callers import holder_of

pytestmark = pytest.mark.django_db


def made(**more):
    """A key of somebody's, not fetched yet."""
    fields = {
        "id": uuid4(),
        "name": "nightly export",
        "prefix": "abcdefghij",
        "scopes": ["access.see_margin", "access.abolished"],
        "networks": [],
        "person": uuid4(),
        "expires_at": seams.now() + timedelta(days=30),
    }
    return ApiKey.objects.create(**fields | more)


def fetched(**more):
    """The same, with its text."""
    key = made(**more)
    return key, keys.fetch(context(maker=key.person), key.id)


class TestFetching:
    def test_gives_the_text_once_and_to_the_person_who_asked_only(self):
        key = made()
        for asked in (context(maker=uuid4()), context()):
            with pytest.raises(Refused):
                keys.fetch(asked, key.id)
        assert keys.fetch(context(maker=key.person), key.id).startswith("praya_abcdefghij_")
        with pytest.raises(KeyFetchedBefore):
            keys.fetch(context(maker=key.person), key.id)
        with pytest.raises(UnknownKey):
            keys.fetch(context(maker=key.person), uuid4())

    def test_gives_no_text_of_a_key_that_was_revoked(self):
        key = made(revoked_at=seams.now())
        with pytest.raises(KeyFetchedBefore):
            keys.fetch(context(maker=key.person), key.id)

    def test_is_a_fact_that_does_not_hold_the_text(self):
        key, text = fetched()
        (row,) = ledger.events(key.id)
        assert row.kind == "access.key-fetched"
        assert text.rsplit("_", 1)[1] not in repr(list(Entry.objects.values()))

    def test_keeps_no_secret(self):
        key, text = fetched()
        row = ApiKey.objects.filter(id=key.id).values_list().get()
        assert text.rsplit("_", 1)[1] not in repr(row)
        assert len(bytes(ApiKey.objects.get().digest)) == 32


class TestAuthenticate:
    def test_knows_its_own_keys(self):
        key, text = fetched()
        assert keys.authenticate(text, "192.0.2.1") == key
        assert keys.authenticate(text, "192.0.2.1").scoped == {Perm.SEE_MARGIN}

    def test_refuses_everything_else(self):
        _, text = fetched()
        other = text[:-1] + ("A" if text[-1] != "A" else "B")
        for junk in (
            "",
            "praya_",
            text[:-1],
            text + "A",
            other,
            text.upper(),
            f" {text}",
            f"{text}\n",
            "\x00",
        ):
            assert keys.authenticate(junk, "192.0.2.1") is None

    def test_refuses_a_key_that_was_never_fetched(self):
        made()
        assert keys.authenticate("praya_abcdefghij_" + "A" * 43, "192.0.2.1") is None

    @pytest.mark.parametrize("change", [{"expires_at": timedelta(seconds=-1)}, {"revoked_at": timedelta(0)}])
    def test_refuses_the_expired_and_the_revoked(self, change):
        key, text = fetched()
        ((field, offset),) = change.items()
        if field == "expires_at":
            ApiKey.objects.update(made_at=seams.now() - timedelta(days=2))
        ApiKey.objects.filter(id=key.id).update(**{field: seams.now() + offset})
        assert keys.authenticate(text, "192.0.2.1") is None

    @pytest.mark.parametrize(
        ("address", "let_in"),
        [
            ("192.0.2.77", True),
            ("2001:db8::5", True),
            ("198.51.100.1", False),
            ("::ffff:192.0.2.77", False),
            ("not an address", False),
            ("", False),
        ],
    )
    def test_keeps_to_its_networks(self, address, let_in):
        _, text = fetched(networks=["192.0.2.0/24", "2001:db8::/32"])
        assert (keys.authenticate(text, address) is not None) == let_in

    def test_notes_its_use_to_the_hour_and_writes_no_more_than_that(self, django_assert_num_queries):
        key, text = fetched()
        keys.authenticate(text, "192.0.2.1")
        key.refresh_from_db()
        assert (key.used_at.minute, key.used_at.second) == (0, 0)
        with django_assert_num_queries(1):
            keys.authenticate(text, "192.0.2.1")


class TestAClientsKey:
    def test_is_revoked_in_the_portal_by_who_acts_for_the_client_and_by_no_other(self):
        client = ClientFactory()
        owner, stranger = holder_of(client), holder_of(ClientFactory(), name="stranger")
        key, firms = made(client=client), made(prefix="jihgfedcba")
        for asker, asked in ((stranger, key), (owner, firms)):
            assert asker.http.post(f"/portal/keys/{asked.id}/revoke/").status_code == 404
        assert not ApiKey.objects.filter(revoked_at__isnull=False).exists()
        owner.http.post(f"/portal/keys/{key.id}/revoke/")
        assert [row.id for row in ApiKey.objects.filter(revoked_at__isnull=False)] == [key.id]


class TestRights:
    SCOPES: ClassVar = [
        "access.see_margin",
        "access.make_payments",
        "access.approve_calls",
        "access.see_personal",
    ]

    def of(self, *roles, **more):
        owner = member(*roles)
        return made(person=owner.person, scopes=self.SCOPES, **more), owner

    def test_are_never_more_than_a_key_of_the_firm_may_have(self):
        key, _ = self.of("operations", "operations-checker")
        assert queries.rights_of_key(key) == {Perm.SEE_MARGIN, Perm.MAKE_PAYMENTS}

    def test_shrink_with_the_person_who_stands_behind_it(self):
        key, owner = self.of("operations", "credit")
        owner.groups.remove(Group.objects.get(name="operations"))
        assert queries.rights_of_key(key) == {Perm.SEE_MARGIN}
        User.objects.filter(pk=owner.pk).update(is_active=False)
        assert queries.rights_of_key(key) == frozenset()

    def test_of_a_clients_key_are_to_read_even_if_a_row_says_more(self):
        owner = member("client", staff=False)
        key = made(person=owner.person, scopes=self.SCOPES, client=uuid4())
        assert queries.rights_of_key(key) == {Perm.SEE_MARGIN}

    def test_of_a_clients_key_end_with_its_persons_login(self):
        owner = member("client", staff=False)
        key = made(person=owner.person, scopes=self.SCOPES, client=uuid4())
        User.objects.filter(pk=owner.pk).update(is_active=False)
        assert queries.rights_of_key(key) == frozenset()
        assert queries.rights_of_key(made(client=uuid4(), prefix="jihgfedcba")) == frozenset()
