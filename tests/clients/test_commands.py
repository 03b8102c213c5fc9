"""Opening clients and changing their status, against the real book."""

import threading
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection

from brokerage.clients import queries, vault
from brokerage.clients.commands import (
    change_status,
    end_authority,
    grant_authority,
    open_client,
    record_person,
)
from brokerage.clients.commands.authority import set_mandate
from brokerage.clients.commands.holds import report_insolvency, withdraw_report
from brokerage.clients.models import Client, ClientLabel
from brokerage.clients.rules.amendment import AmendInstead
from brokerage.clients.rules.authority import (
    AuthorityStands,
    Capacity,
    NoAuthority,
    NotScreened,
    WrongCapacity,
    check_capacity,
)
from brokerage.clients.rules.documents import DocumentKind, UnknownDocument
from brokerage.clients.rules.holds import Befell, NothingReported, Withdrawal
from brokerage.clients.rules.mandate import BadMandate
from brokerage.clients.rules.person import CannotAct, UnknownPerson
from brokerage.clients.rules.status import (
    BadReference,
    BadTransition,
    Classification,
    ClientStatus,
    ClientType,
    CloseElsewhere,
    ReferenceTaken,
    UnknownClient,
)
from brokerage.config import newcomers
from brokerage.ledger import queries as ledger
from brokerage.ledger.commands import NothingToDo
from brokerage.ledger.entry import SecondPersonNeeded
from brokerage.ledger.models import Entry, Refusal
from brokerage.ledger.refusal import Refused
from custody import commands as custody
from tests.factories import MAKER, ClientFactory, by_two, context
from tests.onboarding import (
    DESK,
    HolderFactory,
    NewcomerFactory,
    OnboardedClientFactory,
    PersonFactory,
    entitled,
    identity,
    listed,
    screened,
)


@pytest.mark.django_db
class TestAClient:
    @pytest.mark.rule("CLI-1")
    def test_is_opened_active_under_its_reference(self) -> None:
        client = queries.client(
            ClientFactory(type=ClientType.CORPORATE, classification=Classification.PROFESSIONAL)
        )
        assert (client.type, client.classification, client.status) == ("corporate", "pi", "active")
        assert client.opened_at == client.status_at

    def test_has_a_reference_of_its_own(self) -> None:
        ClientFactory(reference="C-77")
        with pytest.raises(ReferenceTaken):
            ClientFactory(reference="C-77")

    def test_with_a_name_for_a_reference_is_refused_and_nothing_written(self) -> None:
        with pytest.raises(BadReference):
            ClientFactory(reference="Chan Tai Man")
        assert not Entry.objects.exists()
        assert not Client.objects.exists()
        kept = Refusal.objects.get()
        assert "Chan" not in f"{kept.message} {kept.evidence}"

    def test_that_is_unknown_is_refused(self) -> None:
        with pytest.raises(UnknownClient):
            change_status(by_two(), client=uuid4(), status=ClientStatus.FROZEN, reason="CASE-1")

    def test_changes_status_with_a_reason_that_stays_in_the_book(self) -> None:
        client = ClientFactory()
        change = context()
        change_status(change, client=client, status=ClientStatus.SUSPENDED, reason="DOCUMENTS-OVERDUE")
        row = queries.client(client)
        assert (row.status, row.status_at) == ("suspended", change.effective_at)
        assert ledger.events(client)[-1].event.reason == "DOCUMENTS-OVERDUE"

    @pytest.mark.parametrize("status", [ClientStatus.FROZEN])
    def test_is_frozen_or_reactivated_by_two_people_only(self, status: ClientStatus) -> None:
        client = ClientFactory()
        with pytest.raises(SecondPersonNeeded):
            change_status(context(maker=MAKER), client=client, status=status, reason="CASE-2")
        change_status(context(maker=MAKER), client=client, status=ClientStatus.SUSPENDED, reason="CASE-2")
        with pytest.raises(SecondPersonNeeded):
            change_status(context(maker=MAKER), client=client, status=ClientStatus.ACTIVE, reason="CASE-2")

    def test_once_closed_cannot_be_reopened(self) -> None:
        client = ClientFactory()
        with pytest.raises(CloseElsewhere):
            change_status(by_two(), client=client, status=ClientStatus.CLOSED, reason="LEFT")
        custody.close_client(by_two(), client=client, reason="LEFT")
        with pytest.raises(BadTransition):
            change_status(by_two(), client=client, status=ClientStatus.ACTIVE, reason="BACK")


@pytest.mark.django_db
def test_a_label_keeps_the_trail_of_its_names_outside_the_book() -> None:
    client = ClientFactory()
    label = ClientLabel.objects.create(client=client, name="Harbour Trading")
    label.name = "Harbour Trading (HK)"
    label.save()
    assert queries.labels([client, uuid4()]) == {client: "Harbour Trading (HK)"}
    assert [past.name for past in label.history.all()] == ["Harbour Trading (HK)", "Harbour Trading"]
    assert [item.kind for item in ledger.events(client)] == ["clients.client-opened"]


@pytest.mark.django_db
def test_a_label_follows_who_holds_the_client_and_what_they_are_called() -> None:
    client = ClientFactory(type=ClientType.JOINT)
    one, other = entitled(client), entitled(client)

    def called(person: UUID, name: str) -> str:
        changed = vault.put(person, vault.Kind.INDIVIDUAL, PersonFactory(family_name=name))
        record_person(context(), version=changed.id)
        return queries.labels([client])[client]

    assert called(one, "Ng").count(" & ") == 1
    assert {"Ng", "Lau"} <= set(called(other, "Lau").split())
    end_authority(context(), client=client, person=other, capacity=Capacity.HOLDER, reason="LEFT")
    assert "Lau" not in queries.labels([client])[client]
    changes = ClientLabel.history.filter(client=client).count()
    assert "Lau" not in called(other, "Lau")
    assert ClientLabel.history.filter(client=client).count() == changes


@pytest.mark.django_db(transaction=True)
def test_twelve_at_once_open_one_client_of_a_reference() -> None:
    answers: list[str] = []

    def attempt() -> None:
        try:
            open_client(context(), reference="C-1", type=ClientType.INDIVIDUAL)
            answers.append("opened")
        except Refused as refusal:
            answers.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=attempt) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["clients.reference-taken"] * 11 + ["opened"]


@pytest.mark.django_db
class TestAuthority:
    def person(self) -> UUID:
        """Somebody who acts for another client already."""
        return entitled(ClientFactory())

    def test_puts_a_client_into_a_persons_hands_until_it_ends(self) -> None:
        client = ClientFactory(type=ClientType.CORPORATE)
        person, other = (entitled(client, capacity=Capacity.SIGNATORY) for _ in range(2))
        assert queries.in_the_hands_of(person) == {client}
        act = {"client": client, "capacity": Capacity.SIGNATORY, "reason": "LEFT-THE-FIRM"}
        end_authority(context(), person=person, **act)
        assert queries.in_the_hands_of(person) == frozenset()
        with pytest.raises(BadMandate):
            end_authority(context(), person=other, **act)
        assert queries.in_the_hands_of(other) == {client}

    def test_is_granted_by_two_people_only(self) -> None:
        act = self.grant(ClientFactory(), self.person())
        with pytest.raises(SecondPersonNeeded):
            grant_authority(context(maker=MAKER), **act)

    @pytest.mark.rule("CLI-10")
    def test_is_granted_to_nobody_who_was_not_recorded_and_screened(self) -> None:
        person = self.person()
        act = self.grant(ClientFactory(), person)
        with pytest.raises(UnknownPerson):
            grant_authority(by_two(), **(act | {"person": uuid4()}))
        listed("UN-8,sanction,Nobody Either,,1951,KP,UN")
        with pytest.raises(NotScreened):
            grant_authority(by_two(), **act)
        screened(person)
        grant_authority(by_two(), **act)
        changed = vault.put(person, vault.Kind.INDIVIDUAL, PersonFactory())
        record_person(context(), version=changed.id)
        with pytest.raises(NotScreened):
            grant_authority(by_two(), **(act | {"client": ClientFactory()}))

    @pytest.mark.rule("CLI-6")
    def test_is_granted_on_a_paper_that_proves_who_it_is(self) -> None:
        person, stranger = self.person(), self.person()
        act = self.grant(ClientFactory(), person)
        transfer = newcomers.paper(DESK, person, DocumentKind.TRANSFER)
        for paper in (identity(stranger), transfer):
            with pytest.raises(UnknownDocument):
                grant_authority(by_two(), **(act | {"document": paper}))
        grant_authority(by_two(), **act)

    @pytest.mark.rule("CLI-5", "CLI-13")
    def test_over_a_client_that_came_by_an_application_takes_another_one(self) -> None:
        pair = NewcomerFactory(form=ClientType.JOINT, people=(HolderFactory(), HolderFactory()))
        client = OnboardedClientFactory(newcomer=pair)
        with pytest.raises(AmendInstead):
            grant_authority(by_two(), **self.grant(client, self.person()))
        with pytest.raises(AmendInstead):
            set_mandate(by_two(), client=client, signatures=2)

    @pytest.mark.rule("CLI-13")
    @pytest.mark.parametrize(
        ("form", "capacity", "most"),
        [
            (ClientType.INDIVIDUAL, Capacity.HOLDER, 1),
            (ClientType.INDIVIDUAL, Capacity.SIGNATORY, 0),
            (ClientType.JOINT, Capacity.HOLDER, 4),
            (ClientType.CORPORATE, Capacity.HOLDER, 0),
            (ClientType.CORPORATE, Capacity.SIGNATORY, 10),
        ],
    )
    def test_fits_the_legal_form(self, form: ClientType, capacity: Capacity, most: int) -> None:
        if most:
            check_capacity(form, capacity, most - 1)
        with pytest.raises(WrongCapacity):
            check_capacity(form, capacity, most)

    @pytest.mark.rule("CLI-13")
    def test_to_hold_an_individuals_account_is_one_persons(self) -> None:
        client = ClientFactory()
        entitled(client)
        with pytest.raises(WrongCapacity):
            entitled(client)

    @pytest.mark.rule("CLI-13")
    def test_goes_to_nobody_who_is_dead_or_insolvent(self) -> None:
        person, client = self.person(), ClientFactory()
        report_insolvency(context(), person=person, reference="HCB-1")
        assert queries.person(person).insolvent_at
        with pytest.raises(CannotAct):
            grant_authority(by_two(), **self.grant(client, person))
        wrong = {"person": person, "reason": Withdrawal.ERROR}
        with pytest.raises(NothingReported):
            withdraw_report(by_two(), what=Befell.DEATH, **wrong)
        with pytest.raises(SecondPersonNeeded):
            withdraw_report(context(), what=Befell.INSOLVENCY, **wrong)
        withdraw_report(by_two(), what=Befell.INSOLVENCY, **wrong)
        grant_authority(by_two(), **self.grant(client, person))

    def grant(self, client: UUID, person: UUID) -> dict[str, Any]:
        """What asks for a person to hold a client."""
        return {
            "client": client,
            "person": person,
            "capacity": Capacity.HOLDER,
            "document": identity(person),
        }

    def test_is_granted_once_and_ended_once(self) -> None:
        act = self.grant(ClientFactory(), self.person())
        ended = {name: act[name] for name in ("client", "person", "capacity")}
        with pytest.raises(NoAuthority):
            end_authority(context(), **ended, reason="NEVER-WAS")
        grant_authority(by_two(), **act)
        with pytest.raises(AuthorityStands):
            grant_authority(by_two(), **act)

    def test_of_one_person_says_nothing_of_another(self) -> None:
        entitled(ClientFactory())
        assert queries.in_the_hands_of(uuid4()) == frozenset()


@pytest.mark.django_db
class TestAMandate:
    @pytest.mark.rule("CLI-13")
    def test_is_changed_by_two_people_within_those_who_sign(self) -> None:
        client = ClientFactory(type=ClientType.CORPORATE)
        for _ in range(2):
            entitled(client, capacity=Capacity.SIGNATORY)
        with pytest.raises(SecondPersonNeeded):
            set_mandate(context(), client=client, signatures=2)
        set_mandate(by_two(), client=client, signatures=2)
        assert queries.mandate(client).signatures == 2
        for wrong in (0, 3):
            with pytest.raises(BadMandate):
                set_mandate(by_two(), client=client, signatures=wrong)
        with pytest.raises(NothingToDo):
            set_mandate(by_two(), client=client, signatures=2)

    @pytest.mark.rule("CLI-13")
    def test_keeps_as_many_people_as_it_asks_for(self) -> None:
        client = ClientFactory(type=ClientType.JOINT)
        one, _ = (entitled(client) for _ in range(2))
        set_mandate(by_two(), client=client, signatures=2)
        act = {"client": client, "person": one, "capacity": Capacity.HOLDER, "reason": "LEFT"}
        with pytest.raises(BadMandate):
            end_authority(context(), **act)
        set_mandate(by_two(), client=client, signatures=1)
        end_authority(context(), **act)
