"""Every new event, one by one: what must never follow what on an account's stream."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from brokerage.ledger import store
from brokerage.ledger.registry import Recorded
from custody import events as custody
from custody.rules import Side
from margin import events as margin
from margin.rules.policy import AssetKind, AssetTerms

from .market import adopted
from .sales import check_plan
from .world import Broken

VA_FLOOR = Decimal("0.60")
ENDS = (margin.CallMet, margin.CallMetByMarket, margin.CallCancelled)


@dataclass
class Seen:
    """What the events of one account have said so far."""

    call: UUID | None = None
    hold: UUID | None = None
    accrued: date | None = None
    calls: int = 0
    sold: int = 0
    limit: Decimal = Decimal(0)
    positions: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))


class Watch:
    """Reads on from where it stopped and refuses what may not have happened."""

    def __init__(self) -> None:
        self.accounts: dict[UUID, Seen] = {}
        self.versions: dict[UUID, int] = {}
        self.ordered: dict[tuple[UUID, int], Decimal] = {}
        self._seq = 0

    def read(self) -> None:
        """Look at every event written since the last reading; raises Broken."""
        for recorded in store.read("e.seq > %s", [self._seq], order="e.seq"):
            self._seq = recorded.seq
            version = self.versions.get(recorded.stream, 0) + 1
            if recorded.version != version:
                raise Broken(f"{recorded.reference} follows version {version - 1}")
            self.versions[recorded.stream] = version
            self._check(recorded, recorded.event)

    def _check(self, recorded: Recorded, event: Any) -> None:
        seen = self.accounts.setdefault(recorded.stream, Seen())
        _no_credit(seen, recorded, event)
        _one_call(seen, recorded, event)
        _hold(seen, event)
        self._within_order(seen, recorded, event)
        if isinstance(event, margin.InterestAccrued):
            if seen.accrued is not None and event.day <= seen.accrued:
                raise Broken(f"{recorded.reference} accrues {event.day} after {seen.accrued}")
            seen.accrued = event.day
        if isinstance(event, margin.PolicyAdopted):
            for terms in event.policy.assets.values():
                _floor(terms, recorded)
        if isinstance(event, margin.CallIssued):
            for position in event.positions:
                if position.terms is not None:
                    _floor(position.terms, recorded)

    def _within_order(self, seen: Seen, recorded: Recorded, event: Any) -> None:
        """No more is filled than was planned."""
        if isinstance(event, margin.SalePlanned):
            check_plan(event, seen.positions, seen.limit, adopted()[event.standing.price_set])
            for number, leg in enumerate(event.legs):
                self.ordered[event.sale, number] = leg.quantity
        if isinstance(event, margin.SaleFilled):
            seen.sold += 1
            left = self.ordered[event.sale, event.leg] - event.quantity
            if left < 0:
                raise Broken(f"{recorded.reference} sells {-left} {event.asset} more than planned")
            self.ordered[event.sale, event.leg] = left


def _hold(seen: Seen, event: Any) -> None:
    """What the account holds and may owe, from what events say, not from their postings."""
    if isinstance(event, custody.Deposited):
        seen.positions[event.asset] += event.amount
    elif isinstance(event, custody.Withdrawn):
        seen.positions[event.asset] -= event.amount
    elif isinstance(event, custody.TradeBooked):
        bought = event.terms.side is Side.BUY
        seen.positions[event.terms.asset] += event.terms.quantity if bought else -event.terms.quantity
    elif isinstance(event, margin.LimitSet):
        seen.limit = event.limit


def _no_credit(seen: Seen, recorded: Recorded, event: Any) -> None:
    """While a call or a price hold stands, nothing is advanced and nothing goes out."""
    stopped = seen.call or seen.hold
    if stopped and isinstance(event, margin.Drawn | custody.Withdrawn):
        raise Broken(f"{recorded.reference} {recorded.kind} while {stopped} stands")


def _one_call(seen: Seen, recorded: Recorded, event: Any) -> None:
    """Calls and holds open once and end before the next opens."""
    if isinstance(event, margin.CallIssued):
        if seen.call is not None:
            raise Broken(f"{recorded.reference} issues a call beside {seen.call}")
        seen.call, seen.calls = event.call, seen.calls + 1
    elif _is_end(event):
        _ends(seen, recorded, event.call)
    elif isinstance(event, margin.PriceHoldPlaced):
        if seen.hold is not None:
            raise Broken(f"{recorded.reference} holds beside {seen.hold}")
        seen.hold = event.hold
    elif isinstance(event, margin.PriceHoldLifted):
        seen.hold = None


def _is_end(event: Any) -> bool:
    if isinstance(event, margin.SaleClosed):
        return event.call_closed
    if isinstance(event, margin.DeficitSettled | margin.DeficitWrittenOff):
        return not event.left
    return isinstance(event, ENDS)


def _ends(seen: Seen, recorded: Recorded, call: UUID) -> None:
    if seen.call != call:
        raise Broken(f"{recorded.reference} ends {call} while {seen.call} is open")
    seen.call = None


def _floor(terms: AssetTerms, recorded: Recorded) -> None:
    if terms.kind is AssetKind.VA and min(tier.haircut for tier in terms.tiers) < VA_FLOOR:
        raise Broken(f"{recorded.reference} lends on a virtual asset below the floor")
