"""The portal's pages of this room."""

from . import amendment, application, others, own

urlpatterns = [
    *amendment.urlpatterns,
    *others.urlpatterns,
    *application.urlpatterns,
    *own.urlpatterns,
]
