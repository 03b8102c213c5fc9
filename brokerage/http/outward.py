"""The one way out of the house: an https POST to an address that is nobody's private network.

The name is resolved once, every address it has must be public, and the connection goes to that very
address, so a name that answers differently the next time gains nothing. No redirect is followed.
"""

import socket
import ssl
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from ipaddress import IPv6Address, IPv6Network, ip_address
from threading import Event, Timer
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from brokerage.ledger.refusal import Refused

TIMEOUT_S = 10
WHOLE_S = 20
"""How long question and answer may take together, however steadily the bytes come."""
LARGEST_ANSWER = 2**20
LONGEST_URL = 500
_UNICAST = IPv6Network("2000::/3")
"""What of IPv6 is given out to anybody (RFC 4291): nothing mapped, translated or local lies in it."""


class BadAddress(Refused):
    """An address that nothing is sent to."""

    code = "http.bad-address"


class Unreachable(Exception):
    """No answer came."""


def checked(url: str) -> SplitResult:
    """The parts of an address that may be called; raises BadAddress for anything but plain https."""
    refused = BadAddress("Use an https address on port 443, without a login and without a fragment.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise refused from error
    plain = url.isascii() and url.isprintable() and " " not in url and len(url) <= LONGEST_URL
    if not plain or not parts.hostname or "@" in parts.netloc or parts.fragment or "\\" in url:
        raise refused
    allowed = ("https", "http") if settings.WEBHOOKS_ANYWHERE else ("https",)
    if parts.scheme not in allowed or (port not in (None, 443) and not settings.WEBHOOKS_ANYWHERE):
        raise refused
    return parts


def resolved(parts: SplitResult) -> tuple[str, int]:
    """The address and port to connect to; raises BadAddress unless all addresses of the name are public."""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unreachable("the name does not resolve") from error
    addresses = [str(each[4][0]) for each in found]
    if not settings.WEBHOOKS_ANYWHERE and not all(map(is_public, addresses)):
        raise BadAddress("The name leads into a private network; nothing is sent there.")
    return addresses[0], port


def is_public(text: str) -> bool:
    """Whether an address is anybody's on the internet: no private, local, mapped or translated one."""
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address):
        inner = address.sixtofour or (address.teredo or (None, None))[1]
        if inner is not None or address not in _UNICAST:
            return False
    return address.is_global and not address.is_multicast


def post(url: str, body: bytes, headers: dict[str, str]) -> int:
    """The status that the receiver answered; raises BadAddress or Unreachable."""
    parts = checked(url)
    address, port = resolved(parts)
    link = _link(parts, address, port)
    late = Event()
    end = Timer(WHOLE_S, _cut, (link.sock, late))
    end.start()
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        link.request("POST", path, body, {"Host": parts.netloc, **headers})
        answer = link.getresponse()
        if len(answer.read(LARGEST_ANSWER + 1)) > LARGEST_ANSWER:
            raise Unreachable("the answer had no end")
        if late.is_set():
            raise Unreachable("the answer took too long")
        return answer.status
    except (OSError, HTTPException) as error:
        raise Unreachable("the answer took too long" if late.is_set() else type(error).__name__) from error
    finally:
        end.cancel()
        link.close()


def _cut(link: socket.socket, late: Event) -> None:
    """End a conversation beneath TLS, so that whoever waits for the next byte waits no longer."""
    late.set()
    with suppress(OSError):
        socket.socket.shutdown(link, socket.SHUT_RDWR)


def _link(parts: SplitResult, address: str, port: int) -> HTTPConnection:
    """A connection to the address that was checked, which proves itself by the name's certificate."""
    try:
        link = socket.create_connection((address, port), timeout=TIMEOUT_S)
    except OSError as error:
        raise Unreachable(type(error).__name__) from error
    name = str(parts.hostname)
    if parts.scheme == "http":
        plain = HTTPConnection(name, port, timeout=TIMEOUT_S)
        plain.sock = link
        return plain
    try:
        wrapped = ssl.create_default_context().wrap_socket(link, server_hostname=name)
    except OSError as error:
        link.close()
        raise Unreachable(type(error).__name__) from error
    secure = HTTPSConnection(name, port, timeout=TIMEOUT_S)
    secure.sock = wrapped
    return secure
