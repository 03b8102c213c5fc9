"""One client as it was at any time: its stream, and those of its people, folded up to that time."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from django.db.models import Model

from brokerage.ledger import queries as ledger
from brokerage.ledger.registry import Recorded
from brokerage.market.rules.calendars import hong_kong_date

from .events import AuthorityEnded, AuthorityGranted, ClientOpened, StatusChanged
from .events.groups import GroupJoined, GroupLeft
from .events.holds import HoldLifted, HoldPlaced
from .events.screening import HitCleared, HitConfirmed, PersonScreened
from .events.standing import InvestorClassified
from .models import Authority, Client, Party, Review, Screening, StandingAuthority
from .projections.client import authority_of, evolved_authority, evolved_client
from .projections.groups import evolved_member
from .projections.reviews import REVIEWED, evolved_review, review_of
from .projections.screening import evolved_screening
from .projections.standing import evolved_standing
from .projections.standing_authorities import AUTHORISED, evolved_standing_authority
from .queries.behind import parties_on_record
from .rules.application import PartyRole
from .rules.authority import Capacity
from .rules.classification import Investor, investor_on
from .rules.status import UnknownClient

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """A client as of a time; nothing restricted is in it.

    `behind` it are those its application named who do not act for it, among them a holder who acts no more;
    `screenings` are those of all its people then.
    """

    client: Client
    investor: Investor
    authorities: list[Authority]
    behind: list[Party]
    screenings: dict[UUID, Screening]
    reviews: list[Review]
    standing_authorities: list[StandingAuthority]
    group: UUID | None


def client_as_of(client: UUID, at: datetime) -> Past:
    """The client as of an instant; raises UnknownClient for one not opened by then."""
    events = [each for each in ledger.events(client) if each.effective_at <= at]
    rows = _folded(events, (ClientOpened, StatusChanged, HoldPlaced, HoldLifted), evolved_client, _stream)
    if not rows:
        raise UnknownClient("There was no such client at that time.", client=client)
    day = hong_kong_date(at)
    known = _folded(events, (AuthorityGranted, AuthorityEnded), evolved_authority, authority_of)
    standing = [row for row in known if row.ended_at is None and (row.until is None or row.until >= day)]
    holding = {row.person for row in standing if row.capacity == Capacity.HOLDER}
    behind = [
        row
        for row in parties_on_record(client, at=at)
        if row.role != PartyRole.HOLDER or row.person not in holding
    ]
    member = _folded(events, (GroupJoined, GroupLeft), evolved_member, _stream)
    judged = _folded(events, (InvestorClassified,), evolved_standing, _stream)
    return Past(
        client=rows[0],
        investor=investor_on(judged[0].investor, judged[0].review_due, day) if judged else Investor.RETAIL,
        authorities=standing,
        behind=behind,
        screenings=_screenings({row.person for row in standing} | {row.person for row in behind}, at),
        reviews=_folded(events, REVIEWED, evolved_review, review_of),
        standing_authorities=_folded(
            events, AUTHORISED, evolved_standing_authority, lambda recorded: recorded.event.authority
        ),
        group=member[0].group if member else None,
    )


def _screenings(people: set[UUID], at: datetime) -> dict[UUID, Screening]:
    found: dict[UUID, Screening] = {}
    for person in people:
        events = [each for each in ledger.events(person) if each.effective_at <= at]
        rows = _folded(events, (PersonScreened, HitCleared, HitConfirmed), evolved_screening, _stream)
        if rows:
            found[person] = rows[0]
    return found


def _stream(recorded: Recorded) -> UUID:
    return recorded.stream


def _folded(
    events: list[Recorded],
    kinds: tuple[type, ...],
    evolve: Callable[[M | None, Recorded], M],
    key: Callable[[Recorded], Hashable],
) -> list[M]:
    rows: dict[Hashable, M] = {}
    for each in events:
        if isinstance(each.event, kinds):
            rows[key(each)] = evolve(rows.get(key(each)), each)
    return list(rows.values())
