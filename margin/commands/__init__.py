"""Every way to change what the margin room knows."""

from .accounts import deposit, open_margin_account, repay, set_limit, withdraw
from .calls import assess, cancel_call, dispute_call, expire_calls, extend_call
from .closing import close_account
from .fills import close_sale, fill_sale, record_deficit, release_order, write_off_deficit
from .interest import accrue_interest, charge_interest
from .policy import adopt_policy
from .sales import approve_sale, order_sale, plan_sale
from .trading import purchase, sell

__all__ = (
    "accrue_interest",
    "adopt_policy",
    "approve_sale",
    "assess",
    "cancel_call",
    "charge_interest",
    "close_account",
    "close_sale",
    "deposit",
    "dispute_call",
    "expire_calls",
    "extend_call",
    "fill_sale",
    "open_margin_account",
    "order_sale",
    "plan_sale",
    "purchase",
    "record_deficit",
    "release_order",
    "repay",
    "sell",
    "set_limit",
    "withdraw",
    "write_off_deficit",
)
