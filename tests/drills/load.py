"""One client under load: `python -m tests.drills.load web|direct <name> <file of acknowledgements>`.

It pays itself one dollar again and again. Each key is known beforehand and repeated until it is
acknowledged; an acknowledgement is written down before the next payment begins.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection
from uuid import UUID, uuid5

import django

PAUSE_S = 0.1


def over_http(client: UUID, key: str) -> str:
    """The entry of the payment, by way of a web worker."""
    headers = {"Idempotency-Key": key, "Content-Type": "application/x-www-form-urlencoded"}
    link = HTTPConnection("127.0.0.1", int(os.environ["PORT"]), timeout=10)
    with closing(link):
        link.request("POST", "/api/v1/drill/payments", f"client={client}", headers)
        return str(json.load(link.getresponse())["entry"])


def directly(client: UUID, key: str) -> str:
    """The entry of the payment, by the command itself."""
    from brokerage.ledger import seams
    from brokerage.ledger.entry import Context, Source

    from .room.commands import pay

    context = Context(actor="drill", source=Source.API, key=key, effective_at=seams.now())
    return str(pay(context, client=client).entry)


def until_acknowledged(pay: Callable[[UUID, str], str], client: UUID, key: str) -> str:
    """Repeat the same payment until it is acknowledged."""
    from django.db import connection

    while True:
        try:
            return pay(client, key)
        except Exception as error:
            print(f"{key}: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
            connection.close()
            time.sleep(0.2)


def main(way: str, name: str, acknowledgements: str) -> None:
    """Pay until the process is ended."""
    django.setup()
    from brokerage.ledger import seams
    from brokerage.ledger.entry import Context, Source

    from .room.commands import open_client
    from .room.tasks import NAMESPACE

    client = uuid5(NAMESPACE, f"client {name}")

    def opened(client: UUID, key: str) -> str:
        context = Context(actor="drill", source=Source.API, key=key, effective_at=seams.now())
        return str(open_client(context, client=client).entry)

    until_acknowledged(opened, client, f"open:{name}")
    pay = over_http if way == "web" else directly
    with open(acknowledgements, "a", buffering=1) as file:
        for count in range(sys.maxsize):
            key = f"pay:{name}:{count}"
            file.write(f"{key} {until_acknowledged(pay, client, key)}\n")
            time.sleep(PAUSE_S)


if __name__ == "__main__":
    main(*sys.argv[1:])
