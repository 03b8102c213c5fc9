"""REST routes of a person: what befell it, and the records kept about it. Personal data comes in by
`details` only, and none goes out.
"""

from datetime import datetime
from uuid import UUID

from django.shortcuts import get_object_or_404
from django.urls import path
from rest_framework import serializers

from brokerage.access.rules import Perm
from brokerage.http import rest
from brokerage.ledger import seams

from .. import commands, queries
from ..commands import holds, invitation, screening
from ..models import Person
from ..queries.tax import certificates_due
from ..rules.holds import Befell, Withdrawal
from ..rules.person import PersonKind


class CertificateEnd(rest.Instant):
    """When a person's tax certificate ends for what changed since; null while it stands."""

    def get_attribute(self, instance: Person) -> datetime | None:
        """The end of what is due of the person."""
        ends = [due.until for due in certificates_due(seams.now(), [instance.pk])]
        return ends[0] if ends else None


class PersonOut(rest.Out):
    """A person by id: which legal holds forbid to erase its records, and whether they were erased; when it
    was reported dead or insolvent. `certificate_until`: once circumstances changed, when the tax certificate
    ends; null while it stands.
    """

    id = rest.Id()
    kind = rest.Choice(PersonKind)
    recorded_at = rest.Instant()
    held = rest.Flag()
    holds = serializers.ListField(child=rest.Text())
    erased_at = rest.Instant(allow_null=True)
    died_at = rest.Instant(allow_null=True)
    insolvent_at = rest.Instant(allow_null=True)
    certificate_until = CertificateEnd(allow_null=True)


class _Person(rest.RestView):
    permission, item = Perm.SEE_CLIENTS, PersonOut

    def find(self, person: UUID) -> Person:
        """The person, erased or not: a key may come again."""
        return get_object_or_404(Person, pk=person)


class PersonDetail(_Person, rest.DetailView):
    """One person."""


class ScreenPerson(_Person, rest.CommandView):
    """Compare the person's present record with the screening list in force; a hit freezes its clients."""

    permission = Perm.MAKE_HITS
    command = screening.screen


class BefallInputs(rest.Inputs):
    """The number of the paper that was seen."""

    reference = rest.Text(max_length=32)


class ReportDeath(_Person, rest.CommandView):
    """The person died: freeze every client it holds, and end what it could do for others."""

    permission = Perm.MAKE_STATUSES
    command, inputs = holds.report_death, BefallInputs


class ReportInsolvency(_Person, rest.CommandView):
    """The person is bankrupt or being wound up: freeze every client it holds."""

    permission = Perm.MAKE_STATUSES
    command, inputs = holds.report_insolvency, BefallInputs


class WithdrawInputs(rest.Inputs):
    """What was reported, and why it counts no longer."""

    what = rest.Choice(Befell)
    reason = rest.Choice(Withdrawal)


class WithdrawReport(_Person, rest.CommandView):
    """A reported death or insolvency counts no longer, say two people; holds are lifted by themselves."""

    permission = Perm.MAKE_STATUSES
    command, inputs = holds.withdraw_report, WithdrawInputs


class InvitePerson(_Person, rest.CommandView):
    """Mail the person a link to an own login, to the address on record; two people."""

    permission = Perm.MAKE_CLIENTS
    command = invitation.invite_person


class ReasonInputs(rest.Inputs):
    """Why: a case number or a code, no personal data."""

    reason = rest.Text(max_length=32)


class ReleaseInputs(ReasonInputs):
    """Which hold, by its order's number, and why it ends."""

    hold = rest.Text(max_length=32)


class _Records(_Person, rest.CommandView):
    permission, inputs = Perm.MAKE_ERASURES, ReasonInputs


class HoldRecords(_Records):
    """Forbid the erasure of the person's records."""

    command = commands.hold_person


class ReleaseRecords(_Records):
    """Lift one legal hold on the person's records; the others stay."""

    command, inputs = commands.release_person, ReleaseInputs


class EraseRecords(_Records):
    """Destroy the keys of everything kept about the person, for good; two people."""

    command = commands.erase_person

    def find(self, person: UUID) -> Person:
        """The person, erased or not, or whoever has but a key or a login."""
        return Person.objects.filter(pk=person).first() or queries.anybody(person, seams.now())


ACTS = {
    "screen": ScreenPerson,
    "report-death": ReportDeath,
    "report-insolvency": ReportInsolvency,
    "withdraw-report": WithdrawReport,
    "invite": InvitePerson,
    "hold-records": HoldRecords,
    "release-records": ReleaseRecords,
    "erase-records": EraseRecords,
}
urlpatterns = [
    path("people/<uuid:person>", PersonDetail.as_view(), name="api-person"),
    *(
        path(f"people/<uuid:person>/{name}", view.as_view(), name=f"api-person-{name}")
        for name, view in ACTS.items()
    ),
]
