"""The Ed25519 key that signs seals, and the public keys that a seal may be checked against.

settings.PRAYA_SEAL_KEY names a PEM file: the private key first, then any number of PUBLIC KEY
blocks of retired keys. An auditor's copy holds PUBLIC KEY blocks only; it can verify, not sign.
"""

import hashlib
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

_BLOCK = re.compile(rb"-----BEGIN ([A-Z ]+)-----.*?-----END \1-----", re.DOTALL)


class Keys(NamedTuple):
    """What the key file holds: the signing key if it has one, and every public key by its id."""

    private: Ed25519PrivateKey | None
    public: dict[str, Ed25519PublicKey]


def key_id(key: Ed25519PublicKey) -> str:
    """The first 16 hex digits of SHA-256 over the raw public key."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]


def keys() -> Keys:
    """The keys of settings.PRAYA_SEAL_KEY, read once; raises ImproperlyConfigured when unusable."""
    return _load(str(settings.PRAYA_SEAL_KEY))


def signing_key() -> Ed25519PrivateKey:
    """The private key; raises ImproperlyConfigured when the file holds public keys only."""
    private = keys().private
    if private is None:
        raise ImproperlyConfigured(f"{settings.PRAYA_SEAL_KEY} holds no private key, so it cannot seal.")
    return private


def signed_by(key: str, digest: bytes, signature: bytes) -> bool:
    """Whether the key of that id is known and made the signature over the digest."""
    public = keys().public.get(key)
    if public is None:
        return False
    try:
        public.verify(signature, digest)
    except InvalidSignature:
        return False
    return True


@cache
def _load(path: str) -> Keys:
    try:
        blocks = [(match[1].decode(), match[0]) for match in _BLOCK.finditer(Path(path).read_bytes())]
    except OSError as error:
        raise ImproperlyConfigured(f"PRAYA_SEAL_KEY: {path} cannot be read ({error.strerror}).") from error
    private: Ed25519PrivateKey | None = None
    public: list[Ed25519PublicKey] = []
    for label, pem in blocks:
        key = load_pem_public_key(pem) if label == "PUBLIC KEY" else load_pem_private_key(pem, None)
        if isinstance(key, Ed25519PrivateKey):
            private, key = key, key.public_key()
        if not isinstance(key, Ed25519PublicKey):
            raise ImproperlyConfigured(f"PRAYA_SEAL_KEY: {path} holds a key that is not Ed25519.")
        public.append(key)
    if not public:
        raise ImproperlyConfigured(f"PRAYA_SEAL_KEY: {path} holds no PEM key.")
    return Keys(private, {key_id(key): key for key in public})
