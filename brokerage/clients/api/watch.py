"""REST routes to watch over clients: reviews, holds, hits, groups, authorities, complaints, cases."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import path

from brokerage.access.rules import Perm
from brokerage.http import rest

from .. import queries
from ..commands import cases, holds, reviews, screening, standing_authorities
from ..models import Alert, Case, Client, Complaint, Group, Review, Screening, StandingAuthority
from ..queries import cases as cased
from ..queries import complaints as register
from ..queries import screening as screenings
from ..queries import standing_authorities as authorities
from ..rules.cases import AlertGround, AlertState, CaseState
from ..rules.complaints import Channel, Stage, Subject
from ..rules.holds import Ground, LiftReason
from ..rules.reviews import Circumstance, ReviewKind, ReviewOutcome
from ..rules.screening import ClearReason
from ..rules.standing_authorities import Purpose
from .clients import ClientOut


class ReviewOut(rest.Out):
    """A client's review of one kind."""

    id = rest.Id()
    client = rest.Id()
    kind = rest.Choice(ReviewKind)
    due = rest.Day(allow_null=True)
    raised_at = rest.Instant(allow_null=True)
    done_at = rest.Instant(allow_null=True)


class Reviews(rest.ListView):
    """Reviews that are set, the next due first."""

    permission, item, order = Perm.SEE_CLIENTS, ReviewOut, ("due", "id")

    def rows(self) -> QuerySet[Review]:
        """Every review of a client with a day."""
        return Review.objects.filter(due__isnull=False, client__in=queries.in_scope(None).values("id"))


class _Client(rest.CommandView):
    permission, item = Perm.MAKE_WATCH, ClientOut

    def find(self, client: UUID) -> Client:
        """The client within reach."""
        self.covered(client)
        return queries.client(client)


class ReviewInputs(rest.Inputs):
    """What the review came to."""

    kind = rest.Choice(ReviewKind)
    outcome = rest.Choice(ReviewOutcome)


class DoReview(_Client):
    """Record that the client was reviewed; the next one is set by the house's period."""

    command, inputs = reviews.do_review, ReviewInputs


class CircumstanceInputs(rest.Inputs):
    """What changed."""

    what = rest.Choice(Circumstance)


class ChangeCircumstances(_Client):
    """Take note that something about the client changed; a review follows."""

    command, inputs = reviews.change_circumstances, CircumstanceInputs


class HoldInputs(rest.Inputs):
    """Why the client is frozen, under which case or order number."""

    ground = rest.Choice(Ground)
    reference = rest.Text(max_length=32)


class PlaceHold(_Client):
    """Freeze the client at once."""

    permission = Perm.MAKE_STATUSES
    command, inputs = holds.place_hold, HoldInputs


class LiftInputs(rest.Inputs):
    """Which hold, and why it ends."""

    hold = rest.Id()
    reason = rest.Choice(LiftReason)


class LiftHold(_Client):
    """Lift a hold, by two people."""

    permission = Perm.MAKE_STATUSES
    command, inputs = holds.lift_hold, LiftInputs


class HitOut(rest.Out):
    """A person with matches that wait for judgement. Names neither the person nor the entries."""

    person = rest.Id()
    waiting = rest.Whole()
    dated = rest.Day()
    screened_at = rest.Instant()


class Hits(rest.ListView):
    """Screening hits that wait for judgement, the longest waiting first."""

    permission, item, order = Perm.SEE_CLIENTS, HitOut, ("screened_at", "person")

    def rows(self) -> QuerySet[Screening]:
        """Every screening with a match that waits."""
        return screenings.hits()


class ClearInputs(rest.Inputs):
    """Why the person is somebody else."""

    reason = rest.Choice(ClearReason)


class ClearHit(rest.CommandView):
    """The person is none of those the matches name, say two people."""

    permission, item = Perm.MAKE_HITS, HitOut
    command, inputs = screening.clear_hit, ClearInputs

    def find(self, person: UUID) -> Screening:
        """The person's screening, whether or not a match still waits: a key may come again."""
        return get_object_or_404(Screening, pk=person)

    def stream(self, found: Any) -> UUID | None:
        """The person's stream."""
        return UUID(str(found.person))


class GroupOut(rest.Out):
    """A group of related clients."""

    id = rest.Id()
    reference = rest.Text()
    formed_at = rest.Instant()


class Groups(rest.ListView):
    """Groups of related clients, by reference."""

    permission, item, order = Perm.SEE_CLIENTS, GroupOut, ("reference", "id")

    def rows(self) -> QuerySet[Group]:
        """Every group."""
        return Group.objects.all()


class AuthorityOut(rest.Out):
    """What a client lets the firm do with its assets, to the end of `ends`."""

    id = rest.Id()
    client = rest.Id()
    purpose = rest.Choice(Purpose)
    starts = rest.Day()
    ends = rest.Day()
    noticed = rest.Day(allow_null=True)
    objected = rest.Flag()
    ended_at = rest.Instant(allow_null=True)


class Authorities(rest.ListView):
    """Standing authorities, the next to end first."""

    permission, for_clients, item, order = Perm.SEE_CLIENTS, True, AuthorityOut, ("ends", "id")

    def rows(self) -> QuerySet[StandingAuthority]:
        """Those of the asker's clients."""
        return authorities.standing_authorities(self.asker.clients)


class _Authority(rest.CommandView):
    permission, for_clients, item = Perm.MAKE_WATCH, True, AuthorityOut

    def find(self, authority: UUID) -> StandingAuthority:
        """An authority of one of the asker's clients, ended or not: a key may come again."""
        found = get_object_or_404(StandingAuthority, pk=authority)
        self.covered(found.client)
        return found

    def stream(self, found: Any) -> UUID | None:
        """The client's stream."""
        return UUID(str(found.client))


class RevokeAuthority(_Authority):
    """Take the authority back at once."""

    command = standing_authorities.revoke_standing_authority


class ObjectToRenewal(_Authority):
    """Object to an announced renewal: the authority ends with its term."""

    command = standing_authorities.object_to_renewal


class ComplaintOut(rest.Out):
    """A complaint with its dates, without its words."""

    id = rest.Id()
    client = rest.Id(allow_null=True)
    subject = rest.Choice(Subject)
    channel = rest.Choice(Channel)
    stage = rest.Choice(Stage)
    received = rest.Day()
    acknowledge_by = rest.Day()
    answer_by = rest.Day()


class Complaints(rest.ListView):
    """Complaints, the next answer due first."""

    permission, for_clients, item, order = Perm.SEE_CLIENTS, True, ComplaintOut, ("answer_by", "id")

    def rows(self) -> QuerySet[Complaint]:
        """Those of the asker's clients."""
        return register.complaints(self.asker.clients)


class AlertOut(rest.Out):
    """An alert, without its words."""

    id = rest.Id()
    client = rest.Id()
    ground = rest.Choice(AlertGround)
    state = rest.Choice(AlertState)
    raised_at = rest.Instant()


class Alerts(rest.ListView):
    """Alerts that wait for somebody, the oldest first."""

    permission, item, order = Perm.MANAGE_CASES, AlertOut, ("raised_at", "id")

    def rows(self) -> QuerySet[Alert]:
        """Every alert that waits."""
        return cased.open_alerts()


class CaseOut(rest.Out):
    """A case, without its notes."""

    id = rest.Id()
    client = rest.Id()
    state = rest.Choice(CaseState)
    opened_at = rest.Instant()
    closed_at = rest.Instant(allow_null=True)


class Cases(rest.ListView):
    """Cases, the oldest first."""

    permission, item, order = Perm.MANAGE_CASES, CaseOut, ("opened_at", "id")

    def rows(self) -> QuerySet[Case]:
        """Every case."""
        return cased.cases()


class OpenCase(rest.CommandView):
    """Look into an alert in a case of its own."""

    permission, item, creates = Perm.MANAGE_CASES, CaseOut, True
    command = cases.open_case

    def find(self, alert: UUID) -> Alert:
        """The alert, whether or not it still waits: a key may come again."""
        return get_object_or_404(Alert, pk=alert)

    def state(self, value: Any) -> Any:
        """The new case."""
        return cased.case(value)


urlpatterns = [
    path("reviews", Reviews.as_view(), name="api-reviews"),
    path("clients/<uuid:client>/do-review", DoReview.as_view(), name="api-client-do-review"),
    path(
        "clients/<uuid:client>/change-circumstances",
        ChangeCircumstances.as_view(),
        name="api-client-change-circumstances",
    ),
    path("clients/<uuid:client>/place-hold", PlaceHold.as_view(), name="api-client-place-hold"),
    path("clients/<uuid:client>/lift-hold", LiftHold.as_view(), name="api-client-lift-hold"),
    path("screening-hits", Hits.as_view(), name="api-hits"),
    path("screening-hits/<uuid:person>/clear", ClearHit.as_view(), name="api-hit-clear"),
    path("groups", Groups.as_view(), name="api-groups"),
    path("standing-authorities", Authorities.as_view(), name="api-authorities"),
    path(
        "standing-authorities/<uuid:authority>/revoke", RevokeAuthority.as_view(), name="api-authority-revoke"
    ),
    path(
        "standing-authorities/<uuid:authority>/object", ObjectToRenewal.as_view(), name="api-authority-object"
    ),
    path("complaints", Complaints.as_view(), name="api-complaints"),
    path("alerts", Alerts.as_view(), name="api-alerts"),
    path("alerts/<uuid:alert>/open-case", OpenCase.as_view(), name="api-alert-open-case"),
    path("cases", Cases.as_view(), name="api-cases"),
]
