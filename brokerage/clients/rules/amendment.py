"""An amendment: an application that changes who is behind a client there is already (CLI-13)."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from brokerage.ledger.refusal import Refused

from .application import Facts, Party, PartyRole, owners_in
from .mandate import Mandate
from .status import ClientType

RUNNING = frozenset({PartyRole.DIRECTOR, PartyRole.PARTNER, PartyRole.TRUSTEE})
"""Who runs a client that is an entity, and so puts somebody in the place of the last who signed."""
LEFT = "AMENDED"
"""Why the authority of somebody ends whom an amendment leaves out."""


class FormKept(Refused):
    """A client keeps its legal form: another form is another client."""

    code = "clients.form-kept"


class AmendmentOpen(Refused):
    """Another amendment of the client is open."""

    code = "clients.amendment-open"


class Overtaken(Refused):
    """Somebody who is to sign was stopped from it after the amendment was begun."""

    code = "clients.amendment-overtaken"


class AmendInstead(Refused):
    """Who signs for a client that came by an application, and how many together, changes by an amendment."""

    code = "clients.amend-instead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What an amendment changes: who joins in which role, who leaves one, and who stays."""

    joins: frozenset[Party]
    leaves: frozenset[Party]
    stays: frozenset[Party]


def changes(facts: Facts) -> Changes:
    """Who joins, leaves and stays, role by role; in an application of a new client everybody joins.

    Who was stopped from acting is gone already, and joins if named again.
    """
    before, after = frozenset(facts.before or ()) - facts.stopped, frozenset(facts.parties)
    return Changes(joins=after - before, leaves=before - after, stays=before & after)


def is_another(facts: Facts) -> bool:
    """Whether the client is new, or will be somebody else: its holders or its entity change.

    So it is where nobody is on record yet, as of a client of an import.
    """
    return facts.before is None or owners_in(facts.before) != facts.owners


def check_amendable(form: ClientType, wanted: ClientType, *, is_open: bool) -> None:
    """Pass if a client of this form may be amended to a form; raises FormKept or AmendmentOpen."""
    if wanted is not form:
        raise FormKept("The legal form cannot change; open another client.", form=form, wanted=wanted)
    if is_open:
        raise AmendmentOpen("Another change of who is behind this client is open; finish or withdraw it.")


def check_not_overtaken(facts: Facts) -> None:
    """CLI-13: pass unless an amendment would let somebody sign who was stopped since it was begun; Overtaken.

    What was proved and signed in it came before. In one that is begun anew he is left out, or named, proved
    and bound anew by those who know.
    """
    if facts.overtaken:
        raise Overtaken(
            "Somebody named to sign was stopped from it since this was begun: remove him, or withdraw it and"
            " begin anew."
        )


def amenders(mandate: Mandate, running: Collection[UUID]) -> Mandate:
    """CLI-13: who has a client amended, and how many of them it takes.

    As an instruction does, by its mandate or all who are left of it; where nobody who signs is left, any one
    of those who run it and can act, and where nobody runs it, nobody. House policy: two people of the firm
    approve each amendment.
    """
    if not mandate.people:
        return Mandate(signatures=1, people=frozenset(running))
    return Mandate(signatures=min(mandate.signatures, len(mandate.people)), people=mandate.people)
