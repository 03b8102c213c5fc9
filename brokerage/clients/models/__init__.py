"""The clients room's tables: read models, and encrypted or unruly rows beside them."""

from .application import (
    Agreement,
    AgreementText,
    Application,
    Party,
    Signature,
    Standing,
    TaxStatus,
)
from .cases import Alert, Case, CaseNote
from .client import Authority, Client, ClientLabel
from .complaints import Complaint
from .groups import Group, GroupMember
from .person import Document, Person, PersonKey, PersonReading, VaultRecord
from .reviews import Review
from .screening import Screening, ScreeningFile, ScreeningList
from .sealed import SealedText
from .standing_authorities import StandingAuthority

__all__ = (
    "Agreement",
    "AgreementText",
    "Alert",
    "Application",
    "Authority",
    "Case",
    "CaseNote",
    "Client",
    "ClientLabel",
    "Complaint",
    "Document",
    "Group",
    "GroupMember",
    "Party",
    "Person",
    "PersonKey",
    "PersonReading",
    "Review",
    "Screening",
    "ScreeningFile",
    "ScreeningList",
    "SealedText",
    "Signature",
    "Standing",
    "StandingAuthority",
    "TaxStatus",
    "VaultRecord",
)
