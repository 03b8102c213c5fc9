"""The start-up check on the database's durability."""

import psycopg
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from brokerage.config import database, preflight
from brokerage.config.postgres import Cluster


@pytest.mark.django_db
class TestTheProductRefusesToStart:
    def test_on_a_database_that_does_not_flush(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit = off")
            with pytest.raises(ImproperlyConfigured, match=r"synchronous_commit=off"):
                preflight.refuse_forgetful(cursor)


def test_a_product_connection_is_durable_and_bounded_whatever_the_login_says(fresh_cluster: Cluster) -> None:
    url = fresh_cluster.url()
    with psycopg.connect(url, autocommit=True) as administrator:
        administrator.execute("ALTER ROLE postgres SET synchronous_commit = off")
    database.prepare(url)
    options = database.django_database(url, role=database.APP, statement_timeout="5s")["OPTIONS"]["options"]
    with psycopg.connect(url, options=options) as product:
        shown = {
            name: product.execute("SELECT current_setting(%s)", [name]).fetchone()
            for name in ("role", "synchronous_commit", "statement_timeout", "lock_timeout")
        }
    assert shown == {
        "role": ("praya_app",),
        "synchronous_commit": ("on",),
        "statement_timeout": ("5s",),
        "lock_timeout": ("3s",),
    }
