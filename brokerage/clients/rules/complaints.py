"""The complaints register (CMP-1): what came in, and by when it is acknowledged and answered."""

from datetime import date, timedelta
from enum import StrEnum

from brokerage.ledger.refusal import Refused

ACKNOWLEDGE = timedelta(days=7)
ANSWER = timedelta(days=60)
"""House policy: calendar days from receipt."""


class Subject(StrEnum):
    """What a complaint is about."""

    SERVICE = "service"
    EXECUTION = "execution"
    MARGIN = "margin-call"
    FEES = "fees-and-interest"
    ASSETS = "client-assets"
    ADVICE = "advice"
    DATA = "personal-data"
    OTHER = "other"


class Channel(StrEnum):
    """How it came in."""

    PORTAL = "portal"
    LETTER = "letter"
    MAIL = "e-mail"
    PHONE = "phone"
    PERSON = "in-person"


class Stage(StrEnum):
    """How far the firm's reply has come."""

    RECEIVED = "received"
    ACKNOWLEDGED = "acknowledged"
    ANSWERED = "answered"
    CLOSED = "closed"


class Outcome(StrEnum):
    """What the answer says."""

    UPHELD = "upheld"
    PARTLY = "partly-upheld"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class UnknownComplaint(Refused):
    """There is no such complaint."""

    code = "clients.unknown-complaint"


class OutOfTurn(Refused):
    """A step that does not follow the complaint's stage."""

    code = "clients.complaint-out-of-turn"


class BadReceiptDate(Refused):
    """A complaint received in the future."""

    code = "clients.bad-receipt-date"


ORDER = list(Stage)


def check_next(stage: Stage, wanted: Stage) -> None:
    """Pass if the stage follows at once; an answer may come without an acknowledgement. OutOfTurn."""
    straight = ORDER.index(wanted) == ORDER.index(stage) + 1
    if not straight and (stage, wanted) != (Stage.RECEIVED, Stage.ANSWERED):
        raise OutOfTurn(f"A complaint that is {stage} cannot become {wanted}.", stage=stage, wanted=wanted)


def due_dates(received: date) -> tuple[date, date]:
    """The last days for acknowledgement and answer."""
    return received + ACKNOWLEDGE, received + ANSWER
