"""The portal's pages of this room."""

from . import application, own

urlpatterns = [*application.urlpatterns, *own.urlpatterns]
