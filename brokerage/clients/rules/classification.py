"""Retail or professional: what a classification takes (CLI-1) and which protection it leaves (CLI-2)."""

from datetime import date, timedelta
from enum import StrEnum

from brokerage.ledger.refusal import Refused

from .documents import DocumentKind
from .finances import Finances
from .status import Classification, ClientType
from .terms import Terms


class Investor(StrEnum):
    """As what the client is treated."""

    RETAIL = "retail"
    INDIVIDUAL = "individual-pi"
    CORPORATE = "corporate-pi"
    INSTITUTIONAL = "institutional-pi"

    @property
    def classification(self) -> Classification:
        """The same in the two words of a client's record."""
        return Classification.RETAIL if self is Investor.RETAIL else Classification.PROFESSIONAL


class WrongInvestor(Refused):
    """A kind of professional investor that this client's legal form cannot be."""

    code = "clients.wrong-investor"


class BelowThreshold(Refused):
    """CLI-1: the evidence does not reach the threshold."""

    code = "clients.below-threshold"


class EvidenceMissing(Refused):
    """CLI-1: no evidence, or too old."""

    code = "clients.evidence-missing"


class ConsentMissing(Refused):
    """CLI-2: protection is waived only for a corporate professional, assessed and with its consent."""

    code = "clients.consent-missing"


_PEOPLE = (ClientType.INDIVIDUAL, ClientType.JOINT)


def check_investor(
    investor: Investor,
    form: ClientType,
    finances: Finances,
    *,
    today: date,
    terms: Terms,
    evidence_dated: date | None,
) -> None:
    """CLI-1: pass if the client may be treated so.

    `evidence_dated` is the date that staff saw on the paper which shows it; None without a paper. What the
    applicant says of the date counts for nothing. Raises WrongInvestor, EvidenceMissing or BelowThreshold.
    """
    if investor is Investor.RETAIL:
        return
    personal = form in _PEOPLE
    if (investor is Investor.INDIVIDUAL) is not personal:
        raise WrongInvestor("This legal form cannot be that kind of professional investor.", form=form)
    check_evidence(evidence_dated, today, terms)
    if investor is not Investor.INSTITUTIONAL and not _reaches(form, finances, terms):
        raise BelowThreshold("The evidence is below the threshold. Virtual assets do not count.", form=form)


def shown_by(investor: Investor) -> DocumentKind:
    """CLI-1: the kind of paper that shows it: an institution's licence or registration, others' assets."""
    return DocumentKind.AUTHORITY if investor is Investor.INSTITUTIONAL else DocumentKind.ASSETS


def check_evidence(dated: date | None, today: date, terms: Terms) -> None:
    """CLI-1, VAF-7: pass if the evidence is not older than the house takes; raises EvidenceMissing."""
    oldest = today - timedelta(days=terms.evidence_days)
    if dated is None or not oldest <= dated <= today:
        raise EvidenceMissing("Add evidence with its date, not older than a year.", dated=dated)


def _reaches(form: ClientType, finances: Finances, terms: Terms) -> bool:
    if form in _PEOPLE:
        return finances.portfolio >= terms.individual_portfolio
    if form is ClientType.TRUST:
        return finances.total_assets >= terms.trust_assets
    return finances.portfolio >= terms.entity_portfolio or finances.total_assets >= terms.entity_assets


def suitability(investor: Investor, *, assessed: bool, consented: bool, waive: bool) -> bool:
    """CLI-2: whether advice must be suitable for the client.

    An individual professional keeps the protection; a corporate one may waive it once its knowledge and
    process were assessed and it agreed in writing; an institution never has it. Raises ConsentMissing.
    """
    if investor is Investor.INSTITUTIONAL:
        return False
    if not waive:
        return True
    if investor is not Investor.CORPORATE or not (assessed and consented):
        raise ConsentMissing("Only a corporate professional, assessed and with its consent, may waive this.")
    return False


def review_due(today: date, terms: Terms) -> date:
    """CLI-1: the day by which the evidence must be looked at again."""
    return today + timedelta(days=terms.review_days)


def investor_on(investor: str, due: date | None, today: date) -> Investor:
    """CLI-1: as what the client is treated on a day: retail once the yearly review is overdue.

    And as long as nobody classified it: `investor` is empty, `due` None.
    """
    if not investor or due is None:
        return Investor.RETAIL
    known = Investor(investor)
    return known if today <= due or known is Investor.INSTITUTIONAL else Investor.RETAIL
