"""What a monitor scrapes, as Prometheus text: how far behind sealer, jobs, messages and webhooks are.

For a monitor inside the house: with settings.METRICS_TOKEN as bearer token, or without one from this
machine only. Whoever else asks finds nothing here.
"""

import hmac
from collections.abc import Iterator

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from brokerage.access.address import client_address
from brokerage.jobs import queries as jobs
from brokerage.ledger import browse, feed, seams

from .models import Delivery
from .queries import gave_up

HERE = ("127.0.0.1", "::1")


class Book(Collector):
    """Read at each scrape, so that every web process tells the same."""

    def collect(self) -> Iterator[Metric]:
        """The gauges; times are in seconds."""
        now = seams.now()
        messages = jobs.outbox_status(now)
        lag = GaugeMetricFamily(
            "praya_job_lag_seconds", "Age of a job's oldest unfinished slot", labels=["job"]
        )
        for status in jobs.job_status(now):
            lag.add_metric([status.job], status.lag.total_seconds())
        yield lag
        gauges = {
            "praya_seal_lag_seconds": (
                "Age of the oldest event no seal covers",
                browse.seal_lag().total_seconds(),
            ),
            "praya_feed_position": ("The greatest sealed position", feed.head()),
            "praya_outbox_messages": ("Messages that wait", messages.depth),
            "praya_outbox_age_seconds": (
                "Age of the oldest message that waits",
                messages.oldest.total_seconds(),
            ),
            "praya_parked_items": ("Work set aside for staff", jobs.parked_items().count()),
            "praya_webhook_deliveries": (
                "Webhook messages that wait",
                Delivery.objects.filter(state="new").count(),
            ),
            "praya_webhooks_off": (
                "Webhooks switched off after days of failure",
                gave_up().count(),
            ),
        }
        for name, (meaning, value) in gauges.items():
            yield GaugeMetricFamily(name, meaning, value=value)


_registry = CollectorRegistry()
_registry.register(Book())


@login_not_required
def metrics(request: HttpRequest) -> HttpResponse:
    """The gauges, for whoever may scrape; raises Http404 for everybody else."""
    if not _may_scrape(request):
        raise Http404
    return HttpResponse(generate_latest(_registry), content_type=CONTENT_TYPE_LATEST)


def _may_scrape(request: HttpRequest) -> bool:
    if not settings.METRICS_TOKEN:
        return client_address(request) in HERE
    shown = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return hmac.compare_digest(shown.encode(), settings.METRICS_TOKEN.encode())


urlpatterns = [path("metrics", metrics, name="metrics")]
