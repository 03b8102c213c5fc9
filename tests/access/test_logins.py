"""Logins as facts: opened, given rights, reset and closed, by those who may."""

from datetime import timedelta
from uuid import uuid4

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.exceptions import ValidationError

from brokerage.access import factors, keys, notices, queries
from brokerage.access.commands import (
    NameTaken,
    approve,
    close_login,
    grant_role,
    make_key,
    open_client_login,
    open_login,
    remove_role,
    reset_login,
    revoke_key,
    shut_login,
    submit,
)
from brokerage.access.commands.api_keys import NotYourKey
from brokerage.access.commands.staff_logins import NoContact, NotForStaff, OwnLogin
from brokerage.access.commands.stays import add_factor, change_contact, own
from brokerage.access.events.logins import Factor
from brokerage.access.models import ApiKey, SignIn, User
from brokerage.access.rules import Perm, Role
from brokerage.access.scopes import BadLifetime, BadNetwork, NetworkTooWide, ScopeTooWide
from brokerage.jobs import outbox
from brokerage.ledger import queries as ledger
from brokerage.ledger import seams
from brokerage.ledger.commands import NothingToDo
from brokerage.ledger.entry import Context, SecondPersonNeeded, Source
from tests import desk

pytestmark = pytest.mark.django_db


def by(maker, checker=None):
    """A context of one member of staff, or of two."""
    return Context(
        actor=maker.actor,
        source=Source.STAFF,
        key=f"test:{seams.new_id()}",
        effective_at=seams.now(),
        maker=maker.person,
        checker=checker.person if checker else None,
    )


def kinds(user):
    """What happened to a login, by name."""
    return [row.kind for row in ledger.events(user.stream)]


@pytest.fixture
def three():
    """Two who act, and one whom it is about."""
    return desk.member("operations", name="ann"), desk.member("compliance", name="bo"), desk.member("credit")


class TestOpening:
    def test_is_a_fact_without_a_name(self):
        open_login("zoe-quill", ["auditor"], "E-17")
        user = User.objects.get(username="zoe-quill")
        (opened,) = ledger.events(user.stream)
        assert opened.event.roles == (Role.AUDITOR,)
        assert "zoe-quill" not in repr(opened)

    def test_gives_clients_no_staff_rights_and_no_weak_password(self):
        open_client_login("chan", uuid4(), desk.PASSWORD)
        user = User.objects.get(username="chan")
        assert (user.is_staff, user.check_password(desk.PASSWORD), user.rights) == (False, True, frozenset())
        with pytest.raises(NameTaken):
            open_client_login("chan", uuid4(), desk.PASSWORD)
        for weak in ("short", "password1234"):
            with pytest.raises(ValidationError):
                open_client_login("wong", uuid4(), weak)

    def test_takes_long_passwords_without_rules_of_composition(self):
        for words in ("x y" * 40, "seven plain lowercase words make a fence"):
            open_client_login(f"c{len(words)}", uuid4(), words)
            assert User.objects.get(username=f"c{len(words)}").check_password(words)

    def test_names_a_client_by_number_in_the_book(self):
        open_client_login("chan.tai.man@example.com", uuid4(), desk.PASSWORD)
        assert "chan" not in User.objects.get(is_staff=False).actor


class TestRoles:
    def test_are_given_and_taken_by_two_others(self, three):
        ann, bo, carol = three
        with pytest.raises(SecondPersonNeeded):
            grant_role(by(ann), login=carol.pk, role=Role.AUDITOR)
        grant_role(by(ann, bo), login=carol.pk, role=Role.AUDITOR)
        assert Perm.SEE_ACCESS in User.objects.get(pk=carol.pk).rights
        remove_role(by(ann, bo), login=carol.pk, role=Role.AUDITOR)
        assert Perm.SEE_ACCESS not in User.objects.get(pk=carol.pk).rights
        assert kinds(carol) == ["access.role-granted", "access.role-removed"]

    def test_are_never_ones_own_neither_to_ask_for_nor_to_approve(self, three):
        ann, bo, _ = three
        for context in (by(ann), by(ann, bo), by(bo, ann)):
            with pytest.raises(OwnLogin):
                grant_role(context, login=ann.pk, role=Role.COMPLIANCE)
        other = desk.member(name="ann-two")
        User.objects.filter(pk=other.pk).update(person=ann.person, another=True)
        with pytest.raises(OwnLogin):
            grant_role(by(ann, bo), login=other.pk, role=Role.COMPLIANCE)

    @pytest.mark.parametrize("role", [Role.CLIENT, Role.MACHINE])
    def test_of_others_are_not_for_staff(self, role, three):
        with pytest.raises(NotForStaff):
            grant_role(by(three[0], three[1]), login=three[2].pk, role=role)

    def test_of_staff_are_not_for_clients(self, three):
        open_client_login("chan", uuid4(), desk.PASSWORD)
        with pytest.raises(NotForStaff):
            grant_role(by(three[0], three[1]), login=User.objects.get(username="chan").pk, role=Role.CREDIT)


class TestReset:
    def test_takes_password_factors_and_sessions(self, three):
        ann, bo, carol = three
        User.objects.filter(pk=carol.pk).update(email="carol@example.com")
        data = {"secret": factors.sealed_secret(factors.new_secret())}
        add_factor(own(carol), login=carol.pk, factor=Factor.TOTP, data=data, stay=None)
        stay = SignIn.objects.create(user=carol, device="", began_at=seams.now(), seen_at=seams.now())
        with pytest.raises(SecondPersonNeeded):
            reset_login(by(ann), login=carol.pk, reason="CASE-1")
        reset_login(by(ann, bo), login=carol.pk, reason="CASE-1")
        assert not Authenticator.objects.filter(user=carol).exists()
        stay.refresh_from_db()
        assert stay.ended_at
        carol.refresh_from_db()
        assert not carol.has_usable_password()

    def test_revokes_the_keys_of_the_person_and_of_nobody_else(self, three):
        ann, bo, carol = three
        User.objects.filter(pk=carol.pk).update(email="carol@example.com")
        asked = TestKeys.ASKED | {"scopes": [Perm.SEE_MARGIN], "client": uuid4()}
        mine, gone, others = (make_key(by(each), **asked).value for each in (carol, carol, ann))
        revoke_key(by(bo), key=gone)
        reset_login(by(ann, bo), login=carol.pk, reason="CASE-1")
        assert set(ApiKey.objects.filter(revoked_at=None).values_list("id", flat=True)) == {others}
        for key in (mine, gone):
            assert [row.kind for row in ledger.events(key)] == ["access.key-made", "access.key-revoked"]

    def test_is_not_for_those_who_ask_for_it_or_approve_it(self, three):
        ann, bo, _ = three
        User.objects.update(email="staff@example.com")
        for context in (by(ann), by(ann, bo), by(bo, ann)):
            with pytest.raises(OwnLogin):
                reset_login(context, login=ann.pk, reason="CASE-1")

    def test_needs_an_address(self, three):
        with pytest.raises(NoContact):
            reset_login(by(three[0], three[1]), login=three[2].pk, reason="CASE-1")


class TestClosing:
    def test_ends_sessions_at_once_by_one_person(self, three, client):
        ann, _, carol = three
        client.force_login(carol)
        shut_login(by(ann), login=carol.pk)
        assert client.get("/staff/").status_code == 302
        assert kinds(carol) == ["access.login-closed", "access.signed-out"]
        with pytest.raises(NothingToDo):
            shut_login(by(ann), login=carol.pk)
        with pytest.raises(OwnLogin):
            shut_login(by(ann), login=ann.pk)

    def test_revokes_the_persons_keys_for_good(self, three):
        ann, _, carol = three
        mine, others = (
            make_key(by(each), **TestKeys.ASKED | {"scopes": [Perm.SEE_MARGIN], "client": uuid4()}).value
            for each in (carol, ann)
        )
        shut_login(by(ann), login=carol.pk)
        assert set(ApiKey.objects.filter(revoked_at=None).values_list("id", flat=True)) == {others}
        assert ledger.events(mine)[-1].kind == "access.key-revoked"

    def test_by_hand_may_be_repeated(self, three):
        close_login("staff")
        close_login("staff")
        assert not User.objects.get(username="staff").is_active


class TestNotices:
    def test_of_a_changed_address_go_to_the_one_before(self, three):
        carol = three[2]
        for address in ("first@example.com", "second@example.com"):
            change_contact(own(carol), login=carol.pk, sealed=notices.sealed(address), stay=None)
            carol.refresh_from_db()
        outbox.relay()
        assert [letter.to for letter in mail.outbox] == [["first@example.com"]]
        assert "second@example.com" not in mail.outbox[0].body

    def test_leave_no_address_in_the_book_or_in_the_outbox(self, three):
        from brokerage.jobs.models import Outbox

        carol = three[2]
        for address in ("canary@example.com", "other@example.com"):
            change_contact(own(carol), login=carol.pk, sealed=notices.sealed(address), stay=None)
        held = repr(list(Outbox.objects.values_list("payload", flat=True))) + repr(
            ledger.events(carol.stream)
        )
        assert "canary" not in held


class TestKeys:
    ASKED = {"name": "export", "networks": ["192.0.2.0/24"], "days": 30}

    def test_of_the_firm_take_two_and_are_fetched_by_the_maker(self, three):
        ann, bo, _ = three
        asked = self.ASKED | {"scopes": [Perm.SEE_MARGIN], "client": None}
        with pytest.raises(SecondPersonNeeded):
            make_key(by(ann), **asked)
        key = make_key(by(ann, bo), **asked).value
        with pytest.raises(NotYourKey):
            keys.fetch(by(bo), key)
        text = keys.fetch(by(ann), key)
        assert queries.rights_of_key(keys.authenticate(text, "192.0.2.9")) == {Perm.SEE_MARGIN}
        revoke_key(by(bo), key=key)
        assert keys.authenticate(text, "192.0.2.9") is None
        assert [row.kind.removeprefix("access.key-") for row in ledger.events(key)] == [
            "made",
            "fetched",
            "revoked",
        ]

    @pytest.mark.parametrize(
        "scope", [Perm.APPROVE_CALLS, Perm.MAKE_ACCESS, Perm.APPROVE_ACCESS, Perm.MAKE_LIMITS]
    )
    def test_are_worth_no_more_than_their_maker_and_never_a_second_person(self, scope, three):
        asked = self.ASKED | {"scopes": [Perm.SEE_MARGIN, scope], "client": None}
        with pytest.raises(ScopeTooWide):
            make_key(by(three[0], three[1]), **asked)

    @pytest.mark.parametrize("scope", sorted(set(Perm) - {Perm.SEE_MARGIN, Perm.SEE_ACCOUNTS}))
    def test_of_clients_only_read(self, scope, three):
        with pytest.raises(ScopeTooWide):
            make_key(by(three[0]), **self.ASKED | {"scopes": [scope], "client": uuid4()})

    @pytest.mark.parametrize(
        ("change", "refusal"),
        [
            ({"networks": []}, BadNetwork),
            ({"networks": ["192.0.2.1/24"]}, BadNetwork),
            ({"networks": ["everywhere"]}, BadNetwork),
            ({"networks": ["192.0.2.0/24"] * 21}, BadNetwork),
            ({"networks": ["0.0.0.0/0"]}, NetworkTooWide),
            ({"networks": ["192.0.2.0/24", "::/0"]}, NetworkTooWide),
            ({"networks": ["128.0.0.0/7"]}, NetworkTooWide),
            ({"networks": ["2000::/31"]}, NetworkTooWide),
            ({"days": 0}, BadLifetime),
            ({"days": 367}, BadLifetime),
            ({"scopes": []}, ScopeTooWide),
        ],
    )
    def test_are_refused_without_bounds(self, change, refusal, three):
        asked = self.ASKED | {"scopes": [Perm.SEE_MARGIN], "client": None}
        with pytest.raises(refusal):
            make_key(by(three[0], three[1]), **asked | change)

    def test_of_the_firm_are_proposed_and_approved(self, three):
        ann, bo, _ = three
        asked = self.ASKED | {"scopes": [Perm.SEE_MARGIN], "client": None}
        made = submit(by(ann), make_key, **asked)
        done = approve(by(bo), proposal=made.proposal, digest=made.digest, permissions=bo.rights)
        assert keys.fetch(by(ann), done.value)

    def test_of_a_client_need_one_person(self, three):
        client = uuid4()
        key = make_key(by(three[0]), **self.ASKED | {"scopes": [Perm.SEE_MARGIN], "client": client}).value
        row = ApiKey.objects.get(id=key)
        assert (row.client, row.expires_at - row.made_at) == (client, timedelta(days=30))
