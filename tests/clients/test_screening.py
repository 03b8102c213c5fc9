from datetime import date
from uuid import UUID, uuid4

import pytest
from django.core.management import CommandError, call_command

from brokerage.clients import vault
from brokerage.clients.commands.authority import end_authority
from brokerage.clients.commands.holds import lift_hold
from brokerage.clients.commands.person import record_person
from brokerage.clients.commands.screening import adopt_screening_list, clear_hit, confirm_hit, screen
from brokerage.clients.queries import client as client_of
from brokerage.clients.queries import screening as queries
from brokerage.clients.queries.holds import holds_on
from brokerage.clients.rules.authority import Capacity, OnTheList
from brokerage.clients.rules.holds import HitWaits, LiftReason
from brokerage.clients.rules.person import Address, IdKind, Individual
from brokerage.clients.rules.screening import (
    ClearReason,
    Directory,
    ListTooOld,
    NoHit,
    Outcome,
    PepOnly,
    Subject,
)
from brokerage.clients.rules.screening_csv import HEADER, MalformedList, parse
from brokerage.clients.rules.status import Act, ClientStatus, ClientType, NotActive
from brokerage.clients.tasks import rescreen, rescreen_everybody
from brokerage.jobs import outbox
from brokerage.jobs.commands import tick
from brokerage.jobs.models import JobRun, Outbox
from brokerage.jobs.schedule import Run
from brokerage.ledger import seams, store
from brokerage.ledger.commands import NothingToDo
from brokerage.ledger.entry import SecondPersonNeeded
from brokerage.ledger.rebuild import rebuild
from custody import queries as custody
from tests.factories import AccountFactory, BankFactory, ClientFactory, by_two, context
from tests.onboarding import entitled, matched

pytestmark = pytest.mark.django_db(transaction=True)
ADDRESS = Address(line="1 Example Road", city="Hong Kong", country="HK")
WANTED = "UN-1,sanction,Wanted Person,,1960,KP,UN"
EXPOSED = "PEP-1,pep,Wanted Person,,1960,HK,Register"


def listed(*lines: str, dated: date = date(2026, 11, 1)) -> str:
    content = "\n".join([HEADER, *lines]).encode()
    return adopt_screening_list(context(), content=content, dated=dated, source="UN").value


def person(given: str = "Wanted", family: str = "Person", born: int = 1960, of: UUID | None = None) -> UUID:
    details = Individual(
        family_name=family,
        given_names=given,
        birth_date=date(born, 5, 1),
        nationality="HK",
        id_kind=IdKind.PASSPORT,
        id_number="K1234567",
        address=ADDRESS,
    )
    sealed = vault.put(of or uuid4(), vault.Kind.INDIVIDUAL, details)
    return record_person(context(), version=sealed.id).value


def holder(of: UUID) -> UUID:
    client = ClientFactory()
    entitled(client, of)
    return client


class TestMatching:
    def subject(self, *names: str, born: int | None = 1960, countries: str = "HK") -> Subject:
        return Subject(
            person=uuid4(), version=uuid4(), names=names, born=born, countries=frozenset(countries.split())
        )

    def found(self, line: str, subject: Subject) -> list[str]:
        content = f"{HEADER}\n{line}".encode()
        return [match.entry for match in Directory(parse(content)).matches(subject)]

    def test_any_spelling_of_the_list_may_match_any_name_of_the_person(self):
        line = "UN-1,sanction,Other Name,王小明,1960,KP,UN"
        assert self.found(line, self.subject("Wong Siu Ming", "王小明")) == ["UN-1"]

    @pytest.mark.parametrize(("born", "hit"), [(1960, True), (1962, True), (1963, False), (None, True)])
    def test_birth_years_far_apart_tell_two_people_apart(self, born, hit):
        assert bool(self.found(WANTED, self.subject("Wanted Person", born=born))) is hit

    def test_another_country_asks_for_a_closer_likeness_but_never_clears_the_same_name(self):
        assert self.found(WANTED, self.subject("Wanted Person", countries="HK")) == ["UN-1"]
        assert self.found(WANTED, self.subject("Wented Person", countries="KP")) == ["UN-1"]
        assert self.found(WANTED, self.subject("Wented Person", countries="HK")) == []


class TestALists:
    def test_adoption_is_recorded_with_version_and_date(self):
        version = listed(WANTED)
        assert queries.list_in_force().content_hash == version

    def test_the_same_list_again_does_nothing_and_an_older_one_is_refused(self):
        listed(WANTED)
        with pytest.raises(NothingToDo):
            listed(WANTED)
        with pytest.raises(ListTooOld):
            listed(EXPOSED, dated=date(2026, 10, 31))

    def test_a_bad_line_takes_nothing_in(self):
        with pytest.raises(MalformedList):
            listed(WANTED, "UN-2,enemy,X,,,,")
        assert queries.list_in_force() is None


class TestAPerson:
    @pytest.mark.rule("CLI-10")
    def test_is_screened_with_the_version_of_the_list_on_record(self):
        version, somebody = listed(WANTED), person("Harmless")
        assert not queries.screening_clear(somebody)
        assert screen(context(), person=somebody).value is Outcome.CLEAR
        assert queries.screening(somebody).content_hash == version
        assert queries.screening_clear(somebody)

    def test_is_not_clear_once_the_record_changed_or_a_newer_list_came(self):
        listed(WANTED)
        somebody = person("Harmless")
        screen(context(), person=somebody)
        person("Harmless", of=somebody)
        assert not queries.screening_clear(somebody)
        screen(context(), person=somebody)
        listed(EXPOSED)
        assert not queries.screening_clear(somebody)

    def test_is_named_in_no_event_and_no_refusal(self):
        listed(WANTED)
        somebody = person()
        screen(context(), person=somebody)
        with pytest.raises(SecondPersonNeeded):
            clear_hit(context(), **matched(somebody), reason=ClearReason.COMMON_NAME)
        rows = store.cursor().execute("SELECT data::text FROM ledger_event").fetchall()
        rows += store.cursor().execute("SELECT message || evidence::text FROM ledger_refusal").fetchall()
        assert not [row for row in rows if "Wanted" in row[0]]


class TestAHit:
    @pytest.mark.rule("CLI-10")
    def test_stops_value_until_a_second_person_clears_it(self):
        BankFactory()
        somebody = person()
        client = holder(somebody)
        account = AccountFactory(client=client)
        listed(WANTED)
        assert screen(context(), person=somebody).value is Outcome.HIT
        assert not queries.screening_clear(somebody)
        with pytest.raises(NotActive):
            custody.standing(account).check(Act.WITHDRAW, "HKD")
        with pytest.raises(SecondPersonNeeded):
            clear_hit(context(), **matched(somebody), reason=ClearReason.OTHER_BIRTH_DATA)
        clear_hit(by_two(), **matched(somebody), reason=ClearReason.OTHER_BIRTH_DATA)
        custody.standing(account).check(Act.WITHDRAW, "HKD")
        assert queries.screening_clear(somebody)

    def test_stops_a_client_that_the_person_joins_later(self):
        listed(WANTED)
        somebody = person()
        screen(context(), person=somebody)
        assert client_of(holder(somebody)).status == ClientStatus.FROZEN

    def test_goes_with_its_judgement_only(self):
        somebody = person()
        client = holder(somebody)
        listed(WANTED)
        screen(context(), person=somebody)
        (hold,) = holds_on(client)
        with pytest.raises(HitWaits):
            lift_hold(by_two(), client=client, hold=hold, reason=LiftReason.MATTER_CLOSED)

    @pytest.mark.rule("CLI-10")
    def test_confirmed_by_two_people_stays(self):
        somebody = person()
        client = holder(somebody)
        listed(WANTED)
        screen(context(), person=somebody)
        with pytest.raises(SecondPersonNeeded):
            confirm_hit(context(), **matched(somebody))
        assert client_of(client).status == ClientStatus.FROZEN
        assert [row.person for row in queries.hits()] == [somebody]
        confirm_hit(by_two(), **matched(somebody))
        with pytest.raises(NoHit):
            clear_hit(by_two(), **matched(somebody), reason=ClearReason.COMMON_NAME)
        assert client_of(client).status == ClientStatus.FROZEN
        assert not queries.screening_clear(somebody)

    @pytest.mark.rule("CLI-10")
    def test_is_lifted_by_no_changed_record(self):
        somebody = person()
        client = holder(somebody)
        listed(WANTED)
        screen(context(), person=somebody)
        person("Innocent", "Quite", of=somebody)
        assert screen(context(), person=somebody).value is Outcome.HIT
        assert client_of(client).status == ClientStatus.FROZEN
        assert [row.person for row in queries.hits()] == [somebody]
        clear_hit(by_two(), **matched(somebody), reason=ClearReason.COMMON_NAME)
        assert queries.screening_clear(somebody)
        assert not holds_on(client)

    @pytest.mark.rule("CLI-10")
    @pytest.mark.parametrize("confirmed", [False, True])
    def test_is_lifted_by_no_later_list_but_by_two_people_who_see_the_entry_gone(self, confirmed):
        somebody = person()
        client = holder(somebody)
        listed(WANTED)
        screen(context(), person=somebody)
        if confirmed:
            confirm_hit(by_two(), **matched(somebody))
        with pytest.raises(NoHit):
            clear_hit(by_two(), **matched(somebody), reason=ClearReason.LEFT_THE_LIST)
        listed("UN-2,sanction,Someone Else,,,,")
        assert screen(context(), person=somebody).value is Outcome.HIT
        assert holds_on(client)
        assert not queries.screening_clear(somebody)
        with pytest.raises(SecondPersonNeeded):
            clear_hit(context(), **matched(somebody), reason=ClearReason.LEFT_THE_LIST)
        clear_hit(by_two(), **matched(somebody), reason=ClearReason.LEFT_THE_LIST)
        assert not holds_on(client)
        assert rebuild(check=True).identical

    @pytest.mark.rule("CLI-10")
    def test_of_somebody_who_left_is_lifted_by_two_people_and_nobody_lets_him_in_again(self):
        somebody, client = person(), ClientFactory(type=ClientType.JOINT)
        for each in (somebody, person("Harmless")):
            entitled(client, each)
        listed(WANTED)
        screen(context(), person=somebody)
        confirm_hit(by_two(), **matched(somebody))
        (hold,) = holds_on(client)
        lift = {"client": client, "hold": hold, "reason": LiftReason.PERSON_LEFT}
        with pytest.raises(HitWaits):
            lift_hold(by_two(), **lift)
        left = {"client": client, "person": somebody, "capacity": Capacity.HOLDER}
        end_authority(context(), **left, reason="LEFT")
        with pytest.raises(SecondPersonNeeded):
            lift_hold(context(), **lift)
        lift_hold(by_two(), **lift)
        assert client_of(client).status == ClientStatus.ACTIVE
        with pytest.raises(OnTheList):
            entitled(client, somebody)

    def test_once_cleared_lets_go_of_clients_the_person_no_longer_acts_for(self):
        somebody, client = person(), ClientFactory(type=ClientType.JOINT)
        for each in (somebody, person("Harmless")):
            entitled(client, each)
        listed(WANTED)
        screen(context(), person=somebody)
        left = {"client": client, "person": somebody, "capacity": Capacity.HOLDER}
        end_authority(context(), **left, reason="LEFT")
        assert holds_on(client)
        clear_hit(by_two(), **matched(somebody), reason=ClearReason.OTHER_BIRTH_DATA)
        assert not holds_on(client)

    def test_once_cleared_comes_back_only_when_the_entry_changes(self):
        listed(WANTED)
        somebody = person()
        screen(context(), person=somebody)
        clear_hit(by_two(), **matched(somebody), reason=ClearReason.OTHER_IDENTITY_DOCUMENT)
        listed(WANTED, "UN-2,sanction,Someone Else,,,,")
        assert screen(context(), person=somebody).value is Outcome.CLEAR
        listed(WANTED.replace("1960", "1961"))
        assert screen(context(), person=somebody).value is Outcome.HIT

    @pytest.mark.rule("CLI-10")
    def test_is_judged_match_by_match_and_what_came_later_waits_on(self):
        somebody = person()
        client = holder(somebody)
        listed(WANTED, EXPOSED)
        screen(context(), person=somebody)
        looked_at = matched(somebody)
        first, _ = looked_at["matches"]
        later = WANTED.replace("UN-1", "UN-7").replace("1960", "1961")
        listed(WANTED, EXPOSED, later)
        screen(context(), person=somebody)
        clear_hit(by_two(), **looked_at, reason=ClearReason.OTHER_BIRTH_DATA)
        assert queries.screening(somebody).waiting == 1
        assert holds_on(client)
        (third,) = matched(somebody)["matches"]
        for wrong in ((), (first,), (first, third), (uuid4(), third)):
            with pytest.raises(NoHit):
                clear_hit(by_two(), person=somebody, matches=wrong, reason=ClearReason.COMMON_NAME)
            with pytest.raises(NoHit):
                confirm_hit(by_two(), person=somebody, matches=wrong)
        clear_hit(by_two(), person=somebody, matches=(third, third), reason=ClearReason.COMMON_NAME)
        assert not holds_on(client)

    @pytest.mark.rule("CLI-10")
    def test_of_two_entries_is_cleared_for_one_and_confirmed_for_the_other(self):
        somebody = person()
        client = holder(somebody)
        listed(WANTED, EXPOSED)
        screen(context(), person=somebody)
        kinds = queries.waiting_matches(queries.screening(somebody))
        exposed, sanctioned = sorted(kinds, key=kinds.__getitem__)
        clear_hit(by_two(), person=somebody, matches=(exposed,), reason=ClearReason.PEP_ACCEPTED)
        confirm_hit(by_two(), person=somebody, matches=(sanctioned,))
        row = queries.screening(somebody)
        assert (row.waiting, row.confirmed) == (0, 1)
        assert holds_on(client)

    def test_with_a_sanction_is_no_accepted_political_exposure(self):
        listed(WANTED, EXPOSED)
        somebody = person()
        screen(context(), person=somebody)
        with pytest.raises(PepOnly):
            clear_hit(by_two(), **matched(somebody), reason=ClearReason.PEP_ACCEPTED)


class TestANewList:
    def run(self) -> Run:
        return Run(id=uuid4(), job="clients.rescreen", slot=seams.now(), late=False)

    @pytest.mark.rule("CLI-11")
    def test_screens_everybody_again(self):
        listed("UN-9,sanction,Somebody Else,,,,")
        people = [person(), person("Harmless")]
        rescreen(self.run(), people)
        assert all(queries.screening_clear(each) for each in people)
        version = listed(WANTED)
        assert sorted(people) == queries.unscreened(version)
        rescreen(self.run(), people)
        assert queries.unscreened(version) == []
        assert [row.person for row in queries.hits()] == [people[0]]
        assert queries.rescreening() == queries.Progress(2, 2)

    @pytest.mark.rule("CLI-11")
    def test_asks_for_a_run_by_itself(self):
        tick()
        version = listed(WANTED)
        (message,) = Outbox.objects.filter(kind="clients.rescreen")
        runs = JobRun.objects.filter(job="clients.rescreen").count()
        rescreen_everybody(
            outbox.Message(id=message.id, kind=message.kind, key=version, payload=message.payload)
        )
        assert JobRun.objects.filter(job="clients.rescreen").count() == runs + 1

    def test_goes_on_where_a_run_stopped(self):
        version = listed(WANTED)
        people = sorted(person("Harmless") for _ in range(4))
        run = self.run()
        rescreen(run, people[:2])
        assert queries.unscreened(version) == people[2:]
        rescreen(run, people)
        assert queries.rescreening() == queries.Progress(4, 4)


class TestTheShell:
    def test_takes_a_list_in_once_and_names_bad_lines(self, tmp_path, capsys):
        good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
        good.write_text(f"{HEADER}\n{WANTED}\n", encoding="utf-8")
        bad.write_text(f"{HEADER}\n{WANTED}\nUN-2,enemy,X,,,,\n", encoding="utf-8")
        for _ in range(2):
            call_command("clients", "screening-list", str(good), "--dated", "2026-11-01", "--source", "UN")
        assert "in force as" in (said := capsys.readouterr().out)
        assert "adopted before" in said
        with pytest.raises(CommandError, match="line 3"):
            call_command("clients", "screening-list", str(bad), "--dated", "2026-11-01", "--source", "UN")
