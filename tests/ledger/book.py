"""The least broker the ledger's tests need: clients who are paid in, pay one another and get notes."""

import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from threading import Barrier
from typing import Any, TypeVar
from uuid import UUID

import psycopg
from django.db import connection
from psycopg.conninfo import make_conninfo

from brokerage.ledger import seals, seams
from brokerage.ledger.chart import FIRM, Account, Posting, Role
from brokerage.ledger.commands import command
from brokerage.ledger.entry import Context, Entry, Source
from brokerage.ledger.registry import event

T = TypeVar("T")
BANK = UUID("00000000-0000-7000-8000-0000000000b4")
NOON = datetime(2026, 1, 5, 4, 0, tzinfo=UTC)


@event("test.paid", reversible=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """Money moved between two accounts."""

    amount: Decimal
    asset: str = "HKD"


@event("test.noted")
@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """Something was written down; no value moved."""

    text: str


def cash(owner: UUID, asset: str = "HKD") -> Account:
    """A client's cash account."""
    return Account(owner, Role.CASH, asset)


def bank(asset: str = "HKD") -> Account:
    """The client account at the bank."""
    return Account(BANK, Role.BANK_CLIENT, asset)


@command("test.pay-in")
def pay_in(entry: Entry, *, client: UUID, amount: Decimal, asset: str = "HKD") -> Decimal:
    """A client's money arrives at the bank."""
    entry.lock(client, BANK)
    entry.open(cash(client, asset), bank(asset))
    postings = [Posting(bank(asset), -amount), Posting(cash(client, asset), amount)]
    entry.record(client, Paid(amount=amount, asset=asset), owner=client, postings=postings)
    return amount


@command("test.pay")
def pay(entry: Entry, *, payer: UUID, payee: UUID, amount: Decimal) -> None:
    """One client pays another."""
    entry.lock(payer, payee)
    entry.open(cash(payee))
    postings = [Posting(cash(payer), -amount), Posting(cash(payee), amount)]
    entry.record(payer, Paid(amount=amount), owner=payer, postings=postings)


@command("test.take-out")
def take_out(entry: Entry, *, client: UUID, amount: Decimal) -> None:
    """The bank pays a client."""
    entry.lock(client, BANK)
    postings = [Posting(bank(), amount), Posting(cash(client), -amount)]
    entry.record(client, Paid(amount=amount), owner=client, postings=postings)


@command("test.lend-from-nowhere")
def lend_from_nowhere(entry: Entry, *, amount: Decimal) -> None:
    """The bank's account goes into credit, which no client's balance stops."""
    equity = Account(FIRM, Role.EQUITY, "HKD")
    entry.lock(FIRM, BANK)
    entry.open(equity)
    entry.record(FIRM, Paid(amount=amount), postings=[Posting(bank(), amount), Posting(equity, -amount)])


@command("test.note")
def note(entry: Entry, *, stream: UUID, texts: tuple[str, ...] = ("seen",)) -> int:
    """Write notes on a stream; the version of the last one."""
    entry.lock(stream)
    for text in texts:
        entry.record(stream, Noted(text=text), owner=stream)
    return entry.version(stream) + len(texts)


def context(key: str | None = None, *, at: datetime = NOON, actor: str = "staff:7") -> Context:
    """A context with a fresh key unless one is given."""
    return Context(actor=actor, source=Source.STAFF, key=key or f"test:{seams.new_id()}", effective_at=at)


def new() -> UUID:
    """A fresh identifier."""
    return seams.new_id()


def in_threads(work: Sequence[Callable[[], T]]) -> list[T]:
    """Run all of it at once, each on a connection of its own; the answers in order."""
    start = Barrier(len(work))

    def run(one: Callable[[], T]) -> T:
        try:
            start.wait()
            return one()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(work)) as pool:
        return list(pool.map(run, work))


def dsn() -> str:
    """The test database's address for a plain psycopg connection, as the login itself."""
    settings = connection.settings_dict
    return make_conninfo(
        host=settings["HOST"],
        port=settings["PORT"],
        user=settings["USER"],
        password=settings["PASSWORD"],
        dbname=settings["NAME"],
    )


@contextmanager
def superuser() -> Iterator[psycopg.Connection[Any]]:
    """A session that no trigger and no foreign key holds back."""
    with psycopg.connect(dsn(), autocommit=True) as session:
        session.execute("SET session_replication_role = replica")
        yield session


def fill() -> None:
    """Clients who paid and wrote, sealed in several windows, and a few events not sealed yet."""
    draw = random.Random(7)
    clients = [new() for _ in range(6)]
    for round_ in range(5):
        for client in clients:
            pay_in(context(), client=client, amount=Decimal(draw.randrange(100, 900)))
            if round_:
                payee = draw.choice([other for other in clients if other != client])
                pay(context(), payer=client, payee=payee, amount=Decimal(7))
            note(context(), stream=client, texts=("a", "b")[: draw.randrange(1, 3)])
        seals.seal()
    note(context(), stream=clients[0], texts=("waits", "for the sealer"))
