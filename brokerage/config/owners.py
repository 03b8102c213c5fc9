"""Whose book is whose: composed here, because the feed may not know the rooms above clients."""

from uuid import UUID

from custody import queries as custody


def of(clients: frozenset[UUID]) -> frozenset[UUID]:
    """The streams and owners of these clients' affairs: they themselves and their accounts."""
    accounts = custody.accounts(clients).values_list("id", flat=True)
    return clients | frozenset(accounts)
