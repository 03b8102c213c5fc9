"""The edge's jobs: webhooks are told what was sealed, and what is kept for a while is forgotten."""

import json
import random
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction
from standardwebhooks import Webhook as Signer

from brokerage.jobs.rules import LATEST_ONLY, daily, every
from brokerage.jobs.schedule import NOTIFY, Run, job
from brokerage.ledger import feed as book
from brokerage.ledger import numbering, registry, seams
from brokerage.ledger.commands import NothingToDo
from brokerage.ledger.envelope import envelope
from brokerage.ledger.hong_kong import HONG_KONG
from brokerage.ledger.refusal import Refused

from . import outward, queries
from .commands import SENDABLE, TEST, UnknownWebhook, give_up_webhook, secret_of
from .models import Delivery, Webhook, WebhookState
from .rest import limits, replies

log = structlog.get_logger(__name__)
STEP = 200
FIRST, LONGEST, LASTING = timedelta(seconds=15), timedelta(hours=3), timedelta(hours=24)
PATIENCE = timedelta(days=3)
BATCH = timedelta(minutes=2)
"""How long one webhook is sent to at a time: with its last message, less than the job's lease."""
GONE = 410
_jitter = random.SystemRandom()


def _listening(run: Run) -> Sequence[UUID]:
    return [row.id for row in queries.told()]


@job(
    "http.webhooks",
    slots=every(timedelta(seconds=10)),
    policy=LATEST_ONLY,
    queue=NOTIFY,
    plan=_listening,
    shard_size=1,
    lease=timedelta(minutes=3),
)
def webhooks(run: Run, items: Sequence[UUID]) -> None:
    """Note what each webhook is to be told, and send what is due."""
    for webhook in items:
        if gather(webhook):
            send_due(run, webhook)


@job("http.forget", slots=daily(time(3, 40), HONG_KONG), policy=LATEST_ONLY, queue=NOTIFY)
def forget(run: Run, items: Sequence[UUID]) -> None:
    """Forget answers of more than a day, counts of past minutes, and deliveries of more than a month."""
    replies.forget()
    limits.forget()
    Delivery.objects.filter(made_at__lt=seams.now() - timedelta(days=30)).exclude(state="new").delete()


def gather(webhook: UUID) -> bool:
    """Make deliveries of the events sealed since the webhook's cursor and move it, in one transaction.

    Whether it is told anything now: one that since its shard was planned was removed or switched off, or
    whose asker may not read the ledger any more, is left alone.
    """
    with transaction.atomic():
        state = WebhookState.objects.select_for_update().get(webhook=webhook)
        row = {row.id: row for row in queries.told()}.get(webhook)
        if row is None:
            return False
        kinds = registry.open_to(SENDABLE).keys() & set(row.kinds)
        page = book.page(min(state.cursor, book.head()), STEP, kinds=kinds)
        now = seams.now()
        Delivery.objects.bulk_create(
            Delivery(
                id=seams.new_id(),
                webhook=webhook,
                position=recorded.position,
                event=recorded.reference,
                kind=recorded.kind,
                next_at=now,
                made_at=now,
            )
            for recorded in page.events
        )
        state.cursor = page.cursor
        state.save(update_fields=["cursor"])
    return True


def send_due(run: Run, webhook: UUID) -> None:
    """Send what is due, oldest first, until one fails (the receiver is then left alone), the webhook is
    removed, or BATCH is over.
    """
    until = seams.now() + BATCH
    due = Delivery.objects.filter(webhook=webhook, state="new", next_at__lte=seams.now())
    for delivery in due.order_by("made_at", "id")[:STEP]:
        if seams.now() >= until or not send(run, delivery):
            return


def send(run: Run, delivery: Delivery) -> bool:
    """Send one message and note what came of it; whether it was taken, and more may follow."""
    row = Webhook.objects.get(pk=delivery.webhook)
    now = seams.now()
    body = _body(delivery)
    signature = Signer(secret_of(row.id)).sign(delivery.event, now, body)
    headers = {
        "Content-Type": "application/json",
        "webhook-id": delivery.event,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signature,
    }
    try:
        status = outward.post(row.url, body.encode(), headers)
        taken, answer = 200 <= status < 300, str(status)
    except (outward.Unreachable, Refused) as error:
        status, taken, answer = 0, False, str(error)
    wanted = _note(delivery, now, taken, answer)
    _judge(run, row.id, now, taken=taken, gone=status == GONE)
    return taken and wanted


def _body(delivery: Delivery) -> str:
    if delivery.kind == TEST or delivery.position is None:
        return json.dumps({"type": TEST, "id": delivery.event})
    (recorded,) = book.read(delivery.position - 1, 1)
    told = recorded._replace(position=numbering.number(delivery.position))
    return json.dumps(envelope(told), ensure_ascii=False)


def _note(delivery: Delivery, now: datetime, taken: bool, answer: str) -> bool:
    """Write down what came of a message; whether it was still wanted, its webhook not removed meanwhile."""
    attempts = delivery.attempts + 1
    told: dict[str, Any] = {"attempts": attempts, "answer": answer[:200]}
    if taken:
        told |= {"state": "sent", "sent_at": now}
    elif now - delivery.made_at >= LASTING:
        told |= {"state": "failed"}
    else:
        delay = min(FIRST * 2 ** min(attempts, 12), LONGEST)
        told |= {"next_at": now + delay * _jitter.uniform(0.8, 1.2)}
    return Delivery.objects.filter(pk=delivery.pk, state="new").update(**told) > 0


def _judge(run: Run, webhook: UUID, now: datetime, *, taken: bool, gone: bool) -> None:
    """Remember since when a webhook fails; after days of it, or when it is gone, it is switched off."""
    with transaction.atomic():
        state = WebhookState.objects.select_for_update().get(webhook=webhook)
        if state.disabled_at is not None:
            return  # a person switched it off meanwhile
        state.failing_since = None if taken else state.failing_since or now
        state.save(update_fields=["failing_since"])
    if gone or (state.failing_since and now - state.failing_since >= PATIENCE):
        with suppress(UnknownWebhook, NothingToDo):  # a person removed it or switched it off meanwhile
            give_up_webhook(run.context(webhook, effective_at=now), webhook=webhook)
            log.error("webhook_switched_off", webhook=str(webhook))
