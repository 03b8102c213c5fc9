"""The valuation of many accounts as one statement: policy and prices as columns, positions joined to them.

The arithmetic is that of `rules.valuation` where every position has one haircut and no cap binds; tests
hold the two against each other. A position without a price counts as nothing here as there.
"""

from decimal import ROUND_CEILING, Decimal
from typing import Any

from brokerage.ledger.amounts import EXACT, LARGEST, ONE, ZERO

from .queries import Prices
from .rules.policy import MarginPolicy
from .rules.valuation import Quote

_NEED_PLACES = Decimal(1).scaleb(-30)


class AssetTable:
    """The policy and prices as columns, one row an asset: what the statement joins positions with.

    `need` is the inverse of a group's cap, rounded up: times the group's collateral value it is the
    lending value below which the cap binds.
    """

    def __init__(self, policy: MarginPolicy, prices: Prices) -> None:
        self.assets = sorted(prices.quotes)
        self._policy = policy
        groups = {asset: policy.group_of(asset) for asset in self.assets}
        shared = sorted({group for group in groups.values() if list(groups.values()).count(group) > 1})
        self.shared = {group: number for number, group in enumerate(shared, 1)}
        self.shared_needs = {number: self._need(group) for group, number in self.shared.items()}
        self.units = [_unit(prices.quotes[asset]) for asset in self.assets]
        self.kept = [self._kept(asset) for asset in self.assets]
        self.capital = [self._capital(asset) for asset in self.assets]
        self.group_numbers = [self.shared.get(groups[asset], 0) for asset in self.assets]
        self.needs = [
            ZERO if groups[asset] in self.shared else self._need(groups[asset]) for asset in self.assets
        ]
        self.plain = [self._one_tier(asset) and asset not in prices.bands for asset in self.assets]

    def statement(self) -> str:
        """The valuation statement with one sum for each group that several assets share."""
        sums = "".join(
            f", sum(b.amount * t.unit * t.kept) FILTER (WHERE t.grp = {number}) * {need:f}"
            for number, need in self.shared_needs.items()
        )
        return _PLAIN.format(shared=sums)

    def columns(self) -> dict[str, list[Any]]:
        """The columns as parameters of the statement."""
        return {
            "assets": self.assets,
            "units": self.units,
            "kept": self.kept,
            "capital": self.capital,
            "groups": self.group_numbers,
            "needs": self.needs,
            "plain": self.plain,
        }

    def fall(self, asset: str, quote: Quote) -> Decimal:
        """What one unit's collateral value loses if the price falls to `quote`; zero if it does not fall."""
        if asset not in self.assets:
            return ZERO
        index = self.assets.index(asset)
        change = EXACT.multiply(EXACT.subtract(_unit(quote), self.units[index]), self.kept[index])
        return min(change, ZERO)

    def _need(self, group: str) -> Decimal:
        cap = self._policy.cap_of(group)
        if cap is None:
            return ZERO
        if not cap.share:
            return LARGEST
        return EXACT.divide(ONE, cap.share).quantize(_NEED_PLACES, ROUND_CEILING, EXACT)

    def _one_tier(self, asset: str) -> bool:
        terms = self._policy.assets.get(asset)
        return terms is None or len(terms.tiers) == 1

    def _kept(self, asset: str) -> Decimal:
        terms = self._policy.assets.get(asset)
        return ZERO if terms is None else ONE - terms.tiers[0].haircut

    def _capital(self, asset: str) -> Decimal:
        terms = self._policy.assets.get(asset)
        return ZERO if terms is None else ONE - terms.capital_haircut


def _unit(quote: Quote) -> Decimal:
    return EXACT.multiply(quote.price, quote.fx_rate)


_PLAIN = """
    WITH asset AS MATERIALIZED (
        SELECT * FROM unnest(%(assets)s::text[], %(units)s::numeric[], %(kept)s::numeric[],
            %(capital)s::numeric[], %(groups)s::integer[], %(needs)s::numeric[], %(plain)s::boolean[])
            t(asset, unit, kept, capital, grp, need, plain)
    ), held AS (
        SELECT b.owner,
            coalesce(sum(b.amount * t.unit), 0) AS mv,
            coalesce(sum(b.amount * t.unit * t.kept), 0) AS lv,
            coalesce(sum(b.amount * t.unit * t.capital), 0) AS capital,
            greatest(0, max(b.amount * t.unit * t.kept * t.need){shared}) AS need,
            coalesce(bool_and(coalesce(t.plain, true) AND b.amount > 0 AND b.role = 'collateral')
                FILTER (WHERE b.role IN ('collateral', 'reserved')), true) AS plain,
            count(*) FILTER (WHERE b.role = 'collateral' AND t.asset IS NULL) AS unpriced,
            - coalesce(sum(b.amount) FILTER (WHERE b.role IN ('loan', 'interest-accrued', 'deficit')
                OR b.role = 'unsettled' AND b.amount < 0), 0) AS loan
        FROM ledger_balance b LEFT JOIN asset t ON t.asset = b.asset AND b.role IN ('collateral', 'reserved')
        WHERE b.amount <> 0 AND (b.role IN ('collateral', 'reserved') OR b.asset = %(currency)s
            AND b.role IN ('loan', 'interest-accrued', 'deficit', 'unsettled'))
        GROUP BY b.owner
    ), valued AS (
        SELECT a.id, a.credit_limit AS lim, a.open_call, a.open_hold, a.warned,
            coalesce(h.mv, 0) AS mv, coalesce(h.lv, 0) AS lv, coalesce(h.capital, 0) AS capital,
            coalesce(h.loan, 0) AS loan, coalesce(h.need, 0) AS need, coalesce(h.unpriced, 0) AS unpriced,
            coalesce(h.plain AND h.need <= h.lv, true) AS plain,
            CASE WHEN coalesce(h.loan, 0) <= 0 THEN 'normal' WHEN h.loan >= %(hard)s * h.lv THEN 'hard'
                WHEN h.loan > %(call)s * h.lv OR h.loan > a.credit_limit THEN 'call'
                WHEN h.loan > %(warning)s * h.lv THEN 'warning' ELSE 'normal' END AS health
        FROM margin_account a LEFT JOIN held h ON h.owner = a.id WHERE a.currency = %(currency)s
    ), judged AS (
        SELECT *, open_call IS NOT NULL OR open_hold IS NOT NULL OR health IN ('call', 'hard')
            OR (health = 'warning') <> warned AS changes FROM valued
    ), written AS (
        INSERT INTO margin_valuation AS v (account_id, health, loan, credit_limit, market_value,
            lending_value, capital_value, call_amount, shortfall, cap_binds_below, plain, unpriced,
            price_set, calm_set, policy_version, valued_at)
        SELECT id, health, ceil(loan * %(unit)s) / %(unit)s, lim, floor(mv * %(unit)s) / %(unit)s,
            floor(lv * %(unit)s) / %(unit)s, floor(capital * %(unit)s) / %(unit)s,
            ceil(least(greatest(loan, 0), greatest(0, loan - %(target)s * lv, loan - lim)) * %(unit)s)
                / %(unit)s,
            ceil(greatest(0, loan - least(lv, lim)) * %(unit)s) / %(unit)s,
            ceil(need * %(unit)s) / %(unit)s, true, unpriced, %(price_set)s,
            CASE WHEN health IN ('call', 'hard') THEN NULL ELSE %(price_set)s::uuid END, %(version)s, %(at)s
        FROM judged WHERE plain
        ON CONFLICT (account_id) DO UPDATE SET health = excluded.health, loan = excluded.loan,
            credit_limit = excluded.credit_limit, market_value = excluded.market_value,
            lending_value = excluded.lending_value, capital_value = excluded.capital_value,
            call_amount = excluded.call_amount, shortfall = excluded.shortfall,
            cap_binds_below = excluded.cap_binds_below, plain = true,
            unpriced = excluded.unpriced, price_set = excluded.price_set,
            calm_set = CASE WHEN excluded.health IN ('call', 'hard') THEN v.calm_set
                ELSE excluded.price_set END,
            policy_version = excluded.policy_version, valued_at = excluded.valued_at
    )
    SELECT id, plain, changes FROM judged WHERE changes OR NOT plain
"""

TICK = """
    SELECT v.account_id, v.plain AND v.lending_value + moved.change >= v.cap_binds_below
        AND (v.loan - %(cent)s > v.credit_limit
            OR v.loan - %(cent)s > %(call)s * (v.lending_value + %(cent)s + moved.change)) AS sure
    FROM (
        SELECT b.owner, sum(b.amount * t.change) AS change
        FROM unnest(%(assets)s::text[], %(changes)s::numeric[]) t(asset, change)
        JOIN ledger_balance b ON b.asset = t.asset AND b.role IN ('collateral', 'reserved') AND b.amount <> 0
        GROUP BY b.owner
    ) moved
    JOIN margin_valuation v ON v.account_id = moved.owner
    JOIN margin_account a ON a.id = v.account_id AND a.open_call IS NULL AND a.currency = %(currency)s
    WHERE v.loan > 0 AND (NOT v.plain OR v.lending_value + moved.change < v.cap_binds_below
        OR v.loan > v.credit_limit OR v.loan > %(call)s * (v.lending_value + moved.change))
"""
