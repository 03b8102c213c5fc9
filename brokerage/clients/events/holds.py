"""What froze a client, and what let it go."""

from dataclasses import dataclass
from uuid import UUID

from brokerage.ledger.registry import event

from ..rules.holds import Befell, Ground, LiftReason, Withdrawal


@event("clients.hold-placed")
@dataclass(frozen=True, slots=True, kw_only=True)
class HoldPlaced:
    """The client is frozen until this hold, and every other, is lifted."""

    hold: UUID
    ground: Ground
    reference: str


@event("clients.hold-lifted")
@dataclass(frozen=True, slots=True, kw_only=True)
class HoldLifted:
    """The hold no longer freezes the client."""

    hold: UUID
    ground: Ground
    reason: LiftReason


@event("clients.death-reported")
@dataclass(frozen=True, slots=True, kw_only=True)
class DeathReported:
    """On the person's stream: evidence of the person's death was seen; `reference` names the paper."""

    reference: str


@event("clients.insolvency-reported")
@dataclass(frozen=True, slots=True, kw_only=True)
class InsolvencyReported:
    """On the person's stream: the person was declared bankrupt or is being wound up."""

    reference: str


@event("clients.report-withdrawn")
@dataclass(frozen=True, slots=True, kw_only=True)
class ReportWithdrawn:
    """On the person's stream: the death or insolvency that was reported counts no longer."""

    what: Befell
    reason: Withdrawal
