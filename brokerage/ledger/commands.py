"""The road of a command: one transaction, one key, one entry; and reversal, which every app shares.

edge -> command(context, ...) -> rules -> entry.record(...) -> the book.
"""

import hashlib
import logging
import random
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, get_type_hints
from uuid import UUID

import psycopg
from django.db import DatabaseError, OperationalError, transaction

from . import codec, registry, seams, store
from .chart import Posting
from .entry import Context, Entry, SecondPersonNeeded
from .events import Reversed
from .refusal import Refused

log = logging.getLogger(__name__)
P = ParamSpec("P")
R = TypeVar("R")
AHEAD = timedelta(seconds=2)
ATTEMPTS = 3
RETRIED = (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure)
_jitter = random.SystemRandom()


class KeyReused(Refused):
    """The idempotency key was used before with other inputs."""

    code = "ledger.key-reused"


class FutureTime(Refused):
    """The business time of a command lies in the future."""

    code = "ledger.future-time"


class Busy(Refused):
    """Another command holds what this one needs; the same key may be tried again."""

    code = "ledger.busy"


class NothingToDo(Refused):
    """What was asked for stands already: nothing is written, and no refusal is noted."""

    code = "ledger.nothing-to-do"


class UnknownEvent(Refused):
    """There is no event at this stream and version."""

    code = "ledger.unknown-event"


class NotReversible(Refused):
    """The event was reversed before, moved no value, or its kind's room does not follow reversals."""

    code = "ledger.not-reversible"


@dataclass(frozen=True, slots=True)
class Receipt(Generic[R]):
    """The answer to a command: its entry, what it returned, and whether this was a replay."""

    entry: UUID
    value: R
    replayed: bool


Around = Callable[[Entry], AbstractContextManager[object]]
"""What holds an open entry while a command decides: it may lock and check before, check and record after."""


class Command(Generic[P, R]):
    """A function that decides, wrapped so that it runs once per key, in a transaction of its own.

    No trace is left of a `restricted` one that was refused: the refusal would tell what is looked into.
    """

    def __init__(
        self, name: str, function: Callable[Concatenate[Entry, P], R], *, restricted: bool = False
    ) -> None:
        self.name = name
        self.restricted = restricted
        self.function = function
        self._hints = get_type_hints(function)
        self.__doc__ = function.__doc__

    def __call__(self, context: Context, /, *args: P.args, **kwargs: P.kwargs) -> Receipt[R]:
        """Run the command, or replay its first answer.

        Raises Refused (after noting it); KeyReused for a known key with other inputs, FutureTime for
        a business time more than two seconds ahead, Busy when locks could not be had in time.
        """
        return self.within(nullcontext, context, *args, **kwargs)

    def within(self, around: Around, context: Context, /, *args: P.args, **kwargs: P.kwargs) -> Receipt[R]:
        """Run the command with its entry held by `around`, in the same transaction; otherwise as a call.

        `around` locks its own streams first, so these must be streams that no command locks later.
        """
        try:
            return self._attempts(around, context, *args, **kwargs)
        except (NothingToDo, SecondPersonNeeded):
            raise
        except Refused as refusal:
            if not self.restricted:
                self._note(context, refusal)
            raise

    def inputs(self, plain: Mapping[str, Any]) -> dict[str, Any]:
        """The typed inputs that their plain form stands for; raises KeyError, TypeError or ValueError."""
        return {name: codec.decode(self._hints[name], value) for name, value in plain.items()}

    def _attempts(self, around: Around, context: Context, /, *args: P.args, **kwargs: P.kwargs) -> Receipt[R]:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._once(around, context, *args, **kwargs)
            except (psycopg.OperationalError, OperationalError) as error:
                cause = error.__cause__ if isinstance(error, OperationalError) else error  # the ORM wraps it
                if not isinstance(cause, (*RETRIED, psycopg.errors.LockNotAvailable)):
                    raise
                if attempt == ATTEMPTS or not isinstance(cause, RETRIED):
                    break
                time.sleep(_jitter.uniform(0, 0.05 * attempt))
        raise Busy("Another command is at work on the same account; try again with the same key.")

    def _once(self, around: Around, context: Context, /, *args: P.args, **kwargs: P.kwargs) -> Receipt[R]:
        asked = [self.name, list(args), kwargs]
        if context.proposal:
            asked.append(context.proposal)
        fingerprint = hashlib.sha256(codec.canonical(asked).encode()).digest()
        with transaction.atomic(durable=True):
            earlier = store.begin(context.key)
            if earlier:
                return self._replay(earlier, fingerprint)
            if context.effective_at > seams.now() + AHEAD:
                raise FutureTime(
                    "The business time lies in the future; check the clock.", at=context.effective_at
                )
            entry = Entry(context)
            with around(entry):
                value = self.function(entry, *args, **kwargs)
            entry.write(command=self.name, fingerprint=fingerprint, result=codec.plain(value))
            seams.crash_point("before-commit")
        seams.crash_point("after-commit")
        return Receipt(entry.id, value, replayed=False)

    def _replay(self, earlier: tuple[UUID, bytes, Any], fingerprint: bytes) -> Receipt[R]:
        entry, known, result = earlier
        if known != fingerprint:
            raise KeyReused(
                "This key was used for another request; use a new key for a new request.", entry=entry
            )
        return Receipt(entry, codec.decode(self._hints["return"], result), replayed=True)

    def _note(self, context: Context, refusal: Refused) -> None:
        columns: Sequence[Any] = (
            context.key,
            self.name,
            context.actor,
            context.source.value,
            refusal.code,
            refusal.message,
            context.effective_at,
            seams.now(),
        )
        try:
            with transaction.atomic():
                store.note_refusal(columns, dict(refusal.evidence))
        except (DatabaseError, psycopg.Error):
            log.warning("a refusal of %s could not be noted", self.name, exc_info=True)


_commands: dict[str, Command[Any, Any]] = {}


def command(
    name: str, *, restricted: bool = False
) -> Callable[[Callable[Concatenate[Entry, P], R]], Command[P, R]]:
    """Register a deciding function `f(entry, *, ...)` as the command `name`, called as f(context, ...).

    The refusals of a `restricted` command are not kept.
    """

    def register(function: Callable[Concatenate[Entry, P], R]) -> Command[P, R]:
        made = Command(name, function, restricted=restricted)
        _commands[name] = made
        return made

    return register


def commands() -> dict[str, Command[Any, Any]]:
    """All registered commands by name."""
    return dict(_commands)


@command("ledger.reverse")
def reverse(entry: Entry, *, stream: UUID, version: int, reason: str) -> str:
    """Take back the postings of one event by their negatives, if its kind is registered as reversible.

    Returns the reference of the reversed event. Raises UnknownEvent, NotReversible, or
    InsufficientBalance when the value has moved on.
    """
    entry.lock(stream)
    found = store.read("e.stream = %s AND e.version = %s", [stream, version])
    if not found:
        raise UnknownEvent(
            "There is no such event; check stream and version.", stream=stream, version=version
        )
    target = found[0]
    kind = registry.kinds().get(target.kind)
    if kind is None or not kind.reversible:
        raise NotReversible(
            "Events of this kind are not taken back by a reversal; correct them with a new command.",
            event=target.reference,
            kind=target.kind,
        )
    reversals = store.read(
        "e.stream = %s AND e.kind = %s AND (e.data->>'version')::int = %s",
        [stream, registry.kind_of(Reversed).name, version],
    )
    if reversals or not target.postings:
        raise NotReversible("Only an event that moved value can be reversed, once.", event=target.reference)
    back = [Posting(posting.account, -posting.amount) for posting in target.postings]
    entry.record(
        stream, Reversed(stream=stream, version=version, reason=reason), owner=target.owner, postings=back
    )
    return target.reference
