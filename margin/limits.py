"""Which clients may owe more than an assessment has found since: their limits stood when it was lowered."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import QuerySet

from brokerage.clients import queries as clients
from brokerage.clients.events.standing import CreditAssessed
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
    """VAF-7: whether a client's limits together, those waived since left out, are beyond its newest credit
    assessment.
    """
    assessed = clients.assessed_limit(client)
    if assessed is None:
        return False
    rows = _open().filter(client=client, credit_limit__gt=0)
    waived = _waived(client, [each.id for each in rows])
    accounts = [each for each in rows if each.id not in waived]
    limits = [each.credit_limit for each in accounts if each.currency == ASSESSED_IN]
    foreign = len(limits) < len(accounts)  # an assessment in Hong Kong dollars leaves nothing for these
    together: Decimal = sum(limits, ZERO)
    return foreign or together > assessed


def _open() -> QuerySet[MarginAccount]:
    open_ones = custody.accounts(None, status=AccountStatus.OPEN)
    return MarginAccount.objects.filter(id__in=open_ones.values("id"))


def _waived(client: UUID, accounts: list[UUID]) -> set[UUID]:
    """The accounts whose limit rests on a waiver (SMF-4) that came after the client's newest assessment."""
    assessed = ledger.events_since((CreditAssessed,), [client], EARLIEST)[client][-1]
    newest = (events[-1] for events in ledger.events_since((LimitSet,), accounts, EARLIEST).values())
    return {
        each.stream for each in newest if each.event.basis is LimitBasis.WAIVER and each.seq > assessed.seq
    }
