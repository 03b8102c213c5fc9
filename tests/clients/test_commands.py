"""Opening clients and changing their status, against the real book."""

import threading
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
from brokerage.clients.models import Client, ClientLabel
from brokerage.clients.rules.authority import AuthorityStands, Capacity, NoAuthority, NotScreened
from brokerage.clients.rules.person import UnknownPerson
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
from brokerage.ledger import queries as ledger
from brokerage.ledger.entry import SecondPersonNeeded
from brokerage.ledger.models import Entry
from brokerage.ledger.refusal import Refused
from custody import commands as custody
from tests.factories import MAKER, ClientFactory, by_two, context
from tests.onboarding import PersonFactory, entitled, listed, screened


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

    def test_that_is_unknown_is_refused(self) -> None:
        with pytest.raises(UnknownClient):
            change_status(by_two(), client=uuid4(), status=ClientStatus.FROZEN, reason="case 1")

    def test_changes_status_with_a_reason_that_stays_in_the_book(self) -> None:
        client = ClientFactory()
        change = context()
        change_status(change, client=client, status=ClientStatus.SUSPENDED, reason="documents overdue")
        row = queries.client(client)
        assert (row.status, row.status_at) == ("suspended", change.effective_at)
        assert ledger.events(client)[-1].event.reason == "documents overdue"

    @pytest.mark.parametrize("status", [ClientStatus.FROZEN])
    def test_is_frozen_or_reactivated_by_two_people_only(self, status: ClientStatus) -> None:
        client = ClientFactory()
        with pytest.raises(SecondPersonNeeded):
            change_status(context(maker=MAKER), client=client, status=status, reason="case 2")
        change_status(context(maker=MAKER), client=client, status=ClientStatus.SUSPENDED, reason="case 2")
        with pytest.raises(SecondPersonNeeded):
            change_status(context(maker=MAKER), client=client, status=ClientStatus.ACTIVE, reason="case 2")

    def test_once_closed_cannot_be_reopened(self) -> None:
        client = ClientFactory()
        with pytest.raises(CloseElsewhere):
            change_status(by_two(), client=client, status=ClientStatus.CLOSED, reason="left")
        custody.close_client(by_two(), client=client, reason="left")
        with pytest.raises(BadTransition):
            change_status(by_two(), client=client, status=ClientStatus.ACTIVE, reason="back")


@pytest.mark.django_db
def test_a_label_keeps_the_trail_of_its_names_outside_the_book() -> None:
    client = ClientFactory()
    label = ClientLabel.objects.create(client=client, name="Harbour Trading")
    label.name = "Harbour Trading (HK)"
    label.save()
    assert queries.labels([client, uuid4()]) == {client: "Harbour Trading (HK)"}
    assert [past.name for past in label.history.all()] == ["Harbour Trading (HK)", "Harbour Trading"]
    assert [item.kind for item in ledger.events(client)] == ["clients.client-opened"]


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
        client = ClientFactory()
        person = entitled(client, capacity=Capacity.SIGNATORY)
        assert queries.in_the_hands_of(person) == {client}
        end_authority(
            context(), client=client, person=person, capacity=Capacity.SIGNATORY, reason="left the firm"
        )
        assert queries.in_the_hands_of(person) == frozenset()

    def test_is_granted_by_two_people_only(self) -> None:
        act = {"client": ClientFactory(), "person": self.person(), "capacity": Capacity.HOLDER}
        with pytest.raises(SecondPersonNeeded):
            grant_authority(context(maker=MAKER), **act)

    @pytest.mark.rule("CLI-10")
    def test_is_granted_to_nobody_who_was_not_recorded_and_screened(self) -> None:
        act = {"client": ClientFactory(), "capacity": Capacity.HOLDER}
        with pytest.raises(UnknownPerson):
            grant_authority(by_two(), person=uuid4(), **act)
        person = self.person()
        listed("UN-8,sanction,Nobody Either,,1951,KP,UN")
        with pytest.raises(NotScreened):
            grant_authority(by_two(), person=person, **act)
        grant_authority(by_two(), person=screened(person), **act)
        changed = vault.put(person, vault.Kind.INDIVIDUAL, PersonFactory())
        record_person(context(), version=changed.id)
        with pytest.raises(NotScreened):
            grant_authority(by_two(), person=person, **(act | {"client": ClientFactory()}))

    def test_is_granted_once_and_ended_once(self) -> None:
        act = {"client": ClientFactory(), "person": self.person(), "capacity": Capacity.HOLDER}
        with pytest.raises(NoAuthority):
            end_authority(context(), **act, reason="never was")
        grant_authority(by_two(), **act)
        with pytest.raises(AuthorityStands):
            grant_authority(by_two(), **act)

    def test_of_one_person_says_nothing_of_another(self) -> None:
        entitled(ClientFactory())
        assert queries.in_the_hands_of(uuid4()) == frozenset()
