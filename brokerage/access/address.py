"""Where a request comes from, and from what, as far as it can be believed."""

from ipaddress import ip_address

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
