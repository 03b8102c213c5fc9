"""Personal data: sealed, read with a reason, rotated, and destroyed for ever, against a real database."""

from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from brokerage.access import envelope
from brokerage.access.commands import open_client_login
from brokerage.access.models import User
from brokerage.access.rules import Kind, NotEntitled, Perm, Principal
from brokerage.clients import commands, queries, vault
from brokerage.clients.commands import (
    erase_person,
    hold_person,
    record_person,
    release_person,
)
from brokerage.clients.models import ClientLabel, PersonKey, PersonReading, VaultRecord
from brokerage.clients.rules.person import (
    Address,
    HoldStands,
    IdKind,
    Individual,
    LegalHold,
    PersonErased,
    RecordsKept,
    UnknownPerson,
    Why,
)
from brokerage.config import newcomers
from brokerage.ledger import integrity, rebuild, seals, seams
from brokerage.ledger import queries as ledger
from brokerage.ledger.entry import SecondPersonNeeded
from custody.commands import close_client
from tests import desk
from tests.factories import ClientFactory, context
from tests.onboarding import DESK, FinancesFactory, company, entitled, furnish_onboarding

CANARY = "Zephyrine"
LONG_AGO = timedelta(days=8 * 366)


def details(**changes: object) -> Individual:
    known = {
        "family_name": "Chan",
        "given_names": CANARY,
        "birth_date": date(1980, 2, 3),
        "nationality": "HK",
        "id_kind": IdKind.HKID,
        "id_number": "A123456(3)",
        "address": Address(line="1 Harbour Road", city="Hong Kong", country="HK"),
    }
    return Individual(**(known | changes))


def recorded(content: Individual | None = None, person: UUID | None = None) -> UUID:
    """A person in the book whose details are in the vault."""
    sealed = vault.put(person or uuid4(), vault.Kind.INDIVIDUAL, content or details())
    return record_person(context(), version=sealed.id).value


def asker(*perms: Perm, person: UUID | None = None) -> Principal:
    return Principal(
        kind=Kind.STAFF,
        actor="staff:mei",
        person=person or uuid4(),
        permissions=frozenset(perms),
        clients=None,
    )


def two(**changes: object):
    return context(maker=uuid4(), checker=uuid4(), **changes)


@pytest.mark.django_db
class TestTheVault:
    def test_gives_back_what_was_put_in_and_shows_nothing_of_it(self) -> None:
        person = recorded()
        row = VaultRecord.objects.get()
        assert CANARY.encode() not in bytes(row.body)
        assert vault.known(queries.person(person).version) == details()
        assert CANARY not in str([each.event for each in ledger.events(person)])
        assert ledger.events(person)[0].event.digest == vault.sealed(row.id).digest

    def test_refuses_a_record_moved_to_another_person(self) -> None:
        recorded()
        row = VaultRecord.objects.get()
        other = vault.put(uuid4(), vault.Kind.INDIVIDUAL, details())
        forged = VaultRecord(id=row.id, person=other.person, kind=row.kind, body=row.body)
        with pytest.raises(envelope.Unreadable):
            vault._opened(forged)

    @pytest.mark.parametrize(
        "change",
        [
            "UPDATE clients_vaultrecord SET kind = 'x'",
            "DELETE FROM clients_vaultrecord",
            "DELETE FROM clients_personreading",
        ],
    )
    def test_is_never_changed_whoever_asks(self, change: str) -> None:
        person = recorded()
        vault.read(asker(Perm.SEE_PERSONAL), queries.person(person).version, Why.CLIENT)
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
            connection.cursor().execute(change)

    def test_notes_who_read_whom_and_why(self) -> None:
        person = recorded()
        reader = asker(Perm.SEE_PERSONAL)
        vault.read(reader, queries.person(person).version, Why.ONBOARDING)
        noted = PersonReading.objects.get()
        assert (noted.person, noted.reader, noted.actor, noted.why) == (
            person,
            reader.person,
            "staff:mei",
            "onboarding",
        )

    def test_is_closed_to_whoever_may_not_see_personal_data(self) -> None:
        person = recorded()
        with pytest.raises(NotEntitled):
            vault.read(asker(), queries.person(person).version, Why.CLIENT)
        assert not PersonReading.objects.exists()

    def test_shows_people_their_own_data(self) -> None:
        person = recorded()
        assert vault.read(asker(person=person), queries.person(person).version, Why.OWN) == details()


@pytest.mark.django_db
class TestRotation:
    def test_moves_every_key_to_the_newest_and_reads_on_without_the_old(self, settings) -> None:
        person = recorded()
        old = settings.PRAYA_KEYS
        settings.PRAYA_KEYS = f"fresh:{'q' * 43}=,{old}"
        assert vault.stale() == [person]
        call_command("keys", "reseal", verbosity=0)
        assert vault.stale() == []
        settings.PRAYA_KEYS = f"fresh:{'q' * 43}="
        assert vault.known(queries.person(person).version) == details()

    def test_needs_the_old_key_until_it_has_run(self, settings) -> None:
        person = recorded()
        settings.PRAYA_KEYS = f"fresh:{'q' * 43}="
        with pytest.raises(envelope.Unreadable):
            vault.known(queries.person(person).version)


@pytest.mark.django_db
class TestErasure:
    @pytest.fixture
    def client(self) -> UUID:
        """A client whose only holder's relationship ended long ago."""
        return ClientFactory()

    def ended(self, client: UUID, person: UUID) -> None:
        entitled(client, person)
        assert CANARY in queries.labels([client])[client]
        past = two(effective_at=seams.now() - LONG_AGO)
        close_client(past, client=client, reason="LEFT")

    def test_leaves_nothing_readable_and_the_book_whole(self, client: UUID) -> None:
        person = recorded()
        version = queries.person(person).version
        self.ended(client, person)
        erase_person(two(), person=person, reason="REQUEST-12")
        with pytest.raises(PersonErased):
            vault.known(version)
        with pytest.raises(PersonErased):
            queries.person(person)
        with pytest.raises(PersonErased):
            recorded(person=person)
        assert PersonKey.objects.get(pk=person).wrapped is None
        assert VaultRecord.objects.filter(pk=version).exists()
        assert queries.labels([client]) == {}
        assert not ClientLabel.history.filter(name__contains=CANARY).exists()

    @pytest.mark.rule("CLI-9")
    def test_waits_seven_years_from_the_end(self, client: UUID) -> None:
        person = recorded()
        entitled(client, person)
        with pytest.raises(RecordsKept):
            erase_person(two(), person=person, reason="REQUEST-12")
        close_client(two(), client=client, reason="LEFT")
        with pytest.raises(RecordsKept):
            erase_person(two(), person=person, reason="REQUEST-12")
        later = seams.now() + LONG_AGO
        with seams.using(clock=lambda: later):
            erase_person(two(), person=person, reason="REQUEST-12")

    def test_waits_for_a_legal_hold(self) -> None:
        person = recorded()
        for order in ("CASE-9", "HCMP-7"):
            hold_person(context(), person=person, reason=order)
        with pytest.raises(HoldStands):
            hold_person(context(), person=person, reason="CASE-9")
        for order in ("CASE-9", "HCMP-7"):
            with pytest.raises(LegalHold):
                erase_person(two(), person=person, reason="REQUEST-12")
            release_person(context(), person=person, hold=order, reason="CASE-9-CLOSED")
            with pytest.raises(HoldStands):
                release_person(context(), person=person, hold=order, reason="CASE-9-CLOSED")
        erase_person(two(), person=person, reason="REQUEST-12")

    @pytest.mark.rule("CLI-9")
    def test_waits_for_the_end_of_what_the_person_applied_for(self) -> None:
        furnish_onboarding()
        firm, secretary = company(), recorded()
        application = newcomers.apply(DESK, firm, applicant=secretary)
        with pytest.raises(RecordsKept):
            erase_person(two(), person=secretary, reason="REQUEST-12")
        commands.refuse_application(context(), application=application, reason="RISK")
        later = seams.now() + LONG_AGO
        with seams.using(clock=lambda: later):
            erase_person(two(), person=secretary, reason="REQUEST-12")

    def test_reaches_whoever_has_a_login_or_a_key_and_no_record(self) -> None:
        login, key = uuid4(), uuid4()
        open_client_login("stranger", login, desk.PASSWORD)
        sealed = vault.put(key, vault.Kind.FINANCES, FinancesFactory())
        for person in (login, key):
            erase_person(two(), person=person, reason="REQUEST-12")
            with pytest.raises(PersonErased):
                queries.person(person)
            with pytest.raises(PersonErased):
                recorded(person=person)
        assert not User.objects.get(person=login).is_active
        with pytest.raises(PersonErased):
            vault.known(sealed.id)
        with pytest.raises(UnknownPerson):
            erase_person(two(), person=uuid4(), reason="REQUEST-12")

    def test_needs_two_people(self) -> None:
        person = recorded()
        with pytest.raises(SecondPersonNeeded):
            erase_person(context(), person=person, reason="REQUEST-12")


@pytest.mark.django_db(transaction=True)
def test_a_book_verifies_and_rebuilds_after_an_erasure() -> None:
    person = recorded()
    erase_person(two(), person=person, reason="REQUEST-12")
    unnamed = vault.put(uuid4(), vault.Kind.FINANCES, FinancesFactory()).person
    erase_person(two(), person=unnamed, reason="REQUEST-12")
    while seals.seal():
        continue
    assert integrity.verify() == []
    assert rebuild.rebuild(check=True).identical
