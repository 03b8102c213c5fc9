"""Who asks, from a request: the one place where a login becomes a principal, and a request a context."""

import re
from typing import cast
from uuid import UUID

from django.core.exceptions import BadRequest
from django.http import HttpRequest
from django.utils.translation import gettext as _

from brokerage.access import queries as access
from brokerage.access import sign_in
from brokerage.access.models import ApiKey, User
from brokerage.access.rules import Kind, Perm, Principal
from brokerage.clients import queries as clients
from brokerage.ledger import seams
from brokerage.ledger.entry import Context, Source
from brokerage.ledger.registry import Audience

KEY = "[!-~]{8,128}"
_SOURCES = {Kind.STAFF: Source.STAFF, Kind.CLIENT: Source.PORTAL, Kind.MACHINE: Source.API}


def principal(request: HttpRequest) -> Principal:
    """The principal of an authenticated request.

    Staff reach every client; anybody else those whose affairs the person has authority over.
    """
    key = getattr(request, "auth", None)
    if isinstance(key, ApiKey):
        return _machine(key)
    user = cast(User, request.user)
    kind = Kind.STAFF if user.is_staff else Kind.CLIENT
    return Principal(
        kind=kind,
        actor=user.actor,
        person=user.person,
        permissions=user.rights,
        clients=None if user.is_staff else clients.in_the_hands_of(user.person),
        confirmed_at=sign_in.confirmed_at(request),
    )


def _machine(key: ApiKey) -> Principal:
    """The principal of an API key: no more than its scopes, nor than its person still has."""
    own = None
    if key.client is not None:
        own = clients.in_the_hands_of(key.person) & {key.client}
    return Principal(
        kind=Kind.MACHINE,
        actor=f"{Kind.MACHINE}:{key.prefix}",
        person=key.person,
        permissions=access.rights_of_key(key),
        clients=own,
    )


def audiences(asker: Principal) -> frozenset[Audience]:
    """The audiences whose events the principal may see at all, wherever events are shown."""
    if asker.clients is not None:
        return frozenset({Audience.CLIENT})
    restricted = {Audience.RESTRICTED} if asker.may(Perm.SEE_RESTRICTED) else set()
    return frozenset({Audience.CLIENT, Audience.STAFF} | restricted)


def is_key(text: str) -> bool:
    """Whether a text may be an idempotency key: 8 to 128 printable ASCII characters."""
    return re.fullmatch(KEY, text, re.ASCII) is not None


def key_of(request: HttpRequest) -> str | None:
    """The key that a form carries, None without one; raises BadRequest for what is none."""
    key = request.POST.get("key")
    if key and not is_key(key):
        raise BadRequest(_("This form is damaged. Go back, reload the page and send it again."))
    return key or None


def context(asker: Principal, key: str | None = None, expects: tuple[UUID, int] | None = None) -> Context:
    """The context of a command this principal gives now; the person behind it is the maker.

    A key of the asker's own is kept apart from everybody else's; `expects` is as in Context.
    """
    return Context(
        actor=asker.actor,
        source=_SOURCES[asker.kind],
        key=f"{asker.actor}:{key or seams.new_id()}",
        effective_at=seams.now(),
        maker=asker.person,
        expects=expects,
    )
