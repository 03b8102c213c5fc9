"""One advisory lock a job, held for the length of a transaction."""

from django.db import connection


def lock_job(name: str) -> None:
    """Hold a job until the transaction ends: who waits behind whom must not change meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 3))", [name])
