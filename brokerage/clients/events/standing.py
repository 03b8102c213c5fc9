"""How the firm judged an applicant, and later the client: the same facts on either's stream.

What somebody owns and owes stays in the vault record that an assessment names. Two figures that follow from
it are here, because rules read them long after: the limit, to a thousand dollars, and a retail client's bound
on virtual assets, to ten thousand, which tells the net worth to a hundred thousand.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from brokerage.ledger.registry import event, upcaster

from ..rules.classification import Investor
from ..rules.credit import Ground
from ..rules.knowledge import Basis
from ..rules.tax import EntityKind


@event("clients.investor-classified", schema=3)
@dataclass(frozen=True, slots=True, kw_only=True)
class InvestorClassified:
    """CLI-1 and CLI-2: as what the client is treated, on which evidence, and when that is looked at again.

    `evidence_dated` is the date that staff saw on the evidence; None without evidence. `consents` are the
    papers on which suitability is waived.
    """

    investor: Investor
    assessment: UUID
    evidence: UUID | None
    evidence_dated: date | None
    review_due: date
    suitability: bool
    terms: date
    consents: tuple[UUID, ...] = ()


@upcaster("clients.investor-classified", schema=1)
def _without_consent(data: dict[str, Any]) -> dict[str, Any]:
    return {**data, "consent": None}


@upcaster("clients.investor-classified", schema=2)
def _on_one_consent(data: dict[str, Any]) -> dict[str, Any]:
    """One paper was enough, whatever the mandate asked."""
    kept = {name: value for name, value in data.items() if name != "consent"}
    return kept | {"consents": [data["consent"]] if data["consent"] else []}


@event("clients.knowledge-assessed")
@dataclass(frozen=True, slots=True, kw_only=True)
class KnowledgeAssessed:
    """CLI-3 and PERP-8: what shows knowledge of virtual assets and of derivatives; nothing does if empty."""

    answers: UUID | None
    virtual_assets: tuple[Basis, ...]
    derivatives: tuple[Basis, ...]
    terms: date


@event("clients.credit-assessed")
@dataclass(frozen=True, slots=True, kw_only=True)
class CreditAssessed:
    """VAF-7 and CLI-4: the limit proposed and the most in virtual assets, in Hong Kong dollars."""

    assessment: UUID
    limit: Decimal
    va_exposure: Decimal | None
    grounds: tuple[Ground, ...]
    terms: date


@event("clients.mandate-set")
@dataclass(frozen=True, slots=True, kw_only=True)
class MandateSet:
    """CLI-13: how many holders or signatories an instruction needs from now on."""

    signatures: int


@event("clients.account-designated")
@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDesignated:
    """CLI-5: money may flow to and from the client's bank account in this vault record."""

    account: UUID


@event("clients.tax-certified", schema=3)
@dataclass(frozen=True, slots=True, kw_only=True)
class TaxCertified:
    """A person certified every tax residence; which, with numbers and doubts, is in the vault record.

    `version` are the details it was checked against, `document` the paper it was signed on, if on one. What
    was certified before these were kept has neither.
    """

    record: UUID
    digest: str
    version: UUID | None
    document: UUID | None
    entity: EntityKind | None
    signed_on: date


@upcaster("clients.tax-certified", schema=1)
def _without_doubts(data: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name != "confirmed"}


@upcaster("clients.tax-certified", schema=2)
def _without_countries(data: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in data.items() if name != "countries"}
    return kept | {"version": None, "document": None}


@event("clients.tax-circumstances-changed")
@dataclass(frozen=True, slots=True, kw_only=True)
class TaxCircumstancesChanged:
    """What a certificate says may be wrong since then, or a first one is asked for: it is due within the
    time of grace.
    """

    changed_at: datetime
    reason: str
