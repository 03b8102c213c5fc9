"""A stay: from a proved login to its end. A session without an open stay is worth nothing."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.contrib import auth
from django.http import HttpRequest

from brokerage.ledger import seams

from .address import client_address, device
from .commands import stays
from .events.logins import Proof
from .lockout import is_known
from .models import SignIn, User

STAY, CONFIRMED, PENDING = "stay", "confirmed_at", "pending"
PASSWORD_AT = "password_at"  # noqa: S105
PENDING_FOR = timedelta(minutes=5)
_SEEN_STEP = timedelta(minutes=1)  # a stay is written at most this often
_BACKEND = "brokerage.access.backends.RoleBackend"


def begin(request: HttpRequest, user: User, proof: Proof) -> None:
    """Let the login in with a new session; what it was proved with says whether a second factor was shown."""
    now = seams.now()
    request.session.flush()
    stay = seams.new_id()
    stays.sign_in(
        stays.own(user),
        login=user.pk,
        stay=stay,
        proof=proof,
        unknown=not is_known(request, user),
        sealed=stays.sealed_origin(client_address(request), device(request)),
    )
    auth.login(request, user, backend=_BACKEND)
    request.session[STAY] = str(stay)
    if proof is not Proof.PASSKEY:
        request.session[PASSWORD_AT] = int(now.timestamp())
    if proof is not Proof.PASSWORD:
        request.session[CONFIRMED] = now.isoformat()


def wait_for_factor(request: HttpRequest, user: User, proceed: str) -> None:
    """Remember, in a new session, whose password was right, until the second factor is shown."""
    request.session.flush()
    request.session[PENDING] = {
        "login": user.pk,
        "hash": user.get_session_auth_hash(),
        "at": seams.now().isoformat(),
        "next": proceed,
    }


def waiting(request: HttpRequest) -> tuple[User, str] | None:
    """Whose password was right here within the last minutes, and where to then; None if nobody's."""
    pending = request.session.get(PENDING)
    if not pending or seams.now() - datetime.fromisoformat(pending["at"]) > PENDING_FOR:
        return None
    user = User.objects.filter(pk=pending["login"], is_active=True).first()
    if user is None or user.get_session_auth_hash() != pending["hash"]:
        return None
    return user, pending["next"]


def confirm(request: HttpRequest) -> None:
    """Note that the second factor was shown just now; the session gets a new id."""
    request.session.cycle_key()
    request.session[CONFIRMED] = seams.now().isoformat()


def confirmed_at(request: HttpRequest) -> datetime | None:
    """When a second factor was last shown in this session; None if it was not."""
    noted = request.session.get(CONFIRMED)
    return datetime.fromisoformat(noted) if noted else None


def stay_of(request: HttpRequest) -> UUID | None:
    """The id of the stay that this session belongs to."""
    noted = request.session.get(STAY)
    return UUID(noted) if noted else None


def is_alive(request: HttpRequest, user: User, *, in_person: bool) -> bool:
    """Whether the session's stay goes on: not ended, nor idle or in all for too long.

    A request by a person puts the idle end off; one that a page makes by itself does not.
    """
    now = seams.now()
    here = stay_of(request)
    stay = SignIn.objects.filter(id=here, user=user, ended_at=None).first() if here else None
    idle, whole = limits(user)
    if stay is None or now - stay.seen_at > idle or now - stay.began_at > whole:
        return False
    if in_person and now - stay.seen_at >= _SEEN_STEP:
        SignIn.objects.filter(id=stay.id).update(seen_at=now)
    return True


def lasting(user: User) -> list[SignIn]:
    """The login's stays that go on, the one seen last first."""
    idle, whole = limits(user)
    now = seams.now()
    open_ = SignIn.objects.filter(user=user, ended_at=None)
    return list(open_.filter(seen_at__gte=now - idle, began_at__gte=now - whole))


def limits(user: User) -> tuple[timedelta, timedelta]:
    """How long a stay lasts without a person, and in all."""
    if user.is_staff:
        return settings.STAFF_IDLE, settings.STAFF_SESSION
    return settings.CLIENT_IDLE, settings.CLIENT_SESSION
