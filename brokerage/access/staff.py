"""Staff come and go, look after their own logins, and by two after each other's and the firm's keys."""

from collections.abc import Callable
from typing import cast
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.views.decorators.http import require_POST

from brokerage.http.asking import ask
from brokerage.http.gate import allow, allow_any_staff, before_factor
from brokerage.http.listing import page_of
from brokerage.http.principal import context, principal
from brokerage.ledger.refusal import Refused

from . import commands, doors, factors, joining, keys, security
from .commands.staff_logins import OF_STAFF
from .forms import FirmKey, StaffLogin
from .models import ApiKey, User
from .queries import login_rows, rights_of
from .rules import Perm, Role
from .scopes import OF_THE_FIRM
from .step_up import fresh_mfa, fresh_self

View = Callable[..., HttpResponseBase]
_STAFF = {"for_staff": True}
SEE, MAKE = "access.see_access", "access.make_access"


@allow(SEE)
def logins(request: HttpRequest) -> HttpResponse:
    """Every login, of staff first."""
    wanted, personal = request.GET.get("q", "").strip(), principal(request).may(Perm.SEE_PERSONAL)
    page = page_of(request, login_rows(wanted, personal=personal))
    page.object_list = [(row, row.called(personal=personal)) for row in page.object_list]
    return render(request, "staff/access/logins.html", {"page": page, "q": wanted})


@allow(SEE)
def login(request: HttpRequest, login: int) -> HttpResponse:
    """One login: its roles, its second factors, where it is in use, and what may be done about it."""
    user, personal = get_object_or_404(User, pk=login), principal(request).may(Perm.SEE_PERSONAL)
    held = set(user.groups.values_list("name", flat=True))
    shown = {
        "login": user,
        "name": user.called(personal=personal),
        "whence": user.is_staff or personal,
        "held": sorted(held),
        "grantable": sorted(OF_STAFF - held) if user.is_staff else [],
        "factors": factors.of(user),
        "stays": user.sign_ins.all()[:10],
        "own": user.person == cast(User, request.user).person,
        "others": User.objects.filter(person=user.person).exclude(pk=user.pk) if user.is_staff else [],
    }
    return render(request, "staff/access/login_page.html", shown)


@allow(MAKE)
@fresh_mfa()
@require_POST
def change(request: HttpRequest, login: int) -> HttpResponse:
    """Grant or remove a role, say who it is, reset the login or close it."""
    user, act = get_object_or_404(User, pk=login), request.POST.get("act", "")
    if act in ("grant", "remove"):
        role = request.POST.get("role", "")
        if role not in set(Role):
            raise Http404
        command = commands.grant_role if act == "grant" else commands.remove_role
        ask(request, command, login=user.pk, role=Role(role))
    elif act == "identify":
        reference, another = request.POST.get("reference", ""), "another" in request.POST
        ask(request, commands.identify_login, login=user.pk, reference=reference, another=another)
    elif act == "reset":
        ask(request, commands.reset_login, login=user.pk, reason=request.POST.get("reason", ""))
    elif act == "close":
        ask(request, commands.shut_login, login=user.pk)
    return redirect("login-page", login)


@allow(SEE)
def firm_keys(request: HttpRequest) -> HttpResponse:
    """The firm's own keys, and a form for another one."""
    asker = principal(request)
    form = FirmKey(scopes=_choices(asker.person)) if asker.may(Perm.MAKE_ACCESS) else None
    page = page_of(request, ApiKey.objects.filter(client=None))
    return render(request, "staff/access/keys.html", {"page": page, "form": form, "me": asker})


def _choices(person: UUID) -> list[Perm]:
    return sorted(OF_THE_FIRM & rights_of(person))


@allow(MAKE)
@fresh_mfa()
@require_POST
def new_key(request: HttpRequest) -> HttpResponse:
    """Propose a key of the firm's own."""
    form = FirmKey(request.POST, scopes=_choices(principal(request).person))
    if form.is_valid():
        ask(request, commands.make_key, client=None, **form.inputs())
    else:
        messages.error(request, form.trouble())
    return redirect("keys")


@allow(MAKE)
@fresh_mfa()
@require_POST
def fetch_key(request: HttpRequest, key: UUID) -> HttpResponse:
    """Show the text of a key, once, to the person who asked for it."""
    try:
        text = keys.fetch(context(principal(request)), key)
    except Refused as refusal:
        messages.error(request, refusal.message)
        return redirect("keys")
    return render(request, "staff/access/key.html", {"text": text})


@allow(MAKE)
@require_POST
def end_key(request: HttpRequest, key: UUID) -> HttpResponse:
    """Revoke a key, the firm's or a client's."""
    ask(request, commands.revoke_key, key=key)
    return redirect("keys")


def _own(view: View) -> View:
    """A page about one's own login, open while a second factor is still to be set up."""
    return before_factor(allow_any_staff(view))


log_in = doors.LogIn.as_view(
    template_name="staff/access/login.html", authentication_form=StaffLogin, for_staff=True
)
change_password = fresh_self(security.ChangePassword.as_view())

urlpatterns = [
    path("choose-password/", joining.choose, _STAFF, name="choose-password"),
    path("login/", log_in, name="login"),
    path("login/code/", doors.second_step, _STAFF, name="login-code"),
    path("login/passkey/", doors.passkey, _STAFF, name="login-passkey"),
    path("logout/", doors.log_out, _STAFF, name="logout"),
    path("confirm/", _own(security.confirm), name="confirm"),
    path("security/", _own(security.overview), name="security"),
    path("security/app/", _own(security.app), name="security-app"),
    path("security/passkey/", _own(security.passkey), name="security-passkey"),
    path("security/codes/", allow_any_staff(security.codes), name="security-codes"),
    path("security/remove/", allow_any_staff(security.remove), name="security-remove"),
    path("security/end/", _own(security.end), name="security-end"),
    path("security/contact/", allow_any_staff(security.contact), name="security-contact"),
    path("password/", _own(change_password), name="password"),
    path("logins/", logins, name="logins"),
    path("logins/<int:login>/", login, name="login-page"),
    path("logins/<int:login>/change/", change, name="login-change"),
    path("keys/", firm_keys, name="keys"),
    path("keys/new/", new_key, name="key-new"),
    path("keys/<uuid:key>/fetch/", fetch_key, name="key-fetch"),
    path("keys/<uuid:key>/revoke/", end_key, name="key-revoke"),
]
