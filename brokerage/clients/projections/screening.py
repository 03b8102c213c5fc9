"""Screening lists and screenings, folded from their events."""

from collections.abc import Sequence
from uuid import UUID, uuid5

from brokerage.ledger.projection import fold, projection
from brokerage.ledger.registry import Recorded

from ..events.screening import HitCleared, HitConfirmed, PersonScreened, ScreeningListAdopted
from ..models.screening import Screening, ScreeningList
from ..rules.screening import SCREENING_LISTS, Verdict


@projection(models=(ScreeningList,), events=(ScreeningListAdopted,))
def screening_lists(events: Sequence[Recorded]) -> None:
    """One row a list."""
    fold(ScreeningList, events, _listed, key=_list_of)


def _list_of(recorded: Recorded) -> UUID:
    return uuid5(SCREENING_LISTS, recorded.event.content_hash)


def _listed(row: ScreeningList | None, recorded: Recorded) -> ScreeningList:
    event = recorded.event
    return ScreeningList(
        id=_list_of(recorded),
        content_hash=event.content_hash,
        dated=event.dated,
        source=event.source,
        entries=event.entries,
        adopted_at=recorded.effective_at,
    )


@projection(models=(Screening,), events=(PersonScreened, HitCleared, HitConfirmed))
def screenings(events: Sequence[Recorded]) -> None:
    """One row a person."""
    fold(Screening, events, evolved_screening, key=lambda recorded: recorded.stream)


def evolved_screening(row: Screening | None, recorded: Recorded) -> Screening:
    """The screening after the event."""
    event = recorded.event
    row = row or Screening(person=recorded.stream, matches={})
    if isinstance(event, PersonScreened):
        row.person_version, row.content_hash = event.person_version, event.content_hash
        row.dated, row.screened_at = event.dated, recorded.effective_at
        row.matches = _with(row.matches, event, recorded.stream)
    else:
        verdict = Verdict.CLEARED if isinstance(event, HitCleared) else Verdict.CONFIRMED
        for match in event.matches:
            row.matches[str(match)] = row.matches[str(match)] | {"verdict": verdict.value}
    verdicts = [each["verdict"] for each in row.matches.values()]
    row.waiting, row.confirmed = verdicts.count(Verdict.WAITING), verdicts.count(Verdict.CONFIRMED)
    return row


def _with(known: dict[str, dict[str, object]], event: PersonScreened, person: UUID) -> dict[str, object]:
    """The matches known before, no longer current, and those of this screening; verdicts stay."""
    found: dict[str, object] = {id: each | {"current": False} for id, each in known.items()}
    for match in event.matches:
        id = str(match.id(person, event.person_version))
        found[id] = {
            "entry": match.entry,
            "kind": match.kind.value,
            "way": match.way.value,
            "score": match.score,
            "verdict": known.get(id, {}).get("verdict", Verdict.WAITING.value),
            "current": True,
        }
    return found
