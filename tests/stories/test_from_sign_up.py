"""From a stranger's first page to a client, or to a refusal: through the portal, the mail and the desk."""

import re
from datetime import date
from decimal import Decimal

import pytest
from django.test import Client

from brokerage.access.models import Proposal
from brokerage.clients import commands, queries
from brokerage.clients.commands.screening import confirm_hit
from brokerage.clients.rules.application import Stage, StepMissing
from brokerage.clients.rules.classification import Investor
from brokerage.clients.rules.mandate import MandateNotMet, check_instructed
from brokerage.clients.rules.signing import ForAnother
from brokerage.clients.rules.stages import undone
from brokerage.config import newcomers
from brokerage.ledger import integrity, rebuild, seals, seams
from brokerage.ledger import queries as ledger
from brokerage.ledger.entry import Source
from brokerage.market.rules.calendars import hong_kong_date
from tests import desk
from tests.factories import by_two, context
from tests.onboarding import (
    DESK,
    HolderFactory,
    NewcomerFactory,
    certified,
    furnish_onboarding,
    listed,
    matched,
)
from tests.strangers import Stranger, details

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def firm():
    furnish_onboarding()


def judged(who, until=Stage.AGREEMENTS, **known):
    """The firm does its part of a submitted application: identity, screening, classification and the rest."""
    subject = next(each.person for each in queries.parties(who.id) if each.role in ("holder", "entity"))
    newcomer = NewcomerFactory(people=(HolderFactory(id=subject),), **known)
    newcomers.go_on(DESK, who.id, newcomer, until)
    return newcomer


def approved(who, reference, **known):
    """The rest of the firm's part, by two people; returns the client's id."""
    newcomers.pay_in(DESK, who.id, judged(who, **known))
    return commands.approve_application(by_two(), application=who.id, reference=reference).value


def waits(who):
    """The steps that are open."""
    return undone(queries.facts(queries.application(who.id)))


def test_a_stranger_becomes_a_retail_client_and_two_of_the_desk_make_him_one():
    ada = Stranger("ada@example.com").sign_up()
    assert "None yet" in ada.read("/portal/apply/")
    ada.begin("individual", margin="on")
    ada.name("holder", me="on", **details("Chan", "Ada"))
    ada.papers()
    ada.worth()
    ada.certify()
    ada.sign()
    assert "Handed in" in ada.hand_in()
    newcomers.pay_in(DESK, ada.id, judged(ada))
    assert waits(ada) == (Stage.APPROVAL,)

    maker, checker = desk.member("operations", name="mei"), desk.member("operations-checker", name="ho")
    at_desk = Client()
    at_desk.force_login(maker)
    at_desk.post(f"/staff/onboarding/{ada.id}/approve/", {"reference": "R-1"})
    page = f"/staff/approvals/{Proposal.objects.get().pk}/"
    for user, words in ((maker, "You made this proposal yourself"), (checker, "Approved and done.")):
        at_desk.force_login(user)
        digest = re.search(r'name="digest" value="(\w+)"', at_desk.get(page).content.decode())
        seen = digest[1] if digest else Proposal.objects.get().digest
        answer = at_desk.post(f"{page}decide/", {"act": "approve", "digest": seen}, follow=True)
        assert words in answer.content.decode()

    client = queries.application(ada.id).client
    assert queries.in_the_hands_of(ada.person) == {client}
    assert queries.client(client).classification == "retail"
    assert "R-1" in ada.read("/portal/")
    told = " ".join(
        str(row.event) for stream in (client, ada.id, ada.person) for row in ledger.events(stream)
    )
    for secret in ("Chan", "Harbour Road", "ada@example.com"):
        assert secret not in told
    while seals.seal():
        continue
    assert integrity.verify() == []
    assert rebuild.rebuild(check=True).differences == {}


def test_nothing_is_handed_in_before_a_second_factor_is_shown():
    ada = Stranger("ada@example.com").sign_up().begin("individual")
    ada.name("holder", me="on", **details("Chan", "Ada"))
    ada.papers()
    ada.worth()
    session = ada.http.session
    del session["confirmed_at"]
    session.save()
    assert "Is it you?" in ada.hand_in()
    assert queries.application(ada.id).state == "draft"


@pytest.mark.rule("CLI-13")
def test_two_logins_open_a_joint_account_and_each_signs_for_himself():
    ada = Stranger("ada@example.com").sign_up().begin("joint", signatures=2)
    ada.name("holder", me="on", **details("Chan", "Ada"))
    second = ada.name("holder", **details("Chan", "Bo"))
    ada.papers()
    ada.worth()
    ada.certify()
    ada.sign()
    assert "Each holder signs the agreements" in ada.hand_in()
    assert f'value="{second}"' not in ada.read(f"{ada.application}tax/")

    bo = ada.invite(second, "bo@example.com")
    assert bo.person == second
    assert queries.in_the_hands_of(bo.person) == frozenset()
    for page in ("people/", "papers/", "finances/", "others/"):
        bo.read(f"{bo.application}{page}", 404)
    assert "Chan Ada" not in bo.read(f"{bo.application}tax/")
    todo = bo.read(bo.application)
    assert todo.count(">Open<") == 2
    assert "Finances" not in todo
    bo.certify()
    assert "Each holder signs the agreements" in ada.hand_in()
    bo.sign()
    assert bo.read(bo.application).count(">Done<") == 2
    assert "Handed in" in ada.hand_in()

    client = approved(ada, "J-1")
    for each in (ada, bo):
        assert queries.in_the_hands_of(each.person) == {client}
        assert "J-1" in each.read("/portal/")
    with pytest.raises(MandateNotMet):
        check_instructed(queries.mandate(client), [ada.person])
    check_instructed(queries.mandate(client), [ada.person, bo.person])


@pytest.mark.rule("CLI-13")
def test_a_joint_application_waits_for_each_holder_at_the_command_too():
    newcomer = NewcomerFactory(form="joint", people=(HolderFactory(), HolderFactory()))
    ada = Stranger("ada@example.com").sign_up().begin("joint")
    for each in newcomer.people:
        newcomers.name(DESK, ada.id, each)
    ada.worth()
    with pytest.raises(StepMissing):
        commands.submit_application(context(), application=ada.id)
    newcomers.sign(DESK, ada.id, newcomer)
    with pytest.raises(StepMissing):
        commands.submit_application(context(), application=ada.id)
    newcomers.certify(DESK, ada.id, newcomer)
    commands.submit_application(context(), application=ada.id)


def test_a_company_is_opened_by_its_signatories_and_those_who_control_it_from_two_countries():
    cai = Stranger("cai@example.com").sign_up().begin("corporate", signatures=2, margin="on")
    home = {"line": "1 Harbour Road", "city": "Hong Kong", "country": "HK"}
    body = cai.name("entity", name="Harbour Holdings Limited", number="1234567", seat="HK", **home)
    for role in ("director", "signatory"):
        cai.name(role, me="on", **details("Cai", "Dee"))
    second = cai.name("signatory", **details("Ho", "Eve"))
    owning = {"control": "801"}
    ann = cai.name("controller", **details("Smith", "Ann", "GB"), **owning)
    ben = cai.name("controller", **details("Jones", "Ben", "US"), **owning)
    cai.papers()
    cai.worth(cash="8000000")
    cai.certify(body, entity="passive")
    cai.sign()
    assert "Handed in" in cai.hand_in()

    eve = cai.invite(second, "eve@example.com")
    controllers = {
        country: cai.invite(person, f"{country.lower()}@example.com")
        for country, person in (("GB", ann), ("US", ben))
    }
    assert f'value="{ann}"' not in cai.read(f"{cai.application}tax/")
    by_cai = context(source=Source.PORTAL, maker=cai.person)
    record = newcomers.certificate(HolderFactory(id=ann), hong_kong_date(seams.now()))
    with pytest.raises(ForAnother):
        commands.certify_tax(by_cai, record=record)
    eve.sign()
    assert "Only those who sign" in agreements_for(controllers["GB"])
    controllers["GB"].certify(country="GB", number="1955839661")
    assert Stage.TAX in waits(cai)
    controllers["US"].certify(country="US", number="536-90-4399")
    assert Stage.TAX not in waits(cai)

    client = approved(cai, "CORP-1", investor=Investor.CORPORATE, requested=Decimal(2_000_000))
    assert queries.client(client).classification == "pi"
    assert [certified(each) for each in (ann, ben)] == [("GB",), ("US",)]
    for signatory in (cai, eve):
        assert queries.in_the_hands_of(signatory.person) == {client}
    for controller in controllers.values():
        assert queries.in_the_hands_of(controller.person) == frozenset()
        assert "Nobody yet" in controller.read("/portal/")


def agreements_for(who):
    """What somebody who signs nothing for the client reads when he opens the agreements."""
    answer = who.http.get(f"{who.application}agreements/", follow=True)
    return answer.content.decode()


@pytest.mark.rule("CLI-10")
def test_a_stranger_on_a_list_is_stopped_and_refused_and_told_no_more():
    listed("UN-1,sanction,Wanted Person,,1980,KP,UN", dated=date(2026, 11, 2))
    wanted = Stranger("wanted@example.com").sign_up().begin("individual")
    wanted.name("holder", me="on", **details("Wanted", "Person"))
    wanted.papers()
    wanted.worth()
    wanted.certify()
    wanted.sign()
    wanted.hand_in()
    judged(wanted, Stage.CLASSIFICATION)
    assert waits(wanted)[0] is Stage.SCREENING
    confirm_hit(by_two(), **matched(wanted.person))
    with pytest.raises(StepMissing):
        commands.approve_application(by_two(), application=wanted.id, reference="X-1")
    commands.refuse_application(context(), application=wanted.id, reason="CASE-77")
    page = wanted.read(wanted.application)
    assert "Refused" in page
    for word in ("CASE-77", "sanction", "creening", "UN-1"):
        assert word not in page
    assert "Nobody yet" in wanted.read("/portal/")
