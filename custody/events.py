"""What happened to assets the firm keeps. Amounts are in units of the asset and always positive;
which way value went is in the postings.
"""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from brokerage.ledger.registry import Audience, event

from .rules import AccountKind, BlockScope, CustodianKind, Licence, Trade


@event("custody.custodian-registered", audience=Audience.STAFF)
@dataclass(frozen=True, slots=True, kw_only=True)
class CustodianRegistered:
    """The firm keeps assets with this custodian from now on; on the custodian's stream."""

    kind: CustodianKind
    name: str
    licence: Licence
    assets: tuple[str, ...]


@event("custody.assets-added", audience=Audience.STAFF)
@dataclass(frozen=True, slots=True, kw_only=True)
class AssetsAdded:
    """The custodian keeps these assets too."""

    assets: tuple[str, ...]


@event("custody.house-funded", audience=Audience.STAFF)
@dataclass(frozen=True, slots=True, kw_only=True)
class HouseFunded:
    """Capital of the firm came into its own bank account."""

    currency: str
    amount: Decimal


@event("custody.account-opened", audience=Audience.CLIENT)
@dataclass(frozen=True, slots=True, kw_only=True)
class AccountOpened:
    """A client account exists; its id is its stream and the owner of its ledger accounts."""

    client: UUID
    kind: AccountKind
    base_currency: str


@event("custody.account-closed", audience=Audience.CLIENT)
@dataclass(frozen=True, slots=True, kw_only=True)
class AccountClosed:
    """The account held nothing and was closed for good."""


@event("custody.deposited", audience=Audience.CLIENT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Deposited:
    """The asset came in from outside and lies with the custodian."""

    asset: str
    amount: Decimal
    custodian: UUID


@event("custody.withdrawn", audience=Audience.CLIENT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """The asset left the custodian for the client's own destination."""

    asset: str
    amount: Decimal
    custodian: UUID


@event("custody.trade-booked", audience=Audience.CLIENT)
@dataclass(frozen=True, slots=True, kw_only=True)
class TradeBooked:
    """A trade was agreed; no value has moved."""

    trade: UUID
    terms: Trade


@event("custody.trade-settled", audience=Audience.CLIENT)
@dataclass(frozen=True, slots=True, kw_only=True)
class TradeSettled:
    """Asset and money of a booked trade changed hands: at this bank, and with this custodian."""

    trade: UUID
    bank: UUID
    custodian: UUID


@event("custody.pledged", audience=Audience.CLIENT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Pledged:
    """A holding became collateral; `basis` names the agreement the pledge rests on."""

    asset: str
    amount: Decimal
    basis: str


@event("custody.released", audience=Audience.CLIENT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """Collateral became a free holding again."""

    asset: str
    amount: Decimal


@event("custody.blocked", audience=Audience.STAFF)
@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """Moves of the account stop; all assets, or one."""

    block: UUID
    scope: BlockScope
    asset: str | None
    reason: str


@event("custody.unblocked", audience=Audience.STAFF)
@dataclass(frozen=True, slots=True, kw_only=True)
class Unblocked:
    """A block was lifted."""

    block: UUID
    reason: str
