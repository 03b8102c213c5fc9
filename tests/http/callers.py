"""A broker with two clients, and logins that speak JSON with its API."""

from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from django.test import Client

from brokerage.access.models import User
from brokerage.ledger.commands import command
from brokerage.ledger.entry import Entry
from brokerage.ledger.registry import Audience, event
from tests import desk, factories
from tests.onboarding import entitled


class Broker(NamedTuple):
    """Two clients, each with a cash account of a million Hong Kong dollars."""

    client: UUID
    account: UUID
    other_client: UUID
    other_account: UUID


def opened() -> Broker:
    """A broker with its two clients."""
    factories.furnish()
    mine, others = factories.ClientFactory(), factories.ClientFactory()
    accounts = [factories.AccountFactory(client=client) for client in (mine, others)]
    for account in accounts:
        factories.DepositFactory(account=account)
    return Broker(mine, accounts[0], others, accounts[1])


class Caller:
    """A login of the API."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.http = Client()
        self.http.force_login(user)

    def get(self, path: str, **headers: str) -> Any:
        """GET under /api/v1/."""
        return self.http.get(f"/api/v1/{path}", headers=headers)

    def post(self, path: str, body: Any, key: str | None = None, **headers: str) -> Any:
        """POST a JSON body under an idempotency key."""
        sent = {"Idempotency-Key": key or str(uuid4())} | headers
        return self.http.post(f"/api/v1/{path}", body, content_type="application/json", headers=sent)


def staff(*roles: str, name: str = "mei") -> Caller:
    """A member of staff."""
    return Caller(desk.member(*roles, name=name))


def hooked(maker: Caller, checker: Caller, url: str, *kinds: str) -> dict[str, Any]:
    """A webhook that one asked for and another approved, with the secret as the one who asked fetched it."""
    proposed = maker.post("webhooks/add", {"url": url, "kinds": list(kinds)}).json()["data"]
    approved = checker.post(f"approvals/{proposed['id']}/approve", {"digest": proposed["digest"]})
    assert approved.status_code == 200, approved.content
    added = maker.get("webhooks").json()["data"][0]
    return dict(maker.post(f"webhooks/{added['id']}/secret", {}).json()["data"])


def holder_of(client: UUID, name: str = "holder") -> Caller:
    """The login of a client's holder."""
    user = desk.member(name=name, staff=False)
    entitled(client, user.person)
    return Caller(user)


@event("test.suspected", audience=Audience.RESTRICTED)
@dataclass(frozen=True, slots=True, kw_only=True)
class Suspected:
    """Something only compliance may know of."""

    client: UUID


@command("test.suspect")
def suspect(entry: Entry, *, client: UUID) -> None:
    """Put a suspicion down, on a stream of its own."""
    case = uuid4()
    entry.lock(case)
    entry.record(case, Suspected(client=client), owner=client)
