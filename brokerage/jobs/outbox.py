"""Messages that leave with the transaction that caused them, or not at all.

A command calls `put` in its own transaction; `relay` later hands each message to the handler of its
kind, at least once and always under the same id, so a handler that acts makes its act repeatable by it.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from brokerage.ledger import seams

from .commands import parking
from .models import Outbox, OutboxState
from .rules import MAX_ATTEMPTS, delay

log = logging.getLogger(__name__)
LEASE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What a handler gets; `id` is the same at every delivery of the message."""

    id: UUID
    kind: str
    key: str
    payload: dict[str, Any]


Handler = Callable[[Message], None]
_handlers: dict[str, Handler] = {}


def handler(kind: str) -> Callable[[Handler], Handler]:
    """Register the one handler of a kind; it runs outside any transaction. ValueError if there is one."""
    if kind in _handlers:
        raise ValueError(f"there is a handler of {kind} already")

    def register(handle: Handler) -> Handler:
        _handlers[kind] = handle
        return handle

    return register


def put(kind: str, key: str, payload: dict[str, Any]) -> None:
    """Leave a message in the open transaction; the same key again leaves nothing.

    `payload` is JSON without amounts as numbers and without personal data: references, not contents.
    Raises TransactionManagementError outside a transaction.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("a message is left inside the transaction it belongs to")
    now = seams.now()
    message = Outbox(id=seams.new_id(), kind=kind, key=key, payload=payload, created_at=now, next_at=now)
    Outbox.objects.bulk_create([message], ignore_conflicts=True)


def unsent(kind: str) -> list[dict[str, Any]]:
    """What the messages of a kind say that wait for their handler, or for staff after five failures."""
    waiting = Outbox.objects.filter(kind=kind).exclude(state=OutboxState.SENT)
    return list(waiting.values_list("payload", flat=True))


def relay(more: Callable[[], bool] = lambda: True) -> int:
    """Send every message that is due, oldest first, until `more` says stop; the number of attempts."""
    attempts = 0
    while more() and (row := claim()):
        seams.crash_point("jobs.after-claim")
        deliver(row)
        attempts += 1
    return attempts


def claim() -> Outbox | None:
    """Take the oldest due message with a known kind; its attempt is counted and its next time set first."""
    now = seams.now()
    with transaction.atomic():
        row = (
            Outbox.objects.select_for_update(skip_locked=True)
            .filter(state=OutboxState.NEW, next_at__lte=now, kind__in=_handlers)
            .order_by("id")
            .first()
        )
        if row is not None:
            row.attempts, row.fence, row.next_at = row.attempts + 1, row.fence + 1, now + LEASE
            row.save()
        return row


def deliver(row: Outbox) -> None:
    """Hand a claimed message to its handler and note how that went."""
    try:
        if row.attempts > MAX_ATTEMPTS:
            raise TimeoutError("five senders ended before they could tell how it went")
        _handlers[row.kind](Message(id=row.id, kind=row.kind, key=row.key, payload=row.payload))
    except Exception as error:
        log.exception("message %s of kind %s was not sent", row.id, row.kind)
        _failed(row, error)
        return
    seams.crash_point("jobs.after-send")
    # Sent is sent, even if this sender's time was over; the fence matters for failures only.
    unsent = Outbox.objects.filter(id=row.id, state=OutboxState.NEW)
    unsent.update(state=OutboxState.SENT, sent_at=seams.now())


def _failed(row: Outbox, error: Exception) -> None:
    with transaction.atomic():
        held = Outbox.objects.filter(id=row.id, fence=row.fence, state=OutboxState.NEW)
        if row.attempts < MAX_ATTEMPTS:
            held.update(error=parking.text(error), next_at=seams.now() + delay(row.attempts, row.key))
        elif held.update(state=OutboxState.PARKED, error=parking.text(error)):
            parking.park_message(row, error)
