"""Making and revoking keys for machines. The secret is no part of it: whoever asked fetches it once."""

import base64
import secrets
from collections.abc import Collection, Sequence
from uuid import UUID

from brokerage.ledger import seams
from brokerage.ledger.commands import NothingToDo, command
from brokerage.ledger.entry import Entry
from brokerage.ledger.refusal import Refused

from .. import notices
from ..events.keys import KeyFetched, KeyMade, KeyRevoked
from ..models import ApiKey, User
from ..notices import About
from ..queries import rights_of
from ..rules import Perm, checked_person
from ..scopes import OF_CLIENTS, OF_THE_FIRM, check_scopes, checked_networks, lifetime


class UnknownKey(Refused):
    """There is no key of this id, or none that exists for the asker."""

    code = "access.unknown-key"


class NotYourKey(Refused):
    """The text of a key would be shown to another person than the one who asked for it."""

    code = "access.not-your-key"


class KeyFetchedBefore(Refused):
    """The text of a key was shown before, or the key was revoked."""

    code = "access.key-fetched"


@command("access.make-key")
def make_key(
    entry: Entry,
    *,
    name: str,
    scopes: Sequence[Perm],
    networks: Sequence[str],
    days: int,
    client: UUID | None,
) -> UUID:
    """Make a key for one client, or by two people one of the firm's own (`client` None); returns its id.

    Whether the asker acts for the client is for the edge to say. `keys.fetch` gives the text, to the person
    who asked and once. Raises ScopeTooWide, BadNetwork, NetworkTooWide, BadLifetime or SecondPersonNeeded.
    """
    person = checked_person(entry.context.maker)
    expires_at = entry.effective_at + lifetime(days)
    kept = checked_networks(networks, needed=client is None)
    check_scopes(scopes, OF_CLIENTS if client else OF_THE_FIRM & rights_of(person))
    if client is None:
        entry.second_person(Perm.APPROVE_ACCESS)
    key = ApiKey(
        id=seams.new_id(),
        name=name.strip()[:80],
        prefix=base64.b32encode(secrets.token_bytes(7)).decode().lower()[:10],
        scopes=sorted(scopes),
        networks=kept,
        client=client,
        person=person,
        made_at=entry.effective_at,
        expires_at=expires_at,
    )
    entry.lock(key.id)
    key.save(force_insert=True)
    made = KeyMade(
        prefix=key.prefix, person=person, client=client, scopes=tuple(sorted(scopes)), expires_at=expires_at
    )
    entry.record(key.id, made)
    for user in User.objects.filter(person=person, is_active=True)[:1]:
        notices.put(user, About.KEY, str(key.id))
    return key.id


@command("access.fetch-key")
def fetch_key(entry: Entry, *, key: UUID, digest: str) -> None:
    """Let a key be used by a text of this SHA-256 (hex), which whoever asked for the key is shown now.

    Edges call `keys.fetch`. Raises UnknownKey, NotYourKey or KeyFetchedBefore.
    """
    row = _locked(entry, key)
    if row.person != checked_person(entry.context.maker):
        raise NotYourKey("Only whoever asked for a key is shown its text.")
    if row.digest is not None or row.revoked_at is not None:
        raise KeyFetchedBefore("The key was fetched or revoked before; make another one if its text is lost.")
    row.digest = bytes.fromhex(digest)
    row.save(update_fields=["digest"])
    entry.record(key, KeyFetched())


@command("access.revoke-key")
def revoke_key(entry: Entry, *, key: UUID) -> None:
    """Make a key worthless at once; one person is enough to stop it. Raises UnknownKey or NothingToDo."""
    row = _locked(entry, key)
    if row.revoked_at is not None:
        raise NothingToDo("The key was revoked before.")
    _revoked(entry, row)


def _locked(entry: Entry, key: UUID) -> ApiKey:
    entry.lock(key)
    row = ApiKey.objects.filter(id=key).first()
    if row is None:
        raise UnknownKey("There is no such key.", key=key)
    return row


def keys_of(login: int) -> list[UUID]:
    """The keys that were not revoked of whoever a login stands for, to be locked."""
    person = User.objects.filter(pk=login).values("person")
    return list(ApiKey.objects.filter(person__in=person, revoked_at=None).values_list("pk", flat=True))


def revoke_each(entry: Entry, keys: Collection[UUID]) -> None:
    """Make those of the keys worthless that still live, within an entry that has locked their streams."""
    for key in ApiKey.objects.filter(pk__in=keys, revoked_at=None):
        _revoked(entry, key)


def _revoked(entry: Entry, key: ApiKey) -> None:
    ApiKey.objects.filter(id=key.id).update(revoked_at=entry.effective_at)
    entry.record(key.id, KeyRevoked())
