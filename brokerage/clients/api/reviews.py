"""REST routes of reviews, of changed circumstances, and of judging a client again."""

from django.db.models import QuerySet
from django.urls import path
from rest_framework import serializers

from brokerage.access.rules import Perm
from brokerage.http import rest

from .. import queries
from ..commands import reclassification, reviews
from ..models import Review
from ..rules.classification import Investor
from ..rules.credit import Ground
from ..rules.mandate import MOST
from ..rules.reviews import Circumstance, ReviewKind, ReviewOutcome
from .clients import ClientCommand


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

    class Filters(rest.Paged):
        """Narrow the list."""

        client = rest.Id(required=False)
        kind = rest.Choice(ReviewKind, required=False)

    parameters = Filters

    def rows(self) -> QuerySet[Review]:
        """Every review of a client with a day."""
        wanted = self.filters("client", "kind")
        reached = queries.in_scope(None).values("id")
        return Review.objects.filter(due__isnull=False, client__in=reached).filter(**wanted)


class DueInputs(rest.Inputs):
    """Which review, and the day by which it is to be done."""

    kind = rest.Choice(ReviewKind)
    due = rest.Day()


class SetReview(ClientCommand):
    """Set the day by which the client is to be reviewed."""

    command, inputs = reviews.set_review, DueInputs


class ReviewInputs(rest.Inputs):
    """What the review came to, and when the next is due if sooner than the house's period."""

    kind = rest.Choice(ReviewKind)
    outcome = rest.Choice(ReviewOutcome)
    next_due = rest.Day(required=False)


class DoReview(ClientCommand):
    """Record that the client was reviewed; the next one is set by the house's period unless sooner."""

    command, inputs = reviews.do_review, ReviewInputs


class CircumstanceInputs(rest.Inputs):
    """What changed."""

    what = rest.Choice(Circumstance)


class ChangeCircumstances(ClientCommand):
    """Take note that something about the client changed; a review follows."""

    command, inputs = reviews.change_circumstances, CircumstanceInputs


class ReclassifyInputs(rest.Inputs):
    """As what the client is treated, on which vault record of its finances and which papers."""

    investor = rest.Choice(Investor)
    finances = rest.Id(required=False)
    evidence = rest.Id(required=False)
    evidence_dated = rest.Day(required=False)
    consents = serializers.ListField(child=rest.Id(), max_length=MOST, required=False)
    assessed = rest.Flag(required=False)
    waive = rest.Flag(required=False)


class Reclassify(ClientCommand):
    """Decide as what the client is treated from now on, by two people: a professional's yearly review."""

    permission = Perm.MAKE_CLIENTS
    command, inputs = reclassification.reclassify, ReclassifyInputs


class ReassessInputs(rest.Inputs):
    """The limit asked for and why, on which papers and vault records of the client's finances and answers."""

    finances = rest.Id()
    evidence = rest.Id()
    evidence_dated = rest.Day()
    requested = rest.Amount()
    grounds = serializers.ListField(child=rest.Choice(Ground), max_length=len(Ground))
    answers = rest.Id(required=False)


class Reassess(ClientCommand):
    """Judge the client's credit again, and its knowledge if it was asked anew, by two people."""

    permission = Perm.MAKE_LIMITS
    command, inputs = reclassification.reassess, ReassessInputs


ACTS = {
    "set-review": SetReview,
    "do-review": DoReview,
    "change-circumstances": ChangeCircumstances,
    "reclassify": Reclassify,
    "reassess": Reassess,
}
urlpatterns = [
    path("reviews", Reviews.as_view(), name="api-reviews"),
    *(
        path(f"clients/<uuid:client>/{name}", view.as_view(), name=f"api-client-{name}")
        for name, view in ACTS.items()
    ),
]
