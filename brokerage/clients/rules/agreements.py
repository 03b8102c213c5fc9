"""Agreements are signed by hash: who, which version, when, how, and with a second factor just shown."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid5

from brokerage.ledger.refusal import Refused

from .terms import Terms

AGREEMENTS = UUID("5f0d8b0e-5d3b-4b4e-8f4b-4f4b7d0b7c61")
"""The name space of agreement ids."""
LONGEST = 400_000


class AgreementKind(StrEnum):
    """What is agreed."""

    CLIENT = "client-agreement"
    RISKS = "risk-disclosure"
    MARGIN = "margin-agreement"


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """From where somebody signed: the network address and the browser's name; kept in the vault."""

    address: str
    agent: str


class UnknownAgreement(Refused):
    """There is no such agreement, or not in force."""

    code = "clients.unknown-agreement"


class AgreementChanged(Refused):
    """The text that was read is not the version in force."""

    code = "clients.agreement-changed"


class NotConfirmed(Refused):
    """CLI-5: a signature needs a second factor shown within the last minutes."""

    code = "clients.not-confirmed"


class BadAgreement(Refused):
    """An agreement without text, or too long."""

    code = "clients.bad-agreement"


def agreement_id(kind: AgreementKind, version: int) -> UUID:
    """The id of one version of one agreement."""
    return uuid5(AGREEMENTS, f"{kind}:{version}")


def agreement_stream(kind: AgreementKind) -> UUID:
    """The stream of all versions of one agreement."""
    return uuid5(AGREEMENTS, kind)


def text_digest(text: str) -> str:
    """SHA-256 of the text in UTF-8: what a signature names. Raises BadAgreement."""
    if not text.strip() or len(text) > LONGEST:
        raise BadAgreement("Give the agreement its whole text.")
    return hashlib.sha256(text.encode()).hexdigest()


def required(*, margin: bool) -> frozenset[AgreementKind]:
    """What an applicant signs; the margin agreement only to borrow."""
    always = {AgreementKind.CLIENT, AgreementKind.RISKS}
    return frozenset(always | {AgreementKind.MARGIN} if margin else always)


def check_confirmed(confirmed_at: datetime | None, at: datetime, terms: Terms) -> None:
    """CLI-5: pass if a second factor was shown just before the signature; raises NotConfirmed."""
    limit = timedelta(minutes=terms.fresh_minutes)
    if confirmed_at is None or not timedelta(0) <= at - confirmed_at <= limit:
        raise NotConfirmed("Confirm with your second factor, then sign again.")
