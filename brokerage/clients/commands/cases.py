"""Alerts, cases and reports (CLI-12). No refusal of these is logged, and none goes to the approvals inbox:
the second person's word is given on the case itself.
"""

from dataclasses import replace
from datetime import date
from uuid import UUID, uuid5

from brokerage.ledger import seams
from brokerage.ledger.commands import NothingToDo, command
from brokerage.ledger.entry import Entry
from brokerage.market.rules.calendars import hong_kong_date

from .. import queries, sealed
from ..events.cases import (
    AlertDismissed,
    AlertJoined,
    AlertRaised,
    CaseClosed,
    CaseNoted,
    CaseOpened,
    CaseReported,
    ClosureProposed,
)
from ..queries.cases import alert as waiting_alert
from ..queries.cases import case as found_case
from ..rules.cases import (
    AlertGround,
    CaseState,
    Closing,
    NobodyProposed,
    NotReported,
    OtherClient,
    check_closing,
    check_open,
    checked_report,
)
from ..rules.documents import media_of
from ..rules.sealed import checked_note

TEXT = "text/plain"


@command("clients.raise-alert", restricted=True)
def raise_alert(entry: Entry, *, client: UUID, ground: AlertGround, text: str) -> None:
    """Tell compliance of a concern about a client, sealed. Returns nothing, so that nothing can be followed.

    Raises UnknownClient or BadText.
    """
    note = checked_note(text)
    queries.client(client)
    alert = seams.new_id()
    entry.lock(alert)
    kept = sealed.keep(alert, note)
    entry.record(alert, AlertRaised(client=client, ground=ground, text=kept.id, digest=kept.digest))


@command("clients.detect", restricted=True)
def detect(entry: Entry, *, client: UUID, ground: AlertGround, what: str) -> None:
    """Raise an alert a rule found; `what` tells one finding from the next. NothingToDo if it was raised."""
    alert = uuid5(client, f"alert:{ground}:{what}")
    entry.lock(alert)
    if entry.version(alert):
        raise NothingToDo("This was found before.")
    entry.record(alert, AlertRaised(client=client, ground=ground, text=None, digest=""))


@command("clients.dismiss-alert", restricted=True)
def dismiss_alert(entry: Entry, *, alert: UUID, reason: Closing) -> None:
    """Decide that an alert needs no case; raises UnknownAlert."""
    entry.lock(alert)
    waiting_alert(alert)
    entry.record(alert, AlertDismissed(reason=reason))


@command("clients.open-case", restricted=True)
def open_case(entry: Entry, *, alert: UUID) -> UUID:
    """Look into an alert in a case of its own; returns the case's id. Raises UnknownAlert."""
    case = seams.new_id()
    entry.lock(alert, case)
    found = waiting_alert(alert)
    entry.record(case, CaseOpened(client=found.client))
    entry.record(alert, AlertJoined(case=case))
    return case


@command("clients.join-alert", restricted=True)
def join_alert(entry: Entry, *, alert: UUID, case: UUID) -> None:
    """Look into an alert in a case about the same client.

    Raises UnknownAlert, UnknownCase, CaseClosed or OtherClient.
    """
    entry.lock(alert, case)
    found, into = waiting_alert(alert), found_case(case)
    check_open(CaseState(into.state))
    if found.client != into.client:
        raise OtherClient("The case is about another client.")
    entry.record(alert, AlertJoined(case=case))


@command("clients.note-case", restricted=True)
def note_case(entry: Entry, *, case: UUID, text: str) -> UUID:
    """Add a sealed note; returns its id. Raises UnknownCase, CaseClosed or BadText."""
    return _noted(entry, case, checked_note(text), TEXT)


@command("clients.add-evidence", restricted=True)
def add_evidence(entry: Entry, *, case: UUID, content: bytes) -> UUID:
    """Add a sealed paper; returns its id. Raises UnknownCase, CaseClosed, DocumentTooLarge, WrongType."""
    return _noted(entry, case, content, media_of(content))


@command("clients.report-case", restricted=True)
def report_case(entry: Entry, *, case: UUID, number: str, filed: date) -> None:
    """Record that a report was filed with the financial intelligence unit.

    Raises UnknownCase, CaseClosed, BadReportNumber, or NotReported for a second report or a future day.
    """
    entry.lock(case)
    state = CaseState(found_case(case).state)
    check_open(state)
    if state is CaseState.REPORTED or filed > hong_kong_date(entry.effective_at):
        raise NotReported("The report was recorded before, or its day has not come.")
    entry.record(case, CaseReported(number=checked_report(number), filed=filed))


@command("clients.propose-closure", restricted=True)
def propose_closure(entry: Entry, *, case: UUID, reason: Closing) -> None:
    """Propose to close a case without a report; another person agrees by `close_case`.

    Raises UnknownCase, CaseClosed, NotReported or NobodyProposed without a person.
    """
    entry.lock(case)
    state = CaseState(found_case(case).state)
    check_open(state)
    if state is CaseState.REPORTED or reason is Closing.REPORT_DONE:
        raise NotReported("A reported case is closed by one person, as reported.")
    if entry.context.maker is None:
        raise NobodyProposed("A person proposes the closure.")
    entry.record(case, ClosureProposed(reason=reason, by=entry.context.maker))


@command("clients.close-case", restricted=True)
def close_case(entry: Entry, *, case: UUID) -> None:
    """Close a reported case, or agree to another person's proposal to close one without a report (CLI-12).

    The entry of two names both, so that the database holds them apart; as its event is restricted, only who
    may read that reads the entry. Raises UnknownCase, CaseClosed, NobodyProposed or OwnProposal.
    """
    entry.lock(case)
    found = found_case(case)
    state = CaseState(found.state)
    check_open(state)
    reported = state is CaseState.REPORTED
    if not reported and not found.closure_reason:
        raise NobodyProposed("One person proposes the closure, another agrees to it.")
    reason = Closing.REPORT_DONE if reported else Closing(found.closure_reason)
    closer = entry.context.maker
    check_closing(state, reason, proposer=found.closure_by, closer=closer)
    if not reported:
        entry.context = replace(entry.context, maker=found.closure_by, checker=closer)
    entry.record(case, CaseClosed(reason=reason))


def _noted(entry: Entry, case: UUID, content: bytes, media: str) -> UUID:
    entry.lock(case)
    check_open(CaseState(found_case(case).state))
    kept = sealed.keep(case, content)
    entry.record(case, CaseNoted(text=kept.id, digest=kept.digest, media=media))
    return kept.id
