"""The credit desk's pages: the margin monitor, one account with its call explained, and the policy;
and what may be asked for there.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from brokerage.access.rules import Perm
from brokerage.http.asking import ask, tell_mistakes
from brokerage.http.figures import quantity
from brokerage.http.gate import allow
from brokerage.http.listing import columns, is_live, moment, order, page_of
from brokerage.ledger import browse, seams
from brokerage.ledger.amounts import ONE, ZERO
from brokerage.market import queries as market

from . import commands, explanation, monitor, outlook, queries
from .events import CallIssued
from .forms import ACTS, Act, PolicyText, offered, written
from .models import Call, MarginAccount, Policy
from .monitor import WORDS, Risk, Row
from .past import Past, standing
from .rules.calls import figures
from .rules.policy import Triggers, with_groups
from .rules.valuation import Line, capital_charge, excess, loan_to_value, margin_ratio

SEE = "access.see_margin"
COLUMNS = {
    "client": (gettext_lazy("Client"), False),
    "risk": (gettext_lazy("State"), True),
    "ratio": (gettext_lazy("Loan / lending value"), True),
    "loan": (gettext_lazy("Loan"), True),
    "lending": (gettext_lazy("Lending value"), True),
    "excess": (gettext_lazy("Excess"), True),
    "market": (gettext_lazy("Market value"), True),
    "limit": (gettext_lazy("Credit limit"), True),
    "due": (gettext_lazy("Call due"), False),
}


@allow(SEE)
def watch(request: HttpRequest) -> HttpResponse:
    """The margin monitor: every account's standing now, refreshing itself, or as of a past time."""
    as_of = moment(request)
    risk = _risk_wanted(request)
    search = request.GET.get("q", "").strip()
    sort, descending = order(request, COLUMNS, "-risk")
    if as_of is None:
        page = page_of(request, monitor.now(risk=risk, search=search, sort=sort, descending=descending))
        page.object_list = [monitor.row(account) for account in page.object_list]
        counts = monitor.counts()
    else:
        rows = monitor.then(as_of)
        counts = {each: sum(row.risk is each for row in rows) for each in Risk}
        page = page_of(request, monitor.sorted_rows(_narrowed(rows, risk, search), sort, descending))
    context = {
        "page": page,
        "as_of": as_of,
        "live": as_of is None and is_live(request),
        "risk": risk,
        "search": search,
        "words": [(each, word, counts[each]) for each, word in WORDS.items() if counts[each] or each is risk],
        "all": sum(counts.values()),
        "totals": monitor.totals() if as_of is None else [],
        "price_set": market.latest_price_set(as_of or seams.now()),
        "columns": columns(COLUMNS, sort, descending),
        "triggers": _triggers(as_of or seams.now()),
        "now": seams.now(),
    }
    part = "accounts" if request.headers.get("HX-Request") else "monitor"
    return render(request, f"staff/margin/{part}.html", context)


def _triggers(at: datetime) -> Triggers:
    try:
        return queries.policy_in_force(at).policy.triggers
    except queries.NoPolicy:
        return Triggers()


def _risk_wanted(request: HttpRequest) -> Risk | None:
    text = request.GET.get("risk", "")
    if text and text not in set(Risk):
        raise BadRequest(_("There is no such state."))
    return Risk(text) if text else None


def _narrowed(rows: Sequence[Row], risk: Risk | None, search: str) -> list[Row]:
    wanted = search.casefold()
    return [
        row
        for row in rows
        if (risk is None or row.risk is risk) and wanted in f"{row.reference} {row.name}".casefold()
    ]


class Position(NamedTuple):
    """One position as the page shows it: what it is, its price's evidence and its arithmetic."""

    line: Line
    name: str
    quote: Any
    haircut: Decimal | None
    capped: bool


class Step(NamedTuple):
    """One line of an explanation: what is computed, from what, and the result."""

    label: str
    sum: str
    result: Decimal


@allow(SEE)
def account(request: HttpRequest, account: UUID) -> HttpResponse:
    """One account: positions with prices and haircuts, totals, its call explained, balances, events."""
    found = MarginAccount.objects.annotate(**monitor.names()).filter(id=account).first()
    if found is None:
        raise Http404
    as_of = moment(request)
    at = as_of or seams.now()
    if at < found.opened_at:
        raise BadRequest(_("The account was not open at that time."))
    past = standing(found, at)
    context = {
        "account": found,
        "as_of": as_of,
        "now": seams.now(),
        "past": past,
        "timeline": browse.newest(browse.Filter(stream=account, until=as_of), limit=40),
        "calls": found.calls.filter(issued_at__lte=at)[:20],
        "acts": [] if as_of else offered(request.user.has_perm, found, past),
        "key": seams.new_id(),
        **(_standing(past) if past else {}),
        **(_outlook(past) if past and not as_of else {}),
    }
    return render(request, "staff/margin/account.html", context)


def _outlook(past: Past) -> dict[str, Any]:
    """What may still be bought, and what would meet an open call: only ever said of now."""
    return {
        "stopped": outlook.credit_stopped(past),
        "buying_power": outlook.buying_power(past),
        "cures": outlook.cures(past),
    }


def _asked(act: Act) -> Callable[..., HttpResponse]:
    @allow(act.permission)
    @require_POST
    def ask_for(request: HttpRequest, account: UUID) -> HttpResponse:
        """Ask for it, and back to the account."""
        get_object_or_404(MarginAccount, pk=account)
        form = act.form(request.POST)
        if form.is_valid():
            ask(request, act.command, account=account, **form.cleaned_data)
        else:
            tell_mistakes(request, form)
        return redirect("margin-account", account)

    return ask_for


def _standing(past: Past) -> dict[str, Any]:
    rounded = figures(past.assessment)
    risk = monitor.risk_of(rounded.health, past.call, past.as_of)
    return {
        "figures": rounded,
        "risk": risk,
        "word": WORDS[risk],
        "excess": excess(rounded.loan, rounded.lending_value, rounded.limit),
        "ratio": margin_ratio(rounded.loan, rounded.lending_value),
        "ltv": loan_to_value(rounded.loan, rounded.market_value),
        "capital_charge": capital_charge(rounded.loan, rounded.capital_value),
        "triggers": past.terms.policy.triggers,
        "positions": _positions(past),
        "balances": sorted(
            (role.value, asset, amount) for (role, asset), amount in past.balances.items() if amount
        ),
        **(_called(past.call, past.as_of) if past.call else {}),
    }


def _called(call: Call, as_of: datetime) -> dict[str, Any]:
    explained = explanation.explain(call.id)
    history = [each for each in explained.history if each.effective_at <= as_of]
    return {
        "call": call,
        "explained": explained,
        "history": history,
        "steps": _steps(explained.event),
        "sales": call.sales.filter(planned_at__lte=as_of).order_by("-version").prefetch_related("legs"),
    }


def _positions(past: Past) -> list[Position]:
    listed = market.instruments()
    return [
        Position(
            line=line,
            name=listed[line.asset].name if line.asset in listed else "",
            quote=past.prices.evidence.get(line.asset),
            haircut=ONE - line.collateral_value / line.market_value if line.market_value > ZERO else None,
            capped=line.counted < line.collateral_value,
        )
        for line in past.assessment.valuation.lines
    ]


def _steps(issued: CallIssued) -> list[Step]:
    """How the amount of a call follows from loan, lending value and limit, in a reader's words."""
    standing = issued.standing
    call, target = quantity(issued.triggers.call), quantity(issued.target)
    restored = issued.target * standing.lending_value
    return [
        Step(_("Loan with accrued interest"), "L", standing.loan),
        Step(_("Lending value of the positions, after caps"), "LV", standing.lending_value),
        Step(_("A call is due above"), f"{call} × LV", issued.triggers.call * standing.lending_value),
        Step(_("The target allows"), f"{target} × LV", restored),
        Step(_("Loan above the target"), f"L − {target} × LV", standing.loan - restored),
        Step(_("Loan above the credit limit"), "L − limit", standing.loan - standing.limit),
        Step(_("Asked for: the larger of the two, at least zero"), "D", standing.call_amount),
    ]


@allow("access.see_reference")
def policy(request: HttpRequest) -> HttpResponse:
    """The margin policy in force, its assets, caps and triggers, and the versions before and after."""
    rows = Policy.objects.all()
    version = request.GET.get("version", "")
    if version and not (version.isascii() and version.isdigit() and len(version) < 9):
        raise BadRequest(_("A version is a number."))
    now = seams.now()
    shown = (
        rows.filter(version=int(version)).first() if version else rows.filter(effective_from__lte=now).first()
    )
    if version and shown is None:
        raise Http404
    context = {
        "versions": page_of(request, rows, 20),
        "shown": shown,
        "terms": shown and with_groups(shown.terms, queries.groups()),
        "now": now,
    }
    return render(request, "staff/margin/policy.html", context)


@allow(Perm.MAKE_POLICIES)
def propose_policy(request: HttpRequest) -> HttpResponse:
    """Ask for another policy: the present one as text, with what is to change in it."""
    form = PolicyText(request.POST or None, initial=_present())
    if request.method == "POST" and form.is_valid():
        ask(request, commands.adopt_policy, **form.cleaned_data)
        return redirect("policy")
    return render(request, "staff/margin/propose_policy.html", {"form": form, "key": seams.new_id()})


def _present() -> dict[str, str]:
    try:
        return {"policy": written(queries.policy_in_force(seams.now()).policy)}
    except queries.NoPolicy:
        return {}


urlpatterns = [
    path("margin/", watch, name="margin"),
    path("margin/<uuid:account>/", account, name="margin-account"),
    *(
        path(f"margin/<uuid:account>/{name}/", _asked(act), name=f"margin-{name}")
        for name, act in ACTS.items()
    ),
    path("policy/", policy, name="policy"),
    path("policy/propose/", propose_policy, name="policy-propose"),
]
