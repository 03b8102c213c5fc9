"""Each of these guarantees over clients, taken away: the test that is named for it must fail."""

from collections.abc import Callable
from datetime import date
from functools import partial, wraps
from importlib import import_module
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from django.core import mail

from brokerage.access.commands import erasure
from brokerage.clients import vault
from brokerage.clients.commands import application as beginning
from brokerage.clients.commands import approval, cases, holds, person
from brokerage.clients.commands import assessment as assessing
from brokerage.clients.commands import authority as acting
from brokerage.clients.commands import invitation as inviting
from brokerage.clients.commands import reclassification as classifying
from brokerage.clients.commands import reviews as reviewing
from brokerage.clients.commands import screening as judging
from brokerage.clients.commands import standing_authorities as authorities
from brokerage.clients.models import Application, Authority, Person
from brokerage.clients.queries import behind
from brokerage.clients.queries import holds as freezing
from brokerage.clients.rules import application as roles
from brokerage.clients.rules import stages
from brokerage.clients.rules import standing_authorities as rules
from brokerage.clients.rules.application import Facts, PartyRole
from brokerage.clients.rules.cases import AlertGround
from brokerage.clients.rules.classification import Investor
from brokerage.clients.rules.documents import DocumentKind
from brokerage.clients.rules.flows import Flow
from brokerage.clients.rules.status import Act, ClientStatus, NotActive
from brokerage.jobs.schedule import Run
from brokerage.ledger.entry import Entry
from brokerage.market.rules.calendars import hong_kong_date
from custody import steps
from custody import tasks as custody
from tests.custody import test_virtual_assets
from tests.factories import ClientFactory, furnish
from tests.onboarding import furnish_onboarding

from . import (
    test_amended_holders,
    test_amendment,
    test_amendment_guards,
    test_application,
    test_cases,
    test_commands,
    test_erasing_logins,
    test_invitations,
    test_nobody_is_tipped_off,
    test_own_pages,
    test_papers_of_several,
    test_reclassification,
    test_reviews,
    test_screening,
    test_standing_authorities,
    test_transfer_and_tax,
    test_vault,
)

applying = import_module("brokerage.clients.queries.application")
"""The module, whose name the package gives to a function of it."""

pytestmark = pytest.mark.django_db(transaction=True)
screening = import_module("brokerage.clients.tasks")
clients = import_module("brokerage.clients.queries.client")
people = import_module("brokerage.clients.queries.person")
applications = import_module("brokerage.clients.queries.application")  # a name that a query has, too
GIVEN = test_standing_authorities.TestAStandingAuthority()
POWER = test_standing_authorities.TestAPowerOfAttorney()
HIT, LISTS = test_screening.TestAHit(), test_screening.TestANewList()
DEATH, CLOSING, REVIEWS = test_reviews.TestADeath(), test_reviews.TestClosing(), test_reviews.TestReviews()
BEHIND = test_reviews.TestWhoIsBehindACompany()
ACTING, MANDATE = test_commands.TestAuthority(), test_commands.TestAMandate()
ERASURE = test_vault.TestErasure()
AMENDMENT, HOLDER = test_amendment.TestAnAmendment(), test_amended_holders.TestAHolder()
PASSED_OVER = test_amendment_guards.TestNobodyIsPassedOver()
STOPPED = test_amendment_guards.TestAHolderWhoActsNoMore()
INVITED = test_invitations.TestAnInvitationOfTheFirm()
NAMING = test_application.TestAnApplication()
behind_client, people_signing = behind.clients_behind, applying.signs_alone
ATTORNEY, PAPER = test_papers_of_several.TestAnAttorney(), test_papers_of_several.TestAPaper()
TREATED, BUYS = test_reclassification.TestAClient(), test_virtual_assets.TestAClient()


def nothing(*_: object, **__: object) -> None:
    return None


def always(answer: object) -> Callable[..., object]:
    return lambda *_, **__: answer


def forever(investor: str, due: date | None, today: date) -> Investor:
    return Investor(investor) if investor else Investor.RETAIL


def below_the_minimum() -> None:
    furnish_onboarding()
    transfer = test_transfer_and_tax.TestTheFirstTransfer()
    transfer.test_below_the_minimum_ahead_of_time_or_of_a_stranger_is_refused_and_not_recorded()


def licensed() -> None:
    furnish_onboarding()
    test_application.TestClassification().test_as_an_institution_takes_its_own_licence()


def of_who_left() -> None:
    furnish_onboarding()
    returned = test_application.TestAReturnedApplication()
    returned.test_with_another_holder_needs_finances_answers_and_a_transfer_of_that_one()


def of_a_director() -> None:
    furnish_onboarding()
    test_transfer_and_tax.TestTheFirstTransfer().test_of_a_company_is_from_its_own_account_not_a_directors()


def lent_on_nothing() -> None:
    furnish_onboarding()
    test_application.TestCredit().test_above_zero_rests_on_a_dated_paper_of_who_will_be_the_client()


def there_is_one(record: UUID | None, people: object) -> bool:
    return record is not None


def any_record(record: UUID, kind: vault.Kind, **_: object) -> vault.Sealed:
    return vault.sealed(record)


def not_ended() -> object:
    return Authority.objects.filter(ended_at=None)


def wound_up() -> None:
    BEHIND.test_freezes_it_when_it_is_wound_up_itself(test_reviews.firm())


def wound_up_too_late() -> None:
    BEHIND.test_freezes_it_no_more_once_it_is_closed(test_reviews.firm())


def bought_in_ignorance() -> None:
    furnish()
    BUYS.test_who_knows_nothing_of_virtual_assets_buys_none()


def bought_too_much() -> None:
    furnish()
    BUYS.test_of_the_public_buys_up_to_the_share_of_net_worth()


def erased() -> None:
    ERASURE.test_waits_seven_years_from_the_end(ClientFactory())


def erased_keys() -> None:
    test_erasing_logins.test_revokes_the_keys_before_it_blanks_them(
        test_erasing_logins.somebody_with_logins()
    )


def of_a_frozen_client() -> None:
    GIVEN.test_is_neither_given_nor_renewed_nor_announced_unless_the_client_is_active(mail.outbox)


def refused_while_frozen() -> None:
    test_nobody_is_tipped_off.test_what_a_frozen_client_asks_for_is_refused_in_the_words_of_any_other_stop(
        "portal"
    )


def telling(status: ClientStatus, act: Act) -> None:
    raise NotActive(f"The client is {status}; this needs an active client.")


alert = custody._alert


def once_a_day(run: Run, client: UUID, ground: AlertGround, flow: Flow) -> None:
    alert(run, client, ground, flow._replace(reference=f"{client}:{hong_kong_date(flow.at)}"))


def amended(named: Callable[[], None]) -> Callable[[], None]:
    """The test, with agreements and a list in force."""

    @wraps(named)
    def furnished() -> None:
        furnish_onboarding()
        named()

    return furnished


def every_application_counts() -> Any:
    return Application.objects.filter(client__isnull=False)


def the_applicant(found: Application) -> list[UUID]:
    return [found.applicant]


def who_signs_alone(person: Person) -> bool:
    return people_signing(person.id)


def entities_alone(person: UUID, *wanted: PartyRole) -> frozenset[UUID]:
    return behind_client(person, *(set(wanted) - {PartyRole.HOLDER}))


def befallen() -> None:
    STOPPED.test_holds_it_still_and_freezes_it_by_what_befalls_him(holds.report_death)


def only_if_new(facts: Facts) -> bool:
    return facts.before is None


class Guard(NamedTuple):
    """A test named for a rule, and what enforces that rule: an attribute, and what it is replaced by."""

    rule: str
    named: Callable[[], None]
    place: Any
    attribute: str
    instead: object = nothing


GUARDS = [
    Guard(
        "CLI-1",
        TREATED.test_counts_as_retail_everywhere_once_its_review_is_overdue,
        applications,
        "investor_on",
        forever,
    ),
    Guard(
        "CLI-2",
        TREATED.test_that_is_an_individual_keeps_suitability_whatever_it_signs,
        classifying,
        "suitability",
        always(False),
    ),
    Guard("CLI-3", bought_in_ignorance, steps, "check_purchase"),
    Guard("CLI-4", bought_too_much, steps, "check_purchase"),
    Guard("CLI-5", below_the_minimum, approval, "check_first_transfer"),
    Guard(
        "CLI-5",
        ACTING.test_over_a_client_that_came_by_an_application_takes_another_one,
        acting,
        "_check_of_an_import",
    ),
    Guard("CLI-1", licensed, assessing, "shown_by", always(DocumentKind.ASSETS)),
    Guard(
        "CLI-1",
        TREATED.test_is_an_institution_by_its_own_licence,
        classifying,
        "shown_by",
        always(DocumentKind.ASSETS),
    ),
    Guard("CLI-3", of_who_left, applications, "_is_of", there_is_one),
    Guard("CLI-5", of_a_director, approval, "sealed_as", any_record),
    Guard("VAF-7", lent_on_nothing, assessing, "check_evidence"),
    Guard(
        "CLI-6",
        test_cases.TestLinkedTransactions().test_are_found_by_the_job_once,
        custody,
        "linked",
        always(()),
    ),
    Guard(
        "CLI-6",
        test_cases.TestLinkedTransactions().test_are_found_though_others_of_the_same_day_were_before,
        custody,
        "_alert",
        once_a_day,
    ),
    Guard("CLI-6", ACTING.test_is_granted_on_a_paper_that_proves_who_it_is, acting.queries, "proved"),
    Guard(
        "CLI-6",
        REVIEWS.test_that_are_set_or_raised_are_put_off_by_nothing_but_doing_them,
        reviewing,
        "check_sooner",
    ),
    Guard("CLI-9", erased, person, "check_erasable"),
    Guard("CLI-9", erased_keys, erasure, "revoke_each"),
    Guard("CLI-9", ERASURE.test_waits_for_a_legal_hold, person, "check_erasable"),
    Guard(
        "CLI-9",
        ERASURE.test_waits_for_the_end_of_what_the_person_applied_for,
        person.queries,
        "relationships",
        always([]),
    ),
    Guard("CLI-9", wound_up_too_late, holds, "is_closed", always(False)),
    Guard("CLI-9", CLOSING.test_is_final_and_keeps_its_day, holds, "check_not_closed"),
    Guard("CLI-13", CLOSING.test_leaves_nobody_who_could_be_let_act_again, acting, "check_not_closed"),
    Guard("CLI-10", HIT.test_stops_value_until_a_second_person_clears_it, holds, "freeze"),
    Guard("CLI-10", HIT.test_stops_value_until_a_second_person_clears_it, Entry, "second_person"),
    Guard("CLI-10", HIT.test_confirmed_by_two_people_stays, Entry, "second_person"),
    Guard(
        "CLI-10",
        HIT.test_is_judged_match_by_match_and_what_came_later_waits_on,
        judging,
        "chosen",
        lambda matches, judged: dict(judged),
    ),
    Guard(
        "CLI-10",
        HIT.test_of_somebody_who_left_is_lifted_by_two_people_and_nobody_lets_him_in_again,
        holds,
        "people_of",
        always(frozenset()),
    ),
    Guard(
        "CLI-10",
        HIT.test_of_somebody_who_left_is_lifted_by_two_people_and_nobody_lets_him_in_again,
        acting,
        "is_confirmed",
        always(False),
    ),
    Guard("CLI-11", LISTS.test_screens_everybody_again, screening, "screen"),
    Guard(
        "CLI-12",
        test_cases.TestACase().test_is_closed_without_a_report_by_two_people_only,
        cases,
        "check_closing",
    ),
    Guard("CLI-12", refused_while_frozen, authorities, "check_may", telling),
    Guard(
        "CLI-13",
        DEATH.test_freezes_what_the_person_held_and_ends_what_the_person_could_do,
        holds,
        "freeze",
    ),
    Guard(
        "CLI-13",
        DEATH.test_freezes_what_the_person_held_and_ends_what_the_person_could_do,
        holds,
        "_end_authorities",
    ),
    Guard("CLI-13", test_reviews.acts_no_more, clients, "acting", not_ended),
    Guard("CLI-13", wound_up, holds, "clients_of", always([])),
    Guard("CLI-13", wound_up, holds, "clients_behind", always(frozenset())),
    Guard(
        "CLI-13",
        DEATH.test_is_reported_once_under_a_reference_and_withdrawn_as_an_error_only,
        holds,
        "check_withdrawal",
    ),
    Guard(
        "CLI-13",
        DEATH.test_is_reported_once_under_a_reference_and_withdrawn_as_an_error_only,
        holds,
        "reports_of",
        always(()),
    ),
    Guard(
        "CLI-13",
        POWER.test_is_the_principals_paper_of_that_kind_and_no_paper_twice,
        acting.queries,
        "paper",
        lambda document, *_: people.document(document),
    ),
    Guard(
        "CLI-13",
        POWER.test_is_the_principals_paper_of_that_kind_and_no_paper_twice,
        acting,
        "check_fresh",
    ),
    Guard("CLI-13", POWER.test_ends_with_its_principals_death, people, "check_can_act"),
    Guard("CLI-13", ACTING.test_goes_to_nobody_who_is_dead_or_insolvent, people, "check_can_act"),
    Guard("CLI-13", ACTING.test_goes_to_nobody_who_is_dead_or_insolvent, Entry, "second_person"),
    Guard("CLI-13", ACTING.test_to_hold_an_individuals_account_is_one_persons, acting, "check_capacity"),
    Guard("CLI-13", MANDATE.test_keeps_as_many_people_as_it_asks_for, acting, "check_left"),
    Guard("CLI-13", MANDATE.test_is_changed_by_two_people_within_those_who_sign, acting, "check_mandate"),
    Guard(
        "CLI-13",
        test_own_pages.test_one_of_two_who_sign_together_gives_nothing_alone,
        authorities,
        "check_instructed",
    ),
    Guard(
        "AST-2",
        GIVEN.test_is_in_writing_says_how_to_revoke_it_and_ends_in_time,
        rules,
        "check_term",
    ),
    Guard(
        "AST-2",
        of_a_frozen_client,
        authorities,
        "check_may",
    ),
    Guard("AST-2", GIVEN.test_lapses_when_notice_came_too_late, authorities, "check_notice"),
    Guard("AST-2", GIVEN.test_lapses_when_notice_came_too_late, authorities, "end_of_term"),
    Guard("AST-2", GIVEN.test_lapses_after_an_objection, authorities, "end_of_term"),
    Guard(
        "AST-2",
        GIVEN.test_is_given_and_renewed_by_who_signs_for_the_client_not_by_an_attorney,
        authorities,
        "check_instructed",
    ),
    Guard(
        "AST-2",
        GIVEN.test_is_renewed_on_a_paper_of_the_present_term_that_nothing_else_rests_on,
        authorities,
        "check_fresh",
    ),
    Guard(
        "CLI-5",
        amended(HOLDER.test_who_joins_signs_certifies_and_has_the_client_judged_anew),
        stages,
        "is_another",
        only_if_new,
    ),
    Guard("CLI-6", amended(ATTORNEY.test_is_proved_and_stopped_by_no_hit), acting.queries, "proved"),
    Guard(
        "CLI-10",
        amended(ATTORNEY.test_is_proved_and_stopped_by_no_hit),
        acting,
        "screening_clear",
        always(True),
    ),
    Guard(
        "CLI-10",
        amended(AMENDMENT.test_moves_whom_a_hit_freezes_the_client_for),
        behind,
        "resting",
        every_application_counts,
    ),
    Guard(
        "CLI-13",
        amended(AMENDMENT.test_is_begun_for_an_active_client_by_one_who_signs_for_it_and_in_its_form),
        beginning,
        "check_may",
    ),
    Guard(
        "CLI-13",
        amended(AMENDMENT.test_is_begun_for_an_active_client_by_one_who_signs_for_it_and_in_its_form),
        beginning,
        "check_amendable",
    ),
    Guard("CLI-13", amended(AMENDMENT.test_is_open_once_at_a_time), beginning, "check_amendable"),
    Guard(
        "CLI-13",
        amended(AMENDMENT.test_is_approved_while_the_client_is_active_and_by_two),
        approval,
        "check_may",
    ),
    Guard(
        "CLI-13",
        amended(AMENDMENT.test_is_approved_while_the_client_is_active_and_by_two),
        Entry,
        "second_person",
    ),
    Guard(
        "CLI-13", amended(AMENDMENT.test_changes_how_many_sign_and_who_as_one), approval, "check_instructed"
    ),
    Guard(
        "CLI-13",
        amended(PASSED_OVER.test_by_a_paper_that_another_brings_for_who_signed_it),
        person,
        "check_brought",
    ),
    Guard("CLI-13", amended(AMENDMENT.test_rests_on_papers_that_were_signed_for_it), approval, "check_fresh"),
    Guard(
        "CLI-13",
        amended(PASSED_OVER.test_by_one_who_was_stopped_and_is_named_again),
        applying,
        "stopped",
        always(frozenset()),
    ),
    Guard(
        "CLI-13",
        amended(PASSED_OVER.test_by_what_was_proved_of_somebody_before_he_was_stopped),
        applying,
        "overtaken",
        always(frozenset()),
    ),
    Guard(
        "CLI-13",
        amended(PASSED_OVER.test_by_somebody_else_who_hands_it_in_for_the_applicant),
        approval,
        "_handed_in_by",
        the_applicant,
    ),
    Guard(
        "CLI-13",
        amended(PASSED_OVER.test_by_an_approval_proposed_before_it_was_handed_in_again),
        approval,
        "_check_unchanged",
    ),
    Guard(
        "CLI-13",
        amended(INVITED.test_falls_with_the_record_it_was_proposed_on),
        inviting,
        "_check_unchanged",
    ),
    Guard(
        "CLI-13",
        amended(INVITED.test_goes_to_no_address_that_another_client_typed),
        inviting,
        "_check_given",
    ),
    Guard(
        "CLI-13",
        amended(PASSED_OVER.test_by_an_invitation_of_somebody_the_firm_knows),
        inviting.queries,
        "is_settled",
        always(False),
    ),
    Guard(
        "CLI-13",
        amended(test_invitations.TestSigning().test_for_somebody_the_firm_knows_is_his_own_or_the_desks),
        inviting.queries,
        "certifies_alone",
        who_signs_alone,
    ),
    *(
        Guard(
            "CLI-10", amended(PASSED_OVER.test_by_a_joint_holder_with_a_hit_whose_authority_was_ended), *how
        )
        for how in ((behind, "ON_RECORD", behind.BEHIND), (freezing, "ON_RECORD", behind.BEHIND))
    ),
    Guard("CLI-13", amended(befallen), holds, "clients_behind", entities_alone),
    Guard(
        "CLI-13",
        amended(partial(NAMING.test_lets_the_entity_have_no_other_part_in_itself, PartyRole.SIGNATORY)),
        roles,
        "_check_fits",
    ),
    Guard(
        "CLI-13",
        amended(NAMING.test_asks_for_human_beings_where_somebody_signs_or_controls_in_the_end),
        roles,
        "_check_fits",
    ),
    Guard(
        "CLI-13", amended(HOLDER.test_who_leaves_ends_what_he_let_others_do), acting, "powers_of", always([])
    ),
    Guard("AST-2", amended(HOLDER.test_who_leaves_ends_what_he_let_others_do), approval, "end_all"),
    Guard(
        "AST-2",
        amended(PAPER.test_of_one_of_two_who_sign_together_gives_no_standing_authority),
        applications,
        "check_instructed",
    ),
    Guard("CLI-2", amended(PAPER.test_of_one_of_two_waives_no_suitability), applications, "check_instructed"),
]


def fails(named: Callable[[], None]) -> bool:
    """Whether the test itself fails; whatever else goes wrong proves nothing, and is raised."""
    try:
        named()
    except (AssertionError, pytest.fail.Exception):
        return True
    return False


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: f"{guard.rule} {guard.attribute}")
def test_a_rule_that_nothing_enforces_turns_its_test_red(
    guard: Guard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard.place, guard.attribute, guard.instead)
    assert fails(guard.named)


@pytest.mark.parametrize("named", dict.fromkeys(each.named for each in GUARDS))
def test_the_named_tests_are_green_while_their_guarantees_stand(named: Callable[[], None]) -> None:
    named()


def test_each_rule_over_clients_has_its_guard() -> None:
    """CLI-7 and CLI-8 are about transfers of virtual assets, which nothing here makes yet."""
    enforced = {f"CLI-{number}" for number in (1, 2, 3, 4, 5, 6, 9, 10, 11, 12, 13)} | {"AST-2", "VAF-7"}
    assert {each.rule for each in GUARDS} == enforced
