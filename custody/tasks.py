"""What custody does by itself: call clients dormant, and look for operations that belong together."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import time
from uuid import UUID

from brokerage.clients.commands import change_status
from brokerage.clients.commands.cases import detect
from brokerage.clients.queries import active_since
from brokerage.clients.rules.cases import AlertGround
from brokerage.clients.rules.flows import WINDOW, Flow, large, linked
from brokerage.clients.rules.reviews import DORMANT_AFTER, in_force
from brokerage.clients.rules.status import BadTransition, ClientStatus
from brokerage.jobs.rules import ALL_IN_ORDER, LATEST_ONLY, daily
from brokerage.jobs.schedule import REPORTS, Run, job
from brokerage.ledger import queries as ledger
from brokerage.ledger import seams
from brokerage.ledger.commands import NothingToDo
from brokerage.ledger.hong_kong import HONG_KONG
from brokerage.market.rules.calendars import hong_kong_date

from . import queries
from .events import Deposited, Withdrawn

NO_ACTIVITY = "NO-ACTIVITY"


def _quiet(run: Run) -> Sequence[UUID]:
    """Clients active, as they are, for longer than the house's period."""
    return active_since(run.slot - in_force(DORMANT_AFTER, hong_kong_date(run.slot)))


@job(
    "custody.call-dormant",
    slots=daily(time(3), HONG_KONG),
    policy=LATEST_ONLY,
    queue=REPORTS,
    plan=_quiet,
    shard_size=100,
)
def call_dormant(run: Run, items: Sequence[UUID]) -> None:
    """Call dormant whoever has accounts that no person moved for the house's period (CLI-13)."""
    since = run.slot - in_force(DORMANT_AFTER, hong_kong_date(run.slot))
    for client in queries.dormant(items, since):
        with suppress(BadTransition):
            change_status(run.context(client), client=client, status=ClientStatus.DORMANT, reason=NO_ACTIVITY)


def _clients_with_accounts(run: Run) -> Sequence[UUID]:
    """Every client with an account: whom the run covers says nothing of what it looks for."""
    return queries.clients_with_accounts()


@job(
    "custody.link-operations",
    slots=daily(time(2, 30), HONG_KONG),
    policy=ALL_IN_ORDER,
    queue=REPORTS,
    plan=_clients_with_accounts,
    shard_size=100,
)
def link_operations(run: Run, items: Sequence[UUID]) -> None:
    """Look at each client's deposits and withdrawals of the last days; one that reaches CLI-6's threshold for
    wires and transfers, or a part that adds up to it with others, alerts compliance once, whenever it came.
    """
    worth = queries.worth_in_hkd(run.slot)
    for client in items:
        accounts = [account.id for account in queries.accounts_of(client)]
        moved = ledger.events_since((Deposited, Withdrawn), accounts, run.slot - 2 * WINDOW)
        flows = [
            Flow.of(each.effective_at, worth(each.event.asset, each.event.amount), each.reference)
            for events in moved.values()
            for each in events
        ]
        for flow in large(flows):
            _alert(run, client, AlertGround.LARGE, flow)
        for flow in linked(flows):
            _alert(run, client, AlertGround.LINKED, flow)


def _alert(run: Run, client: UUID, ground: AlertGround, flow: Flow) -> None:
    """Alert compliance, once for a ground and operation."""
    asked = run.context(f"{ground}:{flow.reference}", effective_at=seams.now())
    with suppress(NothingToDo):
        detect(asked, client=client, ground=ground, what=flow.reference)
