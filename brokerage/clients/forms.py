"""The portal's forms of an application: words in, values of the rules out. Rules judge, forms only ask."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from .rules.application import Control, PartyRole
from .rules.documents import LARGEST, DocumentKind, DocumentTooLarge
from .rules.finances import Finances
from .rules.knowledge import Answers, Experience
from .rules.mandate import MOST
from .rules.person import Address, Entity, IdKind, Individual
from .rules.status import ClientType
from .rules.tax import Certificate, EntityKind, NoNumber, Residence

ROWS = 3
"""How many residences the tax page of the portal asks for; who has more sends the firm a signed paper."""


def _words(kind: Any, *left_out: Any) -> list[tuple[str, str]]:
    return [
        (each.value, str(each.name).replace("_", " ").capitalize()) for each in kind if each not in left_out
    ]


def _text(label: Any, *, required: bool = True, longest: int = 200, **extra: Any) -> forms.CharField:
    return forms.CharField(label=label, required=required, max_length=longest, **extra)


def _day(label: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}))


def money(label: Any) -> forms.DecimalField:
    """An amount in Hong Kong dollars, zero or more."""
    return forms.DecimalField(label=label, min_value=0, max_digits=18, decimal_places=2, initial=0)


class Amend(forms.Form):
    """How a client wants to sign from now on, and whether it wants to borrow."""

    signatures = forms.IntegerField(
        label=_("How many people must sign an instruction together?"), min_value=1, max_value=MOST, initial=1
    )
    margin = forms.BooleanField(label=_("We also want to borrow against securities"), required=False)


class Start(Amend):
    """What kind of client somebody wants to become."""

    form = forms.ChoiceField(label=_("Who will be the client?"), choices=_words(ClientType))
    field_order = ("form",)


class Located(forms.Form):
    """An address, as the last part of a form."""

    line = _text(_("Street and number"))
    city = _text(_("City"))
    country = _text(_("Country (two letters, such as HK)"), longest=2)

    def address(self) -> Address:
        """The address as typed."""
        given = self.cleaned_data
        return Address(line=given["line"], city=given["city"], country=given["country"])


class Human(Located):
    """A human being, as the papers say."""

    family_name = _text(_("Family name, as on the paper"))
    given_names = _text(_("Given names"))
    native_name = _text(_("Name in your own script"), required=False)
    birth_date = _day(_("Date of birth"))
    nationality = _text(_("Nationality (two letters)"), longest=2)
    id_kind = forms.ChoiceField(label=_("Identity paper"), choices=_words(IdKind))
    id_number = _text(_("Number of the paper"), longest=40)
    email = _text(_("E-mail"), required=False)
    phone = _text(_("Telephone"), required=False, longest=40)
    field_order: tuple[str, ...] = ("family_name", "given_names", "native_name", "birth_date")

    def details(self) -> Individual:
        """The details as typed."""
        names = ("family_name", "given_names", "native_name", "birth_date", "nationality", "id_number")
        given = {name: self.cleaned_data[name] for name in (*names, "email", "phone")}
        return Individual(**given, id_kind=IdKind(self.cleaned_data["id_kind"]), address=self.address())


class Part(forms.Form):
    """A part in the application, one of those that its legal form has for people."""

    role = forms.ChoiceField(label=_("Part in this application"))
    control = forms.ChoiceField(
        label=_("How the person controls the entity (controllers only)"),
        choices=[("", "–"), *_words(Control)],
        required=False,
    )

    def __init__(self, *args: Any, roles: Iterable[PartyRole], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = [each for each in roles if each is not PartyRole.ENTITY]
        self.fields["role"] = forms.ChoiceField(label=_("Part in this application"), choices=_words(offered))
        if PartyRole.CONTROLLER not in offered:
            del self.fields["control"]
        self.order_fields(self.field_order)

    def part(self) -> dict[str, Any]:
        """The role as chosen, and how its person controls the entity."""
        control = self.cleaned_data.get("control")
        return {
            "role": PartyRole(self.cleaned_data["role"]),
            "control": Control(control) if control else None,
        }


class Person(Part, Human):
    """A human being, and the part played in the application."""

    me = forms.BooleanField(label=_("These are my own details"), required=False)
    field_order = ("me", "role", "control", *Human.field_order)


class FurtherPart(Part):
    """Another part of somebody who is named already."""

    person = forms.ChoiceField(label=_("Who"))
    field_order = ("person", "role", "control")

    def __init__(self, *args: Any, people: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"] = forms.ChoiceField(label=_("Who"), choices=people)
        self.order_fields(self.field_order)


class Body(Located):
    """The corporation, partnership or trust itself."""

    name = _text(_("Name, as registered"))
    native_name = _text(_("Name in another script"), required=False)
    number = _text(_("Registration number"), longest=40)
    seat = _text(_("Country of registration (two letters)"), longest=2)
    field_order = ("name", "native_name", "number", "seat")

    def details(self) -> Entity:
        """The details as typed."""
        given = self.cleaned_data
        return Entity(
            name=given["name"],
            native_name=given["native_name"],
            number=given["number"],
            country=given["seat"],
            address=self.address(),
        )


class Paper(forms.Form):
    """One document of one person."""

    person = forms.ChoiceField(label=_("Whose paper"))
    kind = forms.ChoiceField(label=_("What it proves"), choices=_words(DocumentKind))
    file = forms.FileField(label=_("PDF, JPEG or PNG, at most 10 MB"))

    def __init__(self, *args: Any, people: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"] = forms.ChoiceField(label=_("Whose paper"), choices=people)

    def content(self) -> bytes:
        """The bytes of the file; raises DocumentTooLarge before it is read."""
        file = self.cleaned_data["file"]
        if file.size > LARGEST:
            raise DocumentTooLarge("A document may have at most 10 MB.", size=file.size)
        content: bytes = file.read()
        return content


class Wealth(forms.Form):
    """What the applicant owns and owes, in Hong Kong dollars."""

    evidence_dated = _day(_("Date of the statements that show this"))
    cash = money(_("Cash"))
    securities = money(_("Shares and bonds"))
    funds = money(_("Funds"))
    real_estate = money(_("Property"))
    virtual_assets = money(_("Virtual assets"))
    other = money(_("Anything else"))
    liabilities = money(_("Debts"))

    def finances(self) -> Finances:
        """The figures as typed."""
        return Finances(**self.cleaned_data)


class Enquiry(forms.Form):
    """CLI-3 and PERP-8: the enquiry about knowledge and experience."""

    va_training = forms.BooleanField(label=_("I took a course on virtual assets"), required=False)
    va_work = forms.BooleanField(label=_("I worked with virtual assets for a year or more"), required=False)
    va_trades = forms.IntegerField(
        label=_("Trades in virtual assets in the last three years"), min_value=0, initial=0
    )
    derivatives_training = forms.BooleanField(label=_("I took a course on derivatives"), required=False)
    derivatives_work = forms.BooleanField(
        label=_("I worked with derivatives for a year or more"), required=False
    )
    derivatives_trades = forms.IntegerField(
        label=_("Trades in derivatives in the last three years"), min_value=0, initial=0
    )
    risks_read = forms.BooleanField(
        label=_("I read that derivatives and virtual assets can lose all their value"), required=False
    )

    def answers(self) -> Answers:
        """The answers as given."""
        given = self.cleaned_data
        fields = {
            field: Experience(**{name: given[f"{field}_{name}"] for name in ("training", "work", "trades")})
            for field in ("va", "derivatives")
        }
        return Answers(
            virtual_assets=fields["va"], derivatives=fields["derivatives"], risks_read=given["risks_read"]
        )


class Residences(forms.Form):
    """Countries of tax residence. What does not fit is asked about once it is known."""

    rows = ROWS
    entity = forms.ChoiceField(
        label=_("An entity is"), choices=[("", _("not an entity")), *_words(EntityKind)], required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for row in range(1, self.rows + 1):
            self.fields[f"country_{row}"] = _text(
                _("Country of tax residence (two letters)"), required=row == 1, longest=2
            )
            self.fields[f"number_{row}"] = _text(_("Tax number there"), required=False, longest=60)
            self.fields[f"missing_{row}"] = forms.ChoiceField(
                label=_("Or why there is none"), choices=[("", "–"), *_words(NoNumber)], required=False
            )

    def clean(self) -> dict[str, Any]:
        """The same, if every number and every reason comes with its country."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        for row in range(2, self.rows + 1):
            said = given.get(f"number_{row}") or given.get(f"missing_{row}")
            if said and not given.get(f"country_{row}"):
                self.add_error(f"country_{row}", _now("Name the country that this is about."))
        return given

    def ask_about(self, doubts: Iterable[str]) -> None:
        """Show in words what does not fit: each is ticked if it is right all the same."""
        asked = forms.MultipleChoiceField(
            label=_("Tick what is right all the same"),
            choices=[(each, _doubt(each)) for each in doubts],
            widget=forms.CheckboxSelectMultiple,
            required=False,
        )
        self.fields["confirmed"] = asked

    def certificate(self, signed_on: date) -> Certificate:
        """The certificate as typed, with the doubts that were ticked."""
        given = self.cleaned_data
        residences = tuple(
            Residence(
                country=given[f"country_{row}"],
                number=given[f"number_{row}"],
                missing=NoNumber(given[f"missing_{row}"]) if given[f"missing_{row}"] else None,
            )
            for row in range(1, self.rows + 1)
            if given[f"country_{row}"]
        )
        entity = EntityKind(given["entity"]) if given["entity"] else None
        shown = forms.CheckboxSelectMultiple().value_from_datadict(self.data, self.files, "confirmed")
        confirmed = tuple(sorted(set(shown or ())))
        return Certificate(residences=residences, signed_on=signed_on, entity=entity, confirmed=confirmed)


def _doubt(code: str) -> str:
    what, _dash, country = code.partition("-")
    words = {
        "number": _now("The tax number of %(country)s does not look like one."),
        "address": _now("You live in %(country)s but did not name it."),
        "citizen": _now("Citizens of %(country)s are taxed there, but you did not name it."),
    }
    return words[what] % {"country": country}


class TaxPaper(Residences):
    """A self-certification in the portal, of one of those whom the asker may certify."""

    person = forms.ChoiceField(label=_("Whose tax residence"))
    field_order = ("person", "entity")

    def __init__(self, *args: Any, people: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"] = forms.ChoiceField(label=_("Whose tax residence"), choices=people)
        self.order_fields(self.field_order)
