"""The same key, the same answer: what a command was answered is kept for a day, encrypted.

The key itself is a fact of the ledger, written with the events. The answer is written after them; if
it is lost the next request with the key gets the state as it then is.

`keys reseal` need not know of these: they last a day, and one that no key of the ring opens any more counts
as not kept.
"""

import hashlib
import json
from datetime import timedelta
from typing import Any, NamedTuple

from django.db import connection, transaction

from brokerage.access import envelope
from brokerage.ledger import seams

from ..models import Reply

KEPT = timedelta(days=1)


class Answer(NamedTuple):
    """A status and a body."""

    status: int
    body: dict[str, Any]


def given(key: str) -> Answer | None:
    """The answer given under a ledger key, if it is still kept and can be read."""
    found = Reply.objects.filter(pk=_digest(key)).first()
    if found is None:
        return None
    try:
        body = envelope.unseal(_purpose(key), bytes(found.body))
    except envelope.Unreadable:
        return None
    return Answer(found.status, json.loads(body))


def keep(key: str, answer: Answer) -> Answer:
    """Keep an answer unless one is kept for the key already; returns the answer as it came.

    The commit does not wait for the disk: an answer lost in a power cut is made again.
    """
    sealed = envelope.seal(_purpose(key), json.dumps(answer.body).encode())
    row = Reply(id=_digest(key), status=answer.status, body=sealed, made_at=seams.now())
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")
        Reply.objects.bulk_create([row], ignore_conflicts=True)
    return answer


def forget() -> int:
    """Delete the answers that are older than KEPT; how many that were."""
    return Reply.objects.filter(made_at__lt=seams.now() - KEPT).delete()[0]


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


def _purpose(key: str) -> str:
    """Each answer is bound to its key, so that none is passed off for another's."""
    return f"http.reply:{key}"
