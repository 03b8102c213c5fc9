"""Why a call was made: every number of it again, from what its event stores and nothing else."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from brokerage.ledger import queries as ledger
from brokerage.ledger.amounts import ZERO, half_up
from brokerage.ledger.registry import Recorded
from brokerage.market.rules.instruments import minor_units

from . import queries
from .events import NO_PRICE, CallIssued, PositionEvidence, SliceEvidence, Standing
from .rules.calls import Assessment, Band, Health, assess, banded_health, figures, split_call
from .rules.policy import MarginPolicy
from .rules.valuation import Book, Line, Quote

PLACES = 18


class Formula(NamedTuple):
    """One step: what is computed, the sum with its numbers, and its result in base currency."""

    name: str
    sum: str
    result: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A call with its evidence (prices, sources and times stand in the positions), sums and history.

    `agrees` says that the stored numbers come out again from the stored evidence.
    """

    issued: Recorded
    event: CallIssued
    formulas: tuple[Formula, ...]
    history: tuple[Recorded, ...]
    agrees: bool

    @property
    def reference(self) -> str:
        """The lasting name of the event that issued the call."""
        return self.issued.reference


def explain(call_id: UUID) -> Explanation:
    """The call explained down to the references of its events; raises UnknownCall."""
    call = queries.call(call_id)
    events = ledger.events(call.account_id, after_version=call.issued_version - 1)
    history = tuple(recorded for recorded in events if getattr(recorded.event, "call", None) == call_id)
    event: CallIssued = history[0].event
    return Explanation(
        issued=history[0],
        event=event,
        formulas=tuple(formulas(event)),
        history=history,
        agrees=recompute(event) == event,
    )


def recompute(event: CallIssued) -> CallIssued:
    """The event with its standing, both parts of the call and each position's values computed again."""
    policy = _policy(event)
    quotes = {
        each.asset: Quote(price=each.price, fx_rate=each.fx_rate)
        for each in event.positions
        if each.price_state != NO_PRICE
    }
    book = Book(
        positions={each.asset: each.quantity for each in event.positions},
        loan=event.standing.loan,
        limit=event.standing.limit,
    )
    places = minor_units(event.currency)
    assessment = assess(book, quotes, policy)
    split = split_call(book, quotes, _calm(event), policy, places)
    lines = {line.asset: line for line in assessment.valuation.lines}
    health = _health(event, book, quotes, policy, assessment)
    return replace(
        event,
        standing=standing(
            assessment, health, event.standing.price_set, event.standing.policy_version, places
        ),
        securities=split.securities,
        va=split.va,
        positions=tuple(replace(each, **arithmetic(lines[each.asset])) for each in event.positions),
    )


def standing(
    assessment: Assessment, health: Health, price_set: UUID, policy_version: int, places: int
) -> Standing:
    """An assessment as an event records it: rounded once, the loan exact."""
    rounded = figures(assessment, places)
    return Standing(
        price_set=price_set,
        policy_version=policy_version,
        health=health,
        loan=assessment.book.loan,
        limit=rounded.limit,
        market_value=rounded.market_value,
        lending_value=rounded.lending_value,
        capital_value=rounded.capital_value,
        shortfall=rounded.shortfall,
        call_amount=rounded.call_amount,
    )


def arithmetic(line: Line) -> dict[str, Any]:
    """The values of a position as evidence stores them, half-up at 18 decimals."""
    return {
        "slices": tuple(
            SliceEvidence(market_value=half_up(each.market_value, PLACES), haircut=each.haircut)
            for each in line.slices
        ),
        "market_value": half_up(line.market_value, PLACES),
        "collateral_value": half_up(line.collateral_value, PLACES),
        "counted": half_up(line.counted, PLACES),
        "capital_value": half_up(line.capital_value, PLACES),
    }


def formulas(event: CallIssued) -> Iterator[Formula]:
    """The sums of a call in words and numbers (FORMULAS, Collateral and Call)."""
    at = event.standing
    for each in event.positions:
        if each.price_state == NO_PRICE:
            yield Formula(f"CV {each.asset}", f"{each.quantity:f} without a price: counts as nothing", ZERO)
            continue
        parts = " + ".join(f"{part.market_value:,f} x (1 - {part.haircut:f})" for part in each.slices)
        yield Formula(
            f"CV {each.asset}", f"{each.quantity:f} at {each.price:f}: {parts}", each.collateral_value
        )
    counted = " + ".join(f"{each.counted:,f}" for each in event.positions)
    yield Formula("LV", f"after caps: {counted}", at.lending_value)
    yield Formula("S", f"max(0, {at.loan:,f} - min({at.lending_value:,f}, {at.limit:,f}))", at.shortfall)
    target = f"{at.loan:,f} - {event.target:f} x {at.lending_value:,f}"
    yield Formula("D", f"max(0, {target}, {at.loan:,f} - {at.limit:,f})", at.call_amount)
    yield Formula("D securities", "D at the VA prices of the assessment before", event.securities)
    yield Formula("D VA", f"{at.call_amount:,f} - {event.securities:,f}", event.va)


def _policy(event: CallIssued) -> MarginPolicy:
    """As much of the policy as the event stores: terms, caps, triggers and target."""
    return MarginPolicy(
        assets={each.asset: each.terms for each in event.positions if each.terms is not None},
        interest=(),
        currency=event.currency,
        caps=event.caps,
        triggers=event.triggers,
        target=event.target,
    )


def _calm(event: CallIssued) -> dict[str, Quote]:
    return {
        each.asset: Quote(price=each.calm_price, fx_rate=each.calm_fx_rate)
        for each in event.positions
        if each.calm_price is not None and each.calm_fx_rate is not None
    }


def _health(
    event: CallIssued,
    book: Book,
    quotes: dict[str, Quote],
    policy: MarginPolicy,
    assessment: Assessment,
) -> Health:
    bands = {each.asset: Band(each.price_low, each.price_high) for each in event.positions if _doubtful(each)}
    return banded_health(book, quotes, bands, policy).health if bands else assessment.health


def _doubtful(position: PositionEvidence) -> bool:
    return position.price_low < position.price_high
