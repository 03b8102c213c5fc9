"""What holds after every step, and what is proved now and then because it reads the whole book."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from brokerage.jobs.models import JobRun, Outbox
from brokerage.jobs.rules import ALL_IN_ORDER
from brokerage.jobs.schedule import jobs
from brokerage.ledger import feed, integrity, rebuild, seals, store
from margin.commands.sales import SELL

from .market import adopted
from .model import Model, Order
from .watch import Watch
from .world import Broken, World

NOTHING = {
    "postings of an event do not sum to zero": """
        SELECT p.event, a.asset, sum(p.amount) FROM ledger_posting p JOIN ledger_account a ON a.id = p.account
        GROUP BY p.event, a.asset HAVING sum(p.amount) <> 0""",
    "a balance is on its wrong side, or is not the sum of its postings": """
        SELECT b.owner, b.role, b.asset, b.amount FROM ledger_balance b WHERE b.side * b.amount < 0 OR
        b.amount <> (SELECT coalesce(sum(p.amount), 0) FROM ledger_posting p WHERE p.account = b.account)""",
    "an account has two open calls, or not the one it names": """
        SELECT a.id FROM margin_account a LEFT JOIN margin_call c ON c.account_id = a.id AND c.is_open
        GROUP BY a.id, a.open_call
        HAVING count(c.id) > 1 OR a.open_call IS DISTINCT FROM max(c.id::text)::uuid""",
    "a run was done before an earlier one of its job": """
        SELECT r.job, r.slot FROM jobs_run r JOIN jobs_run e ON e.job = r.job AND e.slot < r.slot
        WHERE r.state = 'done' AND e.state = 'due'""",
    "a run is done while a shard of it is not": """
        SELECT r.job, r.slot, s.number FROM jobs_run r JOIN jobs_run_shard s ON s.run_id = r.id
        WHERE r.state = 'done' AND s.state IN ('due', 'running')""",
    "two messages carry one order": """
        SELECT payload->>'sale', payload->>'leg' FROM jobs_outbox WHERE kind = 'margin.sell-order'
        GROUP BY 1, 2 HAVING count(*) > 1""",
}
_ALL = " UNION ALL ".join(
    f"SELECT '{wrong}', found::text FROM ({query}) found" for wrong, query in NOTHING.items()
)


class Checks:
    """The invariants of one run."""

    def __init__(self, world: World, model: Model, watch: Watch) -> None:
        self.world = world
        self.model = model
        self.watch = watch
        self._position = 0
        self._fed: list[tuple[UUID, int]] = []

    def cheap(self) -> None:
        """After every step; raises Broken."""
        if rows := store.cursor().execute(_ALL).fetchall():
            raise Broken(f"{rows[:3]}")
        self.watch.read()
        self._follow()
        self._keys()
        self._balances()
        _in_order()

    def feed(self) -> None:
        """Read on in the feed, as a subscriber would."""
        seals.seal()
        for recorded in feed.read(after=self._position):
            if recorded.position != self._position + 1:
                raise Broken(f"position {recorded.position} follows {self._position}")
            self._position += 1
            self._fed.append((recorded.stream, recorded.version))

    def costly(self) -> str:
        """At the end: the feed is the book, the book is sound, read models are its replay; its hash."""
        while self._position < seals_until():
            self.feed()
        written = [
            (stream, version)
            for stream, last in self.watch.versions.items()
            for version in range(1, last + 1)
        ]
        if sorted(self._fed) != sorted(written):
            raise Broken(f"the feed gave {len(self._fed)} events, the book has {len(written)}")
        if findings := integrity.verify():
            raise Broken(f"verification: {findings[:3]}")
        rebuilt = rebuild.rebuild(check=True)
        if not rebuilt.identical:
            raise Broken(f"read models differ from their replay: {rebuilt.differences}")
        return rebuilt.state_hash

    def _follow(self) -> None:
        """Tell the model what was committed, at which prices, and which orders went out."""
        fresh = self.world.commits
        self.world.commits = []
        if any(commit.command == "market.adopt-price-set" for commit in fresh):
            self.model.prices.update(adopted())
        if any(commit.command == "margin.order-sale" for commit in fresh):
            for message in Outbox.objects.filter(kind=SELL):
                order = Order(message.payload["asset"], Decimal(message.payload["quantity"]))
                legs = self.model.orders.setdefault(UUID(message.payload["sale"]), {})
                legs.setdefault(message.payload["leg"], order)
        for commit in fresh:
            self.model.apply(commit)

    def _keys(self) -> None:
        keys = {key for (key,) in store.cursor().execute("SELECT key FROM ledger_entry")}
        if keys != self.model.keys:
            raise Broken(f"entries nobody saw committed, or lost ones: {keys ^ self.model.keys}")

    def _balances(self) -> None:
        rows = store.cursor().execute(
            "SELECT owner, role, asset, amount FROM ledger_balance WHERE amount <> 0 AND owner = ANY(%s)",
            [list(self.model.accounts)],
        )
        book: dict[tuple[UUID, str, str], Decimal] = {
            (owner, role, asset): amount for owner, role, asset, amount in rows
        }
        if book != (model := self.model.balances()):
            wrong = {key: (book.get(key), model.get(key)) for key in book.keys() | model.keys()}
            raise Broken(f"book and model differ: { {k: v for k, v in wrong.items() if v[0] != v[1]} }")


def seals_until() -> int:
    """The last sealed position, once everything committed is sealed."""
    seals.seal()
    return feed.head()


def _in_order() -> None:
    """Each slot of a job whose slots all count was entered, once, and none was passed over."""
    mandatory = [name for name, each in jobs().items() if each.policy == ALL_IN_ORDER]
    entered: dict[str, list[datetime]] = {}
    for name, slot in JobRun.objects.filter(job__in=mandatory).order_by("slot").values_list("job", "slot"):
        entered.setdefault(name, []).append(slot)
    for name, slots in entered.items():
        if slots != [slots[0], *jobs()[name].slots(slots[0], slots[-1])]:
            raise Broken(f"slots of {name} are {slots}")
