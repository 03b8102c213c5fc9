"""Ways to change who may act."""

from .api_keys import fetch_key, make_key, revoke_key
from .erasure import erase_logins
from .logins import NameTaken, UnknownLogin, UnknownRole, close_login, open_client_login, open_login
from .passwords import LinkSpent, choose_password
from .proposals import (
    Decision,
    Proposed,
    approve,
    approve_each,
    expire_proposals,
    reject,
    submit,
    withdraw_proposal,
)
from .sign_ups import A_DAY, ask_sign_up, end_links, leave_link, sealed_address, sign_up
from .staff_logins import grant_role, remove_role, reset_login, shut_login
from .staff_people import identify_login

__all__ = (
    "A_DAY",
    "Decision",
    "LinkSpent",
    "NameTaken",
    "Proposed",
    "UnknownLogin",
    "UnknownRole",
    "approve",
    "approve_each",
    "ask_sign_up",
    "choose_password",
    "close_login",
    "end_links",
    "erase_logins",
    "expire_proposals",
    "fetch_key",
    "grant_role",
    "identify_login",
    "leave_link",
    "make_key",
    "open_client_login",
    "open_login",
    "reject",
    "remove_role",
    "reset_login",
    "revoke_key",
    "sealed_address",
    "shut_login",
    "sign_up",
    "submit",
    "withdraw_proposal",
)
