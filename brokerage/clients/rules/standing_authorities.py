"""Standing authorities over client assets (AST-2): how they are given, renewed, refused and revoked."""

from datetime import date, timedelta
from enum import StrEnum

from brokerage.ledger.refusal import Refused

from .status import Classification

ONE_DAY = timedelta(days=1)
NOTICE = timedelta(days=14)
"""AST-2: a deemed renewal needs notice at least this long before the authority ends."""
REMINDER = timedelta(days=30)
"""House policy: the job gives notice this long before the end, so that post and holidays fit in."""


class Purpose(StrEnum):
    """What the firm may do with the client's assets without asking each time."""

    REPLEDGE_SECURITIES = "repledge-securities"
    LEND_SECURITIES = "lend-securities"
    CLIENT_MONEY = "client-money"
    """Pay client money to another segregated account or an affiliate."""


class End(StrEnum):
    """How a standing authority came to an end."""

    REVOKED = "revoked"
    LAPSED = "lapsed"
    WITHOUT_NOTICE = "lapsed-without-notice"
    """Its last day passed before a notice of its renewal had reached the client in time."""
    CLOSED = "client-closed"
    ANOTHER = "client-changed"
    """The client's holders or its entity changed: those who gave it are not the client any more."""


class NotWritten(Refused):
    """AST-2: an authority that is not in writing."""

    code = "clients.authority-not-written"


class PaperUsed(Refused):
    """A paper that cannot be about this: something else rests on it, or it is older than the term (AST-2)."""

    code = "clients.paper-used"


class RevocationMissing(Refused):
    """AST-2: an authority that does not say how it is revoked."""

    code = "clients.revocation-missing"


class TermTooLong(Refused):
    """AST-2: more than twelve months for a client who is no professional investor, or no time at all."""

    code = "clients.term-too-long"


class PurposeCovered(Refused):
    """A standing authority for that purpose is in force; renew it."""

    code = "clients.purpose-covered"


class UnknownStandingAuthority(Refused):
    """There is no such standing authority, or it has ended."""

    code = "clients.unknown-standing-authority"


class NoticeTooLate(Refused):
    """AST-2: less than fourteen days before the end; the client must renew in writing."""

    code = "clients.notice-too-late"


class NothingToObject(Refused):
    """No renewal was announced, or it was objected to before."""

    code = "clients.nothing-to-object"


def a_year_from(day: date) -> date:
    """The same day a year later; 29 February becomes 28."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return day.replace(year=day.year + 1, day=28)


def check_given(
    classification: Classification, *, starts: date, ends: date, written: bool, revocation_stated: bool
) -> None:
    """AST-2: pass if the authority is in writing, says how it is revoked and lasts no longer than it may.

    `ends` is the last day. Raises NotWritten, RevocationMissing or TermTooLong.
    """
    if not written:
        raise NotWritten("A standing authority needs a signed paper, or the client's own act in the portal.")
    if not revocation_stated:
        raise RevocationMissing("The text must say how the client revokes the authority.")
    check_term(classification, starts=starts, ends=ends)


def check_fresh(*, named: bool, stored: date, since: date | None = None) -> None:
    """Pass if nothing else rests on a signed paper, and it came in since a day (AST-2); raises PaperUsed."""
    if named:
        raise PaperUsed("Something else rests on this paper; add the one that was signed for this.")
    if since is not None and stored < since:
        raise PaperUsed("This paper is from before the present term; add the one signed since.", since=since)


def check_term(classification: Classification, *, starts: date, ends: date) -> None:
    """AST-2: pass if the term is not empty, and at most twelve months for a non-professional; TermTooLong."""
    longest = classification is Classification.PROFESSIONAL or ends < a_year_from(starts)
    if ends < starts or not longest:
        raise TermTooLong("Choose an end within twelve months.", starts=starts, ends=ends)


def covers(classification: Classification, *, since: date, ends: date, on: date) -> bool:
    """Whether an authority given or renewed on `since` still covers a day.

    A client who ceased to be professional is covered for twelve months only, whatever was agreed.
    """
    last = ends if classification is Classification.PROFESSIONAL else min(ends, _last(since))
    return since <= on <= last


def _last(since: date) -> date:
    return a_year_from(since) - timedelta(days=1)


def check_notice(ends: date, on: date) -> None:
    """AST-2: pass if notice given on a day leaves fourteen days; raises NoticeTooLate."""
    if ends - on < NOTICE:
        raise NoticeTooLate("Fewer than fourteen days are left: ask for a written renewal.", ends=ends)


def is_in_time(ends: date, delivered: date | None) -> bool:
    """AST-2: whether a notice was delivered at least fourteen days before the end; None is no delivery."""
    return delivered is not None and ends - delivered >= NOTICE


def end_of_term(*, ends: date, delivered: date | None, objected: bool, active: bool) -> End | None:
    """AST-2: how an authority ends whose last day has passed; None where silence renews it.

    Silence renews after a notice that was delivered, not merely sent, at least fourteen days before the end;
    and that of a client only that is `active`: nobody agrees who is dead or cannot act.
    """
    if objected or not active:
        return End.LAPSED
    return None if is_in_time(ends, delivered) else End.WITHOUT_NOTICE
