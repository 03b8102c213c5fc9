"""What the desk calls a client: the names of who it is. No rule reads it, so it is no event."""

from collections.abc import Iterable
from uuid import UUID

from .. import queries, vault
from ..models import ClientLabel
from ..rules.names import LONGEST


def label(client: UUID, versions: Iterable[UUID]) -> None:
    """Call a client by the names in these details of its holders, or of its entity."""
    name = " & ".join(" ".join(vault.known(version).names) for version in versions)[:LONGEST]
    if queries.labels([client]).get(client) != name:
        ClientLabel.objects.update_or_create(client=client, defaults={"name": name})


def label_again(client: UUID, person: UUID, version: UUID | None) -> None:
    """The same when one of them comes or has new details, those of `version`, or leaves: None.

    The name stays when nobody is left whom it could be taken from.
    """
    known = {each: queries.person_if_known(each) for each in queries.owners(client) - {person}}
    versions = {each: row.version for each, row in known.items() if row is not None}
    if version is not None:
        versions[person] = version
    if versions:
        label(client, (versions[each] for each in sorted(versions)))
