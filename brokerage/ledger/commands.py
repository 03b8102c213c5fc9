"""The road of a command: one transaction, one key, one entry; and reversal, which every app shares.

edge -> command(context, ...) -> rules -> entry.record(...) -> the book.
"""

import hashlib
import logging
import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, get_type_hints
from uuid import UUID

import psycopg
from django.db import DatabaseError, transaction

from . import codec, projection, registry, seams, store
from .chart import Account, Posting
from .events import AccountOpened, Reversed
from .refusal import Refused

log = logging.getLogger(__name__)
P = ParamSpec("P")
R = TypeVar("R")
AHEAD = timedelta(seconds=2)
ATTEMPTS = 3
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


class Outdated(Refused):
    """The stream has moved on since the version that the caller saw."""

    code = "ledger.outdated"


class SecondPersonNeeded(Refused):
    """What was asked for takes two people: another one, who holds `permission`, must approve it.

    Nothing is written and no refusal is noted: an edge makes a proposal of it.
    """

    code = "ledger.second-person-needed"

    def __init__(self, permission: str, **evidence: Any) -> None:
        super().__init__("Another person must approve this.", permission=permission, **evidence)
        self.permission = permission


class UnknownEvent(Refused):
    """There is no event at this stream and version."""

    code = "ledger.unknown-event"


class NotReversible(Refused):
    """The event was reversed before, moved no value, or its kind's room does not follow reversals."""

    code = "ledger.not-reversible"


class Source(StrEnum):
    """Which edge a command came through."""

    API = "api"
    PORTAL = "portal"
    STAFF = "staff"
    JOB = "job"
    IMPORT = "import"


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Who asks, through which edge, under which idempotency key, for which business time (UTC).

    `expects` is a stream and the version of it that the caller has seen: the command is refused as
    Outdated when it finds another one under its lock.
    """

    actor: str
    source: Source
    key: str
    effective_at: datetime
    correlation: UUID | None = None
    causation: UUID | None = None
    maker: UUID | None = None
    checker: UUID | None = None
    proposal: UUID | None = None
    expects: tuple[UUID, int] | None = None


@dataclass(frozen=True, slots=True)
class Receipt(Generic[R]):
    """The answer to a command: its entry, what it returned, and whether this was a replay."""

    entry: UUID
    value: R
    replayed: bool


class Entry:
    """An accepted command while it is being decided: locks streams and gathers events.

    `demanded` holds the permissions that the second person of this entry must have.
    """

    def __init__(self, context: Context) -> None:
        self.id = seams.new_id()
        self.context = context
        self.demanded: set[str] = set()
        self._heads: dict[UUID, store.Head] = {}
        self._locked: set[UUID] = set()
        self._drafts: list[store.Draft] = []
        self._opened: list[Account] = []

    @property
    def effective_at(self) -> datetime:
        """The business time of everything recorded in this entry."""
        return self.context.effective_at

    @property
    def two_people(self) -> bool:
        """Whether a maker and another person as checker stand behind this entry."""
        context = self.context
        return None not in (context.maker, context.checker) and context.maker != context.checker

    def second_person(self, permission: str, **evidence: Any) -> None:
        """Pass if two people stand behind this entry, the second of whom must hold the permission.

        Call it when everything else is in order, so that nothing is proposed that would be refused.
        Raises SecondPersonNeeded.
        """
        self.demanded.add(permission)
        if not self.two_people:
            raise SecondPersonNeeded(permission, **evidence)

    def lock(self, *streams: UUID) -> None:
        """Lock streams until commit; call it once, with all of them, before reading what decides.

        Raises Outdated when the context expects another version of one of them.
        """
        self._heads |= store.lock(streams)
        self._locked |= set(streams)
        stream, version = self.context.expects or (None, 0)
        if stream in streams and self.version(stream) != version:
            raise Outdated(
                "This has changed since you read it; read it again.",
                stream=stream,
                version=self.version(stream),
            )

    def version(self, stream: UUID) -> int:
        """The version of a locked stream's newest event before this entry; 0 for a new stream."""
        return self._heads[stream].version if stream in self._heads else 0

    def open(self, *accounts: Account) -> None:
        """Open those of the accounts that do not exist; their owners' streams must be locked."""
        fresh = [account for account in store.unopened(accounts) if account not in self._opened]
        for account in fresh:
            opened = AccountOpened(owner=account.owner, role=account.role, asset=account.asset)
            self.record(account.owner, opened, owner=account.owner)
        self._opened += fresh

    def record(
        self, stream: UUID, event: object, *, owner: UUID | None = None, postings: Iterable[Posting] = ()
    ) -> None:
        """Add an event to the end of a locked stream; its postings must sum to zero per asset.

        Raises LookupError when the stream was not locked.
        """
        if stream not in self._locked:
            raise LookupError(f"lock stream {stream} before recording {type(event).__name__} on it")
        self._drafts.append(store.Draft(stream, event, owner, tuple(postings)))

    def write(self, *, command: str, fingerprint: bytes, result: Any) -> None:
        """Append everything recorded, with the result a replay will return, and apply projections."""
        if not self._drafts:
            raise LookupError(f"{command} recorded no event; an entry has at least one")
        if self._opened:
            store.open_accounts(self._opened)
        context = self.context
        fields = store.EntryFields(
            id=self.id,
            key=context.key,
            fingerprint=fingerprint,
            command=command,
            actor=context.actor,
            source=context.source.value,
            maker=context.maker,
            checker=context.checker,
            proposal=context.proposal,
            effective_at=context.effective_at,
            recorded_at=seams.now(),
            result=result,
            correlation=context.correlation,
            causation=context.causation,
        )
        projection.apply(store.append(fields, self._drafts, self._heads))


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
            except (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure):
                if attempt == ATTEMPTS:
                    break
                time.sleep(_jitter.uniform(0, 0.05 * attempt))
            except psycopg.errors.LockNotAvailable:
                break
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
