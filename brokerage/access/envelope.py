"""Secrets at rest: AES-256-GCM under the newest key of settings.PRAYA_KEYS, readable by any key of the ring.

`encrypt` and `decrypt` are the one place where a cipher is used: rooms that keep data keys of their own use
them with those keys, and `seal` the keys.

A sealed text is `version, length of the key's id, key's id, nonce, ciphertext and tag`. The purpose and the
head are authenticated with it, so that what was sealed for one purpose cannot be passed off for another.
"""

import base64
import binascii
import os
import re
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

VERSION = 1
NONCE = 12
KEY = 32
_ID = re.compile(r"[A-Za-z0-9_-]{1,16}")


class Unreadable(Exception):
    """Sealed bytes that no key of the ring opens for this purpose: damaged, foreign, or their key is gone."""


def new_key() -> bytes:
    """A random key for AES-256."""
    return AESGCM.generate_key(KEY * 8)


def encrypt(key: bytes, plain: bytes, bound: bytes) -> bytes:
    """A fresh nonce, and the ciphertext with its tag; `bound` is authenticated with it."""
    nonce = os.urandom(NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plain, bound)


def decrypt(key: bytes, body: bytes, bound: bytes) -> bytes:
    """What was encrypted under this key and bound to the same; raises Unreadable."""
    try:
        return AESGCM(key).decrypt(bytes(body[:NONCE]), bytes(body[NONCE:]), bound)
    except (InvalidTag, ValueError) as error:
        raise Unreadable("sealed for another purpose, or damaged") from error


def seal(purpose: str, plain: bytes) -> bytes:
    """The bytes under the newest key, fit for a database column; twice the same gives two texts."""
    key_id, key = next(iter(ring().items()))
    head = bytes([VERSION, len(key_id)]) + key_id.encode()
    return head + encrypt(key, plain, head + purpose.encode())


def unseal(purpose: str, sealed: bytes) -> bytes:
    """What was sealed for this purpose; raises Unreadable."""
    key_id = key_of(sealed)
    head = bytes(sealed[: 2 + sealed[1]])
    key = ring().get(key_id)
    if key is None:
        raise Unreadable(f"no key {key_id} in PRAYA_KEYS")
    return decrypt(key, sealed[len(head) :], head + purpose.encode())


def key_of(sealed: bytes) -> str:
    """The id of the key that the bytes are under; raises Unreadable for bytes of another shape."""
    if len(sealed) < 2 or sealed[0] != VERSION or not 0 < sealed[1] <= len(sealed) - 2:
        raise Unreadable("not sealed by this product")
    try:
        return bytes(sealed[2 : 2 + sealed[1]]).decode("ascii")
    except UnicodeDecodeError as error:
        raise Unreadable("not sealed by this product") from error


def newest_key() -> str:
    """The id of the key that `seal` uses; rows under another one are waiting to be sealed again."""
    return next(iter(ring()))


def reseal(purpose: str, sealed: bytes) -> bytes:
    """The same content under the newest key; the bytes as they are if they are under it already."""
    if key_of(sealed) == newest_key():
        return bytes(sealed)
    return seal(purpose, unseal(purpose, sealed))


def ring() -> dict[str, bytes]:
    """The keys by id, newest first; raises ImproperlyConfigured when PRAYA_KEYS cannot be used."""
    return _ring(settings.PRAYA_KEYS)


@lru_cache(maxsize=4)
def _ring(text: str) -> dict[str, bytes]:
    keys: dict[str, bytes] = {}
    for item in filter(None, map(str.strip, text.split(","))):
        key_id, _, encoded = item.partition(":")
        if not _ID.fullmatch(key_id) or key_id in keys:
            raise ImproperlyConfigured(
                "PRAYA_KEYS: each key needs an id of its own, 1 to 16 letters or digits."
            )
        try:
            key = base64.b64decode(encoded, validate=True)
        except binascii.Error as error:
            raise ImproperlyConfigured(f"PRAYA_KEYS: key {key_id} is not base64.") from error
        if len(key) != KEY:
            raise ImproperlyConfigured(f"PRAYA_KEYS: key {key_id} has {len(key)} bytes, not {KEY}.")
        keys[key_id] = key
    if not keys:
        raise ImproperlyConfigured('PRAYA_KEYS is empty; make a key: echo "1:$(openssl rand -base64 32)"')
    return keys
