"""An accepted command while it is being decided: who asks, what it locks, and the events it gathers."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from . import projection, seams, store
from .chart import Account, Posting
from .events import AccountOpened
from .refusal import Refused


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
        self._check_expected()
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
        """Append everything recorded, with the result a replay will return, and apply projections.

        Raises LookupError for an entry without an event, or whose context expects the version of a stream
        that was never locked.
        """
        self._check_expected()
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

    def _check_expected(self) -> None:
        """Nobody's expectation is passed over in silence."""
        if self.context.expects and self.context.expects[0] not in self._locked:
            raise LookupError(f"a version of stream {self.context.expects[0]} was expected, and none locked")
