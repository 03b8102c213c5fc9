"""The way in and out, the same for staff and clients but for its looks: password, second factor, passkey.

The edges mount these views. Every refusal reads the same, whether the login exists and whosever it is.
"""

import json
from contextlib import suppress
from typing import Any

from django.contrib import auth
from django.contrib.auth import views
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from brokerage.ledger.commands import NothingToDo

from . import factors, sign_in
from .commands.stays import end_stays, own
from .events.logins import Ending, Proof
from .forms import Code
from .lockout import remember, try_code
from .models import User
from .step_up import face_of, local

ANSWER_S = 300  # how long a stranger's session waits for the second step


class LogIn(views.LoginView):
    """User name and password; whoever has a second factor is asked for it next, and is not in before."""

    redirect_authenticated_user = True
    for_staff = True

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Judge the password, and count a wrong one, under the lock on tries that the transaction holds."""
        form = self.get_form()
        with transaction.atomic():
            is_right = form.is_valid()
        return self.form_valid(form) if is_right else self.form_invalid(form)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """The password was right."""
        user = form.get_user()
        proceed = local(self.get_redirect_url() or "/")
        if not factors.has_any(user):
            return let_in(self.request, user, Proof.PASSWORD, proceed)
        sign_in.wait_for_factor(self.request, user, proceed)
        self.request.session.set_expiry(ANSWER_S)
        return redirect(f"{face_of(self.for_staff)}login-code")


def let_in(request: HttpRequest, user: User, proof: Proof, proceed: str) -> HttpResponse:
    """Begin the stay and lead on; the browser is known for this login from now on."""
    sign_in.begin(request, user, proof)
    response = redirect(proceed)
    remember(request, response, user)
    return response


@login_not_required
@require_http_methods(["GET", "POST"])
def second_step(request: HttpRequest, for_staff: bool) -> HttpResponse:
    """The second factor of whoever has just given a password; nobody else sees more than the first step."""
    found = sign_in.waiting(request)
    if found is None or found[0].is_staff != for_staff:
        return redirect(f"{face_of(for_staff)}login")
    user, proceed = found
    if request.method == "POST":
        proof = try_code(request, user, lambda: shown(request, user))
        if proof:
            return let_in(request, user, proof, proceed)
    options = factors.begin_proof(user) if factors.of(user).passkeys else None
    return render(
        request,
        "access/second_step.html",
        {
            "form": Code(),
            "wrong": request.method == "POST",
            "options": json.dumps(options, default=dict) if options else "",
            "face": face_of(for_staff),
        },
    )


def shown(request: HttpRequest, user: User) -> Proof | None:
    """What second factor of the login the posted form proves; None if it proves none."""
    if request.POST.get("credential"):
        return Proof.PASSKEY if factors.prove(request, credential_in(request), user) else None
    form = Code(request.POST)
    return Proof.CODE if form.is_valid() and factors.check_code(user, form.cleaned_data["code"]) else None


def credential_in(request: HttpRequest) -> dict[str, Any]:
    """What the browser says of a passkey; empty for nonsense."""
    try:
        said = json.loads(request.POST.get("credential", ""))
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


@login_not_required
@require_http_methods(["GET", "POST"])
def passkey(request: HttpRequest, for_staff: bool) -> HttpResponse:
    """Log in by passkey alone: GET gives the challenge, POST answers it."""
    if request.method == "GET":
        request.session.set_expiry(ANSWER_S)
        return JsonResponse({"options": factors.begin_proof()}, json_dumps_params={"default": dict})
    user = factors.prove(request, credential_in(request))
    if user is None or user.is_staff != for_staff:
        return render(request, "access/no_passkey.html", {"face": face_of(for_staff)}, status=400)
    return let_in(request, user, Proof.PASSKEY, local(request.POST.get("next", "/")))


@login_not_required
@require_POST
def log_out(request: HttpRequest, for_staff: bool) -> HttpResponseBase:
    """End the stay, and ask the browser to forget what it kept of it."""
    user, stay = request.user, sign_in.stay_of(request)
    if isinstance(user, User) and stay:
        with suppress(NothingToDo):
            end_stays(own(user), login=user.pk, ending=Ending.LOGOUT, only=stay)
    auth.logout(request)
    response = redirect(f"{face_of(for_staff)}login")
    response.headers["Clear-Site-Data"] = '"cache"'
    return response
