"""Proposals, folded from their events."""

from collections.abc import Sequence

from brokerage.ledger.projection import fold, projection
from brokerage.ledger.registry import Recorded

from .events.proposals import (
    ProposalApproved,
    ProposalExpired,
    ProposalMade,
    ProposalRejected,
    ProposalWithdrawn,
)
from .models import Proposal
from .rules import ProposalState

ENDS = {
    ProposalApproved: ProposalState.APPROVED,
    ProposalRejected: ProposalState.REJECTED,
    ProposalWithdrawn: ProposalState.WITHDRAWN,
    ProposalExpired: ProposalState.EXPIRED,
}


@projection(models=(Proposal,), events=(ProposalMade, *ENDS))
def proposals(events: Sequence[Recorded]) -> None:
    """One row a proposal."""
    fold(Proposal, events, _evolve, key=lambda recorded: recorded.stream)


def _evolve(row: Proposal | None, recorded: Recorded) -> Proposal:
    event = recorded.event
    if row is None:
        return Proposal(
            id=recorded.stream,
            command=event.command,
            inputs=event.inputs,
            digest=event.digest,
            permission=event.permission,
            maker=event.maker,
            maker_actor=event.actor,
            client=event.client,
            account=event.account,
            made_at=recorded.effective_at,
            expires_at=event.expires_at,
            state=ProposalState.OPEN,
        )
    row.state = ENDS[type(event)]
    row.decided_by = getattr(event, "person", None)
    row.decided_actor = getattr(event, "actor", "")
    row.decided_at = recorded.effective_at
    row.reason = getattr(event, "reason", "")
    return row
