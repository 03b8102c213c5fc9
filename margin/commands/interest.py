"""Interest for many accounts at once: accrued daily, charged monthly."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

from django.db.models import F

from brokerage.ledger import queries as ledger
from brokerage.ledger.amounts import ZERO
from brokerage.ledger.chart import FIRM, Account, Posting, Role
from brokerage.ledger.commands import command
from brokerage.ledger.entry import Entry
from brokerage.ledger.hong_kong import HONG_KONG
from brokerage.ledger.refusal import Refused

from .. import queries
from ..events import InterestAccrued
from ..models import InterestMonth
from ..queries import Terms
from ..rules.identity import month_id
from ..rules.interest import daily_interest
from . import debit
from .calls import done, opened
from .case import Case


class DayNotOver(Refused):
    """Interest of a day, or a month, that has not ended."""

    code = "margin.day-not-over"


@command("margin.accrue-interest")
def accrue_interest(entry: Entry, *, accounts: Sequence[UUID], day: date) -> tuple[UUID, ...]:
    """Accrue one Hong Kong day's interest on the settled debit at its end, under the policy then in force.

    Each account accrues a day once, in a month later days after earlier ones; returns those that did.
    Raises DayNotOver, NothingToDo when none does, TooManyAccounts, UnknownMarginAccount and NoPolicy.
    """
    end = end_of(day)
    if entry.effective_at < end:
        raise DayNotOver("Interest accrues when the day is over.", day=day)
    terms = queries.policy_in_force(end - timedelta(microseconds=1))
    cases = opened(entry, accounts)
    through = _through(accounts, day)
    due = [each for each in cases if each.id not in through or through[each.id] < day]
    return done([each.id for each in due if _accrue(each, day, end, terms)])


@command("margin.charge-interest")
def charge_interest(entry: Entry, *, accounts: Sequence[UUID], month: date) -> tuple[UUID, ...]:
    """Add the interest that accrued in the month of that day to the loans, rounded once half-up.

    What was charged before, by a full repayment, is not charged again; what accrued late in an earlier
    month is charged now. Returns the accounts charged. Raises DayNotOver, NothingToDo when there is
    none, TooManyAccounts and UnknownMarginAccount.
    """
    first = month.replace(day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    if entry.effective_at < end_of(following - timedelta(days=1)):
        raise DayNotOver("Interest is charged when the month is over.", month=first)
    cases = opened(entry, accounts)
    owing = InterestMonth.objects.filter(account__in=accounts, month__lte=first).exclude(accrued=F("settled"))
    months: dict[UUID, list[InterestMonth]] = {}
    for row in owing.order_by("month"):
        months.setdefault(row.account_id, []).append(row)
    for each in cases:
        debit.charge(each, months.get(each.id, ()))
    return done([each.id for each in cases if each.recorded])


def end_of(day: date) -> datetime:
    """The instant a Hong Kong day ends, UTC."""
    return datetime.combine(day + timedelta(days=1), time(), HONG_KONG).astimezone(UTC)


def _through(accounts: Sequence[UUID], day: date) -> dict[UUID, date]:
    """The last day that accrued in the month of `day`, by account."""
    months = InterestMonth.objects.filter(id__in=[month_id(account, day) for account in accounts])
    return dict(months.values_list("account_id", "through"))


def _accrue(case: Case, day: date, end: datetime, terms: Terms) -> bool:
    settled = _debit_at(case, end)
    interest = daily_interest(settled, terms.policy.interest, case.currency) if settled else ZERO
    if not interest:
        return False
    case.record(
        InterestAccrued(
            day=day,
            debit=settled,
            amount=interest,
            currency=case.currency,
            policy_version=terms.version,
        ),
        Posting(Account(case.id, Role.INTEREST_ACCRUED, case.currency), -interest),
        Posting(Account(FIRM, Role.INTEREST_INCOME, case.currency), interest),
    )
    return True


def _debit_at(case: Case, end: datetime) -> Decimal:
    """The loan as it stood at `end`: as it is now, unless it has moved since."""
    moved_at = case.account.debit_moved_at
    if moved_at is None or moved_at < end:
        return case.owed(Role.LOAN)
    before = end - timedelta(microseconds=1)
    return -ledger.balance(Account(case.id, Role.LOAN, case.currency), as_of=before)
