"""Clients come and go, and look after their own logins."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_POST

from brokerage.http.gate import allow_client
from brokerage.http.names import clients_of
from brokerage.http.principal import context, principal
from brokerage.ledger.refusal import Refused

from . import commands, doors, joining, keys, security
from .forms import ClientKey, ClientLogin
from .models import ApiKey
from .rules import Principal
from .scopes import OF_CLIENTS
from .step_up import fresh_mfa, fresh_self

_CLIENT = {"for_staff": False}


def _form(asker: Principal, data: QueryDict | None = None) -> ClientKey:
    chosen = [(str(client), name) for client, name in clients_of(asker)]
    return ClientKey(data, scopes=sorted(OF_CLIENTS), clients=chosen)


@allow_client
def api_keys(request: HttpRequest) -> HttpResponse:
    """The keys of the clients this person acts for, and a form for another one."""
    asker = principal(request)
    names = dict(clients_of(asker))
    rows = [(row, names[row.client]) for row in ApiKey.objects.filter(client__in=names) if row.client]
    return render(request, "portal/access/keys.html", {"rows": rows, "form": _form(asker) if names else None})


@allow_client
@fresh_mfa()
@require_POST
def new_key(request: HttpRequest) -> HttpResponse:
    """Make a key and show its text, once."""
    asker = principal(request)
    form = _form(asker, request.POST)
    if not form.is_valid():
        messages.error(request, form.trouble())
        return redirect("portal-keys")
    try:
        made = commands.make_key(context(asker), client=UUID(form.cleaned_data["client"]), **form.inputs())
        text = keys.fetch(context(asker), made.value)
    except Refused as refusal:
        messages.error(request, refusal.message)
        return redirect("portal-keys")
    return render(request, "portal/access/key.html", {"text": text})


@allow_client
@require_POST
def end_key(request: HttpRequest, key: UUID) -> HttpResponse:
    """Revoke a key of a client this person acts for; any other does not exist for him."""
    asker = principal(request)
    row = ApiKey.objects.filter(id=key).first()
    if row is None or row.client is None or not asker.covers(row.client):
        raise Http404
    try:
        commands.revoke_key(context(asker), key=key)
    except Refused as refusal:
        messages.info(request, refusal.message)
    return redirect("portal-keys")


log_in = doors.LogIn.as_view(
    template_name="portal/access/login.html", authentication_form=ClientLogin, for_staff=False
)
change_password = fresh_self(security.ChangePassword.as_view())

urlpatterns = [
    path("sign-up/", joining.ask, name="portal-sign-up"),
    path("join/", joining.join, name="portal-join"),
    path("choose-password/", joining.choose, _CLIENT, name="portal-choose-password"),
    path("login/", log_in, name="portal-login"),
    path("login/code/", doors.second_step, _CLIENT, name="portal-login-code"),
    path("login/passkey/", doors.passkey, _CLIENT, name="portal-login-passkey"),
    path("logout/", doors.log_out, _CLIENT, name="portal-logout"),
    path("confirm/", allow_client(security.confirm), name="portal-confirm"),
    path("security/", allow_client(security.overview), name="portal-security"),
    path("security/app/", allow_client(security.app), name="portal-security-app"),
    path("security/passkey/", allow_client(security.passkey), name="portal-security-passkey"),
    path("security/codes/", allow_client(security.codes), name="portal-security-codes"),
    path("security/remove/", allow_client(security.remove), name="portal-security-remove"),
    path("security/end/", allow_client(security.end), name="portal-security-end"),
    path("security/contact/", allow_client(security.contact), name="portal-security-contact"),
    path("password/", allow_client(change_password), name="portal-password"),
    path("keys/", api_keys, name="portal-keys"),
    path("keys/new/", new_key, name="portal-key-new"),
    path("keys/<uuid:key>/revoke/", end_key, name="portal-key-revoke"),
]
