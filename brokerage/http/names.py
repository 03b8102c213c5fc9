"""What a page calls the clients that its reader acts for."""

from uuid import UUID

from brokerage.access.rules import Principal
from brokerage.clients import queries as clients


def clients_of(asker: Principal) -> list[tuple[UUID, str]]:
    """Id and name of each client the principal reaches; where there is no name, the reference."""
    found = clients.in_scope(asker.clients).values_list("id", "reference")
    names = clients.labels([client for client, _ in found])
    return [(client, names.get(client) or reference) for client, reference in found]
