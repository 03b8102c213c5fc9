"""REST routes of screening hits: what waits, and the word of those who judge."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import path
from rest_framework import serializers

from brokerage.access.rules import Perm
from brokerage.http import rest

from .. import queries
from ..commands import screening
from ..models import Screening
from ..queries import screening as screenings
from ..rules.screening import ClearReason, Verdict
from ..rules.screening_csv import Kind

MOST_MATCHES = 200
"""How many matches one command judges."""


class MatchOut(rest.Out):
    """A match that stops the person, by the number of its entry on the list."""

    id = rest.Id()
    entry = rest.Text()
    kind = rest.Choice(Kind)
    verdict = rest.Choice(Verdict)


class Stopping(serializers.ListField):
    """The matches that wait or were confirmed."""

    def get_attribute(self, instance: Any) -> Any:
        """Each with its id."""
        return [{"id": id, **instance.matches[str(id)]} for id in screenings.stopping_matches(instance)]


class HitOut(rest.Out):
    """A person with matches that wait for judgement. Names neither the person nor the entries."""

    person = rest.Id()
    waiting = rest.Whole()
    matches = Stopping(child=MatchOut())
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


class ConfirmInputs(rest.Inputs):
    """The matches that were looked at; what is found later waits on."""

    matches = serializers.ListField(child=rest.Id(), min_length=1, max_length=MOST_MATCHES)


class ClearInputs(ConfirmInputs):
    """The matches that were looked at, and why each names somebody else."""

    reason = rest.Choice(ClearReason)


class ClearHit(_Hit):
    """The person is none of those these matches name, say two people."""

    command, inputs = screening.clear_hit, ClearInputs


class ConfirmHit(_Hit):
    """The person is who these matches name, say two people: the clients stay frozen."""

    command, inputs = screening.confirm_hit, ConfirmInputs


urlpatterns = [
    path("screening-hits", Hits.as_view(), name="api-hits"),
    path("screening-hits/<uuid:person>/clear", ClearHit.as_view(), name="api-hit-clear"),
    path("screening-hits/<uuid:person>/confirm", ConfirmHit.as_view(), name="api-hit-confirm"),
]
