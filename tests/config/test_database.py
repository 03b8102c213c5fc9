"""The two roles, and how a login takes them on."""

import psycopg
import pytest

from brokerage.config import database
from brokerage.config.postgres import Cluster


@pytest.fixture
def plain_login(fresh_cluster: Cluster) -> str:
    """A login that may create roles and owns one database, as a hosting provider gives it."""
    with psycopg.connect(fresh_cluster.url(), autocommit=True) as administrator:
        administrator.execute("CREATE ROLE plain LOGIN CREATEROLE PASSWORD 'word'")
        administrator.execute("CREATE DATABASE theirs OWNER plain")
    return fresh_cluster.url("theirs", "plain", "word")


class TestPreparingAServer:
    def test_lets_a_plain_login_own_the_schema_and_run_the_product(self, plain_login: str) -> None:
        for _ in range(2):
            database.prepare(plain_login)
        with psycopg.connect(plain_login, options=f"-c role={database.OWNER}") as owner:
            owner.execute("CREATE TABLE book (id int)")
            owner.execute("CREATE SCHEMA shadow")
        product = psycopg.connect(plain_login, options=f"-c role={database.APP}")
        with product, pytest.raises(psycopg.errors.InsufficientPrivilege):
            product.execute("SELECT * FROM book")

    def test_says_what_an_administrator_must_run_when_the_login_may_not(self, fresh_cluster: Cluster) -> None:
        with psycopg.connect(fresh_cluster.url(), autocommit=True) as administrator:
            administrator.execute("CREATE ROLE humble LOGIN PASSWORD 'word'")
        with pytest.raises(psycopg.errors.InsufficientPrivilege) as refused:
            database.prepare(fresh_cluster.url("postgres", "humble", "word"))
        assert 'CREATE ROLE "praya_owner" NOLOGIN' in refused.value.__notes__[0]


class TestManagePy:
    @pytest.mark.parametrize(
        "words",
        [["migrate"], ["ledger", "rebuild", "--check"], ["ledger", "settle"], ["margin", "replay"]],
    )
    def test_owns_the_schema_where_a_command_changes_it(self, words: list[str]) -> None:
        assert database.owns_schema(words)

    @pytest.mark.parametrize("words", [["margin"], ["ledger", "verify"], ["shell"], ["ledger"]])
    def test_is_the_product_otherwise(self, words: list[str]) -> None:
        assert not database.owns_schema(words)
