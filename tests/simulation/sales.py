"""Every plan of a forced sale against a second opinion: enough is sold, and not a lot too much."""

from decimal import Decimal
from fractions import Fraction

from margin.events import SalePlanned
from margin.rules.lifecycle import Scope
from margin.rules.valuation import Quote
from tests.margin import oracle
from tests.margin.firm import policy

from .model import FX
from .world import Broken

LEAST = {"0700": Fraction(100), "2800": Fraction(500), "BTC": Fraction(1, 10**8), "ETH": Fraction(1, 10**18)}


def check_plan(
    plan: SalePlanned, positions: dict[str, Decimal], limit: Decimal, prices: dict[str, Decimal]
) -> None:
    """Pass if no leg exceeds the holding and, where the plan restores the target, no lot is too many."""
    sold = {leg.asset: Fraction(leg.quantity) for leg in plan.legs}
    for asset, quantity in sold.items():
        if quantity > positions.get(asset, 0):
            raise Broken(f"the plan {plan.sale} sells {quantity} {asset} of {positions.get(asset)}")
    if plan.scope is not Scope.ALL or not plan.meets_target:
        return
    world = oracle.world({asset: Quote(price=prices[asset], fx_rate=FX[asset]) for asset in FX}, policy())
    held = {asset: Fraction(positions[asset]) for asset in FX if positions.get(asset)}
    state = oracle.State(held, Fraction(plan.standing.loan), Fraction(limit))
    if not oracle.within(oracle.sold(state, world, sold), world, world.target):
        raise Broken(f"the plan {plan.sale} does not restore the target")
    for asset, quantity in sold.items():
        less = {**sold, asset: max(Fraction(0), quantity - LEAST[asset])}
        if oracle.within(oracle.sold(state, world, less), world, world.target):
            raise Broken(f"the plan {plan.sale} sells a lot of {asset} too much")
