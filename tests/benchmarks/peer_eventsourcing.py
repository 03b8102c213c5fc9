"""eventsourcing in its default mode on PostgreSQL; runs in the peers' environment."""

import json
import sys
import time
from urllib.parse import unquote, urlsplit

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

TEXT = "a fact of forty characters, written once"


class Notebook(Aggregate):
    """A stream of notes."""

    @event("Noted")
    def note(self, text: str, number: int) -> None:
        """Write one note down."""
        self.last = number


def application(url: str) -> Application:
    """An application on the database of that address."""
    parts = urlsplit(url)
    return Application(
        env={
            "PERSISTENCE_MODULE": "eventsourcing.postgres",
            "POSTGRES_DBNAME": parts.path[1:],
            "POSTGRES_HOST": unquote(parts.hostname or ""),
            "POSTGRES_PORT": str(parts.port),
            "POSTGRES_USER": parts.username or "",
            "POSTGRES_PASSWORD": unquote(parts.password or ""),
        }
    )


def main(url: str) -> None:
    """Append on request: `streams` notebooks, `each` notes on every one, one commit."""
    app = application(url)
    notebooks: dict[int, list[Notebook]] = {}
    for line in sys.stdin:
        _, asked = json.loads(line)
        streams, each, commits = asked["streams"], asked["each"], asked.get("commits", 1)
        if streams not in notebooks:
            notebooks[streams] = [Notebook() for _ in range(streams)]
            app.save(*notebooks[streams])
        start = time.perf_counter()
        for _ in range(commits):
            for notebook in notebooks[streams]:
                for number in range(each):
                    notebook.note(text=TEXT, number=number)
            app.save(*notebooks[streams])
        print(json.dumps(time.perf_counter() - start), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
