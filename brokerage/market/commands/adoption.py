"""From observations to the prices that count: adopting a set, and releasing a quarantined price."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from django.db.models import OuterRef, Subquery

from brokerage.access.rules import Perm
from brokerage.ledger import seams
from brokerage.ledger.commands import command
from brokerage.ledger.entry import Entry
from brokerage.ledger.refusal import Refused

from .. import queries
from ..events import PriceQuarantined, PriceReleased, PriceSetAdopted
from ..models import Feed, PriceObservation, PriceSet, PriceSetLine, Quarantine
from ..rules.adoption import Verdict, price_at
from ..rules.fx import FxRate, checked_rates, conversion
from ..rules.identity import PRICE_SETS, instrument_id
from ..rules.instruments import Terms
from ..rules.judgement import Reference
from ..rules.prices import HOUSE_NAME, Observation


class FutureSlot(Refused):
    """A slot later than the business time of the command."""

    code = "market.future-slot"


class NoPrices(Refused):
    """Not one instrument has a price by the slot."""

    code = "market.no-prices"


class UnknownQuarantine(Refused):
    """There is no such quarantined price."""

    code = "market.unknown-quarantine"


class NotQuarantined(Refused):
    """The price was released before."""

    code = "market.not-quarantined"


@command("market.adopt-price-set")
def adopt_price_set(entry: Entry, *, slot: datetime, rates: tuple[FxRate, ...]) -> UUID:
    """Adopt the prices that count at `slot`, as a whole and with its exchange rates; returns its id.

    Each instrument with an observation by then gets the price that `judge` finds; a price that
    jumped too far is quarantined. Adopting a slot again makes a new revision. Raises FutureSlot,
    NoPrices, BadRate, BadPrice, or MissingRate when a currency of the set has no rate.
    """
    checked_rates(rates)
    if slot > entry.effective_at:
        raise FutureSlot("Prices are adopted for the past or the present.", slot=slot)
    entry.lock(PRICE_SETS, *(instrument_id(code) for code in queries.instruments()))
    terms = queries.instruments()
    verdicts = _verdicts(slot, terms)
    if not verdicts:
        raise NoPrices("No instrument has a price by this slot; import prices first.", slot=slot)
    _check_rates(rates, {terms[verdict.adopted.instrument].currency for verdict in verdicts})
    identifier = seams.new_id()
    adopted = PriceSetAdopted(
        price_set=identifier,
        slot=slot,
        revision=PriceSet.objects.filter(slot=slot).count() + 1,
        policy=HOUSE_NAME,
        prices=tuple(verdict.adopted for verdict in verdicts),
        rates=rates,
    )
    entry.record(PRICE_SETS, adopted)
    _quarantine(entry, identifier, verdicts)
    return identifier


@command("market.release-price")
def release_price(entry: Entry, *, quarantine: UUID, reason: str) -> UUID:
    """Accept a quarantined price as real; it is the reference for the next set. Returns its id.

    Takes two people. Raises SecondPersonNeeded, UnknownQuarantine or NotQuarantined.
    """
    row = Quarantine.objects.filter(id=quarantine).first()
    if row is None:
        raise UnknownQuarantine("No such price is in quarantine.", quarantine=quarantine)
    entry.lock(row.instrument_id)
    row.refresh_from_db()
    if row.released_at is not None:
        raise NotQuarantined("This price was released before.", quarantine=quarantine)
    entry.second_person(Perm.APPROVE_PRICES, quarantine=quarantine)
    entry.record(row.instrument_id, PriceReleased(quarantine=quarantine, reason=reason))
    return quarantine


def _verdicts(slot: datetime, terms: Mapping[str, Terms]) -> list[Verdict]:
    candidates: dict[str, list[Observation]] = defaultdict(list)
    for observation in _latest_observations(slot):
        candidates[observation.instrument].append(observation)
    references, calendar = _references(slot), queries.calendar()
    return [
        price_at(slot, terms[code], candidates[code], references.get(code), calendar)
        for code in sorted(terms.keys() & candidates.keys())
    ]


def _latest_observations(slot: datetime) -> Iterable[Observation]:
    """The last observation of each feed not after the slot."""
    newest = PriceObservation.objects.filter(feed=OuterRef("pk"), source_time__lte=slot).order_by(
        "-source_time"
    )
    latest = Feed.objects.annotate(newest=Subquery(newest.values("pk")[:1])).values("newest")
    rows = PriceObservation.objects.filter(pk__in=latest).select_related("feed__instrument")
    return [row.terms for row in rows]


def _references(slot: datetime) -> dict[str, Reference]:
    """The last accepted price of each instrument: from the set before the slot, or released since."""
    before = PriceSet.objects.filter(slot__lt=slot).order_by("-slot", "-revision").first()
    lines = PriceSetLine.objects.filter(price_set=before).select_related("instrument")
    found = {
        line.instrument.code: Reference(price=line.reference_price, source_time=line.reference_time)
        for line in lines
    }
    released = Quarantine.objects.filter(released_at__isnull=False, source_time__lte=slot)
    for row in released.select_related("instrument").order_by("source_time"):
        known = found.get(row.instrument.code)
        if known is None or row.source_time > known.source_time:
            found[row.instrument.code] = Reference(price=row.price, source_time=row.source_time)
    return found


def _check_rates(rates: tuple[FxRate, ...], currencies: set[str]) -> None:
    """Every currency that something is priced in must be joined to the first of them."""
    first, *others = sorted(currencies)
    for other in others:
        conversion(rates, other, first)


def _quarantine(entry: Entry, price_set: UUID, verdicts: Iterable[Verdict]) -> None:
    """Record each price that jumped, unless one of the same source already waits since the reference."""
    for adopted, seen in verdicts:
        if seen is None:
            continue
        stream = instrument_id(seen.instrument)
        waiting = Quarantine.objects.filter(
            instrument=stream,
            source=seen.source,
            released_at=None,
            source_time__gt=adopted.reference_time,
        )
        if not waiting.exists():
            quarantined = PriceQuarantined(
                quarantine=seams.new_id(),
                price_set=price_set,
                observation=seen,
                reference_price=adopted.reference_price,
                reference_time=adopted.reference_time,
            )
            entry.record(stream, quarantined)
