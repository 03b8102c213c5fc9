"""Standing authorities, folded from their events."""

from collections.abc import Sequence

from brokerage.ledger.projection import fold, projection
from brokerage.ledger.registry import Recorded
from brokerage.market.rules.calendars import hong_kong_date

from ..events.standing_authorities import (
    RenewalAnnounced,
    RenewalNoticeDelivered,
    RenewalObjected,
    StandingAuthorityEnded,
    StandingAuthorityGiven,
    StandingAuthorityRenewed,
)
from ..models.standing_authorities import StandingAuthority

AUTHORISED = (
    StandingAuthorityGiven,
    RenewalAnnounced,
    RenewalNoticeDelivered,
    RenewalObjected,
    StandingAuthorityRenewed,
    StandingAuthorityEnded,
)


@projection(models=(StandingAuthority,), events=AUTHORISED)
def standing_authorities(events: Sequence[Recorded]) -> None:
    """One row an authority."""
    fold(StandingAuthority, events, evolved_standing_authority, key=lambda recorded: recorded.event.authority)


def evolved_standing_authority(row: StandingAuthority | None, recorded: Recorded) -> StandingAuthority:
    """The standing authority after the event."""
    event = recorded.event
    row = row or StandingAuthority(id=event.authority, client=recorded.stream)
    if isinstance(event, StandingAuthorityGiven):
        row.purpose, row.documents = event.purpose, [str(each) for each in event.documents]
        row.starts, row.ends = event.starts, event.ends
    elif isinstance(event, RenewalAnnounced):
        row.noticed = hong_kong_date(recorded.effective_at)
    elif isinstance(event, RenewalNoticeDelivered):
        row.delivered = hong_kong_date(recorded.effective_at)
    elif isinstance(event, RenewalObjected):
        row.objected = True
    elif isinstance(event, StandingAuthorityRenewed):
        row.starts, row.ends = event.starts, event.ends
        row.documents = [str(each) for each in event.documents] or row.documents
        row.noticed = row.delivered = None
        row.objected, row.renewals = False, row.renewals + 1
    else:
        row.end, row.ended_at = event.end, recorded.effective_at
    return row
