"""What the book's tables must have in common, checked set by set: sums, sides, owners, missing partners."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from . import snapshots, store
from .chart import Role


class Finding(NamedTuple):
    """One thing that is wrong: the table, the row in it, and what does not fit."""

    table: str
    key: str
    what: str


_CHART = (
    "chart AS (SELECT * FROM unnest(%(roles)s::text[], %(sides)s::smallint[], %(eager)s::boolean[])"
    " c(role, side, eager))"
)
_SUMS = "sums AS (SELECT account, sum(amount) AS amount FROM ledger_posting GROUP BY account)"
_OPENED = "e.kind = 'ledger.account-opened' AND e.stream = a.owner AND e.data->>'role' = a.role"
_ACCOUNT = "format('id %%s (%%s %%s of %%s)', a.id, a.role, a.asset, a.owner)"
_POSTING = "format('event %%s, account %%s', p.event, p.account)"

_CHECKS = [
    (
        "ledger_entry",
        "has no event",
        "SELECT n.id::text FROM ledger_entry n"
        " WHERE NOT EXISTS (SELECT FROM ledger_event e WHERE e.entry = n.id)",
    ),
    (
        "ledger_posting",
        "belongs to no event",
        f"SELECT {_POSTING} FROM ledger_posting p"
        " WHERE NOT EXISTS (SELECT FROM ledger_event e WHERE e.seq = p.event)",
    ),
    (
        "ledger_posting",
        "is on an account that does not exist, or names another owner than its account",
        f"SELECT {_POSTING} FROM ledger_posting p LEFT JOIN ledger_account a ON a.id = p.account"
        " WHERE a.owner IS DISTINCT FROM p.owner",
    ),
    (
        "ledger_posting",
        "the postings of the event do not sum to zero",
        "SELECT format('event %%s, asset %%s', p.event, a.asset) FROM ledger_posting p"
        " JOIN ledger_account a ON a.id = p.account GROUP BY p.event, a.asset HAVING sum(p.amount) <> 0",
    ),
    (
        "ledger_account",
        "was opened by no event",
        f"SELECT {_ACCOUNT} FROM ledger_account a WHERE NOT EXISTS"
        f" (SELECT FROM ledger_event e WHERE {_OPENED} AND e.data->>'asset' = a.asset)",
    ),
    (
        "ledger_account",
        "was opened by this event and is missing",
        "SELECT format('%%s@%%s', e.stream, e.version) FROM ledger_event e"
        " WHERE e.kind = 'ledger.account-opened' AND NOT EXISTS"
        f" (SELECT FROM ledger_account a WHERE {_OPENED} AND e.data->>'asset' = a.asset)",
    ),
    (
        "ledger_account",
        "has another side than the chart gives its role",
        f"WITH {_CHART} SELECT {_ACCOUNT} FROM ledger_account a LEFT JOIN chart c ON c.role = a.role"
        " WHERE c.side IS DISTINCT FROM a.side",
    ),
    (
        "ledger_account",
        "has a balance on the wrong side of zero",
        f"WITH {_CHART}, {_SUMS} SELECT {_ACCOUNT} FROM ledger_account a JOIN sums ON sums.account = a.id"
        " JOIN chart c ON c.role = a.role WHERE c.side * sums.amount < 0",
    ),
    (
        "ledger_balance",
        "is missing, superfluous, or differs from its account or from the sum of its postings",
        f"""
        WITH {_CHART}, {_SUMS}, a AS (
            SELECT a.* FROM ledger_account a JOIN chart c ON c.role = a.role AND c.eager
        )
        SELECT format('account %%s', coalesce(b.account, a.id))
        FROM a FULL JOIN ledger_balance b ON b.account = a.id LEFT JOIN sums ON sums.account = a.id
        WHERE (b.owner, b.role, b.asset, b.side) IS DISTINCT FROM (a.owner, a.role, a.asset, a.side)
           OR b.amount <> coalesce(sums.amount, 0)
        """,
    ),
]


def findings() -> Iterator[Finding]:
    """Every row that contradicts another table or the chart of accounts."""
    chart: dict[str, Any] = {
        "roles": [role.value for role in Role],
        "sides": [role.side for role in Role],
        "eager": [role.eager for role in Role],
    }
    for table, what, query in _CHECKS:
        for (key,) in store.cursor().execute(query, chart):
            yield Finding(table, key, what)
    for run, what in snapshots.wrong():
        yield Finding("ledger_snapshot", f"run {run}", what)
