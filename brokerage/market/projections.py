"""From the market's events to its read models."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from uuid import UUID, uuid5

from brokerage.ledger.projection import fold, projection, upsert
from brokerage.ledger.registry import Recorded

from .events import (
    ClosureDeclared,
    InstrumentChanged,
    InstrumentListed,
    PriceFileImported,
    PriceObserved,
    PriceQuarantined,
    PriceReleased,
    PriceSetAdopted,
)
from .models import (
    Closure,
    Feed,
    Instrument,
    PriceFile,
    PriceObservation,
    PriceSet,
    PriceSetLine,
    PriceSetRate,
    Quarantine,
)
from .rules.adoption import AdoptedPrice
from .rules.identity import file_id, instrument_id, observation_id
from .rules.price_csv import Close


@projection(models=(Instrument,), events=(InstrumentListed, InstrumentChanged))
def instruments(events: Sequence[Recorded]) -> None:
    """The terms of each instrument as they stand."""
    fold(Instrument, events, _instrument, key=lambda recorded: recorded.stream)


def _instrument(row: Instrument | None, recorded: Recorded) -> Instrument:
    return Instrument(
        id=recorded.stream,
        listed_at=row.listed_at if row else recorded.effective_at,
        **asdict(recorded.event.terms),
    )


@projection(models=(Feed, PriceObservation, PriceFile), events=(PriceObserved, PriceFileImported))
def observations(events: Sequence[Recorded]) -> None:
    """Every price as observed, by feed."""
    fold(Feed, events, _feed, key=lambda recorded: recorded.stream)
    upsert(PriceObservation, [row for recorded in events for row in _observations(recorded)])
    upsert(
        PriceFile, [_file(recorded) for recorded in events if isinstance(recorded.event, PriceFileImported)]
    )


def _feed(row: Feed | None, recorded: Recorded) -> Feed:
    event = recorded.event
    named = event.observation if isinstance(event, PriceObserved) else event
    times = [each.source_time for each in _closes(event)]
    return Feed(
        id=recorded.stream,
        instrument_id=instrument_id(named.instrument),
        source=named.source,
        latest_at=max([*times, row.latest_at] if row else times),
    )


def _closes(event: PriceObserved | PriceFileImported) -> Sequence[Close]:
    if isinstance(event, PriceFileImported):
        return event.closes
    return (Close(source_time=event.observation.source_time, price=event.observation.price),)


def _observations(recorded: Recorded) -> Iterator[PriceObservation]:
    event = recorded.event
    taken = event if isinstance(event, PriceFileImported) else event.observation
    for each in _closes(event):
        yield PriceObservation(
            id=observation_id(recorded.stream, each.source_time),
            feed_id=recorded.stream,
            price=each.price,
            source_time=each.source_time,
            received_at=taken.received_at,
        )


def _file(recorded: Recorded) -> PriceFile:
    return PriceFile(
        id=file_id(recorded.event.content_hash),
        feed_id=recorded.stream,
        content_hash=recorded.event.content_hash,
        row_count=recorded.event.row_count,
        imported_at=recorded.event.received_at,
    )


@projection(models=(PriceSet, PriceSetLine, PriceSetRate), events=(PriceSetAdopted,))
def price_sets(events: Sequence[Recorded]) -> None:
    """Each adopted set with its lines and rates."""
    adopted = [(recorded, recorded.event) for recorded in events]
    upsert(PriceSet, [_price_set(recorded) for recorded in events])
    upsert(PriceSetLine, [_line(event.price_set, each) for _, event in adopted for each in event.prices])
    upsert(
        PriceSetRate,
        [
            PriceSetRate(
                id=uuid5(event.price_set, f"{each.base}/{each.quote}"),
                price_set_id=event.price_set,
                **asdict(each),
            )
            for _, event in adopted
            for each in event.rates
        ],
    )


def _price_set(recorded: Recorded) -> PriceSet:
    return PriceSet(
        id=recorded.event.price_set,
        slot=recorded.event.slot,
        revision=recorded.event.revision,
        policy=recorded.event.policy,
        adopted_at=recorded.effective_at,
    )


def _line(price_set: UUID, adopted: AdoptedPrice) -> PriceSetLine:
    values = asdict(adopted)
    code = values.pop("instrument")
    return PriceSetLine(
        id=uuid5(price_set, code), price_set_id=price_set, instrument_id=instrument_id(code), **values
    )


@projection(models=(Quarantine,), events=(PriceQuarantined, PriceReleased))
def quarantines(events: Sequence[Recorded]) -> None:
    """Quarantined prices and their release."""
    fold(Quarantine, events, _quarantine, key=lambda recorded: recorded.event.quarantine)


def _quarantine(row: Quarantine | None, recorded: Recorded) -> Quarantine:
    event = recorded.event
    if row is not None:
        row.released_at = recorded.effective_at
        row.reason = event.reason
        return row
    seen = event.observation
    return Quarantine(
        id=event.quarantine,
        instrument_id=recorded.stream,
        price_set_id=event.price_set,
        source=seen.source,
        price=seen.price,
        source_time=seen.source_time,
        received_at=seen.received_at,
        reference_price=event.reference_price,
        reference_time=event.reference_time,
        quarantined_at=recorded.effective_at,
    )


@projection(models=(Closure,), events=(ClosureDeclared,))
def closures(events: Sequence[Recorded]) -> None:
    """Declared closures."""
    upsert(
        Closure,
        [
            Closure(
                id=uuid5(recorded.stream, str(recorded.version)),
                declared_at=recorded.effective_at,
                **asdict(recorded.event.closure),
            )
            for recorded in events
        ],
    )
