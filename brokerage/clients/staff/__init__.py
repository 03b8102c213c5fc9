"""The desk's pages of this room."""

from . import cases, complaints, onboarding, people, watch

urlpatterns = [
    *onboarding.urlpatterns,
    *people.urlpatterns,
    *watch.urlpatterns,
    *cases.urlpatterns,
    *complaints.urlpatterns,
]
