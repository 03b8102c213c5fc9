"""Proposals as a principal may see them, and whose they are."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.db.models import Case, Exists, F, OuterRef, QuerySet, Subquery, When

from brokerage.ledger import queries as ledger
from brokerage.ledger import seams
from brokerage.ledger.registry import Recorded

from .events.proposals import ProposalMade
from .models import ApiKey, Proposal, SignIn, SignUp, User
from .projections import ENDS
from .rules import Kind, Perm, ProposalState, UnknownProposal, making, permissions, proposal_id
from .scopes import OF_CLIENTS, OF_THE_FIRM


def proposals(scope: frozenset[UUID] | None) -> QuerySet[Proposal]:
    """All proposals about the clients in scope, newest first; None stands for every one."""
    return Proposal.objects.all() if scope is None else Proposal.objects.filter(client__in=scope)


def proposal(identifier: UUID, scope: frozenset[UUID] | None = None) -> Proposal:
    """One proposal within the scope; raises UnknownProposal."""
    found = proposals(scope).filter(pk=identifier).first()
    if found is None:
        raise UnknownProposal("There is no such proposal.", proposal=identifier)
    return found


def told_of_proposal(identifier: UUID) -> tuple[ProposalMade, ProposalState]:
    """What the book tells of a proposal: what was asked for, and where it stands; raises UnknownProposal.

    Whoever decides asks here: the row is made to be read, and may be written over.
    """
    made, *ends = [row.event for row in ledger.events(identifier)] or [None]
    if not isinstance(made, ProposalMade):
        raise UnknownProposal("There is no such proposal.", proposal=identifier)
    return made, ENDS[type(ends[-1])] if ends else ProposalState.OPEN


def is_since(happened: Recorded, proposal: UUID | None) -> bool:
    """Whether something came into the book after a proposal; not where nothing was proposed.

    The book's order tells: the time of day is taken before streams are locked, and may be another's clock.
    """
    return proposal is not None and ledger.events(proposal)[0].seq < happened.seq


def proposal_of_key(key: str) -> Proposal | None:
    """The proposal made under an idempotency key, if one was."""
    return Proposal.objects.filter(pk=proposal_id(key)).first()


def still_open(rows: QuerySet[Proposal]) -> QuerySet[Proposal]:
    """Those that may be decided now."""
    return rows.filter(state=ProposalState.OPEN, expires_at__gt=seams.now())


def made_by(person: UUID, rows: QuerySet[Proposal]) -> QuerySet[Proposal]:
    """Those that this person made, through whatever login."""
    return rows.filter(maker=person)


def waiting_for(person: UUID, held: Iterable[Perm], rows: QuerySet[Proposal]) -> QuerySet[Proposal]:
    """Those that this person may approve now: open, of another person, and within the permissions held."""
    return still_open(rows).filter(permission__in=[str(each) for each in held]).exclude(maker=person)


def overdue(at: datetime) -> list[UUID]:
    """Open proposals whose time has run out by an instant."""
    rows = Proposal.objects.filter(state=ProposalState.OPEN, expires_at__lte=at)
    return list(rows.order_by("expires_at").values_list("pk", flat=True))


def may_still_make(maker: UUID, actor: str, permission: str) -> bool:
    """Whether the very login or key that asks may still propose what a holder of `permission` approves.

    It is open, or lives, and still stands for the person `maker`: no other login of that person answers for
    it. Of staff and keys the right to make is asked for, where there is one; a client's authority is the
    command's own to check.
    """
    needed = making(permission)
    kind, _, prefix = actor.partition(":")
    if kind == Kind.MACHINE:
        key = ApiKey.objects.filter(prefix=prefix, person=maker).first()
        held = rights_of_key(key) if key and key.lives(seams.now()) else frozenset()
        return needed in held if needed else bool(held)
    logins = User.objects.filter(person=maker, is_active=True)
    login = next((login for login in logins if login.actor == actor), None)
    return login is not None and (not login.is_staff or needed is None or needed in login.rights)


def acts_for_clients(person: UUID) -> bool:
    """Whether a person has an open login as a client; for which clients, says the person's authority."""
    return User.objects.filter(person=person, is_active=True, is_staff=False).exists()


def rights_of(person: UUID) -> frozenset[Perm]:
    """All rights of a person now, by whatever open login of staff."""
    logins = User.objects.filter(person=person, is_active=True, is_staff=True)
    return permissions(logins.values_list("groups__name", flat=True))


def rights_of_key(key: ApiKey) -> frozenset[Perm]:
    """What the key is worth now: its scopes that a key of its kind may have, and no more than its person has.

    Of the firm's the person's rights are asked for, of a client's an open login; the person's authority over
    the client is the caller's to ask for.
    """
    if key.client is not None:
        return key.scoped & OF_CLIENTS if acts_for_clients(key.person) else frozenset()
    return key.scoped & OF_THE_FIRM & rights_of(key.person)


def login_names(persons: Iterable[UUID | None], *, personal: bool) -> dict[UUID, str]:
    """What the logins of each person are called, for a reader who may see personal data or not."""
    names: dict[UUID, list[str]] = {}
    rows = User.objects.filter(person__in={person for person in persons if person}).order_by("username")
    for user in rows:
        names.setdefault(user.person, []).append(user.called(personal=personal))
    return {person: ", ".join(each) for person, each in names.items()}


def login_rows(wanted: str = "", *, personal: bool) -> QuerySet[User]:
    """Logins whose name holds `wanted`, staff first, with `seen` (when last) and `proved` (by factor).

    Whoever may not see personal data finds staff only by name, and clients in the order of their numbers.
    """
    proofs = Authenticator.objects.filter(user=OuterRef("pk"), type__in=("totp", "webauthn"))
    seen = SignIn.objects.filter(user=OuterRef("pk")).order_by("-seen_at").values("seen_at")[:1]
    found = User.objects.filter(username__icontains=wanted) if wanted else User.objects.all()
    if wanted and not personal:
        found = found.filter(is_staff=True)
    name = F("username") if personal else Case(When(is_staff=True, then=F("username")))
    return (
        found.annotate(seen=Subquery(seen), proved=Exists(proofs))
        .prefetch_related("groups")
        .order_by("-is_staff", "-is_active", name, "pk")
    )


def has_login(person: UUID) -> bool:
    """Whether a person has a login, or had one that was closed."""
    return User.objects.filter(person=person).exists()


def is_good(link: SignUp, at: datetime) -> bool:
    """Whether a link still opens a login: its time is not over, and its person has none yet."""
    return at < link.expires_at and not has_login(link.person)


def invited(persons: Iterable[UUID], at: datetime) -> frozenset[UUID]:
    """Those of the persons whom a link was mailed that may still open a login."""
    links = SignUp.objects.filter(person__in=set(persons), invited_by__isnull=False)
    return frozenset(link.person for link in links if is_good(link, at))
