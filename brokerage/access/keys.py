"""Which key a text is, if it is one. The REST edge asks here and nowhere else.

A secret is 256 random bits, so a plain SHA-256 keeps it: there is nothing to guess that a slow hash would
slow down, and a slow one would let strangers load the machine by sending junk.
"""

import hashlib
import hmac
import re
import secrets
from datetime import datetime
from ipaddress import ip_address, ip_network
from uuid import UUID

from brokerage.ledger import seams
from brokerage.ledger.entry import Context

from .commands import fetch_key
from .models import ApiKey

SHAPE = re.compile(r"praya_([a-z2-7]{10})_([A-Za-z0-9_-]{43})")
_NOTHING = bytes(32)


def authenticate(text: str, address: str) -> ApiKey | None:
    """The living key that `text` is, used from `address`; None for whatever is not right with it.

    The caller still has to ask whether the key's person keeps authority over the key's client.
    """
    shape = SHAPE.fullmatch(text)
    key = ApiKey.objects.filter(prefix=shape.group(1)).first() if shape else None
    kept = bytes(key.digest) if key and key.digest else _NOTHING
    right = hmac.compare_digest(digest(text), kept)
    if key is None or not right or not _usable(key, address, seams.now()):
        return None
    _note_use(key, seams.now())
    return key


def fetch(asked: Context, key: UUID) -> str:
    """The text of a key for the person who asked for it, shown this once.

    Raises UnknownKey, NotYourKey or KeyFetchedBefore.
    """
    prefix = ApiKey.objects.filter(id=key).values_list("prefix", flat=True).first()
    text = f"praya_{prefix}_{secrets.token_urlsafe(32)}"
    fetch_key(asked, key=key, digest=digest(text).hex())
    return text


def digest(text: str) -> bytes:
    """What is kept of a key's text: 32 bytes."""
    return hashlib.sha256(text.encode()).digest()


def _usable(key: ApiKey, address: str, now: datetime) -> bool:
    return key.lives(now) and (not key.networks or _within(address, key.networks))


def _within(address: str, networks: list[str]) -> bool:
    try:
        asked = ip_address(address)
    except ValueError:
        return False
    return any(asked in ip_network(network) for network in networks)


def _note_use(key: ApiKey, now: datetime) -> None:
    """Note the hour; a busy key is written once an hour, not at each request."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    if key.used_at is None or key.used_at < hour:
        ApiKey.objects.filter(id=key.id).update(used_at=hour)
