"""The desk's pages of this room."""

from . import amendment, cases, complaints, details, onboarding, people, watch

urlpatterns = [
    *amendment.urlpatterns,
    *onboarding.urlpatterns,
    *people.urlpatterns,
    *details.urlpatterns,
    *watch.urlpatterns,
    *cases.urlpatterns,
    *complaints.urlpatterns,
]
