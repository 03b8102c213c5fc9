"""The way from an application to a client: what completes each step, and what comes before it."""

from collections.abc import Callable
from uuid import UUID

from brokerage.ledger.refusal import Refused

from .agreements import required
from .amendment import is_another
from .application import (
    OPEN,
    ApplicationClosed,
    Facts,
    PartyRole,
    Stage,
    State,
    StepMissing,
    StepNotNeeded,
    Waits,
    check_parties,
)
from .status import ClientType

CONTROLLERS = (
    PartyRole.CONTROLLER,
    PartyRole.PARTNER,
    PartyRole.TRUSTEE,
    PartyRole.SETTLOR,
    PartyRole.BENEFICIARY,
)
"""Who certifies beside a passive entity (CARF)."""


def _parties_named(facts: Facts) -> bool:
    try:
        check_parties(facts)
    except Refused:
        return False
    return True


def _applied(facts: Facts) -> bool:
    complete = facts.people <= facts.described and facts.people <= facts.documented
    told = facts.finances or not is_another(facts)
    return _parties_named(facts) and complete and told and facts.state is not State.DRAFT


def to_sign(facts: Facts) -> frozenset[UUID]:
    """Who has not signed all agreements yet, of those who sign for the client."""
    kinds = required(margin=facts.margin)
    return frozenset(
        each for each in facts.signers if any(each not in facts.signed.get(k, ()) for k in kinds)
    )


def _agreed(facts: Facts) -> bool:
    needed = facts.signers if facts.form is ClientType.JOINT else None
    for kind in required(margin=facts.margin):
        signed = facts.signed.get(kind, frozenset()) & facts.signers
        if len(signed) < facts.signatures or (needed is not None and signed != needed):
            return False
    return True


def bound(facts: Facts) -> frozenset[UUID]:
    """Who signed all agreements in force and certified for tax, of those who sign for the client."""
    return (facts.signers - to_sign(facts)) & facts.certified


def check_signed(facts: Facts) -> None:
    """CLI-13: pass unless a joint holder has yet to sign and certify for himself; raises StepMissing."""
    if facts.form is ClientType.JOINT and bound(facts) != facts.signers:
        raise StepMissing("Each holder signs the agreements and certifies the own tax residence first.")


def to_certify(facts: Facts) -> frozenset[UUID]:
    """Whose tax residence must be certified: the client's, and a passive entity's controllers'."""
    own = facts.of(PartyRole.HOLDER, PartyRole.ENTITY)
    return own | facts.of(*CONTROLLERS) if facts.passive else own


DONE: dict[Stage, Callable[[Facts], bool]] = {
    Stage.APPLICATION: _applied,
    Stage.IDENTITY: lambda facts: facts.people <= facts.identified,
    Stage.SCREENING: lambda facts: facts.people <= facts.screened,
    Stage.CLASSIFICATION: lambda facts: facts.investor is not None,
    Stage.KNOWLEDGE: lambda facts: facts.knowledge,
    Stage.CREDIT: lambda facts: facts.credit,
    Stage.AGREEMENTS: _agreed,
    Stage.TAX: lambda facts: to_certify(facts) <= facts.certified,
    Stage.FIRST_TRANSFER: lambda facts: facts.transferred,
    Stage.APPROVAL: lambda facts: facts.state is State.APPROVED,
}
"""What completes each step. The screening of everybody (CLI-10) is one: a hit stops here until cleared."""

BEFORE: dict[Stage, tuple[Stage, ...]] = {
    Stage.APPLICATION: (),
    Stage.IDENTITY: (Stage.APPLICATION,),
    Stage.SCREENING: (Stage.IDENTITY,),
    Stage.CLASSIFICATION: (Stage.IDENTITY, Stage.SCREENING),
    Stage.KNOWLEDGE: (Stage.CLASSIFICATION,),
    Stage.CREDIT: (Stage.CLASSIFICATION,),
    Stage.AGREEMENTS: (),
    Stage.TAX: (),
    Stage.FIRST_TRANSFER: (Stage.AGREEMENTS,),
    Stage.APPROVAL: tuple(Stage)[:-1],
}
"""What must be done before a step. Agreements and tax papers may be signed early."""

WAITS: dict[Stage, Waits] = {
    Stage.APPLICATION: Waits.APPLICANT,
    Stage.IDENTITY: Waits.OPERATIONS,
    Stage.SCREENING: Waits.COMPLIANCE,
    Stage.CLASSIFICATION: Waits.OPERATIONS,
    Stage.KNOWLEDGE: Waits.OPERATIONS,
    Stage.CREDIT: Waits.CREDIT,
    Stage.AGREEMENTS: Waits.APPLICANT,
    Stage.TAX: Waits.APPLICANT,
    Stage.FIRST_TRANSFER: Waits.OPERATIONS,
    Stage.APPROVAL: Waits.CHECKER,
}


JUDGING = frozenset({Stage.CLASSIFICATION, Stage.KNOWLEDGE, Stage.CREDIT})
"""The steps that judge what the client is, knows and has."""


def needed(facts: Facts) -> tuple[Stage, ...]:
    """The steps that an application takes, in order: all, or no judgement where the client stays who it is.

    What those who stay did before counts in every other step: see `queries.facts`.
    """
    return tuple(stage for stage in Stage if stage not in JUDGING or is_another(facts))


def undone(facts: Facts) -> tuple[Stage, ...]:
    """The steps that are needed and not done, in order; none once it is approved, whatever came after."""
    if facts.state is State.APPROVED:
        return ()
    return tuple(stage for stage in needed(facts) if not DONE[stage](facts))


def check_step(stage: Stage, facts: Facts) -> None:
    """Pass if everything before a step is done; raises ApplicationClosed, StepNotNeeded or StepMissing."""
    if facts.state not in OPEN:
        raise ApplicationClosed("This application was decided or withdrawn.", state=facts.state)
    if stage not in needed(facts):
        raise StepNotNeeded("The client stays who it is, and as it was judged.", step=stage)
    missing = [each for each in undone(facts) if each in BEFORE[stage]]
    if missing:
        raise StepMissing(f"First comes: {missing[0]}.", step=stage, missing=missing)
