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
from ..rules.amendment import is_another
from ..rules.application import ROLES, Facts, PartyRole
from ..rules.documents import DocumentKind
from ..rules.person import PersonKind, Why
from ..rules.status import ClientType
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

    def give(self, command: Command[..., Any], /, *drafts: vault.Draft, **inputs: Any) -> None:
        """Give a command that names drafts, which are sealed with it or, once it is refused, not at all."""
        command.within(vault.keeping(*drafts), context(self.asker), **inputs)


class Part(NamedTuple):
    """A role in an application as its applicant reads it."""

    person: str
    name: str
    role: str


def parts_of(people: list[tuple[str, str]], application: UUID) -> list[Part]:
    """The roles in an application of those who may be named to the asker, oldest first."""
    names = dict(people)
    named = [(str(each.person), each.role) for each in queries.parties(application)]
    return [Part(person, names[person], role) for person, role in named if person in names]


def people_of(asked: Principal, application: UUID) -> list[tuple[str, str]]:
    """The persons of an application with their names, as choices; only who applied may read them all."""
    allowed = queries.entrusted_to(asked.person)
    return [(str(each), _name_of(asked, each)) for each in queries.people_of(application) if each in allowed]


def _name_of(asked: Principal, person: UUID) -> str:
    known = queries.person_if_known(person)
    if known is None:  # erased since: the applicant removes the role
        return _("(data erased)")
    return " ".join(vault.read(asked, known.version, Why.OWN).names)


def signed_by(asked: Principal, people: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Those for whom the asker may certify: himself, and who does not sign with a login of his own."""
    known = filter(None, (queries.person_if_known(UUID(id)) for id, _name in people))
    others = {str(each.id) for each in known if not queries.certifies_alone(each)}
    return [(id, name) for id, name in people if id in others | {str(asked.person)}]


def _name_person(asked: Asked) -> None:
    person = asked.asker.person if asked.form.cleaned_data["me"] else seams.new_id()
    _name(asked, person, vault.Kind.INDIVIDUAL, **asked.form.part())


def _name_again(asked: Asked) -> None:
    person = UUID(asked.form.cleaned_data["person"])
    asked.give(commands.name_party, application=asked.application.id, person=person, **asked.form.part())


def _name_body(asked: Asked) -> None:
    _name(asked, seams.new_id(), vault.Kind.ENTITY, role=PartyRole.ENTITY)


def _name(asked: Asked, person: UUID, kind: vault.Kind, **inputs: Any) -> None:
    """Name a person, and record the details unless they are on record as they are: both, or neither."""
    details = asked.form.details().checked(asked.today)
    known = queries.person_if_known(person)
    named = {"application": asked.application.id, "person": person} | inputs
    if known is not None and vault.known(known.version) == details:
        asked.give(commands.name_party, **named)
    else:
        draft = vault.draft(person, kind, details)
        asked.give(commands.name_party, draft, version=draft.id, **named)


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
    asked.form.ask_about(doubts(certificate, details))
    draft = vault.draft(person.id, vault.Kind.CERTIFICATE, certificate)
    asked.give(commands.certify_tax, draft, record=draft.id)


Offer = Callable[[Principal, Application], dict[str, Any]]
"""What a page's form is made with, for one asker and application."""


def _nothing(asker: Principal, application: Application) -> dict[str, Any]:
    return {}


def _people(asker: Principal, application: Application) -> dict[str, Any]:
    return {"people": people_of(asker, application.id)}


def _signed(asker: Principal, application: Application) -> dict[str, Any]:
    return {"people": signed_by(asker, people_of(asker, application.id))}


def _roles(asker: Principal, application: Application) -> dict[str, Any]:
    return {"roles": ROLES[ClientType(application.form)]}


def _people_and_roles(asker: Principal, application: Application) -> dict[str, Any]:
    bodies = {str(each) for each in queries.facts(application).of(PartyRole.ENTITY)}
    people = [(id, name) for id, name in people_of(asker, application.id) if id not in bodies]
    return {"people": people} | _roles(asker, application)


class Step(NamedTuple):
    """One page: its form, what that is made with, and what a sound answer does.

    `in_draft` pages are for drafts only.
    """

    title: Any
    lead: Any
    form: Callable[..., Any]
    act: Callable[[Asked], None]
    offer: Offer = _nothing
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
        _roles,
    ),
    "parts": Step(
        gettext_lazy("Further parts"),
        gettext_lazy("Somebody named already may have another part, such as a director who signs."),
        forms.FurtherPart,
        _name_again,
        _people_and_roles,
    ),
    "papers": Step(
        gettext_lazy("Papers"),
        gettext_lazy("An identity paper for each person, the constitution of an entity."),
        forms.Paper,
        _store_paper,
        _people,
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
        _signed,
        in_draft=False,
    ),
}


def pages_of(facts: Facts) -> dict[str, Step]:
    """The pages that an application has, in order: for its legal form, and where it is judged."""
    asked = dict.fromkeys(("entity", "parts"), PartyRole.ENTITY in ROLES[facts.form])
    asked |= dict.fromkeys(("finances", "knowledge"), is_another(facts))
    return {slug: step for slug, step in STEPS.items() if asked.get(slug, True)}
