"""Everybody's own login: second factors, sessions, password, notices. The edges mount these views."""

import json
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.hashers import make_password
from django.contrib.auth.views import PasswordChangeView
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from brokerage.ledger.commands import NothingToDo
from brokerage.ledger.refusal import Refused

from . import factors, notices, sign_in
from .commands import stays
from .commands.stays import own
from .doors import shown
from .events.logins import Ending, Factor
from .forms import Code, Contact, PasskeyName, Password
from .lockout import remember, try_code
from .models import User
from .step_up import ONWARD, face, fresh_self, local, note_password

SECRET = "totp_secret"  # noqa: S105


def _page(request: HttpRequest, name: str, **more: Any) -> HttpResponse:
    shell = "portal/portal.html" if face(request) else "staff/desk.html"
    return render(request, f"access/{name}.html", {"shell": shell, "face": face(request), **more})


def _me(request: HttpRequest) -> User:
    return cast(User, request.user)


def _back(request: HttpRequest) -> HttpResponse:
    return redirect(f"{face(request)}security")


def overview(request: HttpRequest) -> HttpResponse:
    """Second factors, sessions and where notices go."""
    user = _me(request)
    idle, whole = sign_in.limits(user)
    return _page(
        request,
        "security",
        factors=factors.of(user),
        stays=sign_in.lasting(user),
        this=sign_in.stay_of(request),
        contact=user.email,
        must=user.is_staff and sign_in.confirmed_at(request) is None,
        idle=idle,
        whole=whole,
    )


@fresh_self
@require_http_methods(["GET", "POST"])
def app(request: HttpRequest) -> HttpResponseBase:
    """Set up an app that shows codes: the secret is kept, sealed, once its first code was typed in."""
    user, wrong = _me(request), False
    secret = factors.opened_secret(request.session[SECRET]) if SECRET in request.session else ""
    if request.method == "POST" and secret:
        form = Code(request.POST)
        step = factors.matching_step(secret, form.cleaned_data["code"]) if form.is_valid() else None
        if step is not None:
            data = {"secret": request.session.pop(SECRET), "last_step": str(step)}
            return _added(request, user, Factor.TOTP, data)
        wrong = True
    if not secret:
        secret = factors.new_secret()
        request.session[SECRET] = factors.sealed_secret(secret)
    picture = mark_safe(factors.picture(user, secret))  # noqa: S308  drawn here, from what was made here
    return _page(request, "app", form=Code(), secret=secret, wrong=wrong, picture=picture)


@fresh_self
@require_http_methods(["GET", "POST"])
def passkey(request: HttpRequest) -> HttpResponseBase:
    """Make a passkey in this browser or on a key plugged into it."""
    user = _me(request)
    if request.method == "POST":
        form = PasskeyName(request.POST)
        if form.is_valid() and factors.complete_passkey(form.cleaned_data["credential"]):
            name, made = form.cleaned_data["name"], form.cleaned_data["credential"]
            return _added(request, user, Factor.PASSKEY, {"name": name, "credential": made})
        messages.error(request, _("That did not work. Try again, or use another device."))
        return redirect(f"{face(request)}security-passkey")
    options = json.dumps(factors.begin_passkey(user), default=dict)
    return _page(request, "passkey", form=PasskeyName(), options=options)


def _added(request: HttpRequest, user: User, factor: Factor, data: dict[str, Any]) -> HttpResponse:
    first = not factors.has_any(user)
    stays.add_factor(own(user), login=user.pk, factor=factor, data=data, stay=sign_in.stay_of(request))
    sign_in.confirm(request)
    messages.success(request, _("The second factor is set up. Other sessions were ended."))
    return redirect(f"{face(request)}security-codes") if first else _back(request)


@fresh_self
@require_http_methods(["GET", "POST"])
def codes(request: HttpRequest) -> HttpResponseBase:
    """The recovery codes that are left; POST makes a fresh set, and the old ones are worth nothing."""
    user = _me(request)
    if not factors.has_any(user):
        return _back(request)
    if request.method == "POST":
        kind, stay = Factor.RECOVERY_CODES, sign_in.stay_of(request)
        stays.add_factor(own(user), login=user.pk, factor=kind, data={}, stay=stay)
        return redirect(f"{face(request)}security-codes")
    return _page(request, "codes", codes=factors.codes(user), onward=request.session.get(ONWARD))


@fresh_self
@require_POST
def remove(request: HttpRequest) -> HttpResponseBase:
    """Take a second factor away; whoever has one keeps one at least."""
    chosen = request.POST.get("factor", "")
    if chosen.isdigit():
        _tried(request, stays.remove_factor, factor=int(chosen), stay=sign_in.stay_of(request))
    return _back(request)


@require_POST
def end(request: HttpRequest) -> HttpResponse:
    """End one session, or all but this one."""
    chosen = request.POST.get("stay", "")
    this = sign_in.stay_of(request)
    if chosen == "others":
        _tried(request, stays.end_stays, ending=Ending.REVOKED, but=this)
    else:
        known = {str(stay.id): stay.id for stay in sign_in.lasting(_me(request))}
        if chosen in known:
            _tried(request, stays.end_stays, ending=Ending.REVOKED, only=known[chosen])
    return _back(request)


def _tried(request: HttpRequest, command: Any, **inputs: Any) -> None:
    try:
        command(own(_me(request)), login=_me(request).pk, **inputs)
    except NothingToDo as nothing:
        messages.info(request, nothing.message)
    except Refused as refusal:
        messages.error(request, _(refusal.message))


@fresh_self
@require_http_methods(["GET", "POST"])
def contact(request: HttpRequest) -> HttpResponseBase:
    """Change where notices go; the address before is told."""
    user = _me(request)
    form = Contact(request.POST or None, initial={"address": user.email})
    if request.method == "POST" and form.is_valid():
        sealed = notices.sealed(form.cleaned_data["address"])
        stays.change_contact(own(user), login=user.pk, sealed=sealed, stay=sign_in.stay_of(request))
        messages.success(request, _("Notices go to the new address. The old one was told."))
        return _back(request)
    return _page(request, "contact", form=form)


class ChangePassword(PasswordChangeView):
    """Another password; every other session ends, and no other browser is known any more."""

    template_name = "access/password.html"

    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        """Keep its hash; the command never sees the password."""
        user, stay = _me(self.request), sign_in.stay_of(self.request)
        encoded = make_password(form.cleaned_data["new_password1"])
        stays.change_password(own(user), login=user.pk, encoded=encoded, stay=stay)
        user.refresh_from_db()
        update_session_auth_hash(self.request, user)
        messages.success(self.request, _("Your password is changed. Other sessions were ended."))
        response = redirect("/")
        remember(self.request, response, user)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With the frame of whoever asks."""
        shell = "portal/portal.html" if face(self.request) else "staff/desk.html"
        return super().get_context_data(shell=shell, **kwargs)


@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest) -> HttpResponseBase:
    """Ask again for the second factor (where there is none, for the password), then lead back."""
    user = _me(request)
    proceed = local(request.POST.get("next") or request.GET.get("next", "/"))
    owned = factors.of(user)
    tried = request.method == "POST"
    if tried and try_code(request, user, lambda: _confirmed(request, user, bool(owned))):
        return redirect(proceed)
    options = json.dumps(factors.begin_proof(user), default=dict) if owned.passkeys else ""
    form = Code() if owned else Password()
    return _page(request, "confirm", form=form, next=proceed, options=options, wrong=tried)


def _confirmed(request: HttpRequest, user: User, by_factor: bool) -> bool:
    if by_factor:
        if shown(request, user) is None:
            return False
        sign_in.confirm(request)
        return True
    form = Password(request.POST)
    if not form.is_valid() or not user.check_password(form.cleaned_data["password"]):
        return False
    request.session.cycle_key()
    note_password(request)
    return True
