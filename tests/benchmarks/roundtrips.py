"""P3's other half: one deposit a commit, over REST with an API key and by the bare command."""

import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from .measure import Contestant, Times, interleaved, timed
from .place import Place

ACCOUNTS = 50
BARE = "the bare command"
Application = Callable[[dict[str, Any], Callable[..., Any]], Any]


@dataclass(frozen=True, slots=True)
class Door:
    """The product's WSGI application, the key that opens it, and accounts to pay into."""

    application: Application
    key: str
    accounts: Sequence[UUID]

    def measured(self, commits: int, rounds: int) -> dict[str, Times]:
        """So many deposits, each with its reply, through all middleware; and so many bare commands."""
        paid_into = [self.accounts[number % len(self.accounts)] for number in range(commits)]
        contestants = [
            Contestant("Praya", lambda: timed(lambda: [self.post(account) for account in paid_into])),
            Contestant(BARE, lambda: timed(lambda: [_command(account) for account in paid_into])),
        ]
        return interleaved(contestants, units=commits, rounds=rounds)

    def post(self, account: UUID) -> None:
        """One deposit over REST, answered 200 with the account as it then is."""
        body = json.dumps({"asset": "HKD", "amount": "1.25"}).encode()
        asked = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": f"/api/v1/accounts/{account}/deposit",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_AUTHORIZATION": f"Bearer {self.key}",
            "HTTP_IDEMPOTENCY_KEY": str(uuid4()),
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            "wsgi.url_scheme": "http",
        }
        seen: list[str] = []
        answer = self.application(asked, lambda status, headers, *_: seen.append(status))
        said = b"".join(answer)
        answer.close()
        assert seen == ["200 OK"], (seen, said)


def opened(place: Place) -> Door:
    """A firm of 50 cash accounts, and a key of its own that may pay into them."""
    place.use("roundtrips", role="praya_app")
    from django.core.wsgi import get_wsgi_application

    from tests import factories

    factories.furnish()
    accounts = [factories.AccountFactory(client=factories.ClientFactory()) for _ in range(ACCOUNTS)]
    return Door(get_wsgi_application(), _key(), accounts)


def _key() -> str:
    """The text of a key, made by two people and fetched by the first."""
    from brokerage.access import keys
    from brokerage.access.commands import make_key
    from brokerage.access.rules import Perm, Role
    from tests import desk, factories

    maker = desk.member(Role.OPERATIONS, name="bench")
    asked = factories.by_two(maker=maker.person, checker=uuid4())
    scopes = [Perm.MAKE_PAYMENTS, Perm.SEE_ACCOUNTS]
    made = make_key(asked, name="bench", scopes=scopes, networks=["127.0.0.1/32"], days=1, client=None)
    return keys.fetch(factories.context(maker=maker.person), made.value)


def _command(account: UUID) -> None:
    from custody.commands import deposit
    from tests.factories import context

    deposit(context(), account=account, asset="HKD", amount=Decimal("1.25"))
