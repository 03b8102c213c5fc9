"""What this room keeps sealed: the data keys of people and of texts about cases and complaints."""

from brokerage.access import resealing

from . import sealed, vault

resealing.holds("personal data", vault.stale, vault.rewrap)
resealing.holds("cases and complaints", sealed.stale, sealed.rewrap)
