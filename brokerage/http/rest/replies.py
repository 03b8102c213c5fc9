"""The same key, the same answer: what a command was answered is kept for a day, encrypted.

The key itself is a fact of the ledger, written with the events. The answer is written after them; if
it is lost the next request with the key gets the state as it then is, and that answer is kept.
"""

import base64
import hashlib
import json
from datetime import timedelta
from typing import Any, NamedTuple

from cryptography.fernet import Fernet
from django.conf import settings
from django.db import connection, transaction

from brokerage.ledger import seams

from ..models import Reply

KEPT = timedelta(days=1)


class Answer(NamedTuple):
    """A status and a body."""

    status: int
    body: dict[str, Any]


def given(key: str) -> Answer | None:
    """The answer given under a ledger key, if it is still kept."""
    found = Reply.objects.filter(pk=_digest(key)).first()
    return None if found is None else Answer(found.status, json.loads(_lock(key).decrypt(bytes(found.body))))


def keep(key: str, answer: Answer) -> Answer:
    """Keep the first answer to a key; returns the one that is kept.

    The commit does not wait for the disk: an answer lost in a power cut is made again.
    """
    sealed = _lock(key).encrypt(json.dumps(answer.body).encode())
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


def _lock(key: str) -> Fernet:
    """A lock of this key's own, so that only who knows the key and the installation's secret can read."""
    secret = hashlib.sha256(f"reply\0{settings.SECRET_KEY}\0{key}".encode()).digest()
    return Fernet(base64.urlsafe_b64encode(secret))
