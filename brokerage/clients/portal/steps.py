"""The pages of the wizard that ask for something, and what each does with a sound answer."""

from collections.abc import Callable
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brokerage.access.rules import Principal
from brokerage.http.principal import context
from brokerage.ledger import seams
from brokerage.ledger.commands import Command

from .. import commands, forms, queries, vault
from ..models import Application
from ..rules.application import Control, PartyRole
from ..rules.documents import DocumentKind
from ..rules.person import PersonKind, Why, check_own_change
from ..rules.tax import doubts


class Asked(NamedTuple):
    """One request about one application of the asker."""

    asker: Principal
    application: Application
    form: Any
    today: date

    @property
    def subject(self) -> UUID:
        """Under whose key what concerns the client as a whole is kept."""
        parties = queries.parties(self.application.id)
        first = [p.person for p in parties if p.role in (PartyRole.ENTITY, PartyRole.HOLDER)]
        return first[0] if first else self.asker.person

    def give(self, command: Command[..., Any], draft: vault.Draft, /, **inputs: Any) -> None:
        """Give a command that names a draft, which is sealed with it or, once it is refused, not at all."""
        command.within(vault.keeping(draft), context(self.asker), **inputs)


def people_of(asked: Principal, application: UUID) -> list[tuple[str, str]]:
    """The persons of an application with their names, as choices; only who applied may read them all."""
    allowed = queries.entrusted_to(asked.person)
    shown = [queries.person(each) for each in queries.people_of(application) if each in allowed]
    return [(str(each.id), " ".join(vault.read(asked, each.version, Why.OWN).names)) for each in shown]


def signed_by(asked: Principal, people: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Those for whom the asker may certify: himself, and who does not sign with a login of his own."""
    return [(id, name) for id, name in people if id == str(asked.person) or not queries.signs_alone(UUID(id))]


def _name_person(asked: Asked) -> None:
    given = asked.form.cleaned_data
    person = asked.asker.person if given["me"] else seams.new_id()
    details = asked.form.details().checked(asked.today)
    role = PartyRole(given["role"])
    control = Control(given["control"]) if given["control"] else None
    _record(asked, person, vault.Kind.INDIVIDUAL, details)
    commands.name_party(
        context(asked.asker), application=asked.application.id, person=person, role=role, control=control
    )


def _name_body(asked: Asked) -> None:
    person = seams.new_id()
    _record(asked, person, vault.Kind.ENTITY, asked.form.details().checked(asked.today))
    commands.name_party(
        context(asked.asker), application=asked.application.id, person=person, role=PartyRole.ENTITY
    )


def _record(asked: Asked, person: UUID, kind: vault.Kind, details: Any) -> None:
    """Seal and record a person's details, unless they are on record as they are."""
    known = queries.person_if_known(person)
    if known is not None and vault.known(known.version) == details:
        return
    check_own_change(person, by=asked.asker.person, settled=queries.is_settled(person))
    draft = vault.draft(person, kind, details)
    asked.give(commands.record_person, draft, version=draft.id)


def _store_paper(asked: Asked) -> None:
    person = UUID(asked.form.cleaned_data["person"])
    draft = vault.draft(person, vault.Kind.DOCUMENT, asked.form.content())
    kind = DocumentKind(asked.form.cleaned_data["kind"])
    asked.give(commands.store_document, draft, document=draft.id, kind=kind)


def _give_finances(asked: Asked) -> None:
    finances = asked.form.finances().checked(asked.today)
    draft = vault.draft(asked.subject, vault.Kind.FINANCES, finances)
    asked.give(commands.give_finances, draft, application=asked.application.id, record=draft.id)


def _give_answers(asked: Asked) -> None:
    draft = vault.draft(asked.subject, vault.Kind.ANSWERS, asked.form.answers().checked())
    asked.give(commands.give_answers, draft, application=asked.application.id, record=draft.id)


def _certify(asked: Asked) -> None:
    person = queries.person(UUID(asked.form.cleaned_data["person"]))
    is_entity = person.kind == PersonKind.ENTITY
    certificate = asked.form.certificate(asked.today).checked(asked.today, is_entity=is_entity)
    details = vault.read(asked.asker, person.version, Why.OWN)
    asked.form.ask_about((each, _doubt(each)) for each in doubts(certificate, details))
    draft = vault.draft(person.id, vault.Kind.CERTIFICATE, certificate)
    asked.give(commands.certify_tax, draft, record=draft.id)


def _doubt(code: str) -> str:
    what, _dash, country = code.partition("-")
    words = {
        "number": _("The tax number of %(country)s does not look like one."),
        "address": _("You live in %(country)s but did not name it."),
        "citizen": _("Citizens of %(country)s are taxed there, but you did not name it."),
    }
    return words[what] % {"country": country}


class Step(NamedTuple):
    """One page: its form, and what a sound answer does. `about_people` gives the form the names.

    `in_draft` pages are for drafts only.
    """

    title: Any
    lead: Any
    form: Callable[..., Any]
    act: Callable[[Asked], None]
    about_people: bool = False
    in_draft: bool = True


STEPS = {
    "entity": Step(
        gettext_lazy("The entity"),
        gettext_lazy("The corporation, partnership or trust that will be the client."),
        forms.Body,
        _name_body,
    ),
    "people": Step(
        gettext_lazy("People"),
        gettext_lazy("Everybody who holds, signs for, directs or controls. Add them one by one."),
        forms.Person,
        _name_person,
    ),
    "papers": Step(
        gettext_lazy("Papers"),
        gettext_lazy("An identity paper for each person, the constitution of an entity."),
        forms.Paper,
        _store_paper,
        True,
    ),
    "finances": Step(
        gettext_lazy("Finances"),
        gettext_lazy("What you own and owe, in Hong Kong dollars. It is kept encrypted."),
        forms.Wealth,
        _give_finances,
    ),
    "knowledge": Step(
        gettext_lazy("Knowledge"),
        gettext_lazy("What you know of virtual assets and derivatives decides what we may offer you."),
        forms.Enquiry,
        _give_answers,
    ),
    "tax": Step(
        gettext_lazy("Tax residence"),
        gettext_lazy("Every country that taxes you, with your number there."),
        forms.TaxPaper,
        _certify,
        about_people=True,
        in_draft=False,
    ),
}
