"""Instruments and closures: what staff enter."""

from uuid import UUID

from brokerage.ledger.commands import command
from brokerage.ledger.entry import Entry
from brokerage.ledger.refusal import Refused

from .. import queries
from ..events import ClosureDeclared, InstrumentChanged, InstrumentListed
from ..rules.calendars import Closure, checked_closure
from ..rules.identity import CLOSURES, instrument_id
from ..rules.instruments import Terms, changed_terms, checked_terms


class AlreadyListed(Refused):
    """An instrument with this code exists."""

    code = "market.already-listed"


class AlreadyDeclared(Refused):
    """This closure was declared before."""

    code = "market.already-declared"


@command("market.list-instrument")
def list_instrument(entry: Entry, *, terms: Terms) -> UUID:
    """List an instrument; returns its id, which follows from its code.

    Raises AlreadyListed, BadCode, BadCurrency, BadIsin or BadLot.
    """
    identifier = instrument_id(checked_terms(terms).code)
    entry.lock(identifier)
    if entry.version(identifier):
        raise AlreadyListed("This code is listed; change the instrument instead.", instrument=terms.code)
    entry.record(identifier, InstrumentListed(terms=terms))
    return identifier


@command("market.change-instrument")
def change_instrument(entry: Entry, *, terms: Terms) -> UUID:
    """Change name, lot, tick, ISIN, group or suspension of the instrument with that code.

    Returns its id. Raises UnknownInstrument, FixedTerm, BadIsin or BadLot.
    """
    identifier = instrument_id(terms.code)
    entry.lock(identifier)
    changed_terms(queries.instrument(terms.code), terms)
    entry.record(identifier, InstrumentChanged(terms=terms))
    return identifier


@command("market.declare-closure")
def declare_closure(entry: Entry, *, closure: Closure) -> str:
    """Declare that a day, or part of it, is closed; returns the day as ISO text.

    Raises BadClosure, OutsideCalendar or AlreadyDeclared.
    """
    checked_closure(closure)
    entry.lock(CLOSURES)
    if closure in queries.calendar().closures:
        raise AlreadyDeclared("This closure is known.", day=closure.day)
    entry.record(CLOSURES, ClosureDeclared(closure=closure))
    return closure.day.isoformat()
