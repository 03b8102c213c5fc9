"""REST routes of who may act for a client: holders, signatories, and attorneys under a power."""

from django.urls import path

from brokerage.access.rules import Perm
from brokerage.http import rest

from .. import commands
from ..commands import authority
from ..rules.authority import Capacity
from ..rules.mandate import MOST
from .clients import ClientCommand


class ActingInputs(rest.Inputs):
    """Who, in which capacity."""

    person = rest.Id()
    capacity = rest.Choice(Capacity)


class GrantInputs(ActingInputs):
    """Who, in which capacity, on which proof of identity; an attorney is appointed under a power."""

    document = rest.Id()


class GrantAuthority(ClientCommand):
    """Let a person act for a client of an import, by two people; any other client is amended."""

    permission = Perm.MAKE_AUTHORITIES
    command, inputs = commands.grant_authority, GrantInputs


class AttorneyInputs(rest.Inputs):
    """Who acts, proved by which paper, under which paper of a holder's, until the end of which day."""

    person = rest.Id()
    identity = rest.Id()
    document = rest.Id()
    until = rest.Day()


class AppointAttorney(ClientCommand):
    """Let a person act under a power of attorney, by two people."""

    permission = Perm.MAKE_AUTHORITIES
    command, inputs = authority.appoint_attorney, AttorneyInputs


class EndInputs(ActingInputs):
    """Whose authority ends, in which capacity, and why: a code without personal data."""

    reason = rest.Text(max_length=32)


class EndAuthority(ClientCommand):
    """End a person's authority at once."""

    permission = Perm.MAKE_AUTHORITIES
    command, inputs = commands.end_authority, EndInputs


class MandateInputs(rest.Inputs):
    """How many of those who sign for the client an instruction needs."""

    signatures = rest.Whole(min_value=1, max_value=MOST)


class SetMandate(ClientCommand):
    """Change how many sign together for a client of an import, by two people; any other is amended."""

    permission = Perm.MAKE_AUTHORITIES
    command, inputs = authority.set_mandate, MandateInputs


ACTS = {
    "grant-authority": GrantAuthority,
    "appoint-attorney": AppointAttorney,
    "end-authority": EndAuthority,
    "set-mandate": SetMandate,
}
urlpatterns = [
    path(f"clients/<uuid:client>/{name}", view.as_view(), name=f"api-client-{name}")
    for name, view in ACTS.items()
]
