"""From an alert to a case, and from a case to a report or its closure (CLI-12). Nobody is tipped off."""

import re
from enum import StrEnum
from uuid import UUID

from brokerage.ledger.refusal import Refused

REPORT = re.compile(r"[A-Z0-9][A-Z0-9/.-]{2,31}")


class AlertGround(StrEnum):
    """What made somebody, or a rule, look twice."""

    STAFF = "staff-concern"
    LINKED = "linked-transactions"
    """Parts below a threshold that add up to it (CLI-6)."""
    LARGE = "large-transaction"
    """One operation that reaches a threshold by itself (CLI-6)."""
    SOURCE = "source-of-funds"
    PATTERN = "unusual-pattern"
    REQUEST = "authority-request"


class AlertState(StrEnum):
    """Where an alert stands."""

    OPEN = "open"
    DISMISSED = "dismissed"
    JOINED = "in-a-case"


class CaseState(StrEnum):
    """Where a case stands."""

    OPEN = "open"
    REPORTED = "reported"
    """Filed with the financial intelligence unit; the case goes on until it is closed."""
    CLOSED = "closed"


class Closing(StrEnum):
    """Why a case was closed, or an alert dismissed."""

    EXPLAINED = "explained"
    NO_SUSPICION = "no-suspicion"
    DUPLICATE = "duplicate"
    REPORT_DONE = "report-done"


class UnknownCase(Refused):
    """There is no such case."""

    code = "clients.unknown-case"


class UnknownAlert(Refused):
    """There is no such alert, or it does not wait for anybody."""

    code = "clients.unknown-alert"


class CaseClosed(Refused):
    """The case is closed."""

    code = "clients.case-closed"


class OtherClient(Refused):
    """An alert about one client, a case about another."""

    code = "clients.other-client"


class NotReported(Refused):
    """A case closed as reported that was not, or a report filed twice."""

    code = "clients.not-reported"


class NobodyProposed(Refused):
    """No closure was proposed that could be agreed to."""

    code = "clients.nobody-proposed-closure"


class OwnProposal(Refused):
    """The closure was proposed by the same person."""

    code = "clients.own-closure"


class BadReportNumber(Refused):
    """A report number of the wrong shape."""

    code = "clients.bad-report-number"


def check_open(state: CaseState) -> None:
    """Pass unless the case is closed; raises CaseClosed."""
    if state is CaseState.CLOSED:
        raise CaseClosed("The case is closed.")


def checked_report(number: str) -> str:
    """The number under which the unit took the report: 3 to 32 capitals, digits, '/', '.' or '-'."""
    if not REPORT.fullmatch(number):
        raise BadReportNumber("Give the report's number in capital letters and digits.")
    return number


def check_closing(state: CaseState, reason: Closing, *, proposer: UUID | None, closer: UUID | None) -> None:
    """CLI-12: pass if a reported case ends as reported, and any other by the word of two people.

    Raises NotReported, NobodyProposed or OwnProposal.
    """
    if (reason is Closing.REPORT_DONE) is not (state is CaseState.REPORTED):
        raise NotReported("A reported case is closed as reported, any other for another reason.")
    if state is CaseState.REPORTED:
        return
    if proposer is None or closer is None:
        raise NobodyProposed("One person proposes the closure, another agrees to it.")
    if proposer == closer:
        raise OwnProposal("Another person must agree to the closure.")
