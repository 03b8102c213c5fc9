from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import psycopg
import pytest

from brokerage.clients import sealed
from brokerage.clients.commands import cases as commands
from brokerage.clients.models import Alert, Case, SealedText
from brokerage.clients.queries import cases as queries
from brokerage.clients.rules.cases import (
    AlertGround,
    BadReportNumber,
    CaseClosed,
    CaseState,
    Closing,
    NobodyProposed,
    NotReported,
    OtherClient,
    OwnProposal,
    UnknownAlert,
)
from brokerage.clients.rules.flows import TRANSFER, WINDOW, Flow, large, linked
from brokerage.clients.rules.sealed import UnknownText
from brokerage.jobs.schedule import Run
from brokerage.ledger import browse, registry, seams, store
from brokerage.ledger.commands import commands as registered
from brokerage.ledger.models import Entry
from brokerage.ledger.rebuild import rebuild
from brokerage.market.rules.calendars import hong_kong_date
from custody import queries as custody
from custody.commands import close_account, withdraw
from custody.tasks import link_operations
from tests.factories import (
    CHECKER,
    MAKER,
    AccountFactory,
    BankFactory,
    ClientFactory,
    DepositFactory,
    context,
    furnish,
)

pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "Funds from an unknown third party, 匿名"


def alerted(client: UUID | None = None) -> Alert:
    client = client or ClientFactory()
    commands.raise_alert(context(), client=client, ground=AlertGround.STAFF, text=SECRET)
    return queries.open_alerts().get(client=client)


def opened(client: UUID | None = None) -> UUID:
    return commands.open_case(context(), alert=alerted(client).id).value


def maker():
    return context(maker=MAKER)


class TestACase:
    @pytest.mark.rule("CLI-12")
    def test_goes_from_an_alert_to_a_report_to_its_end(self):
        case = opened()
        assert not queries.open_alerts()
        note = commands.note_case(context(), case=case, text=SECRET).value
        assert sealed.text(case, note) == SECRET
        commands.report_case(context(), case=case, number="STR-2026-1", filed=hong_kong_date(seams.now()))
        assert queries.case(case).state == CaseState.REPORTED
        commands.close_case(maker(), case=case)
        assert queries.case(case).closure_reason == Closing.REPORT_DONE
        assert rebuild(check=True).identical

    @pytest.mark.rule("CLI-12")
    def test_is_closed_without_a_report_by_two_people_only(self):
        case = opened()
        with pytest.raises(NobodyProposed):
            commands.close_case(maker(), case=case)
        commands.propose_closure(maker(), case=case, reason=Closing.NO_SUSPICION)
        with pytest.raises((OwnProposal, psycopg.errors.CheckViolation)) as refused:
            commands.close_case(maker(), case=case)
        assert refused.type is OwnProposal
        commands.close_case(context(maker=CHECKER), case=case)
        with pytest.raises(CaseClosed):
            commands.note_case(context(), case=case, text="too late")

    @pytest.mark.rule("CLI-12")
    def test_is_closed_by_two_whom_the_database_holds_apart(self, monkeypatch):
        case = opened()
        commands.propose_closure(maker(), case=case, reason=Closing.NO_SUSPICION)
        with monkeypatch.context() as without_the_rule:
            without_the_rule.setattr(commands, "check_closing", lambda *_, **__: None)
            with pytest.raises(psycopg.errors.CheckViolation, match="ledger_entry_two_persons"):
                commands.close_case(maker(), case=case)
        receipt = commands.close_case(context(maker=CHECKER), case=case)
        entry = Entry.objects.get(pk=receipt.entry)
        assert (entry.maker, entry.checker) == (MAKER, CHECKER)
        assert browse.entry_lines(receipt.entry) == []

    def test_is_not_closed_as_reported_without_a_report(self):
        case = opened()
        with pytest.raises(NotReported):
            commands.propose_closure(maker(), case=case, reason=Closing.REPORT_DONE)
        late = hong_kong_date(seams.now()) + timedelta(days=1)
        with pytest.raises(NotReported):
            commands.report_case(context(), case=case, number="STR-1", filed=late)
        with pytest.raises(BadReportNumber):
            commands.report_case(
                context(), case=case, number="about Mr Chan", filed=hong_kong_date(seams.now())
            )

    def test_takes_in_alerts_about_its_own_client_only(self):
        client = ClientFactory()
        case, other = opened(client), alerted()
        with pytest.raises(OtherClient):
            commands.join_alert(context(), alert=other.id, case=case)
        again = alerted(client)
        commands.join_alert(context(), alert=again.id, case=case)
        assert len(queries.alerts_of(case)) == 2
        with pytest.raises(UnknownAlert):
            commands.dismiss_alert(context(), alert=again.id, reason=Closing.EXPLAINED)


class TestNobodyIsTippedOff:
    @pytest.mark.rule("CLI-12")
    def test_by_the_clients_own_stream(self):
        client = ClientFactory()
        before = store.cursor().execute("SELECT count(*) FROM ledger_event WHERE stream = %s", [client])
        count = before.fetchone()
        opened(client)
        after = store.cursor().execute("SELECT count(*) FROM ledger_event WHERE stream = %s", [client])
        assert after.fetchone() == count
        owned = store.cursor().execute(
            "SELECT count(*) FROM ledger_event WHERE kind ~ '(case|alert)' AND owner IS NOT NULL"
        )
        assert owned.fetchone() == (0,)

    @pytest.mark.rule("CLI-12")
    def test_by_the_log_of_refusals(self):
        with pytest.raises(UnknownAlert):
            commands.open_case(context(), alert=uuid4())
        with pytest.raises(UnknownAlert):
            commands.dismiss_alert(context(), alert=uuid4(), reason=Closing.EXPLAINED)
        assert store.cursor().execute("SELECT count(*) FROM ledger_refusal").fetchone() == (0,)

    @pytest.mark.rule("CLI-12")
    def test_by_an_open_kind_of_event_or_a_command_that_is_noted(self):
        kinds = {
            kind.name: kind.audience
            for kind in registry.kinds().values()
            if kind.cls.__module__.endswith("clients.events.cases")
        }
        assert len(kinds) == 8
        assert set(kinds.values()) == {registry.Audience.RESTRICTED}
        ours = [each for each in registered().values() if each.function.__module__ == commands.__name__]
        assert len(ours) == 10
        assert all(each.restricted for each in ours)

    def test_by_words_left_in_the_clear(self):
        case = opened()
        commands.note_case(context(), case=case, text=SECRET)
        for table in ("ledger_event", "ledger_entry", "clients_sealedtext", "clients_alert", "clients_case"):
            rows = store.cursor().execute(f"SELECT t::text FROM {table} t").fetchall()
            assert not [row for row in rows if "third party" in row[0] or "匿名" in row[0]]

    def test_by_a_text_read_under_another_case(self):
        case, other = opened(), opened()
        note = commands.note_case(context(), case=case, text=SECRET).value
        with pytest.raises(UnknownText):
            sealed.text(other, note)
        SealedText(id=uuid4(), about=other, body=SealedText.objects.get(pk=note).body).save()
        assert Case.objects.count() == 2


class TestLinkedTransactions:
    start = seams.now()

    def flow(self, hours: int, worth: int) -> Flow:
        return Flow(self.start + timedelta(hours=hours), Decimal(worth), f"account@{hours}")

    @pytest.mark.rule("CLI-6")
    def test_are_added_up_within_the_window(self):
        parts = [self.flow(0, 5_000), self.flow(30, 2_000), self.flow(60, 1_000)]
        assert linked(parts) == [parts[-1]]
        assert linked(parts[:2]) == []

    @pytest.mark.rule("CLI-6")
    def test_are_told_each_time_that_they_reach_the_threshold(self):
        parts = [self.flow(hours, 4_000) for hours in (0, 24, 48, 300, 301)]
        assert linked(parts) == [parts[1], parts[2], parts[4]]

    def test_leave_out_what_is_over_the_threshold_by_itself(self):
        assert linked([self.flow(0, 8_000), self.flow(1, 10)]) == []

    @pytest.mark.rule("CLI-6")
    def test_are_no_excuse_for_one_that_reaches_the_threshold_by_itself(self):
        flows = [self.flow(2, 20_000), self.flow(1, 7_999), self.flow(0, 8_000)]
        assert large(flows) == [flows[2], flows[0]]

    @pytest.mark.rule("CLI-6")
    def test_that_nobody_can_value_count_as_reaching_it(self):
        (flow,) = large([Flow.of(self.start, None, "account@1")])
        assert flow.reference == "account@1"

    def test_do_not_reach_beyond_the_window(self):
        late = int(WINDOW.total_seconds() // 3600) + 1
        assert linked([self.flow(0, 4_000), self.flow(late, 4_000)]) == []
        assert linked([self.flow(0, 4_000), self.flow(late - 1, 4_000)]) != []

    @pytest.mark.rule("CLI-6")
    def test_are_found_by_the_job_once(self):
        BankFactory()
        account = AccountFactory()
        for _ in range(3):
            DepositFactory(account=account, amount=Decimal(3_000))
        client = custody.account(account).client_id
        run, again = (
            Run(id=uuid4(), job="custody.link-operations", slot=seams.now(), late=False) for _ in range(2)
        )
        for _ in range(2):
            link_operations(run, custody.clients_with_accounts())
        raised = [(each.client, each.ground) for each in queries.open_alerts()]
        assert raised == [(client, AlertGround.LINKED)]
        DepositFactory(account=account, amount=TRANSFER)
        for _ in range(2):
            link_operations(again, custody.clients_with_accounts())
        grounds = [each.ground for each in queries.open_alerts().order_by("ground")]
        assert grounds == [AlertGround.LARGE, AlertGround.LINKED]

    @pytest.mark.rule("CLI-6")
    def test_are_found_though_others_of_the_same_day_were_before(self):
        BankFactory()
        account = AccountFactory()

        def found(*amounts: int) -> list[str]:
            """The grounds of new alerts once so much was paid in and the job came by."""
            for amount in amounts:
                DepositFactory(account=account, amount=Decimal(amount))
            run = Run(id=uuid4(), job="custody.link-operations", slot=seams.now(), late=False)
            before = set(queries.open_alerts().values_list("pk", flat=True))
            link_operations(run, custody.clients_with_accounts())
            return [each.ground for each in queries.open_alerts().exclude(pk__in=before)]

        assert found(8_000) == [AlertGround.LARGE]
        assert found(5_000_000, 9_000) == [AlertGround.LARGE] * 2
        assert found() == []
        assert found(4_000, 4_000) == [AlertGround.LINKED]
        assert found(10) == [AlertGround.LINKED]

    @pytest.mark.rule("CLI-6")
    def test_of_a_client_whose_only_account_was_closed_since_are_found(self):
        BankFactory()
        account = AccountFactory()
        DepositFactory(account=account, amount=TRANSFER)
        withdraw(context(), account=account, asset="HKD", amount=TRANSFER)
        close_account(context(), account=account)
        run = Run(id=uuid4(), job="custody.link-operations", slot=seams.now(), late=False)
        link_operations(run, custody.clients_with_accounts())
        assert [each.ground for each in queries.open_alerts()] == [AlertGround.LARGE] * 2

    @pytest.mark.rule("CLI-6")
    def test_in_a_virtual_asset_without_a_price_are_looked_at(self):
        furnish()
        DepositFactory(account=AccountFactory(), asset="BTC", amount=Decimal("0.0001"))
        run = Run(id=uuid4(), job="custody.link-operations", slot=seams.now(), late=False)
        link_operations(run, custody.clients_with_accounts())
        assert queries.open_alerts().get().ground == AlertGround.LARGE
