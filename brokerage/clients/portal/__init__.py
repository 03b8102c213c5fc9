"""The portal's pages of this room."""

from . import application, others, own

urlpatterns = [*others.urlpatterns, *application.urlpatterns, *own.urlpatterns]
