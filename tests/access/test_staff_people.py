"""Two logins of one human are one person: neither approves what the other proposed."""

import time

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError

from brokerage.access import queries, rules
from brokerage.access.commands import close_login, identify_login, logins, make_key, open_login
from brokerage.access.commands.staff_logins import NotForStaff, OwnLogin
from brokerage.access.commands.staff_people import BadReference, HasLogin, check_only_login
from brokerage.access.models import ApiKey, Proposal, User
from brokerage.access.rules import Perm, Role
from brokerage.ledger import queries as ledger
from brokerage.ledger.commands import NothingToDo
from brokerage.ledger.entry import SecondPersonNeeded
from brokerage.ledger.refusal import Refused
from tests import desk
from tests.access.test_logins import by
from tests.access.test_proposals import agree, propose
from tests.ledger.book import in_threads

pytestmark = pytest.mark.django_db


def opened(name: str, role: Role, reference: str, *, another: bool = False) -> User:
    """A login that was opened at the machine."""
    open_login(name, [role], reference, another=another)
    return User.objects.get(username=name)


@pytest.fixture
def two() -> tuple[User, User]:
    """Two who say who others are."""
    return desk.member("operations", name="ann"), desk.member("compliance", name="bo")


class TestOneHuman:
    def test_with_two_logins_approves_nothing_of_his_own(self) -> None:
        mei = opened("mei", Role.OPERATIONS, "E-17")
        other = opened("mei-2", Role.CHECKER, "e-17 ", another=True)
        assert mei.person == other.person
        proposed = propose(mei)
        with pytest.raises(rules.OwnProposal):
            agree(other, proposed)
        assert not queries.waiting_for(other.person, other.rights, Proposal.objects.all()).exists()

    def test_has_one_open_login_unless_it_is_stated(self) -> None:
        opened("mei", Role.OPERATIONS, "E-17")
        with pytest.raises(HasLogin, match="mei"):
            open_login("mei-2", [Role.CHECKER], "E-17")
        close_login("mei")
        assert opened("mei-2", Role.CHECKER, "E-17").person == User.objects.get(username="mei").person

    def test_is_held_to_one_login_by_the_database_as_well(self) -> None:
        mei, other = desk.member("credit", name="mei"), desk.member("credit", name="other")
        with pytest.raises(IntegrityError, match="access_one_staff_login"):
            User.objects.filter(pk=other.pk).update(person=mei.person)

    @pytest.mark.parametrize("reference", ["", " ", "E 17", "-", "E" * 41, "mei@example.com", "E\u200b17"])
    def test_is_known_by_a_number_that_could_be_one(self, reference: str) -> None:
        with pytest.raises(BadReference):
            open_login("mei", ["credit"], reference)
        assert not User.objects.exists()

    def test_may_be_a_client_too(self) -> None:
        mei = opened("mei", Role.OPERATIONS, "E-17")
        client = desk.member("client", name="mei-at-home", staff=False)
        User.objects.filter(pk=client.pk).update(person=mei.person)


@pytest.mark.django_db(transaction=True)
def test_logins_opened_at_once_for_one_human_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def slowly(*seen: object, **more: object) -> None:
        time.sleep(0.2)
        check_only_login(*seen, **more)

    monkeypatch.setattr(logins, "check_only_login", slowly)

    def attempt(name: str) -> str:
        try:
            open_login(name, ["credit"], "E-17")
        except Refused as refused:
            return refused.code
        return "opened"

    answers = in_threads([lambda: attempt("mei"), lambda: attempt("mei-2")])
    assert sorted(answers) == ["access.has-login", "opened"]


class TestStating:
    def asked(self, login: User, reference: str = "E-17", *, another: bool = False) -> dict[str, object]:
        return {"login": login.pk, "reference": reference, "another": another}

    def test_takes_two_others(self, two: tuple[User, User]) -> None:
        ann, bo = two
        mei = desk.member("credit", name="mei")
        with pytest.raises(SecondPersonNeeded):
            identify_login(by(ann), **self.asked(mei))
        for one, other in ((mei, bo), (ann, mei)):
            with pytest.raises(OwnLogin):
                identify_login(by(one, other), **self.asked(mei))
        identify_login(by(ann, bo), **self.asked(mei))
        before, now = mei.person, User.objects.get(pk=mei.pk)
        assert (now.reference, now.person) == ("E-17", before)
        assert [row.kind for row in ledger.events(mei.stream)] == ["access.login-identified"]
        with pytest.raises(NothingToDo):
            identify_login(by(ann, bo), **self.asked(now, "e-17"))

    def test_makes_two_logins_one_person_and_ends_what_the_second_had_open(
        self, two: tuple[User, User]
    ) -> None:
        ann, bo = two
        mei, other = opened("mei", Role.CHECKER, "E-17"), desk.member("operations", name="mei-2")
        proposed = propose(other)
        with pytest.raises(HasLogin):
            identify_login(by(ann, bo), **self.asked(other))
        identify_login(by(ann, bo), **self.asked(other, another=True))
        other.refresh_from_db()
        assert other.person == mei.person
        with pytest.raises(rules.MakerNotEntitled):
            agree(mei, proposed)
        with pytest.raises(rules.OwnProposal):
            agree(mei, propose(other))

    def test_is_not_for_those_of_whom_it_would_make_him_one(self, two: tuple[User, User]) -> None:
        ann, bo = two
        identify_login(by(desk.member("credit", name="lin"), bo), **self.asked(ann, "E-1"))
        other = desk.member("credit", name="other")
        with pytest.raises(OwnLogin):
            identify_login(by(ann, bo), **self.asked(other, "E-1", another=True))

    def test_corrects_what_was_stated_wrongly(self, two: tuple[User, User]) -> None:
        ann, bo = two
        mei = opened("mei", Role.CREDIT, "E-17")
        other = opened("kim", Role.CREDIT, "E-17", another=True)
        identify_login(by(ann, bo), **self.asked(other, "E-18"))
        other.refresh_from_db()
        assert (other.reference, other.another) == ("E-18", False)
        assert other.person != mei.person

    def test_of_one_of_two_who_shared_a_person_gives_nobody_a_second_name(
        self, two: tuple[User, User]
    ) -> None:
        lin = opened("lin", Role.OPERATIONS, "E-17")
        kim = opened("kim", Role.OPERATIONS, "E-17", another=True)
        proposed = propose(kim)
        identify_login(by(*two), **self.asked(kim, "E-18"))
        kim.refresh_from_db()
        assert kim.person != lin.person
        for who in (kim, two[1]):
            with pytest.raises(rules.MakerNotEntitled):
                agree(who, proposed)
        with pytest.raises(rules.OwnProposal):
            agree(lin, proposed)
        assert agree(kim, propose(lin)).value

    def test_of_one_who_is_a_client_too_keeps_the_person(self, two: tuple[User, User]) -> None:
        kim = desk.member("operations", name="kim")
        at_home = desk.member("client", name="kim-at-home", staff=False)
        User.objects.filter(pk=at_home.pk).update(person=kim.person)
        proposed = propose(kim)
        identify_login(by(*two), **self.asked(kim))
        kim.refresh_from_db()
        with pytest.raises(rules.OwnProposal):
            agree(kim, proposed)
        assert agree(two[1], proposed).value

    def test_of_another_person_revokes_the_keys_of_the_one_before(self, two: tuple[User, User]) -> None:
        """Else a key that kim asked for would go on with lin's rights."""
        opened("lin", Role.OPERATIONS, "E-17")
        kim = opened("kim", Role.OPERATIONS, "E-17", another=True)
        asked = {"name": "export", "scopes": [Perm.MAKE_CALLS], "networks": ["192.0.2.0/24"], "days": 30}
        mine, others = (make_key(by(each, two[1]), client=None, **asked).value for each in (kim, two[0]))
        identify_login(by(*two), **self.asked(kim, "E-18"))
        assert list(ApiKey.objects.filter(revoked_at=None).values_list("id", flat=True)) == [others]
        assert ledger.events(mine)[-1].kind == "access.key-revoked"

    def test_of_the_same_person_leaves_its_keys(self, two: tuple[User, User]) -> None:
        kim = desk.member("operations", name="kim")
        asked = {"name": "export", "scopes": [Perm.MAKE_CALLS], "networks": ["192.0.2.0/24"], "days": 30}
        make_key(by(kim, two[1]), client=None, **asked)
        identify_login(by(*two), **self.asked(kim))
        assert ApiKey.objects.get().revoked_at is None

    def test_is_for_open_logins_of_staff(self, two: tuple[User, User]) -> None:
        client, gone = desk.member("client", name="c", staff=False), desk.member("credit", name="gone")
        close_login("gone")
        for login in (client, gone):
            with pytest.raises(NotForStaff):
                identify_login(by(*two), **self.asked(login))

    def test_happens_on_the_logins_page(self, two: tuple[User, User], client) -> None:
        ann, _ = two
        mei = desk.member("credit", name="mei")
        client.force_login(ann)
        page = f"/staff/logins/{mei.pk}/"
        assert "not stated" in client.get(page).content.decode()
        form = {"act": "identify", "reference": "e-17", "another": "on"}
        said = client.post(f"{page}change/", form, follow=True).content.decode()
        assert "another person must approve it" in said
        inputs = Proposal.objects.get().inputs
        assert inputs == {"login": mei.pk, "reference": "e-17", "another": True}
        assert "not stated" in client.get("/staff/logins/").content.decode()


def test_the_command_line_demands_who_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CommandError, match="--person"):
        call_command("staff", "add", "ada", "--role", "auditor")
    call_command("staff", "add", "ada", "--person", "E-17", "--role", "auditor")
    with pytest.raises(CommandError, match="both are needed"):
        call_command("staff", "add", "ada-2", "--person", "E-17", "--role", "credit")
    call_command("staff", "add", "ada-2", "--person", "E-17", "--role", "credit", "--another")
    assert User.objects.filter(reference="E-17").values("person").distinct().count() == 1
