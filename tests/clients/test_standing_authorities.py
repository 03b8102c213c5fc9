import io
from datetime import date, datetime, timedelta
from hashlib import sha256
from uuid import UUID, uuid4

import pytest
from PIL import Image

from brokerage.access.models import User
from brokerage.clients import vault
from brokerage.clients.commands.authority import appoint_attorney, end_authority, grant_authority
from brokerage.clients.commands.holds import lift_hold, place_hold, report_death
from brokerage.clients.commands.person import store_document
from brokerage.clients.commands.standing_authorities import (
    RENEWAL_NOTICE,
    announce_renewal,
    give_standing_authority,
    object_to_renewal,
    renew_standing_authority,
    revoke_standing_authority,
)
from brokerage.clients.commands.status import change_status
from brokerage.clients.events.standing_authorities import RenewalNoticeDelivered
from brokerage.clients.models import StandingAuthority
from brokerage.clients.queries import in_the_hands_of
from brokerage.clients.queries.standing_authorities import (
    covered,
    expiring,
    lapsed_without_notice,
    standing_authority,
)
from brokerage.clients.rules.authority import BadPower, Capacity, NeedsPower, NotScreened
from brokerage.clients.rules.documents import DocumentKind, UnknownDocument
from brokerage.clients.rules.holds import Ground, LiftReason
from brokerage.clients.rules.mandate import MandateNotMet
from brokerage.clients.rules.person import CannotAct
from brokerage.clients.rules.standing_authorities import (
    End,
    NoticeTooLate,
    NotWritten,
    PaperUsed,
    Purpose,
    PurposeCovered,
    RevocationMissing,
    TermTooLong,
    UnknownStandingAuthority,
    a_year_from,
    check_term,
    covers,
    end_of_term,
)
from brokerage.clients.rules.status import Classification, ClientStatus, ClientType, NotActive
from brokerage.clients.tasks import conclude_authorities
from brokerage.jobs import outbox
from brokerage.jobs.queries import parked_items
from brokerage.jobs.schedule import Run
from brokerage.ledger import queries as ledger
from brokerage.ledger import seams
from brokerage.ledger.commands import NothingToDo
from brokerage.ledger.entry import SecondPersonNeeded, Source
from brokerage.ledger.rebuild import rebuild
from tests import desk
from tests.clients.test_screening import holder, person
from tests.clients.test_vault import details, recorded
from tests.factories import ClientFactory, by_two, context
from tests.http import callers
from tests.onboarding import entitled, identity, screened, signing

pytestmark = pytest.mark.django_db(transaction=True)
RETAIL, PROFESSIONAL = Classification.RETAIL, Classification.PROFESSIONAL
START = date(2026, 3, 2)
NOON = datetime.fromisoformat("2026-03-02T12:00+08:00")
LAST = date(2027, 3, 1)


def at(day: date):
    return seams.using(clock=lambda: NOON + (day - START))


def given(ends: date = LAST, client: UUID | None = None) -> UUID:
    with at(START):
        client = client or ClientFactory()
        wanted = {"purpose": Purpose.REPLEDGE_SECURITIES, "ends": ends, "revocation_stated": True}
        return give_standing_authority(signing(client), client=client, **wanted).value


def own(authority: UUID):
    return signing(standing_authority(authority).client)


def work(day: date) -> None:
    with at(day):
        run = Run(id=uuid4(), job="test", slot=seams.now(), late=False)
        conclude_authorities(run, [])
        outbox.relay()


def reachable(client: UUID, name: str, email: str | None = None) -> UUID:
    """A holder of the client whose login has an address."""
    user = desk.member(name=name, staff=False)
    user.email = f"{name}@example.test" if email is None else email
    user.save()
    entitled(client, user.person)
    return user.person


def paper(of: UUID, kind: DocumentKind = DocumentKind.AUTHORITY) -> UUID:
    image = io.BytesIO()
    Image.new("1", (1, 1)).save(image, "PNG")
    sealed = vault.put(of, vault.Kind.DOCUMENT, image.getvalue())
    return store_document(context(), document=sealed.id, kind=kind).value


class TestTheRules:
    @pytest.mark.rule("AST-2")
    def test_a_non_professional_gives_twelve_months_at_most(self):
        check_term(RETAIL, starts=START, ends=LAST)
        with pytest.raises(TermTooLong):
            check_term(RETAIL, starts=START, ends=LAST + timedelta(days=1))
        check_term(PROFESSIONAL, starts=START, ends=date(2031, 1, 1))

    def test_a_year_from_a_leap_day_ends_in_february(self):
        assert a_year_from(date(2028, 2, 29)) == date(2029, 2, 28)

    def test_who_ceases_to_be_professional_is_covered_for_twelve_months_only(self):
        long = {"since": START, "ends": date(2031, 1, 1)}
        assert covers(PROFESSIONAL, **long, on=date(2030, 1, 1))
        assert covers(RETAIL, **long, on=LAST)
        assert not covers(RETAIL, **long, on=LAST + timedelta(days=1))

    @pytest.mark.rule("AST-2")
    @pytest.mark.parametrize(
        ("days", "objected", "end"),
        [(14, False, None), (13, False, End.WITHOUT_NOTICE), (14, True, End.LAPSED)],
    )
    def test_silence_renews_after_fourteen_days_notice_without_objection(self, days, objected, end):
        delivered = LAST - timedelta(days=days)
        assert end_of_term(ends=LAST, delivered=delivered, objected=objected, active=True) is end
        assert end_of_term(ends=LAST, delivered=None, objected=False, active=True) is End.WITHOUT_NOTICE

    @pytest.mark.rule("AST-2")
    def test_the_silence_of_a_client_that_is_not_active_renews_nothing(self):
        told = LAST - timedelta(days=30)
        assert end_of_term(ends=LAST, delivered=told, objected=False, active=False) is End.LAPSED


class TestAStandingAuthority:
    @pytest.mark.rule("AST-2")
    def test_is_in_writing_says_how_to_revoke_it_and_ends_in_time(self):
        client = ClientFactory()
        wanted = {"client": client, "purpose": Purpose.REPLEDGE_SECURITIES}
        with at(START):
            with pytest.raises(NotWritten):
                give_standing_authority(context(), **wanted, ends=LAST, revocation_stated=True)
            with pytest.raises(RevocationMissing):
                give_standing_authority(signing(client), **wanted, ends=LAST, revocation_stated=False)
            late = LAST + timedelta(days=1)
            with pytest.raises(TermTooLong):
                give_standing_authority(signing(client), **wanted, ends=late, revocation_stated=True)

    def test_is_on_paper_when_staff_record_it(self):
        somebody = person("Harmless")
        client = holder(somebody)
        with at(START):
            give_standing_authority(
                context(),
                client=client,
                purpose=Purpose.CLIENT_MONEY,
                ends=LAST,
                revocation_stated=True,
                documents=(paper(somebody, DocumentKind.SIGNATURE),),
            )
        assert covered(client, Purpose.CLIENT_MONEY, LAST)

    @pytest.mark.rule("AST-2")
    def test_is_not_on_paper_that_nobody_who_binds_the_client_signed(self):
        somebody, stranger = person("Harmless"), person("Stranger")
        client, authority = holder(somebody), given()
        foreign, unsigned = paper(stranger, DocumentKind.SIGNATURE), paper(somebody)
        wanted = {"client": client, "purpose": Purpose.CLIENT_MONEY, "revocation_stated": True}
        with at(START):
            for document in (foreign, unsigned):
                with pytest.raises(UnknownDocument):
                    give_standing_authority(context(), **wanted, ends=LAST, documents=(document,))
            with pytest.raises(UnknownDocument):
                renew_standing_authority(context(), authority=authority, ends=LAST, documents=(foreign,))

    def test_covers_its_purpose_and_days_only(self):
        client = standing_authority(given()).client
        assert covered(client, Purpose.REPLEDGE_SECURITIES, LAST)
        assert not covered(client, Purpose.REPLEDGE_SECURITIES, LAST + timedelta(days=1))
        assert not covered(client, Purpose.LEND_SECURITIES, LAST)
        with pytest.raises(PurposeCovered):
            given(client=client)

    @pytest.mark.rule("AST-2")
    def test_is_revoked_by_the_client_at_once(self):
        authority = given()
        client = standing_authority(authority).client
        revoke_standing_authority(signing(client), authority=authority)
        assert not covered(client, Purpose.REPLEDGE_SECURITIES, START)
        with pytest.raises(UnknownStandingAuthority):
            revoke_standing_authority(signing(client), authority=authority)

    @pytest.mark.rule("AST-2")
    def test_is_announced_by_mail_and_renewed_by_silence(self, mailoutbox):
        client = ClientFactory(type=ClientType.JOINT)
        ada, ben = reachable(client, "ada"), reachable(client, "ben")
        authority = given(client=client)
        work(LAST - timedelta(days=31))
        assert standing_authority(authority).noticed is None
        early = LAST - timedelta(days=30)
        work(early)
        row = standing_authority(authority)
        assert (row.noticed, row.delivered) == (early, early)
        assert sorted(mail.to[0] for mail in mailoutbox) == ["ada@example.test", "ben@example.test"]
        assert "2027-03-01" in mailoutbox[0].body
        receipt = next(
            each.event for each in ledger.events(client) if isinstance(each.event, RenewalNoticeDelivered)
        )
        assert receipt.persons == tuple(sorted({ada, ben}))
        assert receipt.digest == sha256(mailoutbox[0].body.encode()).hexdigest()
        work(LAST + timedelta(days=1))
        renewed = standing_authority(authority)
        assert (renewed.starts, renewed.ends, renewed.renewals) == (
            LAST + timedelta(days=1),
            date(2028, 3, 1),
            1,
        )
        assert rebuild(check=True).identical

    @pytest.mark.rule("AST-2")
    @pytest.mark.parametrize(("days", "renewed"), [(14, True), (13, False)])
    def test_is_renewed_by_silence_only_if_the_notice_arrived_in_time(self, days, renewed, mailoutbox):
        client = ClientFactory()
        reachable(client, "ada", email="")
        authority = given(client=client)
        work(LAST - timedelta(days=30))
        assert mailoutbox == []
        User.objects.filter(username="ada").update(email="ada@example.test")
        work(LAST - timedelta(days=days))
        assert len(mailoutbox) == 1
        assert (authority in expiring(LAST).values_list("pk", flat=True)) is not renewed
        work(LAST + timedelta(days=1))
        row = StandingAuthority.objects.get(pk=authority)
        assert (row.renewals, row.end) == ((1, "") if renewed else (0, "lapsed-without-notice"))
        assert lapsed_without_notice(LAST + timedelta(days=1)).exists() is not renewed

    @pytest.mark.rule("AST-2")
    def test_lapses_where_the_notice_reached_nobody_and_staff_are_told(self, mailoutbox):
        client = ClientFactory(type=ClientType.JOINT)
        reachable(client, "ada")
        reachable(client, "ben", email="")
        authority = given(client=client)
        for days in (30, 29, 28, 27, 26):
            work(LAST - timedelta(days=days))
        assert mailoutbox == []
        assert parked_items().get().kind == RENEWAL_NOTICE
        after = LAST + timedelta(days=1)
        work(after)
        assert StandingAuthority.objects.get(pk=authority).end == "lapsed-without-notice"
        with at(after):
            page = callers.staff("operations").http.get("/staff/").content.decode()
        assert "lapsed: its notice was not delivered" in page
        given(client=client)
        assert not lapsed_without_notice(after).exists()

    def test_is_announced_to_the_address_on_record_of_who_has_no_login(self, mailoutbox):
        client = ClientFactory()
        entitled(client, recorded(details(email="zoe@example.test")))
        authority = given(client=client)
        work(LAST - timedelta(days=30))
        assert [mail.to for mail in mailoutbox] == [["zoe@example.test"]]
        assert standing_authority(authority).delivered

    @pytest.mark.rule("AST-2")
    def test_is_announced_again_where_the_notice_found_the_client_stopped(self, mailoutbox):
        client = ClientFactory()
        reachable(client, "ada")
        authority, early = given(client=client), LAST - timedelta(days=30)
        with at(early):
            announce_renewal(context(), authority=authority)
            change_status(context(), client=client, status=ClientStatus.SUSPENDED, reason="CASE-1")
            outbox.relay()
            change_status(by_two(), client=client, status=ClientStatus.ACTIVE, reason="CASE-1")
        assert not mailoutbox
        work(early + timedelta(days=1))
        assert len(mailoutbox) == 1
        assert standing_authority(authority).delivered == early + timedelta(days=1)
        work(early + timedelta(days=2))
        with at(early + timedelta(days=2)), pytest.raises(NothingToDo):
            announce_renewal(context(), authority=authority)
        assert len(mailoutbox) == 1

    @pytest.mark.rule("AST-2")
    def test_announced_twice_is_told_of_once(self, mailoutbox):
        client = ClientFactory()
        reachable(client, "ada")
        authority = given(client=client)
        with at(LAST - timedelta(days=30)):
            for _ in range(2):
                announce_renewal(context(), authority=authority)
            outbox.relay()
        assert len(mailoutbox) == 1

    def test_that_ended_meanwhile_is_not_announced_by_mail(self, mailoutbox):
        client = ClientFactory()
        reachable(client, "ada")
        authority = given(client=client)
        with at(LAST - timedelta(days=30)):
            announce_renewal(context(), authority=authority)
        revoke_standing_authority(own(authority), authority=authority)
        work(LAST - timedelta(days=29))
        assert mailoutbox == []

    @pytest.mark.rule("AST-2")
    def test_lapses_after_an_objection(self):
        client = ClientFactory()
        reachable(client, "ada")
        authority = given(client=client)
        work(LAST - timedelta(days=30))
        with at(LAST - timedelta(days=1)):
            object_to_renewal(own(authority), authority=authority)
        work(LAST + timedelta(days=1))
        assert StandingAuthority.objects.get(pk=authority).end == "lapsed"

    @pytest.mark.rule("AST-2")
    def test_lapses_when_notice_came_too_late(self):
        authority = given()
        with at(LAST - timedelta(days=13)), pytest.raises(NoticeTooLate):
            announce_renewal(context(), authority=authority)
        work(LAST + timedelta(days=1))
        assert StandingAuthority.objects.get(pk=authority).end == "lapsed-without-notice"

    def test_is_renewed_in_writing_by_the_client(self):
        authority = given()
        with at(date(2026, 9, 1)):
            renew_standing_authority(own(authority), authority=authority, ends=date(2027, 8, 31))
        assert standing_authority(authority).ends == date(2027, 8, 31)

    @pytest.mark.rule("AST-2", "CLI-13")
    def test_is_neither_given_nor_renewed_nor_announced_unless_the_client_is_active(self, mailoutbox):
        client = ClientFactory()
        reachable(client, "ada")
        authority, early = given(client=client), LAST - timedelta(days=30)
        with at(early):
            announce_renewal(context(), authority=authority)
        hold = place_hold(context(), client=client, ground=Ground.COURT, reference="HCMP-1").value
        work(early)
        assert mailoutbox == []
        assert not covered(client, Purpose.REPLEDGE_SECURITIES, START)
        with at(early):
            with pytest.raises(NotActive):
                renew_standing_authority(signing(client), authority=authority, ends=LAST)
            with pytest.raises(NotActive):
                announce_renewal(context(), authority=authority)
            with pytest.raises(NotActive):
                given(client=client)
        lift_hold(by_two(), client=client, hold=hold, reason=LiftReason.ORDER_DISCHARGED)
        assert covered(client, Purpose.REPLEDGE_SECURITIES, START)

    @pytest.mark.rule("AST-2", "CLI-13")
    def test_of_who_died_after_the_notice_lapses_with_its_term(self, mailoutbox):
        client = ClientFactory()
        ada, authority = reachable(client, "ada"), given(client=client)
        work(LAST - timedelta(days=30))
        assert len(mailoutbox) == 1
        report_death(context(), person=ada, reference="DC-1")
        work(LAST + timedelta(days=1))
        assert StandingAuthority.objects.get(pk=authority).end == "lapsed"

    @pytest.mark.rule("AST-2", "CLI-13")
    def test_is_given_and_renewed_by_who_signs_for_the_client_not_by_an_attorney(self):
        principal, attorney = person("Principal"), screened(person("Attorney"))
        client = holder(principal)
        authority = given(client=client)
        power = {"document": paper(principal), "identity": identity(attorney), "until": LAST}
        with at(START):
            appoint_attorney(by_two(), client=client, person=attorney, **power)
            asked = {"purpose": Purpose.LEND_SECURITIES, "ends": LAST, "revocation_stated": True}
            with pytest.raises(MandateNotMet):
                give_standing_authority(context(source=Source.PORTAL, maker=attorney), client=client, **asked)
            with pytest.raises(MandateNotMet):
                renew_standing_authority(
                    context(source=Source.PORTAL, maker=attorney), authority=authority, ends=LAST
                )

    @pytest.mark.rule("AST-2")
    def test_is_renewed_on_a_paper_of_the_present_term_that_nothing_else_rests_on(self):
        somebody = person("Harmless")
        client = holder(somebody)
        with at(START - timedelta(days=1)):
            old = paper(somebody, DocumentKind.SIGNATURE)
        with at(START):
            first = paper(somebody, DocumentKind.SIGNATURE)
            wanted = {"client": client, "ends": LAST, "revocation_stated": True, "documents": (first,)}
            authority = give_standing_authority(context(), purpose=Purpose.CLIENT_MONEY, **wanted).value
            with pytest.raises(PaperUsed):
                give_standing_authority(context(), purpose=Purpose.LEND_SECURITIES, **wanted)
            for used in (first, old):
                with pytest.raises(PaperUsed):
                    renew_standing_authority(context(), authority=authority, ends=LAST, documents=(used,))
            second = paper(somebody, DocumentKind.SIGNATURE)
            renew_standing_authority(context(), authority=authority, ends=LAST, documents=(second,))
            with pytest.raises(PaperUsed):
                renew_standing_authority(context(), authority=authority, ends=LAST, documents=(first,))


class TestAPowerOfAttorney:
    def power(self, attorney: UUID, principal: UUID) -> dict[str, UUID]:
        """Who is appointed, by which paper of whom, and what proves who it is."""
        return {"person": attorney, "document": paper(principal), "identity": identity(attorney)}

    def appointed(self, until: date = LAST) -> tuple[UUID, UUID, UUID]:
        principal, attorney = person("Principal"), screened(person("Attorney"))
        client = holder(principal)
        with at(START):
            appoint_attorney(by_two(), client=client, **self.power(attorney, principal), until=until)
        return client, principal, attorney

    @pytest.mark.rule("CLI-10")
    def test_is_for_nobody_who_was_not_screened(self):
        principal = person("Principal")
        client = holder(principal)
        wanted = {"client": client} | self.power(person("Attorney"), principal)
        with at(START), pytest.raises(NotScreened):
            appoint_attorney(by_two(), **wanted, until=LAST)

    @pytest.mark.rule("CLI-13")
    def test_is_a_paper_with_an_end_and_takes_two_people(self):
        principal, attorney = person("Principal"), screened(person("Attorney"))
        client = holder(principal)
        with pytest.raises(NeedsPower):
            grant_authority(
                by_two(),
                client=client,
                person=attorney,
                capacity=Capacity.ATTORNEY,
                document=paper(attorney),
            )
        with at(START):
            wanted = {"client": client} | self.power(attorney, principal)
            with pytest.raises(SecondPersonNeeded):
                appoint_attorney(context(), **wanted, until=LAST)
            with pytest.raises(BadPower):
                appoint_attorney(by_two(), **wanted, until=START - timedelta(days=1))
            with pytest.raises(BadPower):
                appoint_attorney(by_two(), **(wanted | self.power(principal, principal)), until=LAST)

    @pytest.mark.rule("CLI-13")
    def test_is_the_principals_paper_of_that_kind_and_no_paper_twice(self):
        principal, attorney = person("Principal"), screened(person("Attorney"))
        client = holder(principal)
        power = paper(principal)
        with at(START):
            for wrong in (paper(principal, DocumentKind.SIGNATURE), identity(principal), paper(attorney)):
                with pytest.raises(UnknownDocument):
                    self.appoint(client, attorney, wrong)
            self.appoint(client, attorney, power)
            ended = {"person": attorney, "capacity": Capacity.ATTORNEY, "reason": "REVOKED"}
            end_authority(context(), client=client, **ended)
            with pytest.raises(PaperUsed):
                self.appoint(client, attorney, power)
            self.appoint(client, attorney, paper(principal))

    def appoint(self, client: UUID, attorney: UUID, power: UUID) -> None:
        wanted = {"person": attorney, "document": power, "identity": identity(attorney)}
        appoint_attorney(by_two(), client=client, **wanted, until=LAST)

    @pytest.mark.rule("CLI-13")
    def test_ends_with_its_last_day(self):
        client, _, attorney = self.appointed()
        with at(LAST):
            assert in_the_hands_of(attorney) == {client}
        with at(LAST + timedelta(days=1)):
            assert in_the_hands_of(attorney) == frozenset()
        work(LAST + timedelta(days=1))
        with at(LAST):
            assert in_the_hands_of(attorney) == frozenset()

    @pytest.mark.rule("CLI-13")
    def test_ends_with_its_principals_death(self):
        client, principal, attorney = self.appointed()
        power = self.power(attorney, principal)
        with at(START):
            report_death(context(), person=principal, reference="DC-1")
            assert in_the_hands_of(attorney) == frozenset()
            with pytest.raises(CannotAct):
                appoint_attorney(by_two(), client=client, **power, until=LAST)

    @pytest.mark.rule("CLI-13")
    @pytest.mark.parametrize("principal_died", [True, False])
    def test_over_a_joint_account_ends_with_the_one_who_gave_it(self, principal_died):
        principal, other, attorney = (person(name) for name in ("Principal", "Other", "Attorney"))
        client = ClientFactory(type=ClientType.JOINT)
        for each in (principal, other):
            entitled(client, each)
        granted = {"client": client} | self.power(screened(attorney), principal)
        with at(START):
            appoint_attorney(by_two(), **granted, until=LAST)
            report_death(context(), person=principal if principal_died else other, reference="DC-1")
            assert in_the_hands_of(attorney) == (frozenset() if principal_died else {client})

    def test_ends_by_revocation(self):
        client, _, attorney = self.appointed()
        with at(START):
            end_authority(
                context(), client=client, person=attorney, capacity=Capacity.ATTORNEY, reason="REVOKED"
            )
            assert in_the_hands_of(attorney) == frozenset()
