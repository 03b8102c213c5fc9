"""What the access room does on time."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import time as local_time
from datetime import timedelta
from uuid import UUID

from axes.models import AccessAttempt
from django.contrib.sessions.models import Session

from brokerage.jobs.rules import LATEST_ONLY, daily, every
from brokerage.jobs.schedule import MONEY, NOTIFY, REPORTS, Run, job
from brokerage.ledger import seams
from brokerage.ledger.commands import NothingToDo
from brokerage.ledger.hong_kong import HONG_KONG

from . import commands, letters, lockout, notices, queries
from .commands.stays import LOCKOUT, note_lockout
from .models import SignIn, SignUp, User

__all__ = ("letters", "notices")  # registers who sends them
KEPT = timedelta(days=90)


def _overdue(run: Run) -> Sequence[UUID]:
    return queries.overdue(run.slot)


@job(
    "access.expire-proposals",
    slots=every(timedelta(minutes=1)),
    policy=LATEST_ONLY,
    queue=MONEY,
    plan=_overdue,
)
def expire(run: Run, items: Sequence[UUID]) -> None:
    """End proposals that nobody approved in time."""
    with suppress(NothingToDo):
        commands.expire_proposals(run.batch(items), proposals=tuple(items))


@job("access.note-lockouts", slots=every(timedelta(minutes=1)), policy=LATEST_ONLY, queue=NOTIFY)
def note_lockouts(run: Run, items: Sequence[UUID]) -> None:
    """Tell of logins on which tries have to wait; not at the try, whose work would tell which names exist."""
    locked = lockout.locked_since(seams.now() - LOCKOUT)
    for name, last in locked.items():
        user = User.objects.filter(username=name.removesuffix(lockout.CODE)).first()
        if user is not None:
            note_lockout(user, codes=name.endswith(lockout.CODE), at=last)


@job("access.tidy", slots=daily(local_time(4), HONG_KONG), policy=LATEST_ONLY, queue=REPORTS)
def tidy(run: Run, items: Sequence[UUID]) -> None:
    """Forget sessions that are over, and where from people came once nobody needs to know any more."""
    Session.objects.filter(expire_date__lt=run.slot).delete()
    SignIn.objects.filter(seen_at__lt=run.slot - KEPT).delete()
    SignUp.objects.filter(expires_at__lt=run.slot - commands.A_DAY).delete()
    AccessAttempt.objects.filter(attempt_time__lt=run.slot - KEPT).delete()
