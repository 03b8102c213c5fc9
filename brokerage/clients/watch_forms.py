"""What staff and clients fill in to have a client watched over; rules judge, forms only ask."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from brokerage.access.rules import Perm
from brokerage.ledger.commands import Command

from .commands import authority, cases, groups, holds, reviews, screening, standing_authorities, status
from .commands import complaints as complaints_
from .rules.authority import Capacity
from .rules.cases import AlertGround, Closing
from .rules.complaints import Channel, Outcome, Subject
from .rules.groups import Tie, TieReason
from .rules.holds import Ground, LiftReason
from .rules.mandate import MOST
from .rules.reviews import Circumstance, ReviewKind, ReviewOutcome
from .rules.screening import ClearReason
from .rules.sealed import LONGEST_NOTE
from .rules.standing_authorities import Purpose
from .rules.status import ClientStatus

Label = Any
"""Words for a person: text, or text that is translated when shown."""


def one_of(kind: type[StrEnum], label: Label, *left_out: StrEnum) -> forms.TypedChoiceField:
    """A choice among codes; the cleaned value is the code."""
    words = [(each.value, str(each.value).replace("-", " ")) for each in kind if each not in left_out]
    return forms.TypedChoiceField(
        label=label, choices=words, coerce=kind, widget=forms.Select(attrs={"class": "form-select"})
    )


def _day(label: Label, *, required: bool = True) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=required,
        widget=forms.DateInput(attrs={"type": "date", "class": "form-control"}),
    )


def _code(label: Label, longest: int = 32) -> forms.CharField:
    widget = forms.TextInput(attrs={"class": "form-control"})
    return forms.CharField(label=label, max_length=longest, widget=widget)


def _id(label: Label, *, required: bool = True) -> forms.UUIDField:
    return forms.UUIDField(
        label=label, required=required, widget=forms.TextInput(attrs={"class": "form-control mono"})
    )


class Ticked(forms.TypedMultipleChoiceField):
    """Ids ticked among those that the page offers; the command judges whether they may be."""

    widget = forms.CheckboxSelectMultiple

    def valid_value(self, value: object) -> bool:
        """Whatever is an id."""
        return True

    def clean(self, value: Any) -> tuple[UUID, ...]:
        """The ids; raises ValidationError for none, and for what is no id."""
        return tuple(super().clean(value))


class Ids(forms.CharField):
    """Several ids, with spaces or on lines of their own; the cleaned value is a tuple."""

    def clean(self, value: Any) -> tuple[UUID, ...]:
        """The ids; raises ValidationError."""
        try:
            return tuple(UUID(each) for each in super().clean(value).split())
        except ValueError as error:
            raise forms.ValidationError(_now("Write each id as it stands on the person's page.")) from error


def _ids(label: Label) -> Ids:
    return Ids(
        label=label, required=False, widget=forms.Textarea(attrs={"rows": 2, "class": "form-control mono"})
    )


def _words(label: Label) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": 4, "class": "form-control"})
    return forms.CharField(label=label, max_length=LONGEST_NOTE, widget=widget)


def form(**fields: forms.Field) -> type[forms.Form]:
    """A form of these fields."""
    return type("ActForm", (forms.Form,), fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something that may be asked for: the right it takes, the form, the command, and what it is called."""

    permission: Perm
    words: Label
    form: type[forms.Form]
    command: Command[..., Any]

    def offered(self, may: Callable[[str], bool]) -> bool:
        """Whether somebody with these rights is offered it."""
        return may(self.permission)


def _status(permission: Perm, words: Label, command: Command[..., Any], **fields: forms.Field) -> Act:
    return Act(permission=permission, words=words, form=form(**fields), command=command)


_CASE = _("Case or order number: capital letters and digits")
_REASON = _("Reason: a code or case number in capital letters and digits")
_PAPERS = _("Papers in the vault, of as many as sign together (their ids)")
CLIENT_ACTS: dict[str, Act] = {
    "status": _status(
        Perm.MAKE_STATUSES,
        _("Change the status"),
        status.change_status,
        status=one_of(ClientStatus, _("Status"), ClientStatus.CLOSED, ClientStatus.FROZEN),
        reason=_code(_REASON),
    ),
    "hold": _status(
        Perm.MAKE_STATUSES,
        _("Place a hold"),
        holds.place_hold,
        ground=one_of(Ground, _("Ground"), Ground.SCREENING),
        reference=_code(_CASE),
    ),
    "lift": _status(
        Perm.MAKE_STATUSES,
        _("Lift a hold"),
        holds.lift_hold,
        hold=_id(_("Hold (its id)")),
        reason=one_of(LiftReason, _("Reason"), LiftReason.HIT_CLEARED),
    ),
    "grant": _status(
        Perm.MAKE_AUTHORITIES,
        _("Let a person act for an imported client"),
        authority.grant_authority,
        person=_id(_("Person (the id)")),
        capacity=one_of(Capacity, _("Capacity"), Capacity.ATTORNEY),
        document=_id(_("Proof of identity in the vault (its id)")),
    ),
    "attorney": _status(
        Perm.MAKE_AUTHORITIES,
        _("Appoint an attorney"),
        authority.appoint_attorney,
        person=_id(_("Person (the id)")),
        identity=_id(_("Proof of identity in the vault (its id)")),
        document=_id(_("Power of attorney in the vault (its id)")),
        until=_day(_("Until the end of")),
    ),
    "end-authority": _status(
        Perm.MAKE_AUTHORITIES,
        _("Stop a person from acting at once"),
        authority.end_authority,
        person=_id(_("Person (the id)")),
        capacity=one_of(Capacity, _("Capacity")),
        reason=_code(_REASON),
    ),
    "mandate": _status(
        Perm.MAKE_AUTHORITIES,
        _("Change how many sign for an imported client"),
        authority.set_mandate,
        signatures=forms.IntegerField(
            label=_("Signatures an instruction needs"),
            min_value=1,
            max_value=MOST,
            widget=forms.NumberInput(attrs={"class": "form-control"}),
        ),
    ),
    "circumstances": _status(
        Perm.MAKE_WATCH,
        _("Note changed circumstances"),
        reviews.change_circumstances,
        what=one_of(Circumstance, _("What changed")),
    ),
    "review-set": _status(
        Perm.MAKE_WATCH,
        _("Set a review"),
        reviews.set_review,
        kind=one_of(ReviewKind, _("Review"), ReviewKind.PROFESSIONAL),
        due=_day(_("Due")),
    ),
    "review-do": _status(
        Perm.MAKE_WATCH,
        _("Record a review"),
        reviews.do_review,
        kind=one_of(ReviewKind, _("Review"), ReviewKind.PROFESSIONAL),
        outcome=one_of(ReviewOutcome, _("Outcome")),
    ),
    "group-join": _status(
        Perm.MAKE_WATCH,
        _("Add to a group"),
        groups.join_group,
        group=_id(_("Group (its id)")),
        tie=one_of(Tie, _("What ties the client to it")),
    ),
    "group-leave": _status(
        Perm.MAKE_WATCH,
        _("Take out of the group"),
        groups.leave_group,
        reason=one_of(TieReason, _("Reason")),
    ),
    "authority-give": _status(
        Perm.MAKE_WATCH,
        _("Record a standing authority"),
        standing_authorities.give_standing_authority,
        purpose=one_of(Purpose, _("Purpose")),
        ends=_day(_("Until the end of")),
        documents=_ids(_PAPERS),
        revocation_stated=forms.BooleanField(label=_("The text says how it is revoked"), required=False),
    ),
    "alert": _status(
        Perm.RAISE_ALERTS,
        _("Tell compliance of a concern"),
        cases.raise_alert,
        ground=one_of(AlertGround, _("Ground"), AlertGround.LINKED, AlertGround.LARGE),
        text=_words(_("What you saw; only compliance reads it")),
    ),
}
"""What is asked for on a client's page; `alert` says nothing of what becomes of it."""
HIT_ACTS: dict[str, Act] = {
    "clear": _status(
        Perm.MAKE_HITS,
        _("Not this person"),
        screening.clear_hit,
        matches=Ticked(label=_("Matches that you looked at"), coerce=UUID),
        reason=one_of(ClearReason, _("Why it is somebody else")),
    ),
    "confirm": _status(
        Perm.MAKE_HITS,
        _("This is the person"),
        screening.confirm_hit,
        matches=Ticked(label=_("Matches that you looked at"), coerce=UUID),
    ),
}
AUTHORITY_ACTS: dict[str, Act] = {
    "announce": _status(Perm.MAKE_WATCH, _("Announce renewal"), standing_authorities.announce_renewal),
    "renew": _status(
        Perm.MAKE_WATCH,
        _("Client renews in writing"),
        standing_authorities.renew_standing_authority,
        ends=_day(_("Until the end of")),
        documents=_ids(_PAPERS),
    ),
    "object": _status(Perm.MAKE_WATCH, _("Client objects"), standing_authorities.object_to_renewal),
    "revoke": _status(Perm.MAKE_WATCH, _("Client revokes"), standing_authorities.revoke_standing_authority),
}
ALERT_ACTS: dict[str, Act] = {
    "open": _status(Perm.MANAGE_CASES, _("Open a case"), cases.open_case),
    "dismiss": _status(
        Perm.MANAGE_CASES,
        _("No case"),
        cases.dismiss_alert,
        reason=one_of(Closing, _("Why"), Closing.REPORT_DONE),
    ),
}
CASE_ACTS: dict[str, Act] = {
    "note": _status(Perm.MANAGE_CASES, _("Add a note"), cases.note_case, text=_words(_("Note"))),
    "report": _status(
        Perm.MANAGE_CASES,
        _("Record the report"),
        cases.report_case,
        number=_code(_("Number under which the unit took it")),
        filed=_day(_("Filed on")),
    ),
    "propose": _status(
        Perm.MANAGE_CASES,
        _("Propose to close without a report"),
        cases.propose_closure,
        reason=one_of(Closing, _("Why"), Closing.REPORT_DONE),
    ),
    "close": _status(Perm.MANAGE_CASES, _("Close"), cases.close_case),
}
COMPLAINT_ACTS: dict[str, Act] = {
    "acknowledge": _status(Perm.MAKE_WATCH, _("Acknowledged"), complaints_.acknowledge_complaint),
    "answer": _status(
        Perm.MAKE_WATCH,
        _("Record the answer"),
        complaints_.answer_complaint,
        outcome=one_of(Outcome, _("Outcome")),
        text=_words(_("The answer as it was sent")),
    ),
    "close": _status(Perm.MAKE_WATCH, _("Close"), complaints_.close_complaint),
}
FormGroup = form(reference=_code(_("Reference: capital letters, digits, hyphens")))
NewComplaint = form(
    subject=one_of(Subject, _("About")),
    channel=one_of(Channel, _("How it came in"), Channel.PORTAL),
    received=_day(_("Received"), required=False),
    client=_id(_("Client (the id); empty for somebody else"), required=False),
    text=_words(_("What is complained of")),
)
OwnComplaint = form(
    subject=one_of(Subject, _("About")), text=_words(_("What happened, and what you ask for"))
)
OwnAuthority = form(
    purpose=one_of(Purpose, _("What we may do")),
    ends=_day(_("Until the end of, at most twelve months ahead")),
    revocation_stated=forms.BooleanField(
        label=_("I have read that I can revoke this here at any time"), required=True
    ),
)
Renewal = form(ends=_day(_("Until the end of")))
