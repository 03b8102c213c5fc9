"""What happened to logins, keys and proposals."""

from .keys import KeyFetched, KeyMade, KeyRevoked
from .logins import (
    ContactChanged,
    FactorAdded,
    FactorRemoved,
    FactorsReset,
    LockedOut,
    LoginClosed,
    LoginErased,
    LoginIdentified,
    LoginOpened,
    PasswordChanged,
    RoleGranted,
    RoleRemoved,
    SignedIn,
    SignedOut,
)
from .proposals import (
    ProposalApproved,
    ProposalExpired,
    ProposalMade,
    ProposalRejected,
    ProposalWithdrawn,
)
from .sign_up import SignUpAsked, SignUpConfirmed

__all__ = (
    "ContactChanged",
    "FactorAdded",
    "FactorRemoved",
    "FactorsReset",
    "KeyFetched",
    "KeyMade",
    "KeyRevoked",
    "LockedOut",
    "LoginClosed",
    "LoginErased",
    "LoginIdentified",
    "LoginOpened",
    "PasswordChanged",
    "ProposalApproved",
    "ProposalExpired",
    "ProposalMade",
    "ProposalRejected",
    "ProposalWithdrawn",
    "RoleGranted",
    "RoleRemoved",
    "SignUpAsked",
    "SignUpConfirmed",
    "SignedIn",
    "SignedOut",
)
