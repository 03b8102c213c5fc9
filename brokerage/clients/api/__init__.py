"""REST routes of this room, one module for each matter."""

from . import (
    applications,
    authority,
    cases,
    clients,
    complaints,
    details,
    groups,
    overview,
    people,
    reviews,
    screening,
    standing_authorities,
    status,
)

urlpatterns = [
    *clients.urlpatterns,
    *overview.urlpatterns,
    *applications.urlpatterns,
    *people.urlpatterns,
    *details.urlpatterns,
    *status.urlpatterns,
    *authority.urlpatterns,
    *reviews.urlpatterns,
    *screening.urlpatterns,
    *groups.urlpatterns,
    *standing_authorities.urlpatterns,
    *complaints.urlpatterns,
    *cases.urlpatterns,
]
