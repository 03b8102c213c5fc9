"""What this room keeps sealed: what messages to webhooks are signed with."""

from brokerage.access import resealing

from .commands import PURPOSE
from .models import WebhookState

resealing.holds_column("webhooks", WebhookState, "secret", lambda _: PURPOSE)
