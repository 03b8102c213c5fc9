"""What the clients room does by itself: screen anew, raise reviews, bring authorities to their end."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import date, time, timedelta
from uuid import UUID

from brokerage.jobs import outbox
from brokerage.jobs.commands import request
from brokerage.jobs.rules import LATEST_ONLY, daily
from brokerage.jobs.schedule import REPORTS, Run, job
from brokerage.ledger import seams
from brokerage.ledger.commands import NothingToDo
from brokerage.ledger.entry import Context, Source
from brokerage.ledger.hong_kong import HONG_KONG
from brokerage.market.rules.calendars import hong_kong_date

from . import queries, sealed
from .commands.authority import end_authority
from .commands.reviews import plan_reviews, raise_review
from .commands.screening import RESCREEN, screen
from .commands.standing_authorities import (
    RENEWAL_NOTICE,
    announce_renewal,
    conclude_standing_authority,
    note_renewal_delivered,
)
from .notices import tell_of_renewal
from .queries import reviews, screening
from .queries import standing_authorities as authorities
from .queries.cases import ended_by
from .rules.authority import Capacity, NoAuthority
from .rules.person import PersonErased, seven_years_before
from .rules.reviews import ReviewKind
from .rules.screening import NotScreenable
from .rules.standing_authorities import NoticeTooLate, UnknownStandingAuthority
from .rules.status import ClientStatus, NotActive


def _unscreened(run: Run) -> Sequence[UUID]:
    newest = screening.list_in_force()
    return () if newest is None else screening.unscreened(newest.content_hash)


@job(
    "clients.rescreen",
    slots=daily(time(3, 30), HONG_KONG),
    policy=LATEST_ONLY,
    queue=REPORTS,
    plan=_unscreened,
    shard_size=100,
    lease=timedelta(minutes=5),
)
def rescreen(run: Run, items: Sequence[UUID]) -> None:
    """Compare with the list in force everybody whose present record was not (CLI-11).

    Asked for by each new list, and daily for records that changed. A shard that is done again skips
    whom it has screened.
    """
    for person in items:
        with suppress(NothingToDo, NotScreenable, PersonErased):
            screen(run.context(person, effective_at=seams.now()), person=person)


@outbox.handler(RESCREEN)
def rescreen_everybody(message: outbox.Message) -> None:
    """A list was adopted: enter a run of the job now, whatever the hour."""
    request("clients.rescreen", seams.now())


def _to_review(run: Run) -> Sequence[UUID]:
    due = reviews.reviews_due(hong_kong_date(run.slot)).filter(raised_at=None)
    return sorted({*due.values_list("client", flat=True), *reviews.unreviewed()})


@job(
    "clients.reviews", slots=daily(time(4, 30), HONG_KONG), policy=LATEST_ONLY, queue=REPORTS, plan=_to_review
)
def plan_and_raise_reviews(run: Run, items: Sequence[UUID]) -> None:
    """Set a first review for clients without one, and bring those whose day has come before a person."""
    due = reviews.reviews_due(hong_kong_date(run.slot))
    for client in items:
        with suppress(NothingToDo):
            plan_reviews(run.context(f"{client}:plan"), client=client)
        for row in due.filter(client=client):
            with suppress(NothingToDo):
                raise_review(run.context(f"{client}:{row.kind}"), client=client, kind=ReviewKind(row.kind))


@job("clients.forget-texts", slots=daily(time(2, 40), HONG_KONG), policy=LATEST_ONLY, queue=REPORTS)
def forget_texts(run: Run, items: Sequence[UUID]) -> None:
    """CLI-9: destroy the keys of texts about what ended seven years ago, whoever asked for an erasure when.

    Nothing an erasure does or refuses thereby tells of a case.
    """
    sealed.destroy(ended_by(seven_years_before(seams.now())))


@outbox.handler(RENEWAL_NOTICE)
def send_renewal_notice(message: outbox.Message) -> None:
    """Mail a renewal's notice and keep the receipt.

    One about a term that is over or told of is not sent, nor one to a client that is not active by now: its
    authority lapses, unless it is announced again. Raises Unreachable, so that the message is tried again
    and then parked for staff.
    """
    authority, ends = UUID(message.payload["authority"]), date.fromisoformat(message.payload["ends"])
    with suppress(UnknownStandingAuthority, NothingToDo):
        row = authorities.standing_authority(authority)
        active = queries.client(row.client).status == ClientStatus.ACTIVE
        if row.noticed is None or row.delivered is not None or row.ends != ends or not active:
            return
        told = tell_of_renewal(row)
        context = Context(
            actor=f"job:{RENEWAL_NOTICE}",
            source=Source.JOB,
            key=f"{RENEWAL_NOTICE}:{message.id}",
            effective_at=seams.now(),
        )
        note_renewal_delivered(
            context,
            authority=authority,
            ends=ends,
            message=message.id,
            persons=told.persons,
            digest=told.digest,
        )


@job("clients.standing-authorities", slots=daily(time(0, 20), HONG_KONG), policy=LATEST_ONLY, queue=REPORTS)
def conclude_authorities(run: Run, items: Sequence[UUID]) -> None:
    """Announce renewals, renew by silence or let lapse (AST-2), and end powers of attorney that ran out."""
    day = hong_kong_date(run.slot)
    on_their_way = [UUID(each["authority"]) for each in outbox.unsent(RENEWAL_NOTICE)]
    for authority in authorities.to_announce(day, on_their_way):
        with suppress(NothingToDo, NoticeTooLate, NotActive):
            announce_renewal(run.context(f"{authority}:announce"), authority=authority)
    for authority in authorities.run_out(day):
        with suppress(NothingToDo):
            conclude_standing_authority(run.context(f"{authority}:conclude"), authority=authority)
    for client, person in authorities.attorneys_past(day):
        with suppress(NoAuthority):
            end_authority(
                run.context(f"{client}:{person}"),
                client=client,
                person=person,
                capacity=Capacity.ATTORNEY,
                reason="TERM",
            )
