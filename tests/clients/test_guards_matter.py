"""Each of these guarantees over clients, taken away: the test that is named for it must fail."""

from collections.abc import Callable
from datetime import date
from importlib import import_module

import pytest

from brokerage.clients.commands import cases, holds
from brokerage.clients.commands import standing_authorities as authorities
from brokerage.clients.rules import standing_authorities as rules
from brokerage.clients.rules.classification import Investor
from brokerage.ledger.entry import Entry
from custody import tasks as custody

from . import test_cases, test_reclassification, test_screening, test_standing_authorities

pytestmark = pytest.mark.django_db(transaction=True)
HIT = test_screening.TestAHit().test_stops_value_until_a_second_person_clears_it
LINKED = test_cases.TestLinkedTransactions().test_are_found_by_the_job_once_a_day
CASE = test_cases.TestACase().test_is_closed_without_a_report_by_two_people_only
OVERDUE = test_reclassification.TestAClient().test_counts_as_retail_everywhere_once_its_review_is_overdue
GIVEN = test_standing_authorities.TestAStandingAuthority()


def fails(named_test: Callable[[], None]) -> bool:
    """Whether the test fails."""
    try:
        named_test()
    except (Exception, pytest.fail.Exception):
        return True
    return False


def nothing(*_: object, **__: object) -> None:
    return None


def test_the_freeze_that_follows_a_hit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holds, "freeze", nothing)
    assert fails(HIT)


def test_the_second_person_over_a_hit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Entry, "second_person", nothing)
    assert fails(HIT)


def test_the_detector_of_linked_operations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(custody, "linked", nothing)
    assert fails(LINKED)


def test_the_two_people_who_close_a_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cases, "check_closing", nothing)
    assert fails(CASE)


def test_the_longest_term_of_a_standing_authority(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "check_term", nothing)
    assert fails(GIVEN.test_is_in_writing_says_how_to_revoke_it_and_ends_in_time)


def test_the_notice_before_silence_renews(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authorities, "check_notice", nothing)
    assert fails(GIVEN.test_lapses_when_notice_came_too_late)


def test_the_objection_to_a_renewal_and_the_receipt_of_its_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authorities, "end_of_term", lambda **_: None)
    assert fails(GIVEN.test_lapses_after_an_objection)
    assert fails(GIVEN.test_lapses_when_notice_came_too_late)


def test_the_yearly_review_of_a_professional(monkeypatch: pytest.MonkeyPatch) -> None:
    def forever(investor: str, due: date | None, today: date) -> Investor:
        return Investor(investor) if investor else Investor.RETAIL

    applications = import_module("brokerage.clients.queries.application")  # its name is a query's, too
    monkeypatch.setattr(applications, "investor_on", forever)
    assert fails(
        test_reclassification.TestAClient().test_counts_as_retail_everywhere_once_its_review_is_overdue
    )


def test_the_named_tests_are_green_while_their_guarantees_stand() -> None:
    CASE()
    GIVEN.test_lapses_when_notice_came_too_late()
    OVERDUE()
