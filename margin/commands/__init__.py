"""Every way to change what the margin room knows."""

from .accounts import deposit, open_margin_account, repay, set_limit, withdraw
from .calls import assess, cancel_call, dispute_call, expire_calls, extend_call
from .policy import adopt_policy
from .trading import purchase, sell

__all__ = (
    "adopt_policy",
    "assess",
    "cancel_call",
    "deposit",
    "dispute_call",
    "expire_calls",
    "extend_call",
    "open_margin_account",
    "purchase",
    "repay",
    "sell",
    "set_limit",
    "withdraw",
)
