"""Closing a margin account that nothing hangs on any more."""

from uuid import UUID

from brokerage.ledger.commands import command
from brokerage.ledger.entry import Entry
from brokerage.ledger.refusal import Refused
from custody import queries as custody
from custody import steps
from custody.rules import AccountKind

from ..models import MarginAccount
from .accounts import NotAMarginAccount


class CaseOpen(Refused):
    """A call, a forced sale or a price hold is open on the account."""

    code = "margin.case-open"


@command("margin.close-account")
def close_account(entry: Entry, *, account: UUID) -> None:
    """Close a margin account without a call, a sale, a price hold, a holding or a debt.

    Raises UnknownAccount, NotAMarginAccount, CaseOpen, ClosedAccount or NotEmpty.
    """
    entry.lock(account)
    standing = custody.standing(account)
    if standing.kind is not AccountKind.MARGIN:
        raise NotAMarginAccount("Close a cash account by custody's own command.", account=account)
    row = MarginAccount.objects.filter(pk=account).first()
    if row is not None and (row.open_call or row.open_hold):
        raise CaseOpen("End the call and the price hold first.", account=account)
    steps.close_account_step(entry, standing)
