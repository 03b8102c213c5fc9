import base64
import re
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from brokerage.access import envelope

ROOT = Path(__file__).resolve().parents[2]

OLD = "old:" + base64.b64encode(b"o" * 32).decode()
NEW = "new:" + base64.b64encode(b"n" * 32).decode()


@pytest.fixture(autouse=True)
def keys(settings):
    settings.PRAYA_KEYS = OLD


def test_what_is_sealed_comes_back_and_does_not_show():
    sealed = envelope.seal("totp", b"canary")
    assert b"canary" not in sealed
    assert envelope.unseal("totp", sealed) == b"canary"


def test_the_same_content_never_looks_the_same_twice():
    assert envelope.seal("totp", b"same") != envelope.seal("totp", b"same")


def test_another_purpose_cannot_open_it():
    with pytest.raises(envelope.Unreadable):
        envelope.unseal("vault", envelope.seal("totp", b"canary"))


def test_no_byte_can_be_changed():
    sealed = envelope.seal("totp", b"canary")
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(envelope.Unreadable):
            envelope.unseal("totp", bytes(changed))


@pytest.mark.parametrize(
    "junk", [b"", b"\x01", b"\x01\x00", b"\x01\xff", b"\x02\x01a", b"\x01\x03old", b"\x01\x01\xff"]
)
def test_junk_is_unreadable(junk):
    with pytest.raises(envelope.Unreadable):
        envelope.unseal("totp", junk)


def test_a_new_key_reads_the_old_ones_work_and_takes_it_over(settings):
    sealed = envelope.seal("totp", b"canary")
    settings.PRAYA_KEYS = f"{NEW},{OLD}"
    fresh = envelope.reseal("totp", sealed)
    assert (envelope.key_of(sealed), envelope.key_of(fresh)) == ("old", "new")
    assert envelope.reseal("totp", fresh) == fresh
    settings.PRAYA_KEYS = NEW
    assert envelope.unseal("totp", fresh) == b"canary"
    with pytest.raises(envelope.Unreadable, match="no key old"):
        envelope.unseal("totp", sealed)


@pytest.mark.parametrize(
    "ring", ["", " , ", "a:b", "a:" + base64.b64encode(b"short").decode(), f"{OLD},{OLD}", OLD[3:]]
)
def test_an_unusable_ring_says_so(ring, settings):
    settings.PRAYA_KEYS = ring
    with pytest.raises(ImproperlyConfigured, match="PRAYA_KEYS"):
        envelope.seal("totp", b"canary")


def test_a_cipher_is_used_in_one_place_only():
    users = {
        str(path.relative_to(ROOT))
        for room in ("brokerage", "custody", "margin", "reporting")
        for path in (ROOT / room).rglob("*.py")
        if "migrations" not in path.parts and re.search(r"AESGCM|Fernet|ciphers", path.read_text())
    }
    assert users == {"brokerage/access/envelope.py"}
