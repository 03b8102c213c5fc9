"""Margin's part of the cycle: value everything each minute and at each price set, decide, expire, sell,
and take interest; have clients reviewed who may owe too much.
"""

import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, time, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from brokerage.clients.commands.reviews import change_circumstances
from brokerage.clients.queries.reviews import review_set
from brokerage.clients.rules.reviews import Circumstance, ReviewKind
from brokerage.jobs import outbox
from brokerage.jobs.commands import request
from brokerage.jobs.rules import ALL_IN_ORDER, LATEST_ONLY, daily, every, monthly
from brokerage.jobs.schedule import MONEY, REPORTS, REVAL, Run, job
from brokerage.ledger import seams
from brokerage.ledger.commands import Command, NothingToDo
from brokerage.ledger.entry import Context, SecondPersonNeeded
from brokerage.ledger.hong_kong import HONG_KONG
from brokerage.market import queries as market
from brokerage.market.rules.calendars import ONE_DAY, hong_kong_date

from . import commands, limits, queries, venue
from .commands.progress import CANCEL
from .commands.sales import SELL, PlanOutdated
from .commands.view import PricesSuperseded
from .models import Call, MarginAccount
from .revaluation import breached_since
from .revaluation import revalue as revalue_all
from .rules.lifecycle import SELLING, UNSOLD, WAITING

log = logging.getLogger(__name__)
MINUTE = timedelta(minutes=1)
GLANCE = timedelta(seconds=10)
BATCH = 50


def _value_book(run: Run) -> Sequence[UUID]:
    """Value every account at the present prices; those that may change are the run's items."""
    now = seams.now()
    price_set = market.latest_price_set(now)
    return () if price_set is None else revalue_all(price_set.id, now).candidates


@job(
    "margin.revalue", slots=every(MINUTE), policy=LATEST_ONLY, queue=REVAL, plan=_value_book, shard_size=BATCH
)
def revalue(run: Run, items: Sequence[UUID]) -> None:
    """Decide exactly, and under lock, on the accounts whose state may change at the present prices."""
    _decide(commands.assess, run, items)


@job("margin.follow-prices", slots=every(GLANCE), policy=LATEST_ONLY, queue=REVAL)
def follow_prices(run: Run, items: Sequence[UUID]) -> None:
    """At prices adopted between two minutes, call whom they breach at once and ask for a revaluation.

    A batch that cannot be judged is left to that revaluation, which finds the account at fault.
    """
    now = seams.now()
    price_set = market.latest_price_set(now)
    if price_set is None:
        return
    breached = breached_since(price_set.id, now)
    for start in range(0, len(breached), BATCH):
        try:
            _decide(commands.assess, run, breached[start : start + BATCH])
        except Exception:
            log.exception("accounts breached by the prices of %s wait for the revaluation", price_set.slot)
    request("margin.revalue", price_set.slot)


def _decide(step: Command[..., tuple[UUID, ...]], run: Run, items: Sequence[UUID]) -> None:
    """Take a step for some accounts at the present prices and time, however late the run is.

    The book is today's, so it is judged at today's prices, and what follows from it is dated today.
    """
    now = seams.now()
    price_set = market.latest_price_set(now)
    if price_set is not None:
        with suppress(NothingToDo):
            step(
                run.batch(items, price_set.id, effective_at=now),
                accounts=list(items),
                price_set=price_set.id,
            )


def _overdue(run: Run) -> Sequence[UUID]:
    due = Q(va_due_at__lte=run.slot) | Q(securities_due_at__lte=run.slot)
    calls = Call.objects.filter(due, is_open=True, stage__in=[*WAITING, *SELLING]).exclude(expired="all")
    return list(calls.order_by("account_id").values_list("account_id", flat=True))


@job("margin.expire", slots=every(MINUTE), policy=LATEST_ONLY, queue=MONEY, plan=_overdue, shard_size=BATCH)
def expire(run: Run, items: Sequence[UUID]) -> None:
    """Declare passed deadlines, each once, however late."""
    _decide(commands.expire_calls, run, items)


def _unsold(run: Run) -> Sequence[UUID]:
    calls = Call.objects.filter(is_open=True, stage__in=UNSOLD)
    return list(calls.order_by("account_id").values_list("account_id", flat=True))


@job("margin.sell", slots=every(MINUTE), policy=LATEST_ONLY, queue=MONEY, plan=_unsold, shard_size=1)
def sell(run: Run, items: Sequence[UUID]) -> None:
    """Bring each expired call one step nearer to its sale, at the current prices however late the run is.

    A plan waits for a second person unless the policy allows automatic sales.
    """
    now = seams.now()
    price_set = market.latest_price_set(now)
    if price_set is None:
        return
    for account in items:
        with suppress(NothingToDo, PlanOutdated, PricesSuperseded, SecondPersonNeeded):
            _sell(run, account, price_set.id, now)


def _sell(run: Run, account: UUID, price_set: UUID, now: datetime) -> None:
    def context(step: str) -> Context:
        return run.context(f"{step}:{account}:{price_set}", effective_at=now)

    held = queries.held([account])[account]
    if held.call is None:
        return
    prices = queries.prices(price_set, held.account.currency, at=now)
    if not queries.has_something_to_sell(held.book, prices, held.account.currency):
        commands.record_deficit(context("deficit"), account=account)
        return
    with suppress(NothingToDo):
        commands.plan_sale(context("plan"), account=account, price_set=price_set)
    plan = queries.current_sale(held.call.id)
    if plan is None or plan.state == plan.State.ORDERED or held.account.open_hold is not None:
        return
    if plan.state == plan.State.PLANNED:
        # each refusal is noted, and this is asked every minute: so do not ask for approval in vain
        if not queries.may_sell_alone(plan, queries.policy_in_force(now).policy, prices):
            return
        commands.approve_sale(context("approve"), account=account, sale=plan.id, price_set=price_set)
    commands.order_sale(context("order"), account=account, sale=plan.id, price_set=price_set)


def _borrowers(run: Run) -> Sequence[UUID]:
    """Accounts that ever owed anything and were open by the slot."""
    accounts = MarginAccount.objects.filter(debit_moved_at__isnull=False, opened_at__lt=run.slot)
    return list(accounts.order_by("id").values_list("id", flat=True))


@job(
    "margin.accrue-interest",
    slots=daily(time(0, 10), HONG_KONG),
    policy=ALL_IN_ORDER,
    queue=MONEY,
    plan=_borrowers,
    shard_size=100,
)
def accrue_interest(run: Run, items: Sequence[UUID]) -> None:
    """The interest of the Hong Kong day that has just ended."""
    with suppress(NothingToDo):
        commands.accrue_interest(
            run.batch(items), accounts=list(items), day=hong_kong_date(run.slot) - ONE_DAY
        )


@job(
    "margin.charge-interest",
    slots=monthly(1, time(2, 0), HONG_KONG),
    policy=ALL_IN_ORDER,
    queue=MONEY,
    plan=_borrowers,
    shard_size=100,
)
def charge_interest(run: Run, items: Sequence[UUID]) -> None:
    """The interest of the month that has just ended joins the loans."""
    month = (hong_kong_date(run.slot) - ONE_DAY).replace(day=1)
    with suppress(NothingToDo):
        commands.charge_interest(run.batch(items), accounts=list(items), month=month)


def _with_limits(run: Run) -> Sequence[UUID]:
    return limits.clients_with_limits()


@job(
    "margin.review-limits",
    slots=daily(time(4, 10), HONG_KONG),
    policy=LATEST_ONLY,
    queue=REPORTS,
    plan=_with_limits,
    shard_size=100,
)
def review_limits(run: Run, items: Sequence[UUID]) -> None:
    """Have clients reviewed whose limits are beyond what an assessment has found since (VAF-7)."""
    for client in items:
        if limits.beyond_assessment(client) and review_set(client, ReviewKind.CIRCUMSTANCES) is None:
            asked = run.context(client, effective_at=seams.now())
            change_circumstances(asked, client=client, what=Circumstance.WEALTH)


if settings.DEMO:
    outbox.handler(SELL)(venue.execute)
    outbox.handler(CANCEL)(venue.take_back)
