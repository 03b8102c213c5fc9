"""What takes two people: one proposes, another approves, and the command runs under both names.

An edge calls `submit` instead of the command. What a command asks a second person for is the command's to
say (`entry.second_person`); what it is about never leaves the book, so a proposal holds no more than
the command's entry would: identifiers, amounts, reasons.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from brokerage.ledger import codec
from brokerage.ledger.commands import Around, Command, NothingToDo, Receipt, command, commands
from brokerage.ledger.entry import Context, Entry, SecondPersonNeeded
from brokerage.ledger.refusal import Refused, check_reason

from .. import queries, rules
from ..events.proposals import (
    ProposalApproved,
    ProposalExpired,
    ProposalMade,
    ProposalRejected,
    ProposalWithdrawn,
)
from ..rules import Perm


@dataclass(frozen=True, slots=True)
class Proposed:
    """The answer to a command that now waits for a second person, who must hold `permission`."""

    proposal: UUID
    digest: str
    permission: str
    expires_at: datetime
    replayed: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """What came of one proposal of several: its receipt, or why it was refused."""

    proposal: UUID
    receipt: Receipt[Any] | None
    refusal: Refused | None


def submit(
    context: Context, asked: Command[..., Any], /, *, around: Around = nullcontext, **inputs: Any
) -> Receipt[Any] | Proposed:
    """Run the command, or propose it if it takes a second person; the same key gets the same answer.

    `around` holds the entry of whichever of the two is written, as in `Command.within`. Raises what the
    command raises, SecondPersonNeeded itself where no person stands behind it,
    NotEntitled where he may not make what another would approve, and NeverProposed, which leaves no trace,
    for a restricted command.
    """
    earlier = queries.proposal_of_key(context.key)
    if earlier is not None:
        concerns = {"client": earlier.client, "account": earlier.account}
        return _propose(context, asked, inputs, earlier.permission, concerns, around)
    try:
        return asked.within(around, context, **inputs)
    except SecondPersonNeeded as needed:
        if context.maker is None:
            raise
        return _propose(context, asked, inputs, needed.permission, {**inputs, **needed.evidence}, around)


def _propose(
    context: Context,
    asked: Command[..., Any],
    inputs: Mapping[str, Any],
    permission: str,
    concerns: Mapping[str, Any],
    around: Around,
) -> Proposed:
    _check_proposable(asked)
    identifier = rules.proposal_id(context.key)
    receipt = propose.within(
        around,
        replace(context, checker=None, proposal=identifier, expects=None),  # the command has checked that
        name=asked.name,
        inputs=codec.plain(dict(inputs)),
        permission=permission,
        client=concerns.get("client"),
        account=concerns.get("account"),
    )
    row = queries.proposal(identifier)
    return Proposed(identifier, row.digest, row.permission, row.expires_at, receipt.replayed)


def _check_proposable(asked: Command[..., Any] | None) -> None:
    if asked is None or asked.restricted:
        raise rules.NeverProposed("Two people decide this where it is kept; it is never proposed elsewhere.")


@command("access.propose", restricted=True)
def propose(
    entry: Entry,
    *,
    name: str,
    inputs: dict[str, Any],
    permission: str,
    client: UUID | None,
    account: UUID | None,
) -> UUID:
    """Keep a command and its inputs until a second person decides; returns the proposal's id.

    Edges call `submit`. It is restricted itself: its refusal may tell of a command that is. Raises
    NeverProposed, NotEntitled for a person who may not make this, and SecondPersonNeeded where no person
    stands behind it.
    """
    _check_proposable(commands().get(name))
    context = entry.context
    if context.maker is None or context.proposal is None:
        raise SecondPersonNeeded(permission)
    if not queries.may_still_make(context.maker, context.actor, permission):
        raise rules.NotEntitled("Your role does not allow this.", permission=permission)
    entry.lock(context.proposal)
    entry.record(
        context.proposal,
        ProposalMade(
            command=name,
            inputs=inputs,
            digest=rules.digest(name, inputs),
            permission=permission,
            maker=context.maker,
            actor=context.actor,
            client=client,
            account=account,
            expires_at=entry.effective_at + rules.lasting(entry.effective_at),
        ),
    )
    return context.proposal


def approve(context: Context, *, proposal: UUID, digest: str, permissions: frozenset[Perm]) -> Receipt[Any]:
    """Run what was proposed, now, in one entry under both names; returns the command's receipt.

    The context is the second person's, `permissions` what he holds. What runs is what the book tells, if the
    row that people read still says the same. Raises UnknownProposal, NotOpen, Expired, DigestDiffers,
    OwnProposal, NotEntitled, MakerNotEntitled, Outdated, and what the command raises: the proposal then
    stays open.
    """
    made, _ = queries.told_of_proposal(proposal)
    asked = commands().get(made.command)
    try:
        inputs = asked.inputs(made.inputs) if asked else None
    except (KeyError, TypeError, ValueError):
        inputs = None
    if asked is None or inputs is None:
        raise rules.Outdated("The product has changed since; reject this and propose it anew.")
    both = replace(context, maker=made.maker, checker=context.maker, proposal=proposal)
    return asked.within(partial(_held, digest=digest, permissions=permissions), both, **inputs)


@contextmanager
def _held(entry: Entry, *, digest: str, permissions: frozenset[Perm]) -> Iterator[None]:
    """Lock the proposal, check who approves what, and record the approval once the command has decided."""
    context = entry.context
    if context.proposal is None or context.checker is None:
        raise rules.NotEntitled("Nobody stands behind this approval.")
    made, shown = _locked(entry, context.proposal), queries.proposal(context.proposal)
    rules.check_digest(made.digest, digest)
    rules.check_digest(made.digest, rules.digest(shown.command, shown.inputs))
    rules.check_second(made.maker, context.checker)
    rules.check_entitled({made.permission}, permissions)
    if not queries.may_still_make(made.maker, made.actor, made.permission):
        raise rules.MakerNotEntitled(
            "Whoever proposed this may no longer do so; reject it, and let another propose it."
        )
    yield
    rules.check_entitled(entry.demanded, permissions)
    entry.record(context.proposal, ProposalApproved(person=context.checker, actor=context.actor))


def approve_each(
    context: Context, *, chosen: Mapping[UUID, str], permissions: frozenset[Perm]
) -> list[Decision]:
    """Approve several, each by its digest and in an entry of its own; one refused stops no other."""
    decisions = []
    for proposal, digest in chosen.items():
        each = replace(context, key=f"{context.key}:{proposal}")
        try:
            receipt = approve(each, proposal=proposal, digest=digest, permissions=permissions)
        except Refused as refusal:
            decisions.append(Decision(proposal, None, refusal))
        else:
            decisions.append(Decision(proposal, receipt, None))
    return decisions


def reject(context: Context, *, proposal: UUID, reason: str, permissions: frozenset[Perm]) -> Receipt[None]:
    """Refuse a proposal, by somebody who might have approved it; `reason` is a code or a few words.

    Raises UnknownProposal, NotEntitled, OwnProposal, NotOpen, Expired or ReasonMissing.
    """
    made, _ = queries.told_of_proposal(proposal)
    rules.check_entitled({made.permission}, permissions)
    return reject_proposal(replace(context, proposal=proposal), proposal=proposal, reason=reason)


@command("access.reject-proposal")
def reject_proposal(entry: Entry, *, proposal: UUID, reason: str) -> None:
    """End a proposal of another person; edges call `reject`. Raises OwnProposal, NotOpen, ReasonMissing."""
    made = _locked(entry, proposal)
    person = rules.checked_person(entry.context.maker)
    rules.check_second(made.maker, person)
    check_reason("access", reason, "Say why, so that the maker can do better.")
    entry.record(proposal, ProposalRejected(person=person, actor=entry.context.actor, reason=reason))


@command("access.withdraw-proposal")
def withdraw_proposal(entry: Entry, *, proposal: UUID) -> None:
    """Take one's own proposal back. Raises UnknownProposal, NotYours, NotOpen or Expired."""
    made = _locked(entry, proposal)
    person = rules.checked_person(entry.context.maker)
    if made.maker != person:
        raise rules.NotYours("Only whoever made a proposal withdraws it; reject it instead.")
    entry.record(proposal, ProposalWithdrawn(person=person, actor=entry.context.actor))


@command("access.expire-proposals")
def expire_proposals(entry: Entry, *, proposals: Sequence[UUID]) -> int:
    """End those of the proposals that are open beyond their time; how many. Raises NothingToDo for none."""
    entry.lock(*proposals)
    expired = [each for each in sorted(proposals) if _has_run_out(each, entry.effective_at)]
    if not expired:
        raise NothingToDo("No proposal has run out of time.")
    for proposal in expired:
        entry.record(proposal, ProposalExpired())
    return len(expired)


def _has_run_out(proposal: UUID, at: datetime) -> bool:
    made, state = queries.told_of_proposal(proposal)
    return state is rules.ProposalState.OPEN and made.expires_at <= at


def _locked(entry: Entry, proposal: UUID) -> ProposalMade:
    """What was proposed, locked and open for a decision now; raises UnknownProposal, NotOpen or Expired."""
    entry.lock(proposal)
    made, state = queries.told_of_proposal(proposal)
    rules.check_open(state, made.expires_at, entry.effective_at)
    return made
