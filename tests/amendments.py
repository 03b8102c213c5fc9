"""Amendments for tests: a joint client, and the acts by which who is behind a client changes."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from brokerage.clients import commands, queries, vault
from brokerage.clients.commands import remove_party
from brokerage.clients.rules.application import Facts, PartyRole
from brokerage.clients.rules.documents import DocumentKind
from brokerage.clients.rules.status import ClientType
from brokerage.config import newcomers
from tests.factories import context
from tests.onboarding import (
    DESK,
    FinancesFactory,
    HolderFactory,
    NewcomerFactory,
    OnboardedClientFactory,
    screened,
)


def amending(client: UUID, **changes: Any) -> UUID:
    """Begin to amend a client, by one who signs for it; returns the application."""
    known = {
        "applicant": min(queries.authority_holders(client)),
        "form": ClientType(queries.client(client).type),
        "signatures": queries.mandate(client).signatures,
    }
    return commands.start_application(context(), amends=client, **(known | changes)).value


def handed_in(application: UUID) -> UUID:
    """Let the applicant hand it in, and have who is new in it identified and screened; returns it."""
    applicant = queries.application(application).applicant
    commands.submit_application(context(maker=applicant), application=application)
    facts = queries.facts(queries.application(application))
    for person in sorted(facts.people - facts.identified):
        document = queries.documents(person)[0].id
        commands.identify_person(context(), application=application, person=person, document=document)
    for person in facts.people:
        screened(person)
    return application


def joint(signatures: int = 1) -> tuple[UUID, list[UUID]]:
    """A client of two holders, and the two."""
    pair = (HolderFactory(), HolderFactory())
    newcomer = NewcomerFactory(form=ClientType.JOINT, people=pair, signatures=signatures)
    return OnboardedClientFactory(newcomer=newcomer), [each.id for each in pair]


def standing(application: UUID) -> Facts:
    return queries.facts(queries.application(application))


def joined(application: UUID, *roles: PartyRole) -> UUID:
    """Name somebody new; returns who it is."""
    named = HolderFactory(roles=roles)
    newcomers.name(DESK, application, named)
    return named.id


def left(application: UUID, person: UUID) -> None:
    """Take every role from somebody."""
    for each in queries.parties(application):
        if each.person == person:
            role = PartyRole(each.role)
            remove_party(context(), application=application, person=person, role=role)


def bound(application: UUID, person: UUID) -> None:
    """Have a new holder sign and certify for himself."""
    newcomers.sign_one(DESK, application, person)
    newcomers.certify_one(DESK, HolderFactory(id=person))


def judged(application: UUID) -> UUID:
    """Have the firm judge an amendment that makes the client somebody else."""
    newcomer = NewcomerFactory(people=[HolderFactory(id=min(standing(application).owners))])
    for step in (newcomers.classify, newcomers.assess_knowledge, newcomers.assess_credit):
        step(DESK, application, newcomer)
    return application


def told(application: UUID, **figures: Decimal) -> None:
    """Say what the client owns and knows from now on."""
    subject = min(standing(application).owners)
    wealth = vault.put(subject, vault.Kind.FINANCES, FinancesFactory(**figures)).id
    commands.give_finances(context(), application=application, record=wealth)
    answers = vault.put(subject, vault.Kind.ANSWERS, newcomers.KNOWS).id
    commands.give_answers(context(), application=application, record=answers)


def signed(person: UUID) -> UUID:
    return newcomers.paper(DESK, person, DocumentKind.SIGNATURE)
