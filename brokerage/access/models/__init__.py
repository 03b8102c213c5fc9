"""Logins, what they are logged in with, and keys for machines."""

from .key import ApiKey
from .login import SignIn, User
from .proposal import Proposal
from .sign_up import SignUp

__all__ = ("ApiKey", "Proposal", "SignIn", "SignUp", "User")
