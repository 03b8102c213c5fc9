"""Prices as they come in: single ticks and whole files."""

from brokerage.ledger import seams
from brokerage.ledger.commands import command
from brokerage.ledger.entry import Entry

from .. import queries
from ..events import PriceFileImported, PriceObserved
from ..models import Feed, PriceFile, PriceObservation
from ..rules.identity import feed_id, file_id
from ..rules.price_csv import DuplicateFile, content_hash, new_closes, parse
from ..rules.prices import FUTURE_TOLERANCE, Observation, OutOfOrder, Tick, admitted


@command("market.record-observations")
def record_observations(entry: Entry, *, source: str, ticks: tuple[Tick, ...]) -> int:
    """Record what one source says now, at least one price and one per instrument: all of it or nothing.

    Returns the number recorded. Raises UnknownInstrument, BadPrice, WrongUnit, FuturePrice,
    DuplicateObservation or OutOfOrder; a feed that must not be held up by one bad instrument
    records its ticks in separate commands.
    """
    feeds = {tick.instrument: feed_id(tick.instrument, source) for tick in ticks}
    if len(feeds) < len(ticks):
        raise OutOfOrder("Give each instrument once; record later prices in a later command.", source=source)
    entry.lock(*feeds.values())
    taken = dict(Feed.objects.filter(id__in=feeds.values()).values_list("id", "latest_at"))
    listed = queries.instruments_of(feeds)
    received_at = seams.now()
    for tick in ticks:
        observation = Observation(
            instrument=tick.instrument,
            source=source,
            price=tick.price,
            currency=tick.currency,
            source_time=tick.source_time,
            received_at=received_at,
        )
        feed = feeds[tick.instrument]
        admitted(observation, currency=listed[tick.instrument].currency, previous=taken.get(feed))
        entry.record(feed, PriceObserved(observation=observation))
    return len(ticks)


@command("market.import-prices")
def import_prices(entry: Entry, *, instrument: str, source: str, content: bytes) -> int:
    """Import a file of daily prices (Date,Open,High,Low,Close,Volume) for one instrument, or nothing of it.

    Closes already taken from this source must agree and are skipped. Returns how many were new.
    Raises MalformedFile naming the bad lines, DuplicateFile or UnknownInstrument.
    """
    feed, digest = feed_id(instrument, source), content_hash(content)
    entry.lock(feed, file_id(digest))
    terms = queries.instrument(instrument)
    if PriceFile.objects.filter(content_hash=digest).exists():
        raise DuplicateFile("A file with this content was imported before.", content_hash=digest)
    prices = parse(content)
    now = seams.now()
    closes = new_closes(
        prices,
        terms.asset_class,
        queries.calendar(),
        until=now + FUTURE_TOLERANCE,
        known=dict(PriceObservation.objects.filter(feed=feed).values_list("source_time", "price")),
    )
    imported = PriceFileImported(
        instrument=instrument,
        source=source,
        content_hash=digest,
        row_count=len(prices),
        received_at=now,
        closes=closes,
    )
    entry.record(feed, imported)
    return len(closes)
