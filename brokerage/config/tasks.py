"""The demonstration's own job: invented prices move, so that the live cycle has something to live on."""

from collections.abc import Sequence
from datetime import timedelta
from random import Random
from uuid import UUID

from django.conf import settings

from brokerage.config import demo
from brokerage.jobs.rules import LATEST_ONLY, every
from brokerage.jobs.schedule import REVAL, Run, job
from brokerage.market import commands, queries
from brokerage.market.rules.prices import Tick

if settings.DEMO:

    @job("demo.prices", slots=every(timedelta(seconds=20)), policy=LATEST_ONLY, queue=REVAL)
    def move_prices(run: Run, items: Sequence[UUID]) -> None:
        """Observe one invented price of everything that trades at the slot, and adopt them as a set.

        Does nothing before the demonstration is seeded, or when its instruments are not the demo's.
        """
        latest = queries.latest_price_set(run.slot)
        if latest is None or latest.slot >= run.slot:
            return
        known = queries.quotes(latest.id, "HKD")
        if not set(demo.STORIES) <= set(known):
            return
        random, calendar = Random(int(run.slot.timestamp())), queries.calendar()
        ticks = tuple(
            Tick(
                instrument=code,
                price=demo.moved(code, known[code].price, random),
                currency=story.terms.currency,
                source_time=run.slot,
            )
            for code, story in demo.STORIES.items()
            if demo.source_time(calendar, story.terms, run.slot) == run.slot
        )
        commands.record_observations(run.context("observe"), source=demo.SOURCE, ticks=ticks)
        commands.adopt_price_set(run.context("adopt"), slot=run.slot, rates=demo.RATES)
