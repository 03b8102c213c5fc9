"""REST routes of standing authorities: what clients let the firm do with their assets (AST-2)."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from brokerage.access.rules import Perm
from brokerage.http import rest

from .. import queries
from ..commands import standing_authorities
from ..models import Client, StandingAuthority
from ..queries import standing_authorities as authorities
from ..rules.mandate import MOST
from ..rules.standing_authorities import End, Purpose


class AuthorityOut(rest.Out):
    """What a client lets the firm do with its assets, to the end of `ends`.

    `noticed` is the day its renewal was announced, `delivered` the day that notice reached the client.
    """

    id = rest.Id()
    client = rest.Id()
    purpose = rest.Choice(Purpose)
    starts = rest.Day()
    ends = rest.Day()
    noticed = rest.Day(allow_null=True)
    delivered = rest.Day(allow_null=True)
    objected = rest.Flag()
    end = rest.Choice(End, allow_blank=True)
    ended_at = rest.Instant(allow_null=True)


class Authorities(rest.ListView):
    """Standing authorities, the next to end first."""

    permission, for_clients, item, order = Perm.SEE_CLIENTS, True, AuthorityOut, ("ends", "id")

    class Filters(rest.Paged):
        """Narrow the list."""

        client = rest.Id(required=False)

    parameters = Filters

    def rows(self) -> QuerySet[StandingAuthority]:
        """Those of the asker's clients."""
        return authorities.standing_authorities(self.asker.clients, self.asked.get("client"))


class _Authority(rest.RestView):
    permission, for_clients, item = Perm.SEE_CLIENTS, True, AuthorityOut

    def find(self, authority: UUID) -> StandingAuthority:
        """An authority of one of the asker's clients, ended or not: a key may come again."""
        found = get_object_or_404(StandingAuthority, pk=authority)
        self.covered(found.client)
        return found

    def stream(self, found: Any) -> UUID | None:
        """The client's stream."""
        return UUID(str(found.client))


class AuthorityDetail(_Authority, rest.DetailView):
    """One standing authority."""


class _InWriting(rest.CommandView):
    """A command that a paper puts in writing, or the client's own act."""

    def arguments(self, found: Any, asked: dict[str, Any]) -> Mapping[str, Any]:
        """The command's inputs; raises ValidationError where a client names a paper, whosever it is."""
        if self.asker.clients is not None and "documents" in asked:
            raise ValidationError({"documents": [_("Leave it out: what you send yourself is in writing.")]})
        return super().arguments(found, asked)


class GiveInputs(rest.Inputs):
    """What the firm may do until the end of which day; `documents` are the signed papers, from staff.

    Only the client itself can give an authority without a paper, by its own act.
    """

    purpose = rest.Choice(Purpose)
    ends = rest.Day()
    revocation_stated = rest.Flag()
    documents = serializers.ListField(child=rest.Id(), max_length=MOST, required=False)


class GiveAuthority(_InWriting):
    """Give the firm a standing authority."""

    permission, for_clients, item, creates = Perm.MAKE_WATCH, True, AuthorityOut, True
    command, inputs = standing_authorities.give_standing_authority, GiveInputs

    def find(self, client: UUID) -> Client:
        """The client within reach."""
        self.covered(client)
        return queries.client(client)

    def state(self, value: Any) -> Any:
        """The new authority."""
        return StandingAuthority.objects.get(pk=value)

    def stream(self, found: Any) -> UUID | None:
        """The client's stream, whether the client or the authority was found."""
        return UUID(str(getattr(found, "client", found.id)))


class _Decision(_Authority, rest.CommandView):
    permission = Perm.MAKE_WATCH


class AnnounceRenewal(_Decision):
    """Have the client told that silence renews the authority."""

    for_clients = False
    command = standing_authorities.announce_renewal


class ObjectToRenewal(_Decision):
    """Object to an announced renewal: the authority ends with its term."""

    command = standing_authorities.object_to_renewal


class RenewInputs(rest.Inputs):
    """Until the end of which day; `documents` are the signed papers, from staff."""

    ends = rest.Day()
    documents = serializers.ListField(child=rest.Id(), max_length=MOST, required=False)


class RenewAuthority(_Decision, _InWriting):
    """Renew the authority in writing, from today."""

    command, inputs = standing_authorities.renew_standing_authority, RenewInputs


class RevokeAuthority(_Decision):
    """Take the authority back at once."""

    command = standing_authorities.revoke_standing_authority


ACTS = {
    "announce": AnnounceRenewal,
    "object": ObjectToRenewal,
    "renew": RenewAuthority,
    "revoke": RevokeAuthority,
}
urlpatterns = [
    path("standing-authorities", Authorities.as_view(), name="api-authorities"),
    path("standing-authorities/<uuid:authority>", AuthorityDetail.as_view(), name="api-authority"),
    *(
        path(f"standing-authorities/<uuid:authority>/{name}", view.as_view(), name=f"api-authority-{name}")
        for name, view in ACTS.items()
    ),
    path(
        "clients/<uuid:client>/give-standing-authority",
        GiveAuthority.as_view(),
        name="api-client-give-standing-authority",
    ),
]
