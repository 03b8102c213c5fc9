"""Each guard of approvals, taken away: the test that is named for it must fail."""

from collections.abc import Callable
from typing import Any

import pytest

from brokerage.access import queries, rules
from brokerage.access.commands import passwords, staff_people
from brokerage.access.models import User
from brokerage.ledger import seams
from brokerage.ledger.entry import Entry
from tests.desk import member

from . import test_choosing, test_proposals, test_staff_people

pytestmark = pytest.mark.django_db
SUBMITTING, APPROVAL = test_proposals.TestSubmitting(), test_proposals.TestApproval()
STATING, CHOOSING = test_staff_people.TestStating(), test_choosing.TestChoosing()
ENDS, SIGHT = test_proposals.TestOtherEnds(), test_proposals.TestWhoSees()
Named = Callable[[User, User], None]


def passes(*_: Any, **__: Any) -> bool:
    """A check that lets everything through."""
    return True


def nothing(*_: Any, **__: Any) -> None:
    """A look-up that finds nothing."""


def any_login(maker: Any, _actor: str, _permission: str) -> bool:
    """Takes any open login of the person for the one that asked."""
    return User.objects.filter(person=maker, is_active=True).exists()


def everything(_scope: Any) -> Any:
    """Proposals without regard to scope."""
    return test_proposals.Proposal.objects.all()


GUARDS: dict[str, tuple[object, str, Any, Named]] = {
    "digest": (rules, "check_digest", passes, APPROVAL.test_is_of_what_was_seen),
    "own": (
        rules,
        "check_second",
        passes,
        lambda maker, _: APPROVAL.test_is_not_for_the_maker_through_whatever_login(maker),
    ),
    "rights": (
        rules,
        "check_entitled",
        passes,
        APPROVAL.test_needs_the_right_that_the_command_demands,
    ),
    "time": (rules, "check_open", passes, APPROVAL.test_comes_in_time_or_not_at_all),
    "once": (rules, "check_open", passes, APPROVAL.test_happens_once_and_is_answered_again_under_its_key),
    "maker's rights": (
        queries,
        "may_still_make",
        passes,
        lambda maker, checker: APPROVAL.test_is_refused_once_the_maker_may_no_longer_ask(
            maker, checker, "closed", None
        ),
    ),
    "the very login": (
        queries,
        "may_still_make",
        any_login,
        lambda maker, checker: APPROVAL.test_is_refused_once_the_maker_may_no_longer_ask(
            maker, checker, "closed", "client"
        ),
    ),
    "a corrected maker": (
        queries,
        "may_still_make",
        any_login,
        lambda maker, checker: STATING.test_of_one_of_two_who_shared_a_person_gives_nobody_a_second_name(
            (maker, checker)
        ),
    ),
    "a client too": (
        staff_people,
        "_own_person",
        lambda _: seams.new_id(),
        lambda maker, checker: STATING.test_of_one_who_is_a_client_too_keeps_the_person((maker, checker)),
    ),
    "keys of the person before": (
        staff_people,
        "revoke_each",
        nothing,
        lambda maker, checker: STATING.test_of_another_person_revokes_the_keys_of_the_one_before(
            (maker, checker)
        ),
    ),
    "a first password once": (
        passwords,
        "awaits",
        passes,
        lambda maker, checker: CHOOSING.test_happens_once_whoever_holds_the_same_link((maker, checker)),
    ),
    "same key": (
        queries,
        "proposal_of_key",
        nothing,
        SUBMITTING.test_gives_the_same_key_the_same_answer,
    ),
    "two people": (
        Entry,
        "two_people",
        True,
        lambda maker, _: SUBMITTING.test_keeps_what_takes_two_and_writes_nothing_else(maker),
    ),
    "scope": (
        queries,
        "proposals",
        everything,
        lambda maker, _: SIGHT.test_only_what_concerns_the_clients_in_scope_exists(maker),
    ),
    "bulk": (rules, "check_second", passes, ENDS.test_each_of_several_is_approved_by_itself),
}


@pytest.mark.parametrize("guard", GUARDS)
@pytest.mark.parametrize("taken", [False, True])
def test_its_own_test_is_red_without_it_and_green_with_it(
    guard: str, taken: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    where, name, instead, named = GUARDS[guard]
    maker, checker = member("operations", name="mei"), member("operations-checker", name="ho")
    if taken:
        monkeypatch.setattr(where, name, instead)
    try:
        named(maker, checker)
    except (Exception, pytest.fail.Exception):
        failed = True
    else:
        failed = False
    assert failed is taken
