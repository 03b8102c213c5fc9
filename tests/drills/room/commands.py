"""What a drill writes while processes are killed around it."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from brokerage.jobs import outbox
from brokerage.ledger.chart import Account, Posting, Role
from brokerage.ledger.commands import command
from brokerage.ledger.entry import Entry

from .events import Marked, Noticed, Paid

BANK = UUID("00000000-0000-7000-8000-00000000d1b4")
DOLLAR = Decimal(1)


@command("drill.open")
def open_client(entry: Entry, *, client: UUID) -> UUID:
    """Open the accounts of a client who is about to be paid."""
    entry.lock(client, BANK)
    entry.open(Account(client, Role.CASH, "HKD"), Account(BANK, Role.BANK_CLIENT, "HKD"))
    return client


@command("drill.pay")
def pay(entry: Entry, *, client: UUID) -> UUID:
    """Pay one dollar, and leave a message about it."""
    entry.lock(client)
    postings = [
        Posting(Account(client, Role.CASH, "HKD"), DOLLAR),
        Posting(Account(BANK, Role.BANK_CLIENT, "HKD"), -DOLLAR),
    ]
    entry.record(client, Paid(client=client), owner=client, postings=postings)
    outbox.put("drill.paid", entry.context.key, {"client": str(client)})
    return client


@command("drill.mark")
def mark(entry: Entry, *, item: UUID, slot: datetime) -> UUID:
    """Cover one item for one slot."""
    entry.lock(item)
    entry.record(item, Marked(slot=slot))
    return item


@command("drill.notice")
def notice(entry: Entry, *, stream: UUID, message: UUID) -> UUID:
    """Act on a message."""
    entry.lock(stream)
    entry.record(stream, Noticed(message=message))
    return message
