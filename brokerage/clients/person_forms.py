"""What staff fill in about a person, about an agreement, and to classify a client again."""

from collections.abc import Iterable
from typing import Any, cast
from uuid import UUID

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from brokerage.access.rules import Perm

from . import vault
from .commands import holds, invitation, screening
from .commands import person as persons
from .forms import Enquiry, Residences, Wealth, money
from .models import Document
from .rules.agreements import AgreementKind
from .rules.classification import Investor
from .rules.credit import Ground
from .rules.documents import DocumentKind
from .rules.finances import Finances
from .rules.holds import Befell, Withdrawal
from .rules.tax import MOST_RESIDENCES
from .watch_forms import Act, form, one_of

LONGEST_AGREEMENT = 200_000
SHOWS_ASSETS = (DocumentKind.ASSETS, DocumentKind.AUTHORITY)


def _reference(label: Any) -> forms.CharField:
    return forms.CharField(
        label=label, max_length=32, widget=forms.TextInput(attrs={"class": "form-control"})
    )


def _act(permission: Perm, words: Any, command: Any, **fields: forms.Field) -> Act:
    return Act(permission=permission, words=words, form=form(**fields), command=command)


_PAPER = _("Number of the paper seen: capital letters and digits")
_CASE = _("Case number or a code: capital letters and digits")
PERSON_ACTS: dict[str, Act] = {
    "death": _act(
        Perm.MAKE_STATUSES,
        _("Report the death: freezes every client held"),
        holds.report_death,
        reference=_reference(_PAPER),
    ),
    "insolvency": _act(
        Perm.MAKE_STATUSES,
        _("Report bankruptcy or winding-up: freezes every client held"),
        holds.report_insolvency,
        reference=_reference(_PAPER),
    ),
    "withdraw": _act(
        Perm.MAKE_STATUSES,
        _("Withdraw what was reported: the person may act again"),
        holds.withdraw_report,
        what=one_of(Befell, _("What was reported")),
        reason=one_of(Withdrawal, _("Why")),
    ),
    "screen": _act(Perm.MAKE_HITS, _("Compare with the screening list in force"), screening.screen),
    "invite": _act(
        Perm.MAKE_CLIENTS,
        _("Mail a link to an own login, to the address on record"),
        invitation.invite_person,
    ),
    "hold": _act(
        Perm.MAKE_ERASURES,
        _("Place a legal hold on the records"),
        persons.hold_person,
        reason=_reference(_("Number of the order or dispute, never of a case of compliance")),
    ),
    "release": _act(
        Perm.MAKE_ERASURES,
        _("Lift a legal hold on the records"),
        persons.release_person,
        hold=_reference(_("Number of the order or dispute that the hold was placed under")),
        reason=_reference(_CASE),
    ),
    "erase": _act(
        Perm.MAKE_ERASURES,
        _("Erase the personal data for good"),
        persons.erase_person,
        reason=_reference(_CASE),
    ),
}
"""What is asked for on a person's page."""
NewAgreement = form(
    kind=one_of(AgreementKind, _("Agreement")),
    text=forms.CharField(
        label=_("The whole text of the new version"),
        max_length=LONGEST_AGREEMENT,
        widget=forms.Textarea(attrs={"rows": 12, "class": "form-control"}),
    ),
)


def _papers(papers: Iterable[Document], kinds: tuple[DocumentKind, ...]) -> list[tuple[str, str]]:
    return [(str(each.id), f"{each.kind} {str(each.id)[-8:]}") for each in papers if each.kind in kinds]


def _offer(asked: forms.Form, name: str, choices: list[tuple[str, str]]) -> None:
    cast(forms.TypedChoiceField, asked.fields[name]).choices = choices


class SignedPaper(Residences):
    """A self-certification that somebody signed on a paper, with every residence there may be."""

    rows = MOST_RESIDENCES
    document = forms.TypedChoiceField(label=_("The signed paper"), coerce=UUID)
    signed_on = forms.DateField(
        label=_("Signed on"), widget=forms.DateInput(attrs={"type": "date", "class": "form-control"})
    )
    field_order = ("document", "signed_on", "entity")

    def __init__(self, *args: Any, papers: Iterable[Document], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self, "document", _papers(papers, (DocumentKind.SIGNATURE,)))
        self.order_fields(self.field_order)


class Reassessment(Wealth, Enquiry):
    """What a client has today, the limit it asks for and why; and its answers, if it was asked anew."""

    evidence = forms.TypedChoiceField(label=_("Paper that shows it"), coerce=UUID)
    requested = money(_("Limit asked for (HKD)"))
    grounds = forms.TypedMultipleChoiceField(
        label=_("Grounds"),
        choices=[(each.value, each.value.replace("-", " ")) for each in Ground],
        coerce=Ground,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    enquired = forms.BooleanField(label=_("Knowledge was asked anew, as below"), required=False)
    field_order = (
        "evidence",
        "requested",
        "grounds",
        *Wealth.base_fields,
        "enquired",
        *Enquiry.base_fields,
    )

    def __init__(self, *args: Any, papers: Iterable[Document], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.papers = {paper.id: paper for paper in papers}
        _offer(self, "evidence", _papers(self.papers.values(), (DocumentKind.ASSETS,)))

    def inputs(self) -> dict[str, Any]:
        """What the command is given: figures and answers are sealed with it, under the paper's person."""
        given = self.cleaned_data
        subject = self.papers[given["evidence"]].person
        figures = Finances(**{name: given[name] for name in Wealth.base_fields})
        drafts = {"finances": vault.draft(subject, vault.Kind.FINANCES, figures)}
        if given["enquired"]:
            drafts["answers"] = vault.draft(subject, vault.Kind.ANSWERS, self.answers())
        named = {name: draft.id for name, draft in drafts.items()}
        seen = {name: given[name] for name in ("evidence", "evidence_dated", "requested")}
        return seen | named | {"grounds": tuple(given["grounds"]), "around": vault.keeping(*drafts.values())}


class Reclassification(Wealth):
    """As what a client is to be treated, and what shows it; retail needs no figures and no paper."""

    investor = one_of(Investor, _("Treat as"))
    evidence = forms.TypedChoiceField(
        label=_("Paper that shows it"), coerce=UUID, required=False, empty_value=None
    )
    consents = forms.TypedMultipleChoiceField(
        label=_("Consents to waive suitability, of as many as sign together"),
        coerce=UUID,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    assessed = forms.BooleanField(label=_("Knowledge and process were assessed"), required=False)
    waive = forms.BooleanField(label=_("Waive suitability"), required=False)
    field_order = ("investor", "evidence")

    def __init__(self, *args: Any, papers: Iterable[Document], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.papers = {paper.id: paper for paper in papers}
        _offer(self, "evidence", [("", "–"), *_papers(self.papers.values(), SHOWS_ASSETS)])
        _offer(self, "consents", _papers(self.papers.values(), (DocumentKind.SIGNATURE,)))
        self.fields["evidence_dated"].required = False

    def clean(self) -> dict[str, Any]:
        """The same, if evidence comes with its date."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if given.get("evidence") and not given.get("evidence_dated"):
            self.add_error("evidence_dated", _now("Say of which day the statements are."))
        return given

    def inputs(self) -> dict[str, Any]:
        """What the command is given: figures are sealed with it, under whom the paper is about."""
        names = ("investor", "evidence", "assessed", "waive")
        given = {name: self.cleaned_data[name] for name in names}
        given["consents"] = tuple(self.cleaned_data["consents"])
        paper = self.papers.get(given["evidence"])
        if paper is None:
            return given
        figures = {name: self.cleaned_data[name] for name in Wealth.base_fields}
        draft = vault.draft(paper.person, vault.Kind.FINANCES, Finances(**figures))
        named = {"finances": draft.id, "evidence_dated": figures["evidence_dated"]}
        return given | named | {"around": vault.keeping(draft)}
