"""How people come to a login by a link: strangers to a client's, and owners to one without a password.

The password is asked for behind the link, never before: else whoever asks in another's name would know it.
"""

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from brokerage.ledger import seams

from . import notices
from .address import client_address, network_of
from .commands import LinkSpent, NameTaken, ask_sign_up, choose_password, sign_up
from .commands.sign_ups import TooManyLinks, by_stranger, sealed_address
from .commands.stays import own
from .doors import let_in
from .events.logins import Proof
from .forms import SignUpAddress
from .letters import choice_of, link_of
from .models import SignUp, User
from .rules import BadAddress
from .step_up import ONWARD, face_of

TOKEN, CHOICE = "join-token", "choice-token"  # the names of places in the session
TOKEN_S = 1800  # how long a stranger's session keeps the link
PER_NETWORK = 30
WITHIN = timedelta(hours=1)


@login_not_required
@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """Ask for a link. The answer is the same for every address, known or not."""
    form = SignUpAddress(request.POST or None)
    if request.method == "GET" or not form.is_valid():
        return _page(request, "sign_up", form=form)
    network = network_of(client_address(request))
    since = seams.now() - WITHIN
    if SignUp.objects.filter(network=network, asked_at__gt=since).count() >= PER_NETWORK:
        return _page(request, "sign_up", form=form, throttled=True, status=429)
    try:
        ask_sign_up(by_stranger(), sealed=sealed_address(form.cleaned_data["address"]), network=network)
    except BadAddress as refusal:
        form.add_error("address", refusal.message)
        return _page(request, "sign_up", form=form)
    except TooManyLinks:
        pass  # said to nobody: the page is the same for every address
    return _page(request, "sign_up_sent", address=form.cleaned_data["address"])


@login_not_required
@require_http_methods(["GET", "POST"])
def join(request: HttpRequest) -> HttpResponse:
    """Set the password of the login that a link is for, and be let in."""
    if link_of(request.GET.get("token", "")):
        return _keep_token(request, TOKEN, "portal-join")
    link = link_of(request.session.get(TOKEN, ""))
    if link is None or "token" in request.GET:
        return _page(request, "link_spent", status=410)
    address = notices.opened_bytes(link.sealed)
    form = SetPasswordForm(User(username=address, email=address), request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            encoded = make_password(form.cleaned_data["new_password1"])
            login = sign_up(by_stranger(link.person), asked=link.id, encoded=encoded).value
        except (LinkSpent, NameTaken):
            return _page(request, "link_spent", status=410)
        return _welcome(request, User.objects.get(pk=login))
    return _page(request, "join", form=form, address=address, link=link)


def _welcome(request: HttpRequest, user: User) -> HttpResponse:
    """Let the new login in; a second factor is set up first, and then the way leads to the application."""
    response = let_in(request, user, Proof.PASSWORD, "/portal/security/")
    request.session[ONWARD] = reverse("portal-apply")
    words = _("Your login is open. Set up a second factor next: nothing is signed or handed in without.")
    messages.success(request, words)
    return response


@login_not_required
@require_http_methods(["GET", "POST"])
def choose(request: HttpRequest, for_staff: bool) -> HttpResponse:
    """Choose the first password of a login that was opened or reset; then log in with it."""
    face = face_of(for_staff)
    if choice_of(request.GET.get("token", "")):
        return _keep_token(request, CHOICE, f"{face}choose-password")
    found = choice_of(request.session.get(CHOICE, ""))
    if found is None or "token" in request.GET or found[0].is_staff != for_staff:
        return render(request, "access/choose_password.html", {"face": face}, status=410)
    user, seen = found
    form = SetPasswordForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        encoded = make_password(form.cleaned_data["new_password1"])
        try:
            choose_password(own(user), login=user.pk, seen=seen, encoded=encoded)
        except LinkSpent:
            return render(request, "access/choose_password.html", {"face": face}, status=410)
        return redirect(f"{face}login")
    return render(request, "access/choose_password.html", {"face": face, "form": form, "name": user.username})


def _keep_token(request: HttpRequest, place: str, page: str) -> HttpResponse:
    """Take a token from the address into the session, so that no page and no referrer holds it."""
    request.session[place] = request.GET["token"]
    if not request.user.is_authenticated:
        request.session.set_expiry(TOKEN_S)
    return redirect(page)


def _page(request: HttpRequest, name: str, status: int = 200, **shown: object) -> HttpResponse:
    return render(request, f"portal/access/{name}.html", shown, status=status)
