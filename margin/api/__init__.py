"""REST routes of this room, one module for each matter."""

from . import accounts, calls

urlpatterns = [*accounts.urlpatterns, *calls.urlpatterns]
