"""Which clients may owe more than an assessment has found since: their limits stood when it was lowered."""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import QuerySet

from brokerage.clients import queries as clients
from brokerage.clients.rules.credit import ASSESSED_IN
from brokerage.ledger import queries as ledger
from brokerage.ledger.amounts import ZERO
from custody import queries as custody
from custody.rules import AccountStatus

from .events import LimitSet
from .models import MarginAccount
from .rules.limits import LimitBasis

EARLIEST = datetime.min.replace(tzinfo=UTC)


def clients_with_limits() -> list[UUID]:
    """The clients with an open account that has a limit, by id."""
    rows = _open().filter(credit_limit__gt=0).order_by("client")
    return list(rows.values_list("client", flat=True).distinct())


def beyond_assessment(client: UUID) -> bool:
    """VAF-7: whether a client's limits together are beyond its credit assessment, and none was waived."""
    assessed = clients.assessed_limit(client)
    if assessed is None:
        return False
    accounts = list(_open().filter(client=client, credit_limit__gt=0))
    limits = [each.credit_limit for each in accounts if each.currency == ASSESSED_IN]
    foreign = len(limits) < len(accounts)  # an assessment in Hong Kong dollars leaves nothing for these
    together: Decimal = sum(limits, ZERO)
    return (foreign or together > assessed) and not _waived(each.id for each in accounts)


def _open() -> QuerySet[MarginAccount]:
    open_ones = custody.accounts(None, status=AccountStatus.OPEN)
    return MarginAccount.objects.filter(id__in=open_ones.values("id"))


def _waived(accounts: Iterable[UUID]) -> bool:
    set_since = ledger.events_since((LimitSet,), list(accounts), EARLIEST)
    return any(events[-1].event.basis is LimitBasis.WAIVER for events in set_since.values())
