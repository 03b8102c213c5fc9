"""Watching over clients: the list, reviews due, screening hits, groups, standing authorities."""

from typing import Any, cast
from uuid import UUID

from django import forms
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_POST

from brokerage.access.rules import Perm
from brokerage.http.asking import ask, tell_mistakes
from brokerage.http.gate import allow
from brokerage.http.listing import page_of
from brokerage.http.principal import principal
from brokerage.ledger import seams
from brokerage.market.rules.calendars import hong_kong_date

from .. import queries, vault
from ..commands.groups import form_group
from ..models import Group, Screening
from ..queries import groups as grouped
from ..queries import reviews as reviewing
from ..queries import screening as screenings
from ..queries import standing_authorities as authorities
from ..queries.holds import clients_of
from ..queries.tax import certificates_to_chase
from ..rules.person import PersonErased, UnknownPerson, Why
from ..rules.reviews import ReviewKind
from ..rules.screening import Verdict
from ..rules.status import ClientStatus
from ..watch_forms import AUTHORITY_ACTS, CLIENT_ACTS, HIT_ACTS, FormGroup, Ticked
from .acting import found, offered, routes


@allow(Perm.SEE_CLIENTS)
def clients(request: HttpRequest) -> HttpResponse:
    """Every client, by reference; narrowed by name, reference and status."""
    rows = queries.in_scope(principal(request).clients)
    search, status = request.GET.get("q", "").strip(), request.GET.get("status", "")
    if search:
        rows = rows.filter(Q(reference__icontains=search) | Q(id__in=queries.found_by_name(search)))
    if status in set(ClientStatus):
        rows = rows.filter(status=status)
    page, today = page_of(request, rows), hong_kong_date(seams.now())
    for each in page.object_list:
        each.treated = queries.treated(each, today)
    context = {
        "page": page,
        "search": search,
        "status": status,
        "statuses": list(ClientStatus),
    }
    return render(request, "staff/clients/list.html", context)


@allow(Perm.SEE_CLIENTS)
def reviews(request: HttpRequest) -> HttpResponse:
    """Reviews that are due, those of the next month, and tax certificates to be given anew (CARF)."""
    today = hong_kong_date(seams.now())
    rows = reviewing.reviews_coming(today).annotate(**queries.named("client"))
    kind = request.GET.get("kind", "")
    rows = rows.filter(kind=kind) if kind in set(ReviewKind) else rows
    context = {
        "page": page_of(request, rows),
        "today": today,
        "kind": kind,
        "kinds": list(ReviewKind),
        "certificates": [
            (due, queries.in_scope(None).filter(id__in=clients))
            for due, clients in certificates_to_chase(seams.now())
        ],
    }
    return render(request, "staff/clients/reviews.html", context)


@allow(Perm.SEE_CLIENTS)
def hits(request: HttpRequest) -> HttpResponse:
    """Screening hits that wait for judgement, the list in force, and how far everybody is screened by it."""
    context = {
        "page": page_of(request, screenings.hits()),
        "newest": screenings.list_in_force(),
        "progress": screenings.rescreening(),
    }
    return render(request, "staff/clients/hits.html", context)


@allow(Perm.MAKE_HITS)
def hit(request: HttpRequest, person: UUID) -> HttpResponse:
    """One person's matches beside the entries of the list; names to whoever may see personal data."""
    row = found(screenings.hit, person)
    asker = principal(request)
    context = {
        "row": row,
        "matches": _matches(row),
        "details": vault.read(asker, row.person_version, Why.SCREENING) if _may_read(asker, person) else None,
        "acts": _judging(request, row),
        "held": queries.in_scope(asker.clients).filter(id__in=clients_of(person)),
        "key": seams.new_id(),
    }
    return render(request, "staff/clients/hit.html", context)


def _judging(request: HttpRequest, row: Screening) -> list[tuple[str, object, forms.Form]]:
    """The acts on a hit, each offering the matches that stop the person."""
    acts = offered(request, HIT_ACTS)
    stopping = [(str(id), row.matches[str(id)]) for id in screenings.stopping_matches(row)]
    for _name, _words, form in acts:
        offer = [(id, f"{each['entry']} {each['verdict']} {id[-8:]}") for id, each in stopping]
        cast(Ticked, form.fields["matches"]).choices = offer
    return acts


def _may_read(asker: Any, person: UUID) -> bool:
    try:
        queries.person(person)
    except (UnknownPerson, PersonErased):
        return False
    return bool(asker.may(Perm.SEE_PERSONAL))


def _matches(row: Screening) -> list[tuple[str, dict[str, Any], Any]]:
    directory = screenings.directory(row.content_hash)
    shown = [
        (id, each)
        for id, each in row.matches.items()
        if each["current"] or each["verdict"] != Verdict.CLEARED
    ]
    return [(id, each, directory.entry(each["entry"])) for id, each in shown]


@allow(Perm.SEE_CLIENTS)
def groups(request: HttpRequest) -> HttpResponse:
    """Groups of related clients and their members."""
    page = page_of(request, Group.objects.all())
    asker = principal(request)
    page.object_list = [
        (each, queries.in_scope(asker.clients).filter(id__in=grouped.members(each.id)))
        for each in page.object_list
    ]
    context = {"page": page, "form": FormGroup(), "key": seams.new_id()}
    return render(request, "staff/clients/groups.html", context)


@allow(Perm.MAKE_WATCH)
@require_POST
def new_group(request: HttpRequest) -> HttpResponse:
    """Form a group."""
    form = FormGroup(request.POST)
    if form.is_valid():
        ask(request, form_group, **form.cleaned_data)
    else:
        tell_mistakes(request, form)
    return redirect("client-groups")


@allow(Perm.SEE_CLIENTS)
def standing(request: HttpRequest) -> HttpResponse:
    """Standing authorities, the next to end first; those that end soon without a renewal are marked."""
    today = hong_kong_date(seams.now())
    rows = authorities.standing_authorities(principal(request).clients).annotate(**queries.named("client"))
    rows = rows if request.GET.get("all") else rows.filter(ended_at=None)
    context = {
        "page": page_of(request, rows),
        "expiring": set(authorities.expiring(today).values_list("pk", flat=True)),
    }
    return render(request, "staff/clients/authorities.html", context)


@allow(Perm.SEE_CLIENTS)
def one_standing(request: HttpRequest, authority: UUID) -> HttpResponse:
    """One standing authority in force: what it rests on, its renewals, and what may be asked for."""
    row = found(authorities.standing_authority, authority)
    context = {
        "row": row,
        "client": found(queries.client, row.client),
        "acts": offered(request, AUTHORITY_ACTS),
        "key": seams.new_id(),
    }
    return render(request, "staff/clients/authority.html", context)


urlpatterns = [
    path("clients/", clients, name="clients"),
    path("reviews/", reviews, name="client-reviews"),
    path("hits/", hits, name="client-hits"),
    path("hits/<uuid:person>/", hit, name="client-hit"),
    path("groups/", groups, name="client-groups"),
    path("groups/new/", new_group, name="client-group-new"),
    path("standing-authorities/", standing, name="standing-authorities"),
    path("standing-authorities/<uuid:authority>/", one_standing, name="standing-authority"),
    *routes("clients", "client", CLIENT_ACTS, queries.client, lambda id: reverse("client", args=[id])),
    *routes("hits", "person", HIT_ACTS, screenings.hit, lambda id: reverse("client-hits")),
    *routes(
        "standing-authorities",
        "authority",
        AUTHORITY_ACTS,
        authorities.standing_authority,
        lambda id: reverse("standing-authorities"),
    ),
]
