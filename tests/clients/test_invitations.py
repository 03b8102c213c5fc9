"""Whom an applicant invites, where the letter goes, and who signs for whom."""

import re
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core import mail
from django.test import Client

from brokerage.access.commands import (
    LinkSpent,
    approve,
    ask_sign_up,
    open_client_login,
    sealed_address,
    sign_up,
    submit,
)
from brokerage.access.commands.sign_ups import LETTER, PER_ADDRESS, TooManyLinks, by_stranger
from brokerage.access.models import SignUp, User
from brokerage.access.rules import BadAddress, Perm
from brokerage.clients import commands, queries, vault
from brokerage.clients.commands import invite_party
from brokerage.clients.commands.holds import report_death
from brokerage.clients.rules import terms
from brokerage.clients.rules.application import ApplicationClosed, PartyRole, UnknownApplication, UnknownParty
from brokerage.clients.rules.bounds import TooMany
from brokerage.clients.rules.person import CannotAct
from brokerage.clients.rules.signing import (
    AddressOfAnother,
    DetailsChanged,
    ForAnother,
    HasLogin,
    NoAddress,
    NotKnown,
)
from brokerage.clients.rules.terms import TERMS
from brokerage.config import newcomers
from brokerage.jobs import outbox
from brokerage.jobs.models import Outbox
from brokerage.ledger import queries as ledger
from brokerage.ledger import seams
from brokerage.ledger.entry import SecondPersonNeeded, Source
from brokerage.market.rules.calendars import hong_kong_date
from tests import desk
from tests.factories import ClientFactory, by_two, context
from tests.onboarding import (
    DESK,
    HolderFactory,
    NewcomerFactory,
    OnboardedClientFactory,
    PersonFactory,
    certified,
    company,
    entitled,
    furnish_onboarding,
)

pytestmark = pytest.mark.django_db
ADDRESS = "bo@example.com"


@pytest.fixture
def joint():
    """A draft for two holders, of whom the first applied, and the two."""
    furnish_onboarding()
    newcomer = NewcomerFactory(form="joint", people=(HolderFactory(), HolderFactory()))
    ada, bo = newcomer.people
    application = commands.start_application(context(), applicant=ada.id, form=newcomer.form).value
    for each in newcomer.people:
        newcomers.name(DESK, application, each)
    return application, ada.id, bo.id


def by(person):
    return context(source=Source.PORTAL, maker=person)


def invite(application, by_whom, person, address=ADDRESS):
    sealed = sealed_address(address)
    return invite_party(by(by_whom), application=application, person=person, sealed=sealed).value


def opens(link, person):
    """Whether a link opens the person's login."""
    try:
        sign_up(by_stranger(person), asked=link, encoded="x")
    except LinkSpent:
        return False
    return True


class TestAnInvitation:
    def test_is_a_fact_without_an_address_and_a_letter_with_a_link(self, joint):
        application, ada, bo = joint
        link = invite(application, ada, bo, "Bo@Example.com")
        newest = ledger.events(application)[-1]
        assert (newest.kind, newest.event.person) == ("clients.application-party-invited", bo)
        assert [row.kind for row in ledger.events(link)] == ["access.sign-up-asked"]
        assert "example.com" not in str(newest) + str(ledger.events(link))
        outbox.relay()
        assert mail.outbox[-1].to == [ADDRESS]
        assert "You certify your tax residence" in mail.outbox[-1].body
        assert "/portal/join/?token=" in mail.outbox[-1].body

    def test_is_the_applicants_alone_to_give(self, joint):
        application, _ada, bo = joint
        for other in (bo, uuid4()):
            with pytest.raises(UnknownApplication):
                invite(application, other, bo)

    def test_is_for_human_beings_named_there(self, joint):
        application, ada, _bo = joint
        with pytest.raises(UnknownParty):
            invite(application, ada, uuid4())
        firm = company()
        theirs = newcomers.apply(DESK, firm)
        with pytest.raises(UnknownParty):
            invite(theirs, firm.people[0].id, firm.people[0].id)

    def test_leaves_so_many_times_a_day(self, joint, monkeypatch):
        application, ada, bo = joint
        monkeypatch.setattr(terms, "TERMS", (replace(TERMS[-1], invitations_a_day=1),))
        invite(application, ada, bo)
        with pytest.raises(TooMany):
            invite(application, ada, bo, "bo2@example.com")
        tomorrow = seams.now() + timedelta(days=1, seconds=1)
        with seams.using(clock=lambda: tomorrow):
            invite(application, ada, bo, "bo2@example.com")

    def test_leaves_however_many_links_strangers_asked_for(self, joint):
        application, ada, bo = joint
        for _ in range(PER_ADDRESS):
            ask_sign_up(by_stranger(), sealed=sealed_address(ADDRESS), network="")
        for _ in range(PER_ADDRESS):
            invite(application, ada, bo)
        with pytest.raises(TooManyLinks):
            invite(application, ada, bo)

    def test_uses_up_no_link_that_a_stranger_may_ask_for(self, joint):
        application, ada, bo = joint
        for _ in range(PER_ADDRESS):
            invite(application, ada, bo)
        ask_sign_up(by_stranger(), sealed=sealed_address(ADDRESS), network="")

    def test_is_not_for_whoever_has_a_login(self, joint):
        application, ada, bo = joint
        open_client_login("bo", bo, desk.PASSWORD)
        with pytest.raises(HasLogin):
            invite(application, ada, bo)
        User.objects.update(is_active=False)
        with pytest.raises(HasLogin):  # the firm closed it, and the applicant does not open another
            invite(application, ada, bo)

    def test_ends_with_the_application(self, joint):
        application, ada, bo = joint
        commands.withdraw_application(context(), application=application, by=ada)
        with pytest.raises(ApplicationClosed):
            invite(application, ada, bo)

    def test_to_an_address_with_a_login_opens_no_other(self, joint):
        application, ada, bo = joint
        open_client_login(ADDRESS, uuid4(), desk.PASSWORD)
        invite(application, ada, bo)
        outbox.relay()
        assert "There is a login under this address already" in mail.outbox[-1].body
        assert "/portal/join/" not in mail.outbox[-1].body

    def test_of_which_two_were_sent_opens_one_login_with_the_newest(self, joint):
        application, ada, bo = joint
        links = [invite(application, ada, bo, f"bo{n}@example.com") for n in range(2)]
        assert not opens(links[0], bo)
        assert opens(links[1], bo)
        assert not opens(links[1], bo)
        assert User.objects.filter(person=bo).count() == 1

    @pytest.mark.rule("CLI-13")
    @pytest.mark.parametrize("how", ["removed", "corrected", "withdrawn", "refused"])
    def test_is_taken_back_by_what_takes_its_ground(self, joint, how):
        application, ada, bo = joint
        link = invite(application, ada, bo)
        match how:
            case "removed":
                commands.remove_party(context(), application=application, person=bo, role=PartyRole.HOLDER)
            case "corrected":
                recorded(bo, "bo2@example.com")
            case "withdrawn":
                commands.withdraw_application(context(), application=application, by=ada)
            case "refused":
                commands.refuse_application(context(), application=application, reason="RISK")
        outbox.relay()
        assert not mail.outbox
        assert not opens(link, bo)
        assert not User.objects.filter(person=bo).exists()

    @pytest.mark.rule("CLI-13")
    def test_opens_nothing_once_the_firm_knows_the_person(self):
        furnish_onboarding()
        firm = company()
        application = newcomers.apply(DESK, firm)
        link = invite(application, firm.people[0].id, (signatory := firm.people[1].id))
        newcomers.go_on(DESK, application, firm)
        commands.approve_application(by_two(), application=application, reference="N-1")
        assert not opens(link, signatory)
        person = recorded(uuid4(), ADDRESS)
        applied = commands.start_application(context(), applicant=(asker := uuid4()), form="individual").value
        commands.name_party(context(), application=applied, person=person, role=PartyRole.HOLDER)
        link = invite(applied, asker, person, "other@example.com")
        entitled(ClientFactory(), person)
        assert not opens(link, person)
        link = commands.invite_person(by_two(), person=person).value
        commands.withdraw_application(context(), application=applied, by=asker)
        assert opens(link, person)

    def test_is_not_a_way_to_fill_a_mailbox_nor_for_nonsense(self, joint):
        application, ada, bo = joint
        for _ in range(PER_ADDRESS):
            invite(application, ada, bo)
        with pytest.raises(TooManyLinks):
            invite(application, ada, bo)
        with pytest.raises(BadAddress):
            invite(application, ada, bo, "bo")


class TestThePage:
    @pytest.fixture
    def browser(self, joint):
        user = desk.member(name="ada", staff=False)
        User.objects.filter(pk=user.pk).update(person=joint[1])
        browser = Client()
        browser.force_login(User.objects.get(pk=user.pk))
        return browser

    def test_tells_who_has_still_to_sign_and_invites(self, joint, browser):
        application, _ada, bo = joint
        page = f"/portal/apply/{application}/others/"
        shown = browser.get(page).content.decode()
        assert shown.count("sign the agreements, certify tax residence") == 2
        assert shown.count("No login") == 1
        assert page in browser.get(f"/portal/apply/{application}/").content.decode()
        wrong = browser.post(page, {"person": str(bo), "address": "a#b@example.com"})
        assert "Write an e-mail address" in wrong.content.decode()
        answer = browser.post(page, {"person": str(bo), "address": ADDRESS}, follow=True).content.decode()
        assert "The link is on its way" in answer
        assert ">Invited<" in answer
        assert SignUp.objects.get().person == bo

    def test_asks_for_a_second_factor_and_is_nobody_elses(self, joint, browser):
        page = f"/portal/apply/{joint[0]}/others/"
        other = Client()
        other.force_login(desk.member(name="eve", staff=False))
        assert other.get(page).status_code == 404
        session = browser.session
        session["confirmed_at"] = "2020-01-01T00:00:00+00:00"
        session.save()
        assert browser.get(page).status_code == 302
        assert browser.post(page, {"person": str(joint[2]), "address": ADDRESS}).status_code == 302
        assert not SignUp.objects.exists()


def certify(by_whom, named):
    """Certify in the portal, where no paper is asked for."""
    today = hong_kong_date(seams.now())
    return commands.certify_tax(by(by_whom), record=newcomers.certificate(named, today))


class TestSigning:
    def test_of_another_is_refused_in_the_portal_and_taken_on_paper(self, joint):
        application, ada, bo = joint
        person = HolderFactory(id=bo)
        one = newcomers.Desk(alone=lambda: by(ada), two=context)
        with pytest.raises(ForAnother):
            certify(ada, person)
        with pytest.raises(ForAnother):
            newcomers.sign(one, application, None)
        assert queries.tax_status(bo) is None
        assert not [each for each in queries.signatures(application) if each.person == bo]
        newcomers.certify_one(DESK, person)
        certify(bo, person)
        assert certified(bo) == ("HK",)

    def test_for_a_controller_ends_with_the_controllers_own_login(self):
        furnish_onboarding()
        firm = company()
        newcomers.apply(DESK, firm)
        controller = firm.people[-1]
        certify(firm.people[1].id, controller)
        open_client_login("con", controller.id, desk.PASSWORD)
        with pytest.raises(ForAnother):
            certify(firm.people[1].id, controller)

    @pytest.mark.rule("CLI-13")
    def test_for_somebody_the_firm_knows_is_his_own_or_the_desks(self):
        furnish_onboarding()
        firm = company()
        OnboardedClientFactory(newcomer=firm)
        owner = firm.people[-1]
        with pytest.raises(ForAnother):
            certify(firm.people[1].id, owner)
        certify(owner.id, owner)
        newcomers.certify_one(DESK, owner)


def on_record(**details):
    """A client's holder whom the firm knows without a login."""
    holder = HolderFactory(details=PersonFactory(**details))
    OnboardedClientFactory(newcomer=NewcomerFactory(people=(holder,)))
    return holder.id


def recorded(person, address):
    """Put details with an address on a person's record; returns who it is."""
    version = vault.draft(person, vault.Kind.INDIVIDUAL, PersonFactory(email=address))
    commands.record_person.within(vault.keeping(version), context(), version=version.id)
    return person


@pytest.mark.rule("CLI-13")
class TestAnInvitationOfTheFirm:
    @pytest.fixture(autouse=True)
    def furnished(self, db):
        furnish_onboarding()

    def test_goes_to_the_address_on_record_once_two_people_say_so(self):
        person = on_record(email="Dee@Example.com")
        with pytest.raises(SecondPersonNeeded):
            commands.invite_person(context(maker=uuid4()), person=person)
        assert not SignUp.objects.exists()
        assert not Outbox.objects.filter(kind=LETTER).exists()
        link = commands.invite_person(by_two(), person=person).value
        assert ledger.events(person)[-1].event.link == link
        assert SignUp.objects.get(pk=link).person == person
        assert "xample.com" not in str(ledger.events(person) + ledger.events(link))
        outbox.relay()
        assert mail.outbox[-1].to == ["dee@example.com"]

    def test_says_who_invites(self, joint):
        application, ada, bo = joint
        invite(application, ada, bo)
        commands.invite_person(by_two(), person=on_record(email="dee@example.com"))
        outbox.relay()
        told = {letter.to[0]: letter.body for letter in mail.outbox}
        for address, by_firm in ((ADDRESS, False), ("dee@example.com", True)):
            assert ("You are on our record" in told[address]) is by_firm
            assert ("Somebody who wants to become a client" in told[address]) is not by_firm
            browser = Client()
            page = browser.get(re.search(r"/portal/join/\?token=\S+", told[address])[0], follow=True)
            assert ("We invited you" in page.content.decode()) is by_firm
            assert ("You were named in an application" in page.content.decode()) is not by_firm

    def test_to_an_address_with_a_login_asks_for_another_by_telephone(self):
        open_client_login(ADDRESS, uuid4(), desk.PASSWORD)
        commands.invite_person(by_two(), person=on_record(email=ADDRESS))
        outbox.relay()
        assert "You are on our record" in mail.outbox[-1].body
        assert "Call us on the number you know" in mail.outbox[-1].body
        assert "/portal/join/" not in mail.outbox[-1].body

    def test_is_for_whom_the_firm_knows_and_who_can_act(self):
        for person, refused in (
            (on_record(), NoAddress),
            (on_record(email="dead@example.com"), CannotAct),
            (recorded(uuid4(), ADDRESS), NotKnown),
        ):
            if refused is CannotAct:
                report_death(context(), person=person, reference="DC-1")
            with pytest.raises(refused):
                commands.invite_person(by_two(), person=person)
        firm = company()
        OnboardedClientFactory(newcomer=firm)
        with pytest.raises(UnknownParty):
            commands.invite_person(by_two(), person=firm.people[0].id)

    def test_is_proposed_only_if_it_may_go(self):
        full = on_record(email=ADDRESS)
        for _ in range(PER_ADDRESS):
            commands.invite_person(by_two(), person=full)
        for person, refused in ((on_record(email="o'dee@example.com"), BadAddress), (full, TooManyLinks)):
            with pytest.raises(refused):
                submit(context(maker=uuid4()), commands.invite_person, person=person)
        assert SignUp.objects.count() == PER_ADDRESS

    def test_goes_to_no_address_that_another_client_typed(self):
        for himself in (False, True):
            person = uuid4()
            version = vault.draft(person, vault.Kind.INDIVIDUAL, PersonFactory(email=ADDRESS))
            typed = by(person if himself else uuid4())
            commands.record_person.within(vault.keeping(version), typed, version=version.id)
            entitled(ClientFactory(), person)
            with nullcontext() if himself else pytest.raises(AddressOfAnother):
                commands.invite_person(by_two(), person=person)
            commands.invite_person(by_two(), person=recorded(person, ADDRESS))

    def test_is_not_for_whoever_has_a_login(self):
        person = on_record(email=ADDRESS)
        open_client_login("dee", person, desk.PASSWORD)
        with pytest.raises(HasLogin):
            commands.invite_person(by_two(), person=person)

    def test_falls_with_the_record_it_was_proposed_on(self):
        person = on_record(email=ADDRESS)
        maker, checker = desk.member("operations", name="mei"), desk.member("operations-checker", name="ho")
        asked = context(maker=maker.person, actor=maker.actor)
        proposed = submit(asked, commands.invite_person, person=person)
        behind = seams.now() - timedelta(seconds=30)  # the clock of whoever corrects it
        with seams.using(clock=lambda: behind):
            recorded(person, "other@example.com")
        may = frozenset({Perm.APPROVE_AUTHORITIES})
        other = context(maker=checker.person, actor=checker.actor)
        with pytest.raises(DetailsChanged):
            approve(other, proposal=proposed.proposal, digest=proposed.digest, permissions=may)
        assert not SignUp.objects.exists()
