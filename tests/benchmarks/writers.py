"""P4: eight writers at once on streams of their own, with the product's locks and without any."""

import multiprocessing
import os
import time
from collections.abc import Sequence
from multiprocessing.synchronize import Barrier
from uuid import UUID

import psycopg

from . import book
from .measure import Contestant, Times, interleaved
from .place import Place

WRITERS = 8
PATIENCE = 300


def measured(place: Place, commits: int, rounds: int) -> dict[str, Times]:
    """So many commands of each of eight processes; the floor is the same database without its locks."""
    teams = []
    for name in ("locks", "lockless"):
        place.use(name)
        clients = book.funded(2 * WRITERS)
        if name == "lockless":
            _take_locks_away(place.url(name))
        teams.append(Team(place.url(name), clients, commits))
    contestants = [
        Contestant("Praya", teams[0].run),
        Contestant("floor: the same without locks", teams[1].run),
    ]
    try:
        return interleaved(contestants, units=WRITERS * commits, rounds=rounds)
    finally:
        for team in teams:
            team.close()


class Team:
    """Eight processes that wait for a common start, write, and meet again at the end."""

    def __init__(self, url: str, clients: Sequence[UUID], commits: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._start, self._end = (context.Barrier(WRITERS + 1, timeout=PATIENCE) for _ in range(2))
        os.environ["DATABASE_URL"] = url
        pairs = [(clients[2 * number], clients[2 * number + 1]) for number in range(WRITERS)]
        self._writers = [
            context.Process(target=_write, args=(self._start, self._end, pair, commits), daemon=True)
            for pair in pairs
        ]
        for writer in self._writers:
            writer.start()

    def run(self) -> float:
        """The seconds from the common start to the last writer's end."""
        self._start.wait()
        began = time.perf_counter()
        self._end.wait()
        return time.perf_counter() - began

    def close(self) -> None:
        """End the processes."""
        for writer in self._writers:
            writer.terminate()
            writer.join()


def _take_locks_away(url: str) -> None:
    """Advisory locks that do nothing, found first because the functions look in public first."""
    nothing = "RETURNS void LANGUAGE plpgsql AS 'BEGIN END'"
    with psycopg.connect(url, autocommit=True) as connection:
        functions = connection.execute(
            "SELECT oid::regprocedure::text FROM pg_proc"
            " WHERE pronamespace = 'public'::regnamespace AND prosrc LIKE '%pg_advisory_xact_lock%'"
        ).fetchall()
        connection.execute(f"CREATE FUNCTION public.pg_advisory_xact_lock(bigint) {nothing}")
        for (function,) in functions:
            connection.execute(f"ALTER FUNCTION {function} SET search_path = public, pg_catalog")


def _write(start: Barrier, end: Barrier, pair: tuple[UUID, UUID], commits: int) -> None:
    import django

    django.setup()
    while True:
        start.wait()
        for _ in range(commits):
            book.pay(book.context(), pairs=[pair], amount=book.AMOUNT)
        end.wait()
