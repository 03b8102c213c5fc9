"""The parameters of an address: what lists and objects share, and that nothing else is taken."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from brokerage.ledger import seams

from . import paging
from .fields import Instant, Parameters, Text, Whole


class Paged(Parameters):
    """The parameters of every list; filters are added in subclasses."""

    cursor = Text(required=False, max_length=1000)
    limit = Whole(required=False, min_value=1, max_value=paging.MOST, default=paging.LIMIT)


class AsOf(Parameters):
    """As of a business time."""

    as_of = Instant(required=False)

    def validate_as_of(self, value: datetime) -> datetime:
        """The time asked for; raises ValidationError for the future."""
        if value > seams.now():
            raise ValidationError(_("That time has not come yet."))
        return value


class Past(AsOf):
    """Both axes of time: as of a business time, and as known at a sealed position of the ledger."""

    known_at = Whole(required=False, max_value=2**62)


def checked(kind: type[Parameters], request: Request) -> dict[str, Any]:
    """The checked parameters of the address; raises ValidationError for unknown and for repeated ones."""
    repeated = [name for name, values in request.query_params.lists() if len(values) > 1]
    if repeated:
        raise ValidationError({name[:60]: [_("Give this once.")] for name in repeated[:20]})
    parsed = kind(data=request.query_params.dict())
    parsed.is_valid(raise_exception=True)
    return dict(parsed.validated_data)
