"""Does the client know virtual assets (CLI-3) and derivatives (PERP-8)? Training, work or trades show it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from brokerage.ledger.refusal import Refused

from .classification import Investor
from .terms import Terms


class Basis(StrEnum):
    """What shows the knowledge, or that none is asked for."""

    TRAINING = "training"
    WORK = "work"
    TRADES = "trades"
    EXEMPT = "exempt"


class NoAnswers(Refused):
    """CLI-3: the enquiry must be made, and its answers recorded, before anybody can be assessed."""

    code = "clients.no-answers"


class BadAnswers(Refused):
    """A number of trades that cannot be."""

    code = "clients.bad-answers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Experience:
    """What somebody says of one field: a course, a job of a year or more, trades in the last three years."""

    training: bool = False
    work: bool = False
    trades: int = 0

    def bases(self, terms: Terms) -> tuple[Basis, ...]:
        """What of it shows knowledge."""
        shown = {
            Basis.TRAINING: self.training,
            Basis.WORK: self.work,
            Basis.TRADES: self.trades >= terms.trades,
        }
        return tuple(basis for basis, holds in shown.items() if holds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """The enquiry's answers, and whether the risks of derivatives were read."""

    virtual_assets: Experience
    derivatives: Experience
    risks_read: bool

    def checked(self) -> Self:
        """The same answers; raises BadAnswers."""
        if not all(0 <= each.trades <= 1_000_000 for each in (self.virtual_assets, self.derivatives)):
            raise BadAnswers("Write how many trades there were, as a whole number.")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """The outcome: what the client may be offered, and on which basis."""

    virtual_assets: tuple[Basis, ...]
    derivatives: tuple[Basis, ...]


def is_exempt(investor: Investor, *, suitability: bool) -> bool:
    """CLI-3: whether no knowledge of virtual assets is asked for."""
    return investor in (Investor.INSTITUTIONAL, Investor.CORPORATE) and not suitability


def assess(answers: Answers | None, investor: Investor, *, suitability: bool, terms: Terms) -> Knowledge:
    """CLI-3 and PERP-8 on the answers.

    Institutions, and corporate professionals assessed and agreed (no suitability left), are exempt for
    virtual assets; nobody is for derivatives, whose risks must also have been read. Raises NoAnswers.
    """
    exempt = is_exempt(investor, suitability=suitability)
    if answers is None and not exempt:
        raise NoAnswers("Ask the client about knowledge and experience first.")
    shown = answers.virtual_assets.bases(terms) if answers else ()
    derivatives = answers.derivatives.bases(terms) if answers and answers.risks_read else ()
    return Knowledge(virtual_assets=(Basis.EXEMPT,) if exempt else shown, derivatives=derivatives)
