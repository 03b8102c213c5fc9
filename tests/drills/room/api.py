"""Payments over HTTP, so that a web worker can die between commit and answer."""

from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from brokerage.ledger import seams
from brokerage.ledger.entry import Context, Source

from .commands import pay


@csrf_exempt
@login_not_required
@require_POST
def payments(request: HttpRequest) -> JsonResponse:
    """Pay once for each Idempotency-Key and say which entry that was."""
    key = request.headers["Idempotency-Key"]
    context = Context(actor="drill", source=Source.API, key=key, effective_at=seams.now())
    return JsonResponse({"entry": str(pay(context, client=UUID(request.POST["client"])).entry)})


urlpatterns = [path("drill/payments", payments)]
