"""The web server's entrance."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "brokerage.config.settings")
os.environ.setdefault("PRAYA_STATEMENT_TIMEOUT", "5s")


def _application() -> object:
    application = get_wsgi_application()
    from brokerage.config import celery, preflight

    celery.app.set_default()
    preflight.check()
    return application


application = _application()
