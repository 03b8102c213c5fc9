"""Second factors: passkeys, codes from an app, recovery codes. django-allauth keeps and checks them.

What allauth stores in the clear is sealed here; that a code is good only once is kept in the database, where
every process sees it. Nothing of allauth's own pages is used.
"""

import base64
import hmac
import time
from dataclasses import dataclass
from typing import Any

from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.webauthn.internal import auth as webauthn
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest

from . import envelope
from .models import User

PURPOSE = "access.second-factor"
PERIOD_S = 30
AROUND = 1  # steps a clock may be off either way
CHALLENGE = webauthn.STATE_SESSION_KEY
Type = Authenticator.Type


class Adapter(DefaultMFAAdapter):  # type: ignore[misc]
    """How allauth reaches what is ours: the key ring, and the names a phone shows."""

    def encrypt(self, text: str) -> str:
        """The text sealed under the newest key."""
        return base64.b64encode(envelope.seal(PURPOSE, text.encode())).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """What was sealed; raises envelope.Unreadable."""
        return envelope.unseal(PURPOSE, base64.b64decode(encrypted_text)).decode()

    def get_totp_issuer(self) -> str:
        """The name over the code in an app."""
        return "Praya"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """This site as a passkey knows it: by host name."""
        return {"id": context.request.get_host().partition(":")[0], "name": "Praya"}


@dataclass(frozen=True, slots=True)
class Factors:
    """What a login can show besides its password."""

    app: Authenticator | None
    passkeys: tuple[Authenticator, ...]
    codes_left: int

    def __bool__(self) -> bool:
        """Whether there is a second factor at all; recovery codes alone are none."""
        return self.app is not None or bool(self.passkeys)


def of(user: User) -> Factors:
    """The login's factors as they stand."""
    rows = list(Authenticator.objects.filter(user=user).order_by("created_at"))
    codes = [row for row in rows if row.type == Type.RECOVERY_CODES]
    return Factors(
        app=next((row for row in rows if row.type == Type.TOTP), None),
        passkeys=tuple(row for row in rows if row.type == Type.WEBAUTHN),
        codes_left=len(RecoveryCodes(codes[0]).get_unused_codes()) if codes else 0,
    )


def has_any(user: User) -> bool:
    """Whether the login has a second factor; recovery codes alone are none."""
    return bool(Authenticator.objects.filter(user=user, type__in=(Type.TOTP, Type.WEBAUTHN)).exists())


def check_code(user: User, code: str) -> bool:
    """Whether the text is this moment's code of the app, or a recovery code; each is good once."""
    code = "".join(code.split())
    if not code.isascii() or not code.isdigit():
        return False
    return _check_totp(user, code) or _check_recovery(user, code)


def _check_totp(user: User, code: str) -> bool:
    with transaction.atomic():
        row = Authenticator.objects.select_for_update().filter(user=user, type=Type.TOTP).first()
        if row is None:
            return False
        step = matching_step(Adapter().decrypt(row.data["secret"]), code)
        if step is None or step <= int(row.data.get("last_step", 0)):
            return False
        row.data["last_step"] = step
        row.save(update_fields=["data"])
        row.record_usage()
        return True


def _check_recovery(user: User, code: str) -> bool:
    """Under a lock of our own: that a code is good once must not rest on what allauth does within."""
    with transaction.atomic():
        row = Authenticator.objects.select_for_update().filter(user=user, type=Type.RECOVERY_CODES).first()
        if row is None or not RecoveryCodes(row).validate_code(code):
            return False
        row.record_usage()
        return True


def matching_step(secret: str, code: str) -> int | None:
    """The half minute, one before or after now at most, in which the app shows this code; None if none."""
    now = int(time.time()) // PERIOD_S
    found = None
    for step in range(now - AROUND, now + AROUND + 1):
        if hmac.compare_digest(code_at(secret, step).encode(), code.encode()):
            found = step
    return found


def code_at(secret: str, step: int) -> str:
    """What an app with this secret shows in a half minute since 1970."""
    return str(totp.format_hotp_value(totp.hotp_value(secret, step)))


def next_code(user: User) -> str | None:
    """The next good code of the login's app, for demonstrations; None if it has no app."""
    row = Authenticator.objects.filter(user=user, type=Type.TOTP).first()
    if row is None:
        return None
    step = max(int(time.time()) // PERIOD_S, int(row.data.get("last_step", 0)) + 1)
    return code_at(opened_secret(row.data["secret"]), step)


def new_secret() -> str:
    """160 random bits for an app, in base 32."""
    return str(totp.generate_totp_secret())


def picture(user: User, secret: str) -> str:
    """What an app scans to know the secret: a QR code as SVG."""
    adapter = Adapter()
    svg: str = adapter.build_totp_svg(adapter.build_totp_url(user, secret))
    return svg[svg.index("<svg") :]


def sealed_secret(secret: str) -> str:
    """A secret as it is kept until its first code was shown, and after."""
    return Adapter().encrypt(secret)


def opened_secret(sealed: str) -> str:
    """A kept secret."""
    return Adapter().decrypt(sealed)


def codes(user: User) -> list[str]:
    """The recovery codes that were not used yet."""
    row = Authenticator.objects.filter(user=user, type=Type.RECOVERY_CODES).first()
    return RecoveryCodes(row).get_unused_codes() if row else []


def begin_passkey(user: User) -> dict[str, Any]:
    """What a browser needs to make a passkey for the login; the challenge is kept in the session."""
    return dict(webauthn.begin_registration(user, passwordless=True))


def complete_passkey(credential: dict[str, Any]) -> bool:
    """Whether what the browser made answers the challenge."""
    try:
        webauthn.complete_registration(webauthn.parse_registration_response(credential))
    except (ValidationError, ValueError, KeyError, TypeError, AttributeError):
        return False
    return True


def begin_proof(user: User | None = None) -> dict[str, Any]:
    """What a browser needs to show a passkey: one of the login's, or any when it is not known whose."""
    return dict(webauthn.begin_authentication(user))


def prove(request: HttpRequest, response: dict[str, Any], user: User | None = None) -> User | None:
    """The login whose passkey answered the challenge, which is used up; None if it did not, or is closed."""
    try:
        owner = user or webauthn.extract_user_from_response(response)
        row = webauthn.complete_authentication(owner, webauthn.parse_authentication_response(response))
    except (ValidationError, ValueError, KeyError, TypeError, AttributeError):
        return None
    finally:
        request.session.pop(CHALLENGE, None)
    row.record_usage()
    return owner if isinstance(owner, User) and owner.is_active else None
