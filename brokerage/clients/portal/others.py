"""Whom an applicant invites: each opens a login of his own, and certifies and signs for himself."""

from typing import Any, NamedTuple
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brokerage.access import queries as access
from brokerage.access.commands import sealed_address
from brokerage.access.step_up import fresh_mfa
from brokerage.http.gate import allow_client
from brokerage.http.principal import context, principal
from brokerage.ledger import seams
from brokerage.ledger.refusal import Refused

from .. import commands, queries
from ..models import Application
from ..rules.application import OPEN, Facts, UnknownApplication
from ..rules.person import PersonKind
from ..rules.stages import to_certify, to_sign
from .steps import people_of


class Invitation(forms.Form):
    """Whom to invite, and where the link goes."""

    person = forms.ChoiceField(label=gettext_lazy("Whom"))
    address = forms.EmailField(label=gettext_lazy("The person's own e-mail address"))

    def __init__(self, *args: Any, people: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"] = forms.ChoiceField(label=gettext_lazy("Whom"), choices=people)


class Other(NamedTuple):
    """A human being named in an application: how he gets in, and what is still to be done by him."""

    name: str
    way_in: str
    undone: tuple[str, ...]


@allow_client
@fresh_mfa()
def others(request: HttpRequest, application: UUID) -> HttpResponse:
    """Everybody named in an application of the asker's, what each still signs, and a form to invite them."""
    asker = principal(request)
    found = _of_applicant(application, asker.person)
    known = people_of(asker, application)
    humans = [(id, name) for id, name in known if _is_human(UUID(id))]
    without = [(id, name) for id, name in humans if not access.has_login(UUID(id))]
    form = Invitation(request.POST or None, people=without)
    if request.method == "POST" and form.is_valid():
        try:
            commands.invite_party(
                context(asker),
                application=application,
                person=UUID(form.cleaned_data["person"]),
                sealed=sealed_address(form.cleaned_data["address"]),
            )
            messages.success(request, _("The link is on its way. It is good once, for seven days."))
            return redirect("portal-application-others", application)
        except Refused as refusal:
            form.add_error(None, refusal.message)
    facts, ids = queries.facts(found), {UUID(id) for id, _name in humans}
    invited = access.invited(ids, seams.now())
    rows = [
        Other(name, _way_in(UUID(id), asker.person, invited), _undone(facts, UUID(id))) for id, name in humans
    ]
    shown = {"application": found, "rows": rows, "form": form if without else None}
    return render(request, "portal/clients/others.html", shown)


def _of_applicant(application: UUID, person: UUID) -> Application:
    """An open application that this person made; to anybody else it does not exist here."""
    try:
        found = queries.application(application, of=person)
    except UnknownApplication as unknown:
        raise Http404 from unknown
    if found.applicant != person or found.state not in OPEN:
        raise Http404
    return found


def _is_human(person: UUID) -> bool:
    """Whether a person could have a login: no entity, and not erased."""
    known = queries.person_if_known(person)
    return known is not None and known.kind == PersonKind.INDIVIDUAL


def _way_in(person: UUID, asker: UUID, invited: frozenset[UUID]) -> str:
    if person == asker:
        return _("You")
    if access.has_login(person):
        return _("Has a login")
    return _("Invited") if person in invited else _("No login")


def _undone(facts: Facts, person: UUID) -> tuple[str, ...]:
    signs = _("sign the agreements") if person in to_sign(facts) else ""
    certifies = _("certify tax residence") if person in to_certify(facts) - facts.certified else ""
    return tuple(filter(None, (signs, certifies)))


urlpatterns = [
    path("apply/<uuid:application>/others/", others, name="portal-application-others"),
]
