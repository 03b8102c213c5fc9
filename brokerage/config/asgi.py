"""The entrance for an asynchronous web server."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "brokerage.config.settings")
os.environ.setdefault("PRAYA_STATEMENT_TIMEOUT", "5s")

application = get_asgi_application()
