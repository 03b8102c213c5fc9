"""The desk's pages of this room."""

from . import cases, complaints, details, onboarding, people, watch

urlpatterns = [
    *onboarding.urlpatterns,
    *people.urlpatterns,
    *details.urlpatterns,
    *watch.urlpatterns,
    *cases.urlpatterns,
    *complaints.urlpatterns,
]
