"""What a client's status allows and what may follow it."""

import pytest

from brokerage.clients.rules.reasons import BadReason, checked_reason
from brokerage.clients.rules.status import (
    NEXT,
    Act,
    BadReference,
    BadTransition,
    ClientStatus,
    NotActive,
    check_may,
    check_transition,
    checked_reference,
)


class TestAnActiveClient:
    @pytest.mark.parametrize("act", Act)
    def test_may_do_everything(self, act: Act) -> None:
        check_may(ClientStatus.ACTIVE, act)


class TestAnyOtherClient:
    @pytest.mark.parametrize("status", sorted(set(ClientStatus) - {ClientStatus.ACTIVE}))
    @pytest.mark.parametrize("act", [Act.OPEN_ACCOUNT, Act.BUY, Act.WITHDRAW, Act.RELEASE])
    def test_may_neither_buy_nor_take_anything_out(self, status: ClientStatus, act: Act) -> None:
        with pytest.raises(NotActive):
            check_may(status, act)


class TestAStatus:
    @pytest.mark.parametrize("old", ClientStatus)
    @pytest.mark.parametrize("new", ClientStatus)
    def test_follows_only_where_the_table_says(self, old: ClientStatus, new: ClientStatus) -> None:
        if new in NEXT[old]:
            check_transition(old, new, "CASE-1")
        else:
            with pytest.raises(BadTransition):
                check_transition(old, new, "CASE-1")

    def test_once_closed_stays_closed(self) -> None:
        assert NEXT[ClientStatus.CLOSED] == frozenset()

    def test_needs_a_reason_to_change(self) -> None:
        with pytest.raises(BadReason):
            check_transition(ClientStatus.ACTIVE, ClientStatus.FROZEN, "  ")


@pytest.mark.parametrize(
    "reason", ["", "X", "Mr Chan Tai Man has died", "chan", "CHAN TAI MAN", "陳大文", "C-1\n", "A" * 33]
)
def test_a_reason_has_no_room_for_words(reason: str) -> None:
    with pytest.raises(BadReason):
        checked_reason(reason)


@pytest.mark.parametrize("reason", ["DEATH", "CASE-7", "HCMP/12.2026"])
def test_a_reason_is_a_code_or_a_case_number(reason: str) -> None:
    assert checked_reason(reason) == reason


@pytest.mark.parametrize("reference", ["", "X", "chan tai man", "Chan", "C-1\n", "C_1", "A" * 33, "陳"])
def test_a_reference_has_no_room_for_a_name(reference: str) -> None:
    with pytest.raises(BadReference):
        checked_reference(reference)


def test_a_reference_of_letters_digits_and_hyphens_is_kept() -> None:
    assert checked_reference("C-000123") == "C-000123"
