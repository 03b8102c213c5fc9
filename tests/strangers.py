"""People who come to the portal by themselves, page by page, as the stories need them."""

import re
import time
from typing import Any
from uuid import UUID

from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from brokerage.access import factors
from brokerage.access.models import User
from brokerage.clients import queries
from brokerage.config import newcomers
from brokerage.jobs import outbox

WORDS = "seven plain words make a fence"
WEALTH = {"cash": "2000000", "securities": "1000000", "virtual_assets": "500000"} | dict.fromkeys(
    ("funds", "real_estate", "other", "liabilities"), "0"
)


def details(family: str, given: str, country: str = "HK", **more: str) -> dict[str, str]:
    """What the page for people asks for."""
    paper = {"id_kind": "passport", "id_number": f"P{abs(hash(given)) % 10**7:07d}"}
    home = {"line": "1 Harbour Road", "city": "Town", "country": country, "nationality": country}
    names = {"family_name": family, "given_names": given, "birth_date": "1980-02-03"}
    return {**names, **paper, **home, **more}


class Stranger:
    """Somebody with a mailbox and a browser."""

    def __init__(self, address: str) -> None:
        self.address, self.http = address, Client()
        self.application = ""

    @property
    def person(self) -> UUID:
        """The human being behind the login."""
        return User.objects.get(username=self.address).person

    @property
    def id(self) -> UUID:
        """The application's id."""
        return UUID(self.application.split("/")[3])

    def sign_up(self) -> "Stranger":
        """Ask for a link, take it and prove a second factor."""
        self.http.post("/portal/sign-up/", {"address": self.address})
        return self.take_link()

    def take_link(self) -> "Stranger":
        """Open a login with the newest letter in the mailbox, and set up an app with codes."""
        outbox.relay()
        letter = next(each for each in reversed(mail.outbox) if each.to == [self.address])
        way = re.search(r"https?://[^/]+(/portal/join/\S+)", letter.body)
        assert way, letter.body
        self.http.get(way[1])
        self.send("/portal/join/", new_password1=WORDS, new_password2=WORDS)
        secret = re.search(r'id="secret">(\w+)<', self.read("/portal/security/app/"))
        assert secret
        self.send("/portal/security/app/", code=factors.code_at(secret[1], int(time.time()) // 30))
        onward = re.search(r'class="btn-desk" href="([^"]+)"', self.read("/portal/security/codes/"))
        assert onward
        assert onward[1] == "/portal/apply/"
        return self

    def read(self, path: str, status: int = 200) -> str:
        """What a page says."""
        answer = self.http.get(path)
        assert answer.status_code == status, (path, answer.status_code)
        return " ".join(answer.content.decode().split())

    def send(self, path: str, **given: Any) -> None:
        """Fill in a page; what was typed is taken."""
        answer = self.http.post(path, given)
        assert answer.status_code == 302, answer.content.decode()

    def begin(self, form: str, signatures: int = 1, **more: str) -> "Stranger":
        """Start an application."""
        answer = self.http.post("/portal/apply/", {"form": form, "signatures": signatures, **more})
        assert answer.status_code == 302, answer.content.decode()
        self.application = answer["Location"]
        return self

    def name(self, role: str, **given: str) -> UUID:
        """Name somebody; returns who it is."""
        before = set(queries.people_of(self.id))
        page = "entity" if role == "entity" else "people"
        self.send(f"{self.application}{page}/", **(given if role == "entity" else {"role": role, **given}))
        return next(iter(set(queries.people_of(self.id)) - before), self.person)

    def papers(self) -> None:
        """Send a paper of everybody who is named, and what the firm must know besides."""
        for person in queries.people_of(self.id):
            kind = "constitution" if queries.person(person).kind == "entity" else "identity"
            file = SimpleUploadedFile("paper.pdf", newcomers.PAPER)
            self.send(f"{self.application}papers/", person=str(person), kind=kind, file=file)

    def worth(self, **changes: str) -> None:
        """Say what the client owns and knows."""
        self.send(f"{self.application}finances/", **(WEALTH | {"evidence_dated": "2026-11-01"} | changes))
        self.send(f"{self.application}knowledge/", va_trades="9", derivatives_trades="0")

    def certify(self, person: UUID | None = None, country: str = "HK", number: str = "", **more: str) -> None:
        """Certify tax residence, the own one unless said otherwise."""
        given = {"number_1": number} if number else {"missing_1": "not-issued"}
        page = f"{self.application}tax/"
        self.send(page, person=str(person or self.person), country_1=country, **given, **more)

    def sign(self) -> None:
        """Read and sign each agreement."""
        page = f"{self.application}agreements/"
        found = re.findall(r'name="agreement" value="([^"]+)"> ?<input[^>]*value="([^"]+)"', self.read(page))
        for agreement, digest in found:
            self.send(page, agreement=agreement, digest=digest)

    def invite(self, person: UUID, address: str) -> "Stranger":
        """Have a link sent to somebody named; returns that person, with a login of the own."""
        self.send(f"{self.application}others/", person=str(person), address=address)
        other = Stranger(address).take_link()
        other.application = self.application
        return other

    def hand_in(self) -> str:
        """Send the application off; returns what the next page says."""
        answer = self.http.post(f"{self.application}decide/", {"act": "submit"}, follow=True)
        return " ".join(answer.content.decode().split())
