"""Client accounts: what decides whether one may be moved."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from brokerage.clients.rules.status import Act, ClientStatus, check_may
from brokerage.ledger.refusal import Refused


class AccountKind(StrEnum):
    """A cash account never borrows; a margin account's assets move through margin's commands only."""

    CASH = "cash"
    MARGIN = "margin"


class AccountStatus(StrEnum):
    """Whether anything may move on the account at all."""

    OPEN = "open"
    CLOSED = "closed"


class BlockScope(StrEnum):
    """What a block stops: what leaves the client's hand, or every move but a deposit."""

    WITHDRAWALS = "withdrawals"
    ALL = "all"


BLOCKED_ACTS: dict[BlockScope, frozenset[Act]] = {
    BlockScope.WITHDRAWALS: frozenset({Act.WITHDRAW, Act.RELEASE}),
    BlockScope.ALL: frozenset(Act) - {Act.DEPOSIT},
}


class UnknownAccount(Refused):
    """There is no client account of that id."""

    code = "custody.unknown-account"


class BlockedMove(Refused):
    """A block on the account stops the move."""

    code = "custody.blocked"


class UnknownBlock(Refused):
    """There is no such block on the account, or it was lifted before."""

    code = "custody.unknown-block"


class ClosedAccount(Refused):
    """The account is closed."""

    code = "custody.account-closed"


class NotEmpty(Refused):
    """An account that still holds something cannot be closed."""

    code = "custody.not-empty"


class UseMargin(Refused):
    """The assets of a margin account move through margin's own commands, which check its loan."""

    code = "custody.use-margin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What decides whether an account may be moved: its state, its client's, and the blocks on it.

    A block is (scope, asset); asset None means all assets.
    """

    account: UUID
    client: UUID
    kind: AccountKind
    base_currency: str
    status: AccountStatus
    client_status: ClientStatus
    blocks: tuple[tuple[BlockScope, str | None], ...]

    def check(self, act: Act, *assets: str) -> None:
        """Pass if `act` may be done with all the assets; raises ClosedAccount, NotActive or BlockedMove."""
        self.check_open()
        check_may(self.client_status, act)
        for scope, blocked in self.blocks:
            if act in BLOCKED_ACTS[scope] and (blocked is None or blocked in assets):
                raise BlockedMove(
                    "A block on the account stops this.", account=self.account, act=act, asset=blocked
                )

    def check_open(self) -> None:
        """Pass unless the account is closed; raises ClosedAccount."""
        if self.status is AccountStatus.CLOSED:
            raise ClosedAccount("The account is closed.", account=self.account)

    def check_cash_kind(self) -> None:
        """Pass for a cash account; raises UseMargin for a margin account."""
        if self.kind is AccountKind.MARGIN:
            raise UseMargin("Use margin's own command for a margin account.", account=self.account)
