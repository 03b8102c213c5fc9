"""What the product is asked to do in the benchmarks, written as any room would write it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID, uuid4

from brokerage.ledger.chart import Account, Posting, Role
from brokerage.ledger.commands import command
from brokerage.ledger.entry import Context, Entry, Source
from brokerage.ledger.registry import event

TEXT = "a fact of forty characters, written once"
NOON = datetime(2026, 1, 5, 4, 0, tzinfo=UTC)
AMOUNT = Decimal("1.25")
BANK = UUID("00000000-0000-7000-8000-0000000000b4")


@event("bench.noted")
@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """A fact without value."""

    text: str
    number: int


@event("bench.paid")
@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """Money moved from one client to another."""

    amount: Decimal
    payee: UUID


def context(at: datetime = NOON) -> Context:
    """A context with a fresh key."""
    return Context(actor="job:bench", source=Source.JOB, key=str(uuid4()), effective_at=at)


def cash(owner: UUID) -> Account:
    """A client's cash."""
    return Account(owner, Role.CASH, "HKD")


@command("bench.note")
def note(entry: Entry, *, streams: Sequence[UUID], each: int) -> None:
    """So many notes on each of the streams, in one entry."""
    entry.lock(*streams)
    for stream in streams:
        for number in range(each):
            entry.record(stream, Noted(text=TEXT, number=number), owner=stream)


@command("bench.pay")
def pay(entry: Entry, *, pairs: Sequence[tuple[UUID, UUID]], amount: Decimal) -> None:
    """A transfer for each pair of payer and payee, in one entry: an event and two postings each."""
    entry.lock(*{client for pair in pairs for client in pair})
    for payer, payee in pairs:
        entry.record(
            payer,
            Paid(amount=amount, payee=payee),
            owner=payer,
            postings=(Posting(cash(payer), -amount), Posting(cash(payee), amount)),
        )


@command("bench.fund")
def fund(entry: Entry, *, clients: Sequence[UUID]) -> None:
    """Open a cash account for each client and put a million into it."""
    entry.lock(BANK, *clients)
    bank = Account(BANK, Role.BANK_CLIENT, "HKD")
    entry.open(bank, *(cash(client) for client in clients))
    million = Decimal(1_000_000)
    for client in clients:
        entry.record(
            client,
            Paid(amount=million, payee=client),
            owner=client,
            postings=(Posting(bank, -million), Posting(cash(client), million)),
        )


def funded(number: int) -> list[UUID]:
    """That many clients with a million each."""
    clients = [uuid4() for _ in range(number)]
    for start in range(0, number, 1000):
        fund(context(), clients=clients[start : start + 1000])
    return clients
