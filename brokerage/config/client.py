"""The client page: one client through all rooms, now or as of any time. Nothing restricted is on it."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from brokerage.access.rules import Perm, Principal
from brokerage.clients import past, queries, vault
from brokerage.clients.queries.groups import members
from brokerage.clients.queries.tax import certificates_due
from brokerage.clients.rules.application import PartyRole
from brokerage.clients.rules.person import PersonErased, UnknownPerson, Why
from brokerage.clients.staff.acting import offered
from brokerage.clients.watch_forms import CLIENT_ACTS
from brokerage.http.gate import allow
from brokerage.http.listing import moment
from brokerage.http.principal import principal
from brokerage.ledger import browse, seams
from brokerage.ledger import queries as ledger
from brokerage.ledger.refusal import Refused
from brokerage.market.rules.calendars import hong_kong_date
from custody import queries as custody
from custody.models import CustodyAccount
from margin import monitor
from margin.models import MarginAccount
from margin.past import standing as account_as_of


class Held(NamedTuple):
    """One account of the client: its balances, and where it borrows its standing; both as of a time."""

    account: CustodyAccount
    balances: list[tuple[str, str, Decimal]]
    row: monitor.Row | None


@allow(Perm.SEE_CLIENTS)
def client(request: HttpRequest, client: UUID) -> HttpResponse:
    """Status, classification, people, screening, agreements, accounts, holdings and loans of one client."""
    asker = principal(request)
    if not asker.covers(client):
        raise Http404
    as_of = moment(request)
    at = as_of or seams.now()
    try:
        then = past.client_as_of(client, at)
    except Refused as unknown:
        raise Http404 from unknown
    context = {
        "client": then.client,
        "past": then,
        "name": queries.labels([client]).get(client, ""),
        "as_of": as_of,
        "now": seams.now(),
        "today": hong_kong_date(at),
        "people": [
            *(_person(asker, then, row.person, row.capacity, row.until) for row in then.authorities),
            *(
                _person(asker, then, row.person, row.role) | {"stopped": row.role == PartyRole.HOLDER}
                for row in then.behind
            ),
        ],
        "group": queries.in_scope(asker.clients).filter(id__in=members(then.group)) if then.group else [],
        "signatures": [row for row in queries.signatures(client) if row.signed_at <= at],
        "held": _held(client, at) if asker.may(Perm.SEE_ACCOUNTS) else [],
        "certificates": [] if as_of else certificates_due(seams.now(), queries.people_behind(client)),
        "timeline": browse.newest(browse.Filter(stream=client, until=as_of), limit=40),
        "acts": [] if as_of else offered(request, CLIENT_ACTS),
        "key": seams.new_id(),
    }
    return render(request, "staff/clients/client.html", context)


def _person(
    asker: Principal, then: past.Past, person: UUID, role: str, until: date | None = None
) -> dict[str, Any]:
    """Who acts for the client or is behind it, and what screening said; the name to whoever may see it."""
    try:
        version = queries.person(person).version
        names = vault.read(asker, version, Why.CLIENT).names if asker.may(Perm.SEE_PERSONAL) else ()
    except (UnknownPerson, PersonErased):
        names = ()
    said = then.screenings.get(person)
    return {"id": person, "names": names, "role": role, "until": until, "screening": said}


def _held(client: UUID, at: datetime) -> list[Held]:
    accounts = [each for each in custody.accounts_of(client) if each.opened_at <= at]
    ids = [each.id for each in accounts]
    balances = ledger.balances_as_of_many(ids, as_of=at)
    borrowing = MarginAccount.objects.annotate(**monitor.names()).in_bulk(ids)
    return [Held(each, _lines(balances[each.id]), _row(borrowing.get(each.id), at)) for each in accounts]


def _lines(balances: ledger.Balances) -> list[tuple[str, str, Decimal]]:
    return sorted((role.value, asset, amount) for (role, asset), amount in balances.items() if amount)


def _row(account: Any, at: datetime) -> monitor.Row | None:
    """The margin account as it stood; None where it was not open, or nothing could be valued then."""
    if account is None or account.opened_at > at:
        return None
    try:
        standing = account_as_of(account, at)
    except Refused:
        return None
    return None if standing is None else monitor.past_row(account, standing)


urlpatterns = [path("clients/<uuid:client>/", client, name="client")]
