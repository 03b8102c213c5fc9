"""Read models of the room, folded from its events."""

from .application import agreements, applications, parties, signatures
from .cases import alerts, case_notes, cases
from .client import authorities, clients
from .complaints import complaints
from .groups import group_members, groups
from .person import documents, persons
from .reviews import reviews
from .screening import screening_lists, screenings
from .standing import standings, tax_statuses
from .standing_authorities import standing_authorities

__all__ = (
    "agreements",
    "alerts",
    "applications",
    "authorities",
    "case_notes",
    "cases",
    "clients",
    "complaints",
    "documents",
    "group_members",
    "groups",
    "parties",
    "persons",
    "reviews",
    "screening_lists",
    "screenings",
    "signatures",
    "standing_authorities",
    "standings",
    "tax_statuses",
)
