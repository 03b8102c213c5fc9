"""Read models of the market room: written by projections only, rebuilt from the book at will."""

from decimal import Decimal

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from .rules.calendars import Calendar, ClosureKind, Part
from .rules.calendars import Closure as ClosureTerms
from .rules.instruments import AssetClass, Terms
from .rules.prices import LARGEST, Observation, PriceState


def _amount() -> "models.DecimalField[Decimal, Decimal]":
    return models.DecimalField(max_digits=38, decimal_places=18)


def _usable(*fields: str) -> Q:
    """Refuses NaN as well: PostgreSQL sorts it above every number."""
    bounds = Q()
    for field in fields:
        bounds &= Q(**{f"{field}__gt": 0, f"{field}__lt": LARGEST})
    return bounds


class Instrument(models.Model):
    """The terms of an instrument as they are now; the id follows from the code."""

    id = models.UUIDField(primary_key=True)
    code = models.CharField(max_length=12, unique=True)
    name = models.CharField(max_length=200)
    asset_class = models.CharField(max_length=10)
    currency = models.CharField(max_length=3)
    places = models.SmallIntegerField()
    lot = _amount()
    tick = models.DecimalField(max_digits=38, decimal_places=18, null=True)
    isin = models.CharField(max_length=12, null=True)
    group = models.CharField(max_length=200)
    suspended_since = models.DateField(null=True)
    listed_at = models.DateTimeField()

    class Meta:
        ordering = ("code",)
        constraints = (
            CheckConstraint(name="instrument_lot_positive", condition=Q(lot__gt=0)),
            CheckConstraint(
                name="instrument_class_known",
                condition=Q(asset_class__in=[each.value for each in AssetClass]),
            ),
        )

    def __str__(self) -> str:
        return self.code

    @property
    def terms(self) -> Terms:
        """The instrument as rules see it."""
        return Terms(
            code=self.code,
            name=self.name,
            asset_class=AssetClass(self.asset_class),
            currency=self.currency,
            places=self.places,
            lot=self.lot,
            tick=self.tick,
            isin=self.isin,
            group=self.group,
            suspended_since=self.suspended_since,
        )


class Feed(models.Model):
    """What one source says about one instrument, and the newest source time taken from it."""

    id = models.UUIDField(primary_key=True)
    instrument = models.ForeignKey(Instrument, models.PROTECT, related_name="feeds")
    source = models.CharField(max_length=60)
    latest_at = models.DateTimeField()

    class Meta:
        ordering = ("instrument", "source")
        constraints = (UniqueConstraint(name="feed_once", fields=("instrument", "source")),)

    def __str__(self) -> str:
        return f"{self.instrument} from {self.source}"


class PriceObservation(models.Model):
    """One price as observed; the id follows from feed and source time."""

    id = models.UUIDField(primary_key=True)
    feed = models.ForeignKey(Feed, models.PROTECT, related_name="observations")
    price = _amount()
    source_time = models.DateTimeField()
    received_at = models.DateTimeField()

    class Meta:
        ordering = ("-source_time",)
        constraints = (
            UniqueConstraint(name="observation_once", fields=("feed", "source_time")),
            CheckConstraint(name="observation_price_usable", condition=_usable("price")),
        )

    def __str__(self) -> str:
        return f"{self.feed} at {self.source_time:%Y-%m-%d %H:%M}"

    @property
    def terms(self) -> Observation:
        """The observation as rules see it; load `feed__instrument` with it."""
        instrument = self.feed.instrument
        return Observation(
            instrument=instrument.code,
            source=self.feed.source,
            price=self.price,
            currency=instrument.currency,
            source_time=self.source_time,
            received_at=self.received_at,
        )


class PriceFile(models.Model):
    """A file that was imported; the id follows from its content."""

    id = models.UUIDField(primary_key=True)
    feed = models.ForeignKey(Feed, models.PROTECT, related_name="files")
    content_hash = models.CharField(max_length=64, unique=True)
    row_count = models.IntegerField()
    imported_at = models.DateTimeField()

    class Meta:
        ordering = ("-imported_at",)

    def __str__(self) -> str:
        return self.content_hash[:12]


class PriceSet(models.Model):
    """The prices and rates adopted for a slot."""

    id = models.UUIDField(primary_key=True)
    slot = models.DateTimeField()
    revision = models.IntegerField()
    policy = models.CharField(max_length=60)
    adopted_at = models.DateTimeField()

    class Meta:
        ordering = ("-slot", "-revision")
        constraints = (UniqueConstraint(name="price_set_once", fields=("slot", "revision")),)

    def __str__(self) -> str:
        return f"{self.slot:%Y-%m-%d %H:%M} UTC, revision {self.revision}"


class PriceSetLine(models.Model):
    """The price of one instrument in a set, its band and state, and the reference for the next set."""

    id = models.UUIDField(primary_key=True)
    price_set = models.ForeignKey(PriceSet, models.PROTECT, related_name="lines")
    instrument = models.ForeignKey(Instrument, models.PROTECT, related_name="+")
    price = _amount()
    low = _amount()
    high = _amount()
    state = models.CharField(max_length=10)
    source = models.CharField(max_length=300)
    source_time = models.DateTimeField()
    reference_price = _amount()
    reference_time = models.DateTimeField()
    suspended_since = models.DateField(null=True)

    class Meta:
        ordering = ("price_set", "instrument")
        constraints = (
            UniqueConstraint(name="price_set_line_once", fields=("price_set", "instrument")),
            CheckConstraint(name="price_set_line_usable", condition=_usable("price", "reference_price")),
            CheckConstraint(
                name="price_set_line_band",
                condition=Q(
                    low__gt=0, low__lte=models.F("price"), high__gte=models.F("price"), high__lt=2 * LARGEST
                ),
            ),
            CheckConstraint(
                name="price_set_line_state", condition=Q(state__in=[each.value for each in PriceState])
            ),
        )

    def __str__(self) -> str:
        return f"{self.instrument} in {self.price_set}"


class PriceSetRate(models.Model):
    """One exchange rate of a set: units of `quote` for one unit of `base`."""

    id = models.UUIDField(primary_key=True)
    price_set = models.ForeignKey(PriceSet, models.PROTECT, related_name="rates")
    base = models.CharField(max_length=3)
    quote = models.CharField(max_length=3)
    rate = _amount()

    class Meta:
        ordering = ("price_set", "base", "quote")
        constraints = (
            UniqueConstraint(name="price_set_rate_once", fields=("price_set", "base", "quote")),
            CheckConstraint(name="price_set_rate_usable", condition=_usable("rate")),
        )

    def __str__(self) -> str:
        return f"{self.base}{self.quote}"


class Quarantine(models.Model):
    """A price that jumped too far, until two people release it."""

    id = models.UUIDField(primary_key=True)
    instrument = models.ForeignKey(Instrument, models.PROTECT, related_name="quarantines")
    price_set = models.ForeignKey(PriceSet, models.PROTECT, related_name="quarantines")
    source = models.CharField(max_length=60)
    price = _amount()
    source_time = models.DateTimeField()
    received_at = models.DateTimeField()
    reference_price = _amount()
    reference_time = models.DateTimeField()
    quarantined_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True)
    reason = models.TextField(default="")

    class Meta:
        ordering = ("-quarantined_at", "instrument")
        constraints = (
            CheckConstraint(name="quarantine_usable", condition=_usable("price", "reference_price")),
        )

    def __str__(self) -> str:
        return f"{self.instrument} from {self.source}"


class Closure(models.Model):
    """A declared closure of a day or part of it."""

    id = models.UUIDField(primary_key=True)
    day = models.DateField()
    kind = models.CharField(max_length=20)
    part = models.CharField(max_length=10)
    calendars = models.JSONField()
    declared_at = models.DateTimeField()

    class Meta:
        ordering = ("-day",)

    def __str__(self) -> str:
        return f"{self.day}: {self.kind}, {self.part}"

    @property
    def terms(self) -> ClosureTerms:
        """The closure as rules see it."""
        return ClosureTerms(
            day=self.day,
            kind=ClosureKind(self.kind),
            part=Part(self.part),
            calendars=tuple(Calendar(each) for each in self.calendars),
        )
