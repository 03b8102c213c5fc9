"""The tax certificate and the first transfer of an application, against the real book."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from brokerage.clients import commands, queries, vault
from brokerage.clients.commands.reviews import change_circumstances
from brokerage.clients.events.standing import TaxCertified
from brokerage.clients.queries.tax import Due, certificates_to_chase
from brokerage.clients.rules.application import (
    Stage,
)
from brokerage.clients.rules.documents import DocumentKind, UnknownDocument
from brokerage.clients.rules.person import UnknownRecord
from brokerage.clients.rules.reviews import Circumstance
from brokerage.clients.rules.stages import undone
from brokerage.clients.rules.standing_authorities import PaperUsed
from brokerage.clients.rules.tax import (
    Certificate,
    CertificateDoubtful,
    CertificateOutdated,
    EntityKind,
    NoNumber,
    Residence,
)
from brokerage.clients.rules.transfers import TransferAhead, TransferTooSmall
from brokerage.config import newcomers
from brokerage.ledger import queries as ledger
from brokerage.ledger import registry, seams
from brokerage.ledger.rebuild import rebuild
from brokerage.market.rules.calendars import hong_kong_date
from custody.commands import close_client
from tests.clients.test_application import applied, stands
from tests.factories import by_two, context
from tests.onboarding import (
    DESK,
    HolderFactory,
    OnboardedClientFactory,
    PersonFactory,
    company,
    furnish_onboarding,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def furnished(db: None) -> None:
    furnish_onboarding()


def signed(person: UUID) -> UUID:
    return newcomers.paper(DESK, person, DocumentKind.SIGNATURE)


@pytest.mark.rule("CLI-5")
class TestTheFirstTransfer:
    def received(self, application: UUID, amount: Decimal = Decimal(10_000), **changes: object) -> None:
        subject = queries.people_of(application)[0]
        known = {
            "application": application,
            "account": vault.put(subject, vault.Kind.BANK, newcomers.BANK).id,
            "amount": amount,
            "received_on": hong_kong_date(seams.now()),
            "document": newcomers.paper(DESK, subject, DocumentKind.TRANSFER),
            "own": True,
        }
        commands.record_first_transfer(context(), **(known | changes))

    def test_below_the_minimum_ahead_of_time_or_of_a_stranger_is_refused_and_not_recorded(self) -> None:
        application = applied(Stage.FIRST_TRANSFER)
        with pytest.raises(TransferTooSmall):
            self.received(application, Decimal("9999.99"))
        with pytest.raises(TransferAhead):
            self.received(application, received_on=hong_kong_date(seams.now()) + timedelta(days=1))
        with pytest.raises(UnknownRecord):
            self.received(application, account=vault.put(uuid4(), vault.Kind.BANK, newcomers.BANK).id)
        assert stands(application) is Stage.FIRST_TRANSFER

    def test_of_a_company_is_from_its_own_account_not_a_directors(self) -> None:
        firm = company()
        application = newcomers.apply(DESK, firm)
        newcomers.go_on(DESK, application, firm, Stage.FIRST_TRANSFER)
        body, director = firm.people[0].id, firm.people[1].id
        with pytest.raises(UnknownRecord):
            self.received(application, account=vault.put(director, vault.Kind.BANK, newcomers.BANK).id)
        with pytest.raises(UnknownDocument):
            self.received(application, document=newcomers.paper(DESK, director, DocumentKind.TRANSFER))
        self.received(application, account=vault.put(body, vault.Kind.BANK, newcomers.BANK).id)
        assert queries.facts(queries.application(application)).transferred

    def test_is_recorded_with_its_amount_and_currency(self) -> None:
        application = applied(Stage.FIRST_TRANSFER)
        self.received(application, Decimal("12345.67"))
        event = ledger.events(application)[-1].event
        assert (event.amount, event.currency) == (Decimal("12345.67"), "HKD")
        row = queries.application(application)
        assert (row.transfer_amount, row.transfer_currency) == (Decimal("12345.67"), "HKD")

    def test_from_before_amounts_were_kept_still_reads(self) -> None:
        old = {"account": str(uuid4()), "digest": "0", "document": str(uuid4()), "received_on": "2026-11-01"}
        event = registry.read("clients.application-transfer-received", 1, old)
        assert (event.amount, event.currency) == (None, "HKD")


class TestTax:
    odd = Residence(country="US", number="000-12-3456")
    doubts = ("number-US", "address-HK")

    def certified(self, *residences: Residence, confirmed: tuple[str, ...] = ()) -> UUID:
        person = queries.people_of(applied(Stage.TAX))[0]
        certificate = Certificate(
            residences=residences, signed_on=context().effective_at.date(), confirmed=confirmed
        )
        record = vault.put(person, vault.Kind.CERTIFICATE, certificate)
        return commands.certify_tax(context(), record=record.id, document=signed(person)).value

    @pytest.mark.parametrize("confirmed", [(), doubts[:1], (*doubts, "citizen-US")])
    def test_doubts_stop_unless_exactly_those_are_confirmed(self, confirmed: tuple[str, ...]) -> None:
        with pytest.raises(CertificateDoubtful):
            self.certified(self.odd, confirmed=confirmed)
        person = self.certified(self.odd, confirmed=self.doubts)
        status = queries.tax_status(person)
        assert status is not None
        certified = vault.known(status.record)
        assert (certified.countries, certified.confirmed) == (("US",), self.doubts)

    def test_doubts_stand_in_no_event_and_in_no_refusal(self) -> None:
        with pytest.raises(CertificateDoubtful) as refused:
            self.certified(self.odd)
        person = self.certified(self.odd, confirmed=self.doubts)
        written = [each.event for each in ledger.events(person)]
        for book in (str(refused.value.evidence), refused.value.message, str(written)):
            assert not any(code in book for code in (*self.doubts, "'US'"))

    def test_an_event_from_when_it_held_doubts_and_countries_still_reads(self) -> None:
        old = {"record": str(uuid4()), "digest": "0", "countries": ["US"], "entity": None}
        read = registry.read(
            "clients.tax-certified", 1, {**old, "signed_on": "2026-11-01", "confirmed": ["citizen-US"]}
        )
        assert read == TaxCertified(
            record=UUID(old["record"]),
            digest="0",
            version=None,
            document=None,
            entity=None,
            signed_on=date(2026, 11, 1),
        )

    def test_stands_only_for_the_details_it_was_checked_against(self) -> None:
        application = applied(Stage.FIRST_TRANSFER)
        person = queries.people_of(application)[0]
        version = queries.person(person).version
        commands.record_person(context(), version=version)
        assert Stage.TAX not in undone(queries.facts(queries.application(application)))
        moved = vault.put(person, vault.Kind.INDIVIDUAL, PersonFactory(given_names="Moved"))
        commands.record_person(context(), version=moved.id)
        assert Stage.TAX in undone(queries.facts(queries.application(application)))
        newcomers.certify_one(DESK, HolderFactory(id=person))
        assert Stage.TAX not in undone(queries.facts(queries.application(application)))

    def test_ends_ninety_days_after_circumstances_changed_and_the_desk_sees_it(self) -> None:
        client = OnboardedClientFactory()
        (person,) = queries.people_behind(client)
        assert certificates_to_chase(seams.now()) == []
        change_circumstances(context(), client=client, what=Circumstance.ADDRESS)
        assert certificates_to_chase(seams.now()) == []
        change_circumstances(context(), client=client, what=Circumstance.TAX_RESIDENCE)
        status = queries.tax_status(person)
        assert status is not None
        end = status.changed_at + timedelta(days=90)
        change_circumstances(context(), client=client, what=Circumstance.TAX_RESIDENCE)
        for at, overdue in ((end - timedelta(seconds=1), False), (end, True)):
            assert certificates_to_chase(at) == [(Due(person, end, overdue), [client])]
        newcomers.certify_one(DESK, HolderFactory(id=person))
        assert certificates_to_chase(end) == []

    def test_given_anew_is_signed_since_the_change_on_a_paper_of_its_own(self) -> None:
        client = OnboardedClientFactory()
        (person,) = queries.people_behind(client)
        used = next(each.id for each in queries.documents(person) if each.kind == DocumentKind.SIGNATURE)
        today, tomorrow = hong_kong_date(seams.now()), seams.now() + timedelta(days=1)

        def given(signed_on: date, document: UUID) -> None:
            home = Residence(country="HK", missing=NoNumber.NOT_ISSUED)
            certificate = Certificate(residences=(home,), signed_on=signed_on)
            record = vault.put(person, vault.Kind.CERTIFICATE, certificate).id
            commands.certify_tax(context(), record=record, document=document)

        given(today - timedelta(days=1), used)  # nothing has changed: what was typed wrong is typed again
        change_circumstances(context(), client=client, what=Circumstance.TAX_RESIDENCE)
        with seams.using(clock=lambda: tomorrow):
            change_circumstances(context(), client=client, what=Circumstance.TAX_RESIDENCE)
            with pytest.raises(CertificateOutdated):
                given(today, signed(person))
            with pytest.raises(PaperUsed):
                given(hong_kong_date(tomorrow), used)
            given(hong_kong_date(tomorrow), signed(person))
            assert certificates_to_chase(tomorrow) == []

    @pytest.mark.django_db(transaction=True)
    def test_of_an_entity_that_became_passive_asks_for_those_of_its_controllers(self) -> None:
        newcomer = company(kind=EntityKind.ACTIVE)
        client = OnboardedClientFactory(newcomer=newcomer)
        body, owner = newcomer.people[0], newcomer.people[-1]
        assert queries.tax_status(owner.id) is None
        newcomers.certify_one(DESK, replace(body, entity=EntityKind.EXCLUDED))
        assert certificates_to_chase(seams.now()) == []
        for _ in range(2):
            newcomers.certify_one(DESK, replace(body, entity=EntityKind.PASSIVE))
            ((due, clients),) = certificates_to_chase(seams.now())
            assert (due.person, clients, due.overdue) == (owner.id, [client], False)
        newcomers.certify_one(DESK, owner)
        newcomers.certify_one(DESK, replace(body, entity=EntityKind.PASSIVE))
        assert certificates_to_chase(seams.now()) == []
        assert rebuild(check=True).identical

    def test_of_a_closed_client_is_not_chased(self) -> None:
        client = OnboardedClientFactory(newcomer=company())
        change_circumstances(context(), client=client, what=Circumstance.TAX_RESIDENCE)
        close_client(by_two(), client=client, reason="LEFT")
        assert certificates_to_chase(seams.now()) == []

    def test_on_paper_rests_on_a_paper_that_the_person_signed(self) -> None:
        person = queries.people_of(applied(Stage.TAX))[0]
        certificate = Certificate(
            residences=(Residence(country="HK", missing=NoNumber.NOT_ISSUED),), signed_on=date(2026, 11, 1)
        )
        record = vault.put(person, vault.Kind.CERTIFICATE, certificate).id
        other = newcomers.paper(DESK, queries.people_of(applied(Stage.TAX))[0], DocumentKind.SIGNATURE)
        for wrong in (None, other, queries.documents(person)[0].id):
            with pytest.raises(UnknownDocument):
                commands.certify_tax(context(), record=record, document=wrong)
        commands.certify_tax(context(), record=record, document=signed(person))

    def test_takes_no_other_record_for_a_certificate(self) -> None:
        person = queries.people_of(applied(Stage.TAX))[0]
        with pytest.raises(UnknownRecord):
            commands.certify_tax(context(), record=queries.person(person).version, document=signed(person))
