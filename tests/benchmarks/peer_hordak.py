"""django-hordak: transfers in bulk and singly, balances now and on a day; runs in the peers' environment."""

import json
import random
import sys
import time
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import unquote, urlsplit

import django
from django.conf import settings


def configure(url: str) -> None:
    """Set Django up for hordak on the database of that address, and create its tables."""
    parts = urlsplit(url)
    settings.configure(
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "mptt", "djmoney", "hordak"],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": parts.path[1:],
                "HOST": unquote(parts.hostname or ""),
                "PORT": parts.port,
                "USER": parts.username,
                "PASSWORD": unquote(parts.password or ""),
                "CONN_MAX_AGE": None,
            }
        },
        DEFAULT_CURRENCY="HKD",
        HORDAK_CURRENCIES=["HKD"],
        CURRENCIES=["HKD"],
        HORDAK_MAX_DIGITS=20,
        USE_TZ=True,
    )
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


class Hordak:
    """What can be asked of it; every answer to a timed question is seconds."""

    def __init__(self) -> None:
        self.accounts: list[Any] = []

    def open_accounts(self, number: int) -> int:
        """Liability accounts, as client money is to a broker; replaces those known so far."""
        from hordak.models import Account, AccountType

        self.accounts = [
            Account.objects.create(name="client", type=AccountType.liability, currencies=["HKD"])
            for _ in range(number)
        ]
        return number

    def bulk(self, number: int, day: str | None = None) -> float:
        """That many transfers between random accounts in one commit, by bulk_create."""
        from django.db import transaction
        from hordak.models import Leg, Transaction
        from moneyed import Money

        pairs = [random.sample(self.accounts, 2) for _ in range(number)]
        start = time.perf_counter()
        with transaction.atomic():
            made = Transaction.objects.bulk_create(
                [Transaction(date=day or date(2026, 1, 5)) for _ in range(number)]
            )
            legs = []
            for (payer, payee), each in zip(pairs, made, strict=True):
                legs.append(Leg(transaction=each, account=payer, debit=Money(Decimal("1.25"), "HKD")))
                legs.append(Leg(transaction=each, account=payee, credit=Money(Decimal("1.25"), "HKD")))
            Leg.objects.bulk_create(legs)
        return time.perf_counter() - start

    def singles(self, number: int) -> float:
        """That many transfers, each in its own commit, by transfer_to."""
        from moneyed import Money

        pairs = [random.sample(self.accounts, 2) for _ in range(number)]
        amount = Money(Decimal("1.25"), "HKD")
        start = time.perf_counter()
        for payer, payee in pairs:
            payer.transfer_to(payee, amount)
        return time.perf_counter() - start

    def load_days(self, days: int, each: int) -> int:
        """Transfers on consecutive days from 1 January 2026, for the reads."""
        for number in range(days):
            self.bulk(each, day=(date(2026, 1, 1) + timedelta(days=number)).isoformat())
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        return days * each

    def balances(self, number: int) -> float:
        """Current balances of random accounts."""
        chosen = random.choices(self.accounts, k=number)
        start = time.perf_counter()
        for account in chosen:
            account.get_balance()
        return time.perf_counter() - start

    def balances_as_of(self, number: int, days: int) -> float:
        """Balances of random accounts at the end of random days."""
        chosen = [
            (account, date(2026, 1, 1) + timedelta(days=random.randrange(days)))
            for account in random.choices(self.accounts, k=number)
        ]
        start = time.perf_counter()
        for account, day in chosen:
            account.get_balance(as_of=day)
        return time.perf_counter() - start


def main(url: str) -> None:
    """Answer requests until the pipe closes."""
    random.seed(1)
    configure(url)
    hordak = Hordak()
    for line in sys.stdin:
        what, arguments = json.loads(line)
        print(json.dumps(getattr(hordak, what)(**arguments)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
