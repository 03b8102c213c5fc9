"""Where a request comes from, and from what, as far as it can be believed."""

from ipaddress import ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The address that the outermost proxy of our own saw; without proxies that of the connection.

    settings.PRAYA_PROXIES says how many of our proxies append to X-Forwarded-For. What stands further to the
    left was written by the client, and is never read. An unusable entry counts as no entry.
    """
    direct = request.META.get("REMOTE_ADDR", "")
    if not settings.PRAYA_PROXIES:
        return _checked(direct)
    hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    seen = hops[-settings.PRAYA_PROXIES] if len(hops) >= settings.PRAYA_PROXIES else ""
    return _checked(seen) or _checked(direct)


def network_of(address: str) -> str:
    """The network that is counted as one asker: an IPv4 address, or the 64 bits of IPv6 that one line has."""
    if not address:
        return ""
    return str(ip_network(f"{address}/{64 if ':' in address else 32}", strict=False))


def first_of_network(request: HttpRequest) -> str | None:
    """The first address of the network that a request is counted for; None where it cannot be known."""
    return network_of(client_address(request)).partition("/")[0] or None


def device(request: HttpRequest) -> str:
    """What the browser says it is, without characters that could play tricks on a page or in a log."""
    said = request.headers.get("User-Agent", "")
    return "".join(char for char in said if char.isprintable())[:200]


def _checked(text: str) -> str:
    try:
        address = ip_address(text)
    except ValueError:
        return ""
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)
