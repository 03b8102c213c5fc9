"""Reviews due, to come and done."""

from datetime import date, timedelta
from uuid import UUID

from django.db.models import QuerySet

from ..models.client import Client
from ..models.reviews import Review
from ..rules.reviews import NoReview, ReviewKind, review_id
from ..rules.status import ClientStatus


def reviews_due(day: date) -> QuerySet[Review]:
    """Reviews due by a day of clients that are not closed, the longest due first."""
    dealt_with = Client.objects.exclude(status=ClientStatus.CLOSED)
    return Review.objects.filter(due__lte=day, client__in=dealt_with.values("id"))


def reviews_coming(day: date) -> QuerySet[Review]:
    """Reviews due by a month after a day, the longest due first."""
    return reviews_due(day + timedelta(days=30))


def reviews_of(client: UUID) -> list[Review]:
    """A client's reviews, one a kind."""
    return list(Review.objects.filter(client=client))


def review_set(client: UUID, kind: ReviewKind) -> Review | None:
    """The client's review of a kind that is set, if one is."""
    return Review.objects.filter(pk=review_id(client, kind), due__isnull=False).first()


def review(client: UUID, kind: ReviewKind) -> Review:
    """The client's review of a kind that is set; raises NoReview."""
    found = review_set(client, kind)
    if found is None:
        raise NoReview("No review of this kind is set for the client.", client=client, kind=kind)
    return found


def unreviewed() -> list[UUID]:
    """Clients that are not closed and have no periodic review set, by id."""
    planned = Review.objects.filter(kind=ReviewKind.PERIODIC, due__isnull=False).values("client")
    left = Client.objects.exclude(status=ClientStatus.CLOSED).exclude(id__in=planned)
    return list(left.order_by("id").values_list("id", flat=True))
