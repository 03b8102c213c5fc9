"""REST routes of what a client may do: its status, and the holds that freeze it. Closing is custody's."""

from django.urls import path

from brokerage.access.rules import Perm
from brokerage.http import rest

from .. import commands
from ..commands import holds
from ..rules.holds import Ground, LiftReason
from ..rules.status import ClientStatus
from .clients import ClientCommand


class StatusInputs(rest.Inputs):
    """What the client becomes, and why: a code or case number without personal data."""

    status = rest.Choice(ClientStatus)
    reason = rest.Text(max_length=32)


class ChangeStatus(ClientCommand):
    """Suspend, freeze or reactivate the client, or call it dormant; most of these take two people."""

    permission = Perm.MAKE_STATUSES
    command, inputs = commands.change_status, StatusInputs


class HoldInputs(rest.Inputs):
    """Why the client is frozen, under which case or order number."""

    ground = rest.Choice(Ground)
    reference = rest.Text(max_length=32)


class PlaceHold(ClientCommand):
    """Freeze the client at once."""

    permission = Perm.MAKE_STATUSES
    command, inputs = holds.place_hold, HoldInputs


class LiftInputs(rest.Inputs):
    """Which hold, and why it ends."""

    hold = rest.Id()
    reason = rest.Choice(LiftReason)


class LiftHold(ClientCommand):
    """Lift a hold, by two people."""

    permission = Perm.MAKE_STATUSES
    command, inputs = holds.lift_hold, LiftInputs


ACTS = {"change-status": ChangeStatus, "place-hold": PlaceHold, "lift-hold": LiftHold}
urlpatterns = [
    path(f"clients/<uuid:client>/{name}", view.as_view(), name=f"api-client-{name}")
    for name, view in ACTS.items()
]
