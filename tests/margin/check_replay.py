"""Who must be in call, day by day, told from an exported ledger with nothing but fractions.

    python tests/margin/check_replay.py ledger.jsonl

Reads the export of `manage.py ledger export` and nothing of the product. From postings, prices, limits
and policy it derives after each morning's assessment the set of accounts that must be in call, and holds
it against the set the ledger says is in call. It also proves that no credit was drawn in call and
computes every call again from the evidence stored with it. Exit status 1 if anything differs.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

ZERO = Fraction(0)
CENT = Fraction(1, 100)
DEBITS = {"loan", "interest-accrued", "deficit"}
MORNING = {
    "market.record-observations",
    "market.adopt-price-set",
    "margin.accrue-interest",
    "margin.charge-interest",
    "margin.expire-calls",
    "margin.plan-sale",
    "margin.approve-sale",
    "margin.order-sale",
    "margin.fill-sale",
    "margin.release-order",
    "margin.assess",
}
CURES = {"margin.deposit", "margin.sell", "margin.repay"}
DEFICIT_ENDS = {"margin.deficit-settled", "margin.deficit-written-off"}
ENDS = {"margin.call-met", "margin.call-met-by-market", "margin.call-cancelled"}


@dataclass
class Account:
    """What the ledger says an account holds and owes, in HKD."""

    positions: dict[str, Fraction] = field(default_factory=dict)
    debits: dict[str, Fraction] = field(default_factory=dict)
    limit: Fraction = ZERO

    @property
    def loan(self) -> Fraction:
        return sum(self.debits.values(), ZERO)


def lending_value(
    positions: dict[str, Fraction], units: dict[str, Fraction], policy: dict[str, Any]
) -> Fraction:
    """LV by FORMULAS: marginal tiers, then related names merged, then the greatest T that fits all caps."""
    groups: dict[str, Fraction] = {}
    for asset, quantity in positions.items():
        terms = policy["assets"].get(asset)
        if quantity and terms is not None:
            group = "VA" if terms["kind"] == "va" else terms["group"] or asset
            groups[group] = groups.get(group, ZERO) + tiered(quantity, units[asset], terms)
    capped = []
    for group, amount in groups.items():
        cap = policy["caps"].get(group, policy["default_cap"])
        capped.append((amount, None if cap is None else (Fraction(cap["share"]), Fraction(cap["floor"]))))
    return greatest_total(capped)


def tiered(quantity: Fraction, unit: Fraction, terms: dict[str, Any]) -> Fraction:
    by_quantity = terms["basis"] == "quantity"
    size, per = (quantity, unit) if by_quantity else (quantity * unit, Fraction(1))
    total, start = ZERO, ZERO
    for tier in terms["tiers"]:
        end = size if tier["up_to"] is None else min(size, Fraction(tier["up_to"]))
        total += max(ZERO, end - start) * per * (1 - Fraction(tier["haircut"]))
        start = max(start, end)
    return total


def greatest_total(groups: Iterable[tuple[Fraction, tuple[Fraction, Fraction] | None]]) -> Fraction:
    """Walk down from the plain sum: bind what exceeds its cap at the total so far, until nothing changes."""
    groups = list(groups)
    total = sum((amount for amount, _ in groups), ZERO)
    while True:
        fixed, share = ZERO, ZERO
        for amount, cap in groups:
            if cap is None or amount <= max(cap[1], cap[0] * total):
                fixed += amount
            elif cap[1] >= cap[0] * total:
                fixed += cap[1]
            else:
                share += cap[0]
        if share >= 1 or fixed / (1 - share) >= total:
            return total
        total = fixed / (1 - share)


class Book:
    """The ledger read line by line, and the calls it must lead to."""

    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}
        self.units: dict[str, Fraction] = {}
        self.policy: dict[str, Any] = {}
        self.slot = ""
        self.commands: dict[str, str] = {}
        self.derived: dict[str, str | None] = {}
        self.recorded: set[str] = set()
        self.judged = True
        self.days: list[tuple[str, int, int]] = []
        self.problems: list[str] = []
        self.calls = 0
        self.entry: tuple[str, set[str]] = ("", set())
        self.plans: dict[str, int] = {}
        self.fills: dict[str, int] = {}

    def line(self, record: dict[str, Any]) -> None:
        if record["type"] == "entry":
            self.commands[record["id"]] = record["command"]
        elif record["type"] == "event":
            if record["entry"] != self.entry[0]:
                self.finish_entry()
                if self.commands[record["entry"]] not in MORNING:
                    self.judge()
                self.entry = (record["entry"], set())
            self.event(record)

    def event(self, record: dict[str, Any]) -> None:
        kind, data, owner = record["kind"], record["data"], record["owner"]
        if kind == "market.price-set-adopted":
            self.adopt(data)
        elif kind == "margin.policy-adopted":
            self.policy = data["policy"]
        elif kind == "margin.account-opened":
            self.accounts.setdefault(owner, Account())
        elif kind == "margin.limit-set":
            self.accounts.setdefault(owner, Account()).limit = Fraction(data["limit"])
        elif kind == "margin.drawn" and owner in self.recorded:
            self.problems.append(f"{self.slot}: {owner} drew credit while in call")
        self.follow_call(kind, data, owner)
        for account, role, asset, amount in record["postings"]:
            self.post(account, role, asset, Fraction(amount))

    def follow_call(self, kind: str, data: dict[str, Any], owner: str) -> None:
        """What the ledger itself says about calls."""
        if kind == "margin.call-issued":
            self.recorded.add(owner)
            self.calls += 1
            self.problems += [f"{self.slot}: {owner}: {what}" for what in recomputed(data)]
        elif kind in ENDS or data.get("call_closed") or (kind in DEFICIT_ENDS and not Fraction(data["left"])):
            self.recorded.discard(owner)
        elif kind == "margin.sale-planned":
            self.plans[data["sale"]] = len(data["legs"])
        elif kind == "margin.sale-filled":
            self.fills[data["sale"]] = self.fills.get(data["sale"], 0) + 1

    def post(self, owner: str, role: str, asset: str, amount: Fraction) -> None:
        if owner not in self.accounts:
            return
        account = self.accounts[owner]
        if role in ("collateral", "reserved"):
            account.positions[asset] = account.positions.get(asset, ZERO) + amount
        elif role in DEBITS:
            account.debits[role] = account.debits.get(role, ZERO) - amount
        self.entry[1].add(owner)

    def adopt(self, data: dict[str, Any]) -> None:
        self.judge()
        usd = next(Fraction(rate["rate"]) for rate in data["rates"] if rate["base"] == "USD")
        for price in data["prices"]:
            virtual = self.policy.get("assets", {}).get(price["instrument"], {}).get("kind") == "va"
            self.units[price["instrument"]] = Fraction(price["price"]) * (usd if virtual else 1)
        self.slot = data["slot"]
        self.judged = False

    def numbers(self, owner: str) -> tuple[Fraction, Fraction, Fraction]:
        account = self.accounts[owner]
        return account.loan, lending_value(account.positions, self.units, self.policy), account.limit

    def is_met(self, owner: str, tolerance: Fraction = ZERO) -> bool:
        loan, lending, limit = self.numbers(owner)
        wanted = max(loan - Fraction(self.policy["target"]) * lending, loan - limit)
        return loan <= 0 or wanted <= tolerance

    def judge(self) -> None:
        """After the morning's assessment: who falls in call, whom prices relieved for long enough."""
        self.finish_entry()
        if self.judged:
            return
        self.judged = True
        for owner in self.accounts:
            loan, lending, limit = self.numbers(owner)
            if owner not in self.derived:
                if loan > 0 and (loan > lending or loan > limit):
                    self.derived[owner] = None
            elif not self.is_met(owner):
                self.derived[owner] = None
            elif self.derived[owner] is None:
                self.derived[owner] = self.slot
            else:
                del self.derived[owner]
        self.days.append((self.slot, len(self.derived), len(self.accounts)))
        for owner in self.derived.keys() ^ self.recorded:
            which = "should not be" if owner in self.recorded else "should be"
            self.problems.append(f"{self.slot}: {owner} {which} in call")

    def finish_entry(self) -> None:
        """A cure, or a fill of a forced sale, ends a call it meets, at once."""
        entry, touched = self.entry
        command = self.commands.get(entry)
        for owner in touched & self.derived.keys():
            tolerance = self.rounding() if command == "margin.fill-sale" else ZERO
            if command in CURES | {"margin.fill-sale"} and self.is_met(owner, tolerance):
                del self.derived[owner]
        self.entry = ("", set())

    def rounding(self) -> Fraction:
        """Once all of a plan is filled, a cent a booking may be missing (house rule of margin.fill-sale)."""
        last = list(self.fills)[-1]
        return self.fills[last] * CENT if self.fills[last] >= self.plans[last] else ZERO


def recomputed(call: dict[str, Any]) -> Iterator[str]:
    """What differs when a call is computed again from its own evidence, to the cent."""
    policy = {"assets": {}, "caps": call["caps"], "default_cap": None}
    units, positions = {}, {}
    for each in call["positions"]:
        asset = each["asset"]
        policy["assets"][asset] = each["terms"]
        units[asset] = Fraction(each["price"]) * Fraction(each["fx_rate"])
        positions[asset] = Fraction(each["quantity"])
    lending = lending_value(positions, units, policy)
    standing = call["standing"]
    loan, limit = Fraction(standing["loan"]), Fraction(standing["limit"])
    amount = min(loan, max(ZERO, loan - Fraction(call["target"]) * lending, loan - limit))
    short = max(ZERO, loan - min(lending, limit))
    for name, value in (("call_amount", amount), ("shortfall", short)):
        if -(-value // CENT) * CENT != Fraction(standing[name]):
            yield f"{name} is {standing[name]}, computed again {float(value):.4f}"
    if lending // CENT * CENT != Fraction(standing["lending_value"]):
        yield f"lending value is {standing['lending_value']}, computed again {float(lending):.4f}"
    if Fraction(call["securities"]) + Fraction(call["va"]) != Fraction(standing["call_amount"]):
        yield "the parts do not add up to the call"


def check(path: Path) -> Book:
    """The book of an export, with what differs in `problems`."""
    book = Book()
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            book.line(json.loads(line))
    book.judge()
    return book


def main(path: str) -> int:
    book = check(Path(path))
    print(f"{len(book.days)} mornings, {len(book.accounts)} accounts, {book.calls} calls recomputed")
    print(f"mornings with accounts in call: {sum(1 for _, called, _ in book.days if called)}")
    for problem in book.problems[:20]:
        print(problem)
    print("identical" if not book.problems else f"{len(book.problems)} differences")
    return 1 if book.problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
