"""The life of a call: its road, what it forbids, when it expires, and who may move a deadline."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pytest

from brokerage.ledger.refusal import Refused
from margin.rules.deadlines import Due
from margin.rules.lifecycle import (
    OVER,
    Call,
    Scope,
    Side,
    Stage,
    Step,
    advance,
    credit_stopped,
    enforceable,
    expire,
    expiry_due,
    extend,
    order_key,
    plan_outdated,
    reassess,
    void_deadlines,
    with_side,
)
from margin.rules.policy import AssetKind, Deadlines
from margin.rules.valuation import Quote

D = Decimal
START = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DUE = Due(securities_at=START + 26 * HOUR, va_at=START + 12 * HOUR)
ISSUED = Call(
    stage=Stage.ISSUED,
    issued_at=START,
    amount=D(300),
    securities_amount=D(100),
    va_amount=D(200),
    securities_due_at=DUE.securities_at,
    va_due_at=DUE.va_at,
)
VA_ONLY = replace(ISSUED, amount=D(200), securities_amount=D(0), securities_due_at=None)


def _call(*steps: Step) -> Call:
    call = ISSUED
    for step in steps:
        call = advance(call, step)
    return call


SALE = (Step.EXPIRE, Step.PLAN, Step.APPROVE, Step.ORDER)


class TestRoad:
    @pytest.mark.parametrize(
        ("steps", "stage"),
        [
            ((), Stage.ISSUED),
            ((Step.CURE_PART,), Stage.PARTIALLY_MET),
            ((Step.CURE_PART, Step.MEET), Stage.MET),
            ((Step.MEET_BY_MARKET,), Stage.MET_BY_MARKET),
            ((Step.CANCEL,), Stage.CANCELLED),
            ((Step.EXPIRE,), Stage.EXPIRED),
            ((*SALE[:3], Step.PLAN), Stage.PLANNED),
            ((*SALE[:3], Step.MEET), Stage.MET),
            (SALE, Stage.ORDERED),
            ((*SALE, Step.FILL), Stage.PART_EXECUTED),
            ((*SALE, Step.FILL, Step.FILL, Step.EXECUTE), Stage.EXECUTED),
            ((*SALE, Step.EXECUTE, Step.CLOSE), Stage.CLOSED),
            ((*SALE[:2], Step.WITHDRAW), Stage.EXPIRED),
            ((*SALE[:3], Step.WITHDRAW), Stage.EXPIRED),
            ((*SALE, Step.FILL, Step.WITHDRAW), Stage.EXPIRED),
            ((*SALE, Step.EXECUTE, Step.EXPIRE, Step.PLAN), Stage.PLANNED),
            ((*SALE, Step.EXECUTE, Step.RESUME), Stage.PARTIALLY_MET),
            ((*SALE, Step.EXECUTE, Step.RECORD_DEFICIT), Stage.DEFICIT),
            ((*SALE, Step.EXECUTE, Step.RECORD_DEFICIT, Step.SETTLE), Stage.SETTLED),
            ((*SALE, Step.EXECUTE, Step.RECORD_DEFICIT, Step.WRITE_OFF), Stage.WRITTEN_OFF),
        ],
    )
    def test_leads_from_issue_to_each_stage(self, steps: tuple[Step, ...], stage: Stage) -> None:
        assert _call(*steps).stage is stage

    @pytest.mark.parametrize(
        ("steps", "step"),
        [
            ((), Step.PLAN),
            ((), Step.ORDER),
            ((Step.EXPIRE,), Step.APPROVE),
            ((Step.EXPIRE, Step.PLAN), Step.ORDER),
            (SALE, Step.ORDER),
            (SALE, Step.CANCEL),
            ((Step.MEET,), Step.EXPIRE),
        ],
    )
    def test_has_no_short_cuts(self, steps: tuple[Step, ...], step: Step) -> None:
        with pytest.raises(Refused) as refusal:
            advance(_call(*steps), step)
        assert refusal.value.code == "margin.call-step-not-possible"

    def test_ends_where_a_call_is_over(self) -> None:
        for stage, step in product(OVER, Step):
            with pytest.raises(Refused):
                advance(replace(_call(), stage=stage), step)


class TestCreditStop:
    @pytest.mark.rule("VAF-10", "SMF-5")
    @pytest.mark.parametrize("stage", Stage)
    def test_lasts_from_issue_until_the_call_is_over(self, stage: Stage) -> None:
        over = {"met", "met-by-market", "cancelled", "closed", "settled", "written-off"}
        assert credit_stopped(replace(_call(), stage=stage)) == (stage.value not in over)

    def test_does_not_exist_without_a_call(self) -> None:
        assert not credit_stopped(None)


class TestExpiry:
    @pytest.mark.parametrize(
        ("hours", "scope"),
        [(11, Scope.NOTHING), (12, Scope.VA), (25, Scope.VA), (26, Scope.ALL), (900, Scope.ALL)],
    )
    def test_reaches_virtual_assets_first(self, hours: int, scope: Scope) -> None:
        assert enforceable(_call(), START + hours * HOUR) is scope

    def test_reaches_everything_when_the_only_part_is_due(self) -> None:
        assert enforceable(VA_ONLY, START + 12 * HOUR) is Scope.ALL

    def test_is_not_due_for_a_part_of_what_has_expired_whole(self) -> None:
        hard = expire(void_deadlines(_call(), START), START)
        assert not expiry_due(replace(hard, securities_due_at=DUE.securities_at), START + 13 * HOUR)

    def test_fires_once_for_each_deadline(self) -> None:
        first = expire(_call(), START + 13 * HOUR)
        assert (first.stage, first.expired) == (Stage.EXPIRED, Scope.VA)
        assert not expiry_due(first, START + 14 * HOUR)
        with pytest.raises(Refused) as refusal:
            expire(first, START + 14 * HOUR)
        assert refusal.value.code == "margin.call-not-yet-due"
        second = expire(first, START + 26 * HOUR)
        assert second.expired is Scope.ALL
        assert not expiry_due(second, START + 999 * HOUR)

    def test_fires_once_for_both_after_downtime(self) -> None:
        late = expire(_call(), START + 100 * HOUR)
        assert late.expired is Scope.ALL
        assert not expiry_due(late, START + 101 * HOUR)

    def test_waits_while_a_sale_is_at_the_market(self) -> None:
        selling = replace(_call(*SALE), expired=Scope.VA)
        assert not expiry_due(selling, START + 26 * HOUR)
        assert expiry_due(advance(selling, Step.EXECUTE), START + 26 * HOUR)

    def test_does_not_fire_before_its_time_or_after_the_end(self) -> None:
        assert not expiry_due(_call(), START)
        with pytest.raises(Refused):
            expire(_call(), START)
        with pytest.raises(Refused) as refusal:
            expire(_call(Step.MEET), START + 26 * HOUR)
        assert refusal.value.code == "margin.call-step-not-possible"

    def test_comes_at_once_when_the_hard_trigger_voids_the_deadlines(self) -> None:
        hard = void_deadlines(_call(), START + HOUR)
        assert enforceable(hard, START + HOUR) is Scope.ALL
        assert void_deadlines(hard, START + 2 * HOUR) == hard


class TestReassessment:
    def _after(self, call: Call, hours: float = 0, *, met: bool = True, cured: bool = False) -> Call:
        return reassess(call, START + hours * HOUR, met=met, cured=cured, dwell_minutes=60)

    def test_meets_at_once_by_cure(self) -> None:
        assert self._after(_call(), cured=True).stage is Stage.MET

    def test_meets_by_market_only_after_the_dwell_time(self) -> None:
        waiting = self._after(_call(), 1)
        assert waiting.stage is Stage.ISSUED
        assert self._after(waiting, 1.9).stage is Stage.ISSUED
        assert self._after(waiting, 2).stage is Stage.MET_BY_MARKET

    def test_starts_the_dwell_anew_when_the_market_turns(self) -> None:
        turned = self._after(self._after(_call(), 1), 1.5, met=False)
        assert turned.met_since is None
        assert self._after(turned, 2).stage is Stage.ISSUED

    def test_is_part_met_by_a_cure_that_is_not_enough(self) -> None:
        assert self._after(_call(), met=False, cured=True).stage is Stage.PARTIALLY_MET
        assert self._after(_call(Step.EXPIRE), met=False, cured=True).stage is Stage.EXPIRED

    def test_leaves_a_sale_at_the_market_and_an_ended_call_alone(self) -> None:
        for call in (_call(*SALE), _call(Step.CANCEL)):
            assert self._after(call, cured=True) == call


class TestExtension:
    def _extend(
        self,
        call: Call,
        hours: int,
        *,
        part: AssetKind = AssetKind.VA,
        reason: str = "bank outage",
    ) -> Call:
        until = START + hours * HOUR
        return extend(call, part, until, Deadlines(), reason=reason)

    def test_moves_one_deadline_and_shows_it(self) -> None:
        extended = self._extend(_call(), 24)
        assert extended.va_due_at == START + 24 * HOUR
        assert extended.securities_due_at == DUE.securities_at
        assert extended.sides == (Side.EXTENDED,)
        moved = self._extend(_call(), 50, part=AssetKind.SECURITIES)
        assert (moved.securities_due_at, moved.va_due_at) == (START + 50 * HOUR, DUE.va_at)

    @pytest.mark.parametrize(
        ("code", "call", "hours", "changes"),
        [
            ("margin.extension-not-allowed", _call(), 37, {}),
            ("margin.extension-not-allowed", _call(), 12, {}),
            ("margin.extension-not-allowed", _call(), 20, {"reason": " "}),
            ("margin.extension-not-allowed", VA_ONLY, 30, {"part": AssetKind.SECURITIES}),
            ("margin.extension-not-allowed", replace(_call(), expired=Scope.VA), 20, {}),
            ("margin.extension-not-allowed", _call(), 27, {}),
            ("margin.call-step-not-possible", _call(Step.EXPIRE), 20, {}),
        ],
    )
    def test_is_refused_by_its_code(self, code: str, call: Call, hours: int, changes: dict[str, Any]) -> None:
        with pytest.raises(Refused) as refusal:
            self._extend(call, hours, **changes)
        assert refusal.value.code == code


class TestSideStates:
    def test_are_set_once(self) -> None:
        both = with_side(with_side(with_side(_call(), Side.PRICE_HOLD), Side.DISPUTED), Side.DISPUTED)
        assert both.sides == (Side.DISPUTED, Side.PRICE_HOLD)

    @pytest.mark.parametrize(
        ("steps", "step"), [((), Step.EXPIRE), (SALE[:2], Step.APPROVE), (SALE[:3], Step.ORDER)]
    )
    def test_a_price_hold_stops_enforcement_without_a_second_person(
        self, steps: tuple[Step, ...], step: Step
    ) -> None:
        held = with_side(_call(*steps), Side.PRICE_HOLD)
        with pytest.raises(Refused) as refusal:
            advance(held, step)
        assert refusal.value.code == "margin.price-on-hold"
        assert advance(held, step, second_person=True).stage is not held.stage

    def test_a_dispute_stops_nothing(self) -> None:
        assert advance(with_side(_call(), Side.DISPUTED), Step.EXPIRE).stage is Stage.EXPIRED


class TestSale:
    @pytest.mark.parametrize(
        ("price", "fx_rate", "outdated"),
        [
            ("105", "1", False),
            ("105.01", "1", True),
            ("94.99", "1", True),
            ("95", "1", False),
            ("100", "1.06", True),
        ],
    )
    def test_plan_is_outdated_by_a_move_beyond_the_limit(
        self, price: str, fx_rate: str, outdated: bool
    ) -> None:
        planned = {"A": Quote(price=D(100)), "B": Quote(price=D(1))}
        now = {**planned, "A": Quote(price=D(price), fx_rate=D(fx_rate))}
        assert plan_outdated(planned, now, D("0.05")) is outdated

    def test_plan_is_outdated_when_a_price_is_gone(self) -> None:
        assert plan_outdated({"A": Quote(price=D(100))}, {}, D("0.05"))

    def test_order_has_one_key_for_each_call_plan_and_leg(self) -> None:
        keys = {order_key(call, plan, leg) for call, plan, leg in product("ab", (1, 11), (1, 11))}
        assert len(keys) == 8
        assert order_key("a", 1, 2) == order_key("a", 1, 2)
