"""One route for each act of `watch_forms`: a form comes in, a command goes out, and back to the page."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST

from brokerage.http.asking import ask, tell_mistakes
from brokerage.http.gate import allow
from brokerage.ledger.refusal import Refused

from ..watch_forms import Act

Find = Callable[[UUID], object]


def routes(
    prefix: str, thing: str, acts: Mapping[str, Act], find: Find, back: Callable[[UUID], str]
) -> list[URLPattern]:
    """A POST route for each act under `prefix/<id>/<act>/`, named `thing-act`, leading back to a page."""
    return [
        path(f"{prefix}/<uuid:about>/{name}/", _view(thing, act, find, back), name=f"{thing}-{name}")
        for name, act in acts.items()
    ]


def _view(thing: str, act: Act, find: Find, back: Callable[[UUID], str]) -> Callable[..., HttpResponse]:
    @allow(act.permission)
    @require_POST
    def act_on(request: HttpRequest, about: UUID) -> HttpResponse:
        """Ask for it, and back."""
        found(find, about)
        form = act.form(request.POST)
        if form.is_valid():
            ask(request, act.command, **{thing: about}, **form.cleaned_data)
        else:
            tell_mistakes(request, form)
        return redirect(back(about))

    return act_on


def found(find: Callable[..., Any], *about: Any) -> Any:
    """What a query finds; its refusal is a 404."""
    try:
        return find(*about)
    except Refused as unknown:
        raise Http404 from unknown


def offered(request: HttpRequest, acts: Mapping[str, Act]) -> list[tuple[str, object, forms.Form]]:
    """(name, words, empty form) of the acts that this person may ask for."""
    may = request.user.has_perm
    return [
        (name, act.words, act.form(prefix=None, auto_id=f"{name}-%s"))
        for name, act in acts.items()
        if act.offered(may)
    ]
