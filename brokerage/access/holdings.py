"""What this room keeps sealed: the secrets of apps, the seeds of recovery codes, addresses to confirm."""

import base64

from allauth.mfa.models import Authenticator

from . import notices, resealing
from .factors import Adapter
from .models import SignUp

_SEALED = {Authenticator.Type.TOTP: "secret", Authenticator.Type.RECOVERY_CODES: "seed"}


def _stale() -> list[int]:
    rows = Authenticator.objects.filter(type__in=_SEALED).values_list("pk", "type", "data")
    return [pk for pk, kind, data in rows if resealing.is_stale(base64.b64decode(data[_SEALED[kind]]))]


def _again(pk: int) -> None:
    """Only the seal changes: a code that was used up in the meantime stays used up."""
    row = Authenticator.objects.select_for_update().filter(pk=pk).first()
    if row is not None:
        part, adapter = _SEALED[row.type], Adapter()
        row.data[part] = adapter.encrypt(adapter.decrypt(row.data[part]))
        row.save(update_fields=["data"])


resealing.holds("second factors", _stale, _again)
resealing.holds_column("addresses to confirm", SignUp, "sealed", lambda row: notices.PURPOSE)
