"""The REST contract once for all rooms (docs/api.md says what it promises). To add routes, write `api.py`:

    class ParcelOut(rest.Out):
        id = rest.Id()
        status = rest.Choice(ParcelStatus)
        weight = rest.Amount()              # decimals travel as strings
        sent_at = rest.Instant(allow_null=True)

    class _Parcel(rest.RestView):           # what the routes of one parcel share
        permission = Perm.SEE_PARCELS       # what staff and machines hold
        for_clients = True                  # and clients reach their own
        item = ParcelOut

        def find(self, parcel: UUID) -> Parcel:
            found = queries.parcel(parcel)  # its UnknownParcel becomes a 404
            self.covered(found.client)      # and so does another client's parcel
            return found

    class ParcelDetail(_Parcel, rest.DetailView):
        '''One parcel.'''

    class ParcelSend(_Parcel, rest.CommandView):
        '''Send a parcel.

        The docstring becomes the operation's summary and description.
        '''
        permission = Perm.SEND_PARCELS
        command = commands.send             # called as send(context, parcel=..., place=...)

        class Inputs(rest.Inputs):          # unknown members are refused
            place = rest.Text(max_length=80)
        inputs = Inputs

    class Parcels(rest.ListView):
        '''All parcels, newest first.'''
        permission, for_clients, item = Perm.SEE_PARCELS, True, ParcelOut
        order = ("-sent_at", "id")

        class Filters(rest.Paged):          # unknown parameters are refused; rest.Past adds as_of, known_at
            status = rest.Choice(ParcelStatus, required=False)
        parameters = Filters

        def rows(self) -> QuerySet[Parcel]:
            return queries.parcels(self.asker.clients, **self.asked)

    urlpatterns = [
        path("parcels", Parcels.as_view(), name="api-parcels"),
        path("parcels/<uuid:parcel>", ParcelDetail.as_view(), name="api-parcel"),
        path("parcels/<uuid:parcel>/send", ParcelSend.as_view(), name="api-parcel-send"),
    ]

Then add each name to tests/http/expectations.py: who reaches it, and what others are answered.
"""

from .fields import (
    Amount,
    Choice,
    Code,
    Day,
    Flag,
    Id,
    Inputs,
    Instant,
    Out,
    Parameters,
    Several,
    Text,
    Whole,
)
from .parameters import AsOf, Paged, Past
from .views import CommandView, DetailView, ListView, RestView

__all__ = (
    "Amount",
    "AsOf",
    "Choice",
    "Code",
    "CommandView",
    "Day",
    "DetailView",
    "Flag",
    "Id",
    "Inputs",
    "Instant",
    "ListView",
    "Out",
    "Paged",
    "Parameters",
    "Past",
    "RestView",
    "Several",
    "Text",
    "Whole",
)
