"""What this room keeps sealed: the data keys of people and of texts about cases and complaints."""

from brokerage.access import resealing

from . import sealed, vault
from .models import SealedText

resealing.holds("personal data", vault.stale, vault.rewrap)
resealing.holds_column(
    "cases and complaints", SealedText, "wrapped", lambda row: sealed.purpose(row.about, row.id)
)
