"""The approvals desk: what one person proposed, and another may agree to, refuse or take back."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from brokerage.access import commands, queries
from brokerage.access.models import Proposal
from brokerage.access.rules import ROLES, Perm, Principal, ProposalState
from brokerage.clients import queries as clients
from brokerage.http.figures import hkt, quantity
from brokerage.http.gate import allow
from brokerage.http.listing import page_of
from brokerage.http.principal import context, key_of, principal
from brokerage.ledger import seams
from brokerage.ledger.commands import commands as registered
from brokerage.ledger.refusal import Refused

SEE = "access.see_approvals"
SHOWN = {
    "waiting": gettext_lazy("Waiting for me"),
    "mine": gettext_lazy("Mine"),
    "all": gettext_lazy("All"),
}


class Line(NamedTuple):
    """One proposal as the list shows it; `may` says whether the reader may approve it now."""

    proposal: Proposal
    title: str
    maker: str
    reference: str
    may: bool


@allow(SEE)
def inbox(request: HttpRequest) -> HttpResponse:
    """What waits for the reader, his own proposals, or all of them; by state and kind."""
    asker = principal(request)
    show = _one_of(request, "show", SHOWN, "waiting")
    state = _one_of(request, "state", ["", *ProposalState], "")
    kind = request.GET.get("kind", "")
    everything = queries.proposals(asker.clients)
    rows = {
        "waiting": queries.waiting_for(asker.person, asker.permissions, everything),
        "mine": queries.made_by(asker.person, everything),
        "all": everything,
    }[show]
    kinds = sorted(set(rows.order_by().values_list("command", flat=True).distinct()))
    rows = rows.filter(state=state) if state else rows
    rows = rows.filter(command=kind) if kind else rows
    page = page_of(request, rows)
    page.object_list = _lines(asker, list(page.object_list))
    return render(
        request,
        "staff/approvals/inbox.html",
        {
            "page": page,
            "shown": show,
            "tabs": SHOWN.items(),
            "state": state,
            "states": list(ProposalState),
            "kind": kind,
            "kinds": [(each, _title(each)) for each in kinds],
            "can_choose": any(line.may for line in page.object_list),
            "key": seams.new_id(),
            "now": seams.now(),
        },
    )


@allow(SEE)
def proposal(request: HttpRequest, proposal: UUID) -> HttpResponse:
    """One proposal: who asks for what, until when, who may agree, and what became of it."""
    asker = principal(request)
    row = _found(asker, proposal)
    (line,) = _lines(asker, [row])
    names = queries.login_names([row.decided_by], personal=asker.may(Perm.SEE_PERSONAL))
    asked = registered().get(row.command)
    return render(
        request,
        "staff/approvals/detail.html",
        {
            "line": line,
            "row": row,
            "decider": names.get(row.decided_by, "") if row.decided_by else "",
            "about": (getattr(asked, "__doc__", "") or "").partition("\n")[0],
            "inputs": list(_readable(row)),
            "roles": [role.value for role, held in ROLES.items() if row.permission in held],
            "is_mine": row.maker == asker.person,
            "entitled": row.permission in asker.permissions,
            "is_due": row.is_open and row.expires_at > seams.now(),
            "key": seams.new_id(),
            "now": seams.now(),
        },
    )


@allow(SEE)
@require_POST
def decide(request: HttpRequest, proposal: UUID) -> HttpResponse:
    """Approve what was shown, reject it with a reason, or take one's own back; then to the proposal."""
    asker = principal(request)
    _found(asker, proposal)
    asked = context(asker, key_of(request))
    may = asker.permissions
    act = request.POST.get("act")
    try:
        if act == "approve":
            digest = request.POST.get("digest", "")
            commands.approve(asked, proposal=proposal, digest=digest, permissions=may)
            messages.success(request, _("Approved and done."))
        elif act == "reject":
            reason = request.POST.get("reason", "")
            commands.reject(asked, proposal=proposal, reason=reason, permissions=may)
            messages.success(request, _("Rejected."))
        elif act == "withdraw":
            commands.withdraw_proposal(asked, proposal=proposal)
            messages.success(request, _("Withdrawn."))
        else:
            raise BadRequest(_("Approve, reject or withdraw."))
    except Refused as refusal:
        messages.error(request, refusal.message)
    return redirect("approval", proposal)


@allow(SEE)
@require_POST
def approve_chosen(request: HttpRequest) -> HttpResponse:
    """Approve each of the chosen proposals by itself, and say what came of each."""
    asker = principal(request)
    chosen = dict(map(_choice, request.POST.getlist("chosen")))
    for each in chosen:
        _found(asker, each)
    asked = context(asker, key_of(request))
    decisions = commands.approve_each(asked, chosen=chosen, permissions=asker.permissions)
    done = sum(decision.refusal is None for decision in decisions)
    if done:
        messages.success(request, ngettext("%d approved and done.", "%d approved and done.", done) % done)
    for decision in decisions:
        if decision.refusal is not None:
            title = _title(queries.proposal(decision.proposal).command)
            messages.error(request, f"{title}: {decision.refusal.message}")
    if not decisions:
        messages.error(request, _("Choose at least one proposal."))
    return redirect("approvals")


def waiting(request: HttpRequest) -> dict[str, Any]:
    """Template context: how many proposals wait for this member of staff, counted if a page asks."""

    def count() -> int:
        asker = principal(request)
        return queries.waiting_for(asker.person, asker.permissions, queries.proposals(asker.clients)).count()

    return {"approvals_waiting": count}


def _found(asker: Principal, proposal: UUID) -> Proposal:
    try:
        return queries.proposal(proposal, asker.clients)
    except Refused as unknown:
        raise Http404 from unknown


def _choice(text: str) -> tuple[UUID, str]:
    """A ticked box: the proposal's id and the digest its reader saw."""
    identifier, _colon, digest = text.partition(":")
    try:
        return UUID(identifier), digest
    except ValueError as error:
        raise BadRequest(_("That is no proposal.")) from error


def _one_of(request: HttpRequest, name: str, known: Sequence[str] | Mapping[str, Any], default: str) -> str:
    value = request.GET.get(name, default)
    if value not in known:
        raise BadRequest(_("There is no such choice."))
    return value


def _lines(asker: Principal, rows: Sequence[Proposal]) -> list[Line]:
    names = queries.login_names((row.maker for row in rows), personal=asker.may(Perm.SEE_PERSONAL))
    shown = clients.in_scope(asker.clients).filter(id__in=[row.client for row in rows if row.client])
    references = dict(shown.values_list("id", "reference"))
    now = seams.now()
    return [
        Line(
            proposal=row,
            title=_title(row.command),
            maker=names.get(row.maker, row.maker_actor),
            reference=references.get(row.client, "") if row.client else "",
            may=row.is_open
            and row.expires_at > now
            and row.maker != asker.person
            and row.permission in asker.permissions,
        )
        for row in rows
    ]


def _title(command: str) -> str:
    """What a command is called on a page: "margin.set-limit" becomes "Set limit"."""
    return command.partition(".")[2].replace("-", " ").capitalize()


def _readable(row: Proposal) -> Iterator[tuple[str, object]]:
    """The inputs, one line each, as their types read; as they are stored if the command has changed."""
    asked = registered().get(row.command)
    try:
        typed = asked.inputs(row.inputs) if asked else row.inputs
    except (KeyError, TypeError, ValueError):
        typed = row.inputs
    return flat(typed)


def flat(value: Any, *path: str) -> Iterator[tuple[str, object]]:
    """A value taken apart into lines of where and what, as a person reads them."""
    if is_dataclass(value) and not isinstance(value, type):
        value = {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from flat(item, *path, str(name).replace("_", " "))
    elif isinstance(value, tuple | list):
        for number, item in enumerate(value, start=1):
            yield from flat(item, *path, str(number))
    else:
        yield " · ".join(path), _leaf(value)


def _leaf(value: Any) -> object:
    if isinstance(value, Decimal):
        return quantity(value)
    if isinstance(value, datetime):
        return hkt(value)
    if isinstance(value, Enum):
        return value.value
    return "–" if value is None else value


urlpatterns = [
    path("approvals/", inbox, name="approvals"),
    path("approvals/approve/", approve_chosen, name="approvals-approve"),
    path("approvals/<uuid:proposal>/", proposal, name="approval"),
    path("approvals/<uuid:proposal>/decide/", decide, name="approval-decide"),
]
