"""The desk's front page: what needs a person now, from every room this person may see."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def home(request: HttpRequest) -> HttpResponse:
    """Exceptions first; nothing to do is said in words."""
    return render(request, "staff/home.html")
