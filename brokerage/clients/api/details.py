"""REST routes that take personal data, sealed at once: a person's details, and a signed tax certificate."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.urls import path
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from brokerage.access.commands import Proposed, submit
from brokerage.access.rules import Perm
from brokerage.http import rest
from brokerage.ledger import seams
from brokerage.ledger.commands import Receipt
from brokerage.ledger.entry import Context
from brokerage.market.rules.calendars import hong_kong_date

from .. import commands, queries, vault
from ..models import Person
from ..rules.person import Address, Entity, IdKind, Individual, PersonKind
from ..rules.tax import MOST_RESIDENCES, Certificate, EntityKind, NoNumber, Residence
from .people import PersonOut


class AddressInputs(rest.Inputs):
    """Where somebody lives or is established."""

    line = rest.Text(max_length=200)
    city = rest.Text(max_length=200)
    country = rest.Text(max_length=2)


class IndividualInputs(rest.Inputs):
    """A human being, as the papers say."""

    family_name = rest.Text(max_length=200)
    given_names = rest.Text(max_length=200)
    native_name = rest.Text(max_length=200, required=False)
    birth_date = rest.Day()
    nationality = rest.Text(max_length=2)
    id_kind = rest.Choice(IdKind)
    id_number = rest.Text(max_length=40)
    address = AddressInputs()
    email = rest.Text(max_length=200, required=False)
    phone = rest.Text(max_length=40, required=False)


class EntityInputs(rest.Inputs):
    """A corporation, partnership or trust, as the papers say."""

    name = rest.Text(max_length=200)
    native_name = rest.Text(max_length=200, required=False)
    number = rest.Text(max_length=40)
    country = rest.Text(max_length=2)
    address = AddressInputs()


class DetailsInputs(rest.Inputs):
    """The details of an individual, or those of an entity."""

    individual = IndividualInputs(required=False)
    entity = EntityInputs(required=False)


class ResidenceInputs(rest.Inputs):
    """A country that taxes the person, with the number there, or why there is none."""

    country = rest.Text(max_length=2)
    number = rest.Text(max_length=60, required=False)
    missing = rest.Choice(NoNumber, required=False)


class CertificateInputs(rest.Inputs):
    """The certificate, the paper it was signed on, and which doubts are confirmed, such as "address-HK"."""

    document = rest.Id()
    signed_on = rest.Day()
    residences = serializers.ListField(child=ResidenceInputs(), min_length=1, max_length=MOST_RESIDENCES)
    entity = rest.Choice(EntityKind, required=False)
    confirmed = serializers.ListField(child=rest.Text(max_length=20), max_length=30, required=False)


class _Sealing(rest.CommandView):
    """What a body says is sealed with the command that names it; the answer shows nothing of it."""

    permission, item = Perm.MAKE_CLIENTS, PersonOut

    def find(self, person: UUID) -> Person:
        """The person, unless erased."""
        return queries.person(person)

    @abstractmethod
    def sealing(self, key: str, inputs: Mapping[str, Any]) -> tuple[vault.Draft, dict[str, Any]]:
        """What is to be sealed, and the inputs of the command."""

    def run(self, asked: Context, inputs: Mapping[str, Any]) -> Receipt[Any] | Proposed:
        """Run the command with what it names; raises KeyReused where the key came with something else."""
        draft, named = self.sealing(asked.key, inputs)
        return submit(asked, self.command, around=vault.keeping(draft), **named)


class RecordDetails(_Sealing):
    """Record the person's details anew; screening, identity and tax certificate are asked for again."""

    command, inputs = commands.record_person, DetailsInputs

    def sealing(self, key: str, inputs: Mapping[str, Any]) -> tuple[vault.Draft, dict[str, Any]]:
        """The details of the kind that the person is; raises ValidationError for the other kind."""
        kind = PersonKind(queries.person(inputs["person"]).kind)
        if set(inputs) != {"person", kind.value}:
            raise ValidationError({kind.value: [_("Give the details of what the person is, and no others.")]})
        given = dict(inputs[kind.value])
        known = given | {"address": Address(**given["address"])}
        details = Individual(**known) if kind is PersonKind.INDIVIDUAL else Entity(**known)
        content = details.checked(hong_kong_date(seams.now()))
        draft = vault.drafted(key, inputs["person"], vault.Kind(kind.value), content)
        return draft, {"version": draft.id}


class CertifyTax(_Sealing):
    """Enter a self-certification of tax residence that the person signed on a paper."""

    command, inputs = commands.certify_tax, CertificateInputs

    def sealing(self, key: str, inputs: Mapping[str, Any]) -> tuple[vault.Draft, dict[str, Any]]:
        """The certificate."""
        is_entity = queries.person(inputs["person"]).kind == PersonKind.ENTITY
        certificate = Certificate(
            residences=tuple(Residence(**each) for each in inputs["residences"]),
            signed_on=inputs["signed_on"],
            entity=inputs.get("entity"),
            confirmed=tuple(sorted(set(inputs.get("confirmed", ())))),
        ).checked(hong_kong_date(seams.now()), is_entity=is_entity)
        draft = vault.drafted(key, inputs["person"], vault.Kind.CERTIFICATE, certificate)
        return draft, {"record": draft.id, "document": inputs["document"]}


urlpatterns = [
    path("people/<uuid:person>/record", RecordDetails.as_view(), name="api-person-record"),
    path("people/<uuid:person>/certify-tax", CertifyTax.as_view(), name="api-person-certify-tax"),
]
