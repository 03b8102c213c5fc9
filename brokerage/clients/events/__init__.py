"""What happened to clients. No personal data: people live in the vault and are named by id."""

from .authority import AuthorityEnded, AuthorityGranted
from .person import DocumentStored, PersonErased, PersonHeld, PersonRecorded, PersonReleased
from .status import ClientOpened, StatusChanged

__all__ = (
    "AuthorityEnded",
    "AuthorityGranted",
    "ClientOpened",
    "DocumentStored",
    "PersonErased",
    "PersonHeld",
    "PersonRecorded",
    "PersonReleased",
    "StatusChanged",
)
