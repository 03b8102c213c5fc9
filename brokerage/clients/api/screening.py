"""REST routes of screening hits: what waits, and the word of those who judge."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import path

from brokerage.access.rules import Perm
from brokerage.http import rest

from .. import queries
from ..commands import screening
from ..models import Screening
from ..queries import screening as screenings
from ..rules.screening import ClearReason


class HitOut(rest.Out):
    """A person with matches that wait for judgement. Names neither the person nor the entries."""

    person = rest.Id()
    waiting = rest.Whole()
    dated = rest.Day()
    screened_at = rest.Instant()


class Hits(rest.ListView):
    """Screening hits that wait for judgement, the longest waiting first."""

    permission, item, order = Perm.SEE_CLIENTS, HitOut, ("screened_at", "person")

    class Filters(rest.Paged):
        """Narrow the list: to the people behind a client, or to one."""

        client = rest.Id(required=False)
        person = rest.Id(required=False)

    parameters = Filters

    def rows(self) -> QuerySet[Screening]:
        """Every screening with a match that waits."""
        rows = screenings.hits().filter(**self.filters("person"))
        if "client" in self.asked:
            rows = rows.filter(person__in=queries.people_behind(self.asked["client"]))
        return rows


class _Hit(rest.CommandView):
    permission, item = Perm.MAKE_HITS, HitOut

    def find(self, person: UUID) -> Screening:
        """The person's screening, whether or not a match still waits: a key may come again."""
        return get_object_or_404(Screening, pk=person)

    def stream(self, found: Any) -> UUID | None:
        """The person's stream."""
        return UUID(str(found.person))


class ClearInputs(rest.Inputs):
    """Why the person is somebody else."""

    reason = rest.Choice(ClearReason)


class ClearHit(_Hit):
    """The person is none of those the matches name, say two people."""

    command, inputs = screening.clear_hit, ClearInputs


class ConfirmHit(_Hit):
    """The person is who the waiting matches name, say two people: the clients stay frozen."""

    command = screening.confirm_hit


urlpatterns = [
    path("screening-hits", Hits.as_view(), name="api-hits"),
    path("screening-hits/<uuid:person>/clear", ClearHit.as_view(), name="api-hit-clear"),
    path("screening-hits/<uuid:person>/confirm", ConfirmHit.as_view(), name="api-hit-confirm"),
]
