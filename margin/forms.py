"""What the credit desk may ask for on an account, a call or the policy, and fills in to do so."""

import json
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django import forms
from django.utils.translation import gettext_lazy as _

from brokerage.access.rules import Perm
from brokerage.ledger import codec
from brokerage.ledger.chart import Role
from brokerage.ledger.commands import Command
from brokerage.ledger.hong_kong import HONG_KONG

from . import commands, queries
from .models import MarginAccount, Sale
from .past import Past
from .rules.limits import LimitBasis
from .rules.policy import AssetKind, MarginPolicy

KINDS = {AssetKind.SECURITIES: _("Securities"), AssetKind.VA: _("Virtual assets")}


class HongKongTime(forms.CharField):
    """A time as a datetime-local field sends it, which is Hong Kong's."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"})

    def clean(self, value: Any) -> Any:
        """The instant; raises ValidationError."""
        text = super().clean(value)
        try:
            return datetime.fromisoformat(text).replace(tzinfo=HONG_KONG)
        except ValueError as error:
            raise forms.ValidationError(_("Write the time as 2026-01-31T16:00.")) from error


class Reason(forms.Form):
    """Why, in a case number or a few words."""

    reason = forms.CharField(label=_("Reason: a case number or a few words"), max_length=200)


class Extension(Reason):
    """Which part of a call is due when."""

    part = forms.ChoiceField(
        label=_("Part"), choices=list(KINDS.items()), widget=forms.Select(attrs={"class": "form-select"})
    )
    until = HongKongTime(label=_("New deadline, Hong Kong time"))

    def clean_part(self) -> AssetKind:
        """The part as the rules know it."""
        return AssetKind(self.cleaned_data["part"])


class Limit(Reason):
    """A credit limit, what it rests on, and the assessment or waiver by name."""

    limit = forms.DecimalField(label=_("Credit limit"), min_value=0, max_digits=18, decimal_places=2)
    basis = forms.TypedChoiceField(
        label=_("It rests on"),
        choices=[(each.value, each.value.replace("-", " ")) for each in LimitBasis],
        coerce=LimitBasis,
        empty_value=LimitBasis.ASSESSMENT,
        required=False,
        widget=forms.Select(attrs={"class": "form-select"}),
    )


class WriteOff(Reason):
    """How much of a deficit is given up."""

    amount = forms.DecimalField(label=_("Amount"), min_value=0, max_digits=18, decimal_places=2)


class ThisSale(forms.Form):
    """Which plan is to be carried out, or which sale stopped."""

    sale = forms.UUIDField(widget=forms.HiddenInput)


class Act(NamedTuple):
    """Something that may be asked for on an account's page, by whoever holds `permission`."""

    words: Any
    permission: Perm
    form: type[forms.Form]
    command: Command[..., Any]


ACTS = {
    "limit": Act(_("Set the credit limit"), Perm.MAKE_LIMITS, Limit, commands.set_limit),
    "extend": Act(_("Extend the call"), Perm.MAKE_CALLS, Extension, commands.extend_call),
    "dispute": Act(_("Note a dispute"), Perm.MAKE_CALLS, Reason, commands.dispute_call),
    "cancel": Act(_("Cancel the call"), Perm.MAKE_CALLS, Reason, commands.cancel_call),
    "approve-sale": Act(_("Approve the sale as planned"), Perm.MAKE_SALES, ThisSale, commands.approve_sale),
    "stop-sale": Act(
        _("Stop the sale and take its orders back"), Perm.MAKE_SALES, ThisSale, commands.close_sale
    ),
    "write-off": Act(_("Write off a deficit"), Perm.MAKE_WRITE_OFFS, WriteOff, commands.write_off_deficit),
}


def offered(
    may: Callable[[str], bool], account: MarginAccount, past: Past | None
) -> list[tuple[str, Any, forms.Form]]:
    """What may be asked for as the account stands: name, words and an empty form of each."""
    given: dict[str, Any] = {"limit": {"limit": account.credit_limit.quantize(Decimal("0.01"))}}
    if account.open_call is not None:
        given |= {"extend": {}, "dispute": {}, "cancel": {}}
        plan = queries.current_sale(account.open_call)
        if plan is not None and plan.state == Sale.State.PLANNED:
            given["approve-sale"] = {"sale": plan.id}
        if plan is not None and plan.state == Sale.State.ORDERED:
            given["stop-sale"] = {"sale": plan.id}
    if past is not None and past.balances.get((Role.DEFICIT, account.currency)):
        given["write-off"] = {}
    return [
        (name, act.words, act.form(initial=given[name], auto_id=f"{name}-%s"))
        for name, act in ACTS.items()
        if name in given and may(act.permission)
    ]


class PolicyText(Reason):
    """A whole margin policy in the ledger's own notation, and from when on it holds."""

    policy = forms.CharField(
        label=_("The policy, whole"),
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 24, "class": "form-control mono", "spellcheck": "false"}),
    )
    effective_from = HongKongTime(label=_("Holds from, Hong Kong time; leave time for the approval"))

    def clean_policy(self) -> MarginPolicy:
        """The policy as the rules know it; raises ValidationError."""
        try:
            plain = json.loads(self.cleaned_data["policy"], parse_float=str)
            policy: MarginPolicy = codec.decode(MarginPolicy, plain)
        except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError) as error:
            raise forms.ValidationError(
                _("This is no policy: change figures of the one shown, and keep its form.")
            ) from error
        return policy


def written(policy: MarginPolicy) -> str:
    """A policy as a person edits it."""
    return json.dumps(_tidy(codec.plain(policy)), indent=1, sort_keys=True)


def _tidy(value: Any) -> Any:
    """Without the zeros that the ledger's eighteen places end in."""
    if isinstance(value, dict):
        return {name: _tidy(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_tidy(item) for item in value]
    if isinstance(value, str) and len(value.partition(".")[2]) == 18:
        return value.rstrip("0").rstrip(".")
    return value
