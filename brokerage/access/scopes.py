"""What a key for machines may be given. Pure."""

from collections.abc import Iterable
from datetime import timedelta
from ipaddress import ip_network

from brokerage.ledger.refusal import Refused

from .rules import Perm

LONGEST = timedelta(days=366)
MOST_NETWORKS = 20
WIDEST = {4: 8, 6: 32}
"""How few bits a network may fix, by version of the protocol: 10.0.0.0/8, or what one provider holds."""
OF_CLIENTS = frozenset({Perm.SEE_MARGIN, Perm.SEE_ACCOUNTS})
"""What a client's key may do, always for that client alone."""
OF_PEOPLE = frozenset(
    {Perm.MAKE_ACCESS, Perm.MAKE_WEBHOOKS, Perm.SEE_PERSONAL, Perm.SEE_RESTRICTED, Perm.MANAGE_CASES}
)
OF_THE_FIRM = frozenset(perm for perm in Perm if ".approve_" not in perm) - OF_PEOPLE
"""What the firm's key may do: it is never a second person, gives no rights, has no events sent elsewhere and
sees no personal data."""


class ScopeTooWide(Refused):
    """A key would be worth more than a key may be, or than whoever asks for it."""

    code = "access.scope-too-wide"


class BadNetwork(Refused):
    """A network that is not one in CIDR notation, too many of them, or none for a key of the firm's."""

    code = "access.bad-network"


class NetworkTooWide(Refused):
    """A network so wide that naming it bounds nothing."""

    code = "access.network-too-wide"


class BadLifetime(Refused):
    """A key that would never have been good, or be good for too long."""

    code = "access.bad-lifetime"


def check_scopes(scopes: Iterable[Perm], may: frozenset[Perm]) -> None:
    """Pass if there is a scope, and all of them are within `may`; raises ScopeTooWide."""
    asked = frozenset(scopes)
    if not asked or asked - may:
        raise ScopeTooWide("Choose scopes that you hold yourself and that a key may have.")


def checked_networks(networks: Iterable[str], *, needed: bool) -> list[str]:
    """The networks in their short form; raises BadNetwork or NetworkTooWide."""
    try:
        found = [ip_network(network.strip()) for network in networks if network.strip()]
    except ValueError as error:
        raise BadNetwork("Write a network as 192.0.2.0/24, without bits beyond the mask.") from error
    if len(found) > MOST_NETWORKS or (needed and not found):
        raise BadNetwork(f"Name the networks it is used from: one to {MOST_NETWORKS}.")
    if any(network.prefixlen < WIDEST[network.version] for network in found):
        raise NetworkTooWide(f"Name networks of at most a /{WIDEST[4]}, or of IPv6 a /{WIDEST[6]}.")
    return [str(network) for network in found]


def lifetime(days: int) -> timedelta:
    """How long a key of so many days lasts; raises BadLifetime beyond a year and a day."""
    if not 0 < days <= LONGEST.days:
        raise BadLifetime(f"A key lasts 1 to {LONGEST.days} days; make another one then.", days=days)
    return timedelta(days=days)
