"""Who is behind a client changes, through portal, mail and desk: a holder, a director, an owner."""

import re
from datetime import date
from uuid import UUID, uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from brokerage.access.models import Proposal, User
from brokerage.clients import commands, queries
from brokerage.clients.commands.holds import report_death
from brokerage.clients.commands.screening import clear_hit, screen
from brokerage.clients.rules.application import PartyRole, Stage, StepMissing
from brokerage.clients.rules.mandate import Mandate
from brokerage.clients.rules.screening import ClearReason
from brokerage.clients.rules.stages import undone
from brokerage.clients.rules.status import ClientType
from brokerage.config import newcomers
from brokerage.ledger import integrity, rebuild, seals
from brokerage.ledger import queries as ledger
from tests import desk
from tests.amendments import handed_in
from tests.clients.test_screening import matched
from tests.factories import by_two, context
from tests.onboarding import (
    DESK,
    HolderFactory,
    NewcomerFactory,
    OnboardedClientFactory,
    PersonFactory,
    company,
    controller,
    listed,
)
from tests.strangers import Stranger, details

pytestmark = pytest.mark.django_db(transaction=True)


def seated(person: UUID, address: str) -> Stranger:
    """Somebody on record, with a login."""
    user = desk.member(name=address, staff=False)
    user.person = person
    user.save()
    known = Stranger(address)
    known.http.force_login(user)
    return known


def amends(who: Stranger, client: UUID, signatures: int = 1) -> Stranger:
    """Begin to change who is behind a client, from the portal's first page."""
    page = f"/portal/clients/{client}/amend/"
    assert page in who.read("/portal/")
    assert "Change who is behind this account" in who.read(page)
    answer = who.http.post(page, {"signatures": signatures})
    assert answer.status_code == 302, answer.content.decode()
    who.application = answer["Location"]
    return who


def sent(who: Stranger, person: UUID, kind: str = "identity") -> UUID:
    """Send a paper of somebody named; returns it."""
    who.send(f"{who.application}papers/", person=str(person), kind=kind, file=a_file())
    return queries.documents(person)[-1].id


def a_file() -> SimpleUploadedFile:
    return SimpleUploadedFile("paper.pdf", newcomers.PAPER)


def removed(who: Stranger, person: UUID, role: str) -> None:
    who.send(f"{who.application}remove/", person=str(person), role=role)


def waits(who: Stranger) -> tuple[Stage, ...]:
    return undone(queries.facts(queries.application(who.id)))


def approved_by_two(path: str, **given: str) -> None:
    """One of the desk proposes on a page, another approves it."""
    maker, checker = at_the_desk("operations"), at_the_desk("operations-checker")
    browser = Client()
    browser.force_login(maker)
    browser.post(path, given | {"key": str(uuid4())})
    page = f"/staff/approvals/{Proposal.objects.latest('made_at').pk}/"
    browser.force_login(checker)
    digest = re.search(r'name="digest" value="(\w+)"', browser.get(page).content.decode())
    assert digest
    answer = browser.post(f"{page}decide/", {"act": "approve", "digest": digest[1]}, follow=True)
    assert "Approved and done." in answer.content.decode()


def approval(who: Stranger) -> str:
    return f"/staff/onboarding/{who.id}/approve/"


def at_the_desk(role: str) -> User:
    return User.objects.filter(username=role).first() or desk.member(role, name=role)


def book_is_sound() -> None:
    while seals.seal():
        continue
    assert integrity.verify() == []
    assert rebuild.rebuild(check=True).differences == {}


@pytest.mark.rule("CLI-5", "CLI-13")
def test_a_joint_holder_joins_signs_for_himself_and_two_of_the_desk_let_him():
    pair = (HolderFactory(), HolderFactory())
    client = OnboardedClientFactory(newcomer=NewcomerFactory(form=ClientType.JOINT, people=pair))
    ada = amends(seated(pair[0].id, "ada@example.com"), client)
    eve_id = ada.name("holder", **details("Chan", "Eve"))
    sent(ada, eve_id)
    assert "Say what you own and owe first" in ada.hand_in()
    ada.worth()
    assert "Each holder signs the agreements" in ada.hand_in()
    eve = ada.invite(eve_id, "eve@example.com")
    assert str(client) not in eve.read("/portal/")
    eve.certify()
    eve.sign()
    assert "Handed in" in ada.hand_in()

    auditor = Client()
    auditor.force_login(desk.member("auditor", name="aud"))
    queue = auditor.get("/staff/onboarding/").content.decode()
    assert "amendment" in queue
    assert "1 join, 0 leave, 2 stay" in queue
    page = auditor.get(f"/staff/onboarding/{ada.id}/").content.decode()
    told = dict(re.findall(r"<dt>(Joins|Leaves|Stays)</dt><dd>(.*?)</dd>", page, re.DOTALL))
    assert (set(told), told["Joins"].count("Holder"), told["Stays"].count("Holder")) == (
        {"Joins", "Stays"},
        1,
        2,
    )
    assert "Eve" not in page

    newcomers.go_on(DESK, ada.id, NewcomerFactory(people=pair), Stage.AGREEMENTS)
    assert waits(ada) == (Stage.APPROVAL,)
    approved_by_two(approval(ada))
    assert queries.in_the_hands_of(eve.person) == {client}
    assert queries.client(client).reference in eve.read("/portal/")
    assert queries.mandate(client).people == {each.id for each in pair} | {eve.person}
    words = " ".join(str(row.event) for stream in (client, ada.id) for row in ledger.events(stream))
    for secret in ("Eve", "Harbour Road", "eve@example.com"):
        assert secret not in words
    book_is_sound()


@pytest.mark.rule("CLI-10", "CLI-13")
def test_a_director_is_replaced_once_the_list_says_nothing_of_the_new_one():
    newcomer = company()
    client = OnboardedClientFactory(newcomer=newcomer)
    _, first, second, _ = newcomer.people
    cai = amends(seated(first.id, "cai@example.com"), client, signatures=2)
    assert "finances/" not in cai.read(cai.application)
    removed(cai, first.id, "director")
    new = cai.name("director", **details("Wanted", "Person"))
    sent(cai, new)
    forged = {"person": str(second.id), "kind": "signature", "file": a_file()}
    answer = cai.http.post(f"{cai.application}papers/", forged)
    assert "Who signed this paper brings it" in answer.content.decode()
    paper = newcomers.paper(DESK, second.id, newcomers.DocumentKind.SIGNATURE)
    assert "Handed in" in cai.hand_in()
    listed("UN-1,sanction,Wanted Person,,1980,HK,UN", dated=date(2026, 11, 2))
    newcomers.identify(DESK, cai.id, newcomer)
    newcomers.look_up(DESK, cai.id, newcomer)
    assert waits(cai) == (Stage.SCREENING, Stage.APPROVAL)
    with pytest.raises(StepMissing):
        commands.approve_application(by_two(), application=cai.id, papers=(paper,))
    assert queries.client(client).status == "active"  # who is not behind it yet freezes nothing

    clear_hit(by_two(), **matched(new), reason=ClearReason.OTHER_BIRTH_DATA)
    approved_by_two(approval(cai), papers=str(paper))
    behind = {(each.person, each.role) for each in queries.parties(cai.id)}
    assert (new, PartyRole.DIRECTOR) in behind
    assert (first.id, PartyRole.DIRECTOR) not in behind
    assert queries.authority_holders(client) == {first.id, second.id}
    assert queries.mandate(client).signatures == 2
    book_is_sound()


@pytest.mark.rule("CLI-10", "CLI-13")
def test_an_owner_leaves_a_company_and_its_director_comes_to_sign_for_it():
    stays = controller("HK")
    newcomer = company(controller("GB"), stays)
    client = OnboardedClientFactory(newcomer=newcomer)
    _, first, second, gone, _ = newcomer.people
    application = handed_in(begun(client, first.id, second.id, gone.id))
    assert undone(queries.facts(queries.application(application))) == (Stage.APPROVAL,)
    paper = newcomers.paper(DESK, second.id, newcomers.DocumentKind.SIGNATURE)
    commands.approve_application(by_two(), application=application, papers=(paper,))
    assert gone.id not in queries.people_behind(client)
    listed(f"UN-2,sanction,{gone.details.names[0]},,,GB,UN", dated=date(2026, 11, 2))
    screen(context(), person=gone.id)
    assert queries.client(client).status == "active"
    page = Client()
    page.force_login(desk.member("operations", name="ops"))
    told = page.get(f"/staff/clients/{client}/").content.decode()
    assert gone.details.given_names not in told
    assert stays.details.given_names in told
    book_is_sound()


def begun(client: UUID, first: UUID, second: UUID, gone: UUID) -> UUID:
    """One signatory has an owner removed and makes the other a director, who is named already."""
    cai = amends(seated(first, "cai@example.com"), client, signatures=2)
    parts = f"{cai.application}parts/"
    entity = next(each.person for each in queries.parties(cai.id) if each.role == PartyRole.ENTITY)
    offered = cai.read(parts)
    assert f'value="{second}"' in offered
    assert f'<option value="{entity}"' not in offered
    cai.send(parts, person=str(second), role="director")
    removed(cai, gone, "controller")
    return cai.id


@pytest.mark.rule("CLI-13")
def test_a_director_comes_to_a_login_and_has_a_company_amended_whose_last_signatory_died():
    mail = "dee@example.com"
    director = HolderFactory(roles=(PartyRole.DIRECTOR,), details=PersonFactory(email=mail))
    newcomer = company(controller("HK"), director)
    client = OnboardedClientFactory(newcomer=newcomer)
    _, first, second, owner, _ = newcomer.people
    for each in (first, second):
        report_death(context(), person=each.id, reference="DC-1")
    page = f"/staff/clients/{client}/amend/"
    browser = Client()
    browser.force_login(at_the_desk("operations"))
    offered = browser.get(page).content.decode()
    assert str(director.id) in offered
    assert not any(str(each.id) in offered for each in (first, second, owner))

    approved_by_two(f"/staff/people/{director.id}/invite/")
    dee = Stranger(mail).take_link()
    assert dee.person == director.id
    assert str(client) not in dee.read("/portal/")
    given = {"applicant": str(director.id), "signatures": "1", "key": str(uuid4())}
    answer = browser.post(page, given)
    dee.application = f"/portal/apply/{answer['Location'].split('/')[3]}/"
    for gone, role in ((first, "director"), (first, "signatory"), (second, "signatory")):
        removed(dee, gone.id, role)
    dee.send(f"{dee.application}parts/", person=str(director.id), role="signatory")
    dee.sign()
    assert "Handed in" in dee.hand_in()
    assert waits(dee) == (Stage.APPROVAL,)
    approved_by_two(approval(dee))
    assert queries.mandate(client) == Mandate(signatures=1, people=frozenset({director.id}))
    assert queries.client(client).reference in dee.read("/portal/")
    book_is_sound()
