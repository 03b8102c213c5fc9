"""REST routes of this room."""

from . import applications, clients, watch

urlpatterns = [*clients.urlpatterns, *applications.urlpatterns, *watch.urlpatterns]
