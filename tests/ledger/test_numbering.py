"""Positions without gaps for readers who see nothing restricted, and back again."""

import random
from importlib import import_module
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import connection

from brokerage.ledger import feed, numbering, seals
from brokerage.ledger.known import UnknownPosition
from brokerage.ledger.models import Withheld
from tests.factories import ClientFactory, context
from tests.http import callers

pytestmark = pytest.mark.django_db(transaction=True)


def written(seed: int, count: int = 24) -> list[bool]:
    """Open and restricted events in some order, sealed in blocks; whether each is open, by position."""
    chance = random.Random(seed)
    openly = []
    for _ in range(count):
        openly.append(chance.random() < 0.5)
        if openly[-1]:
            ClientFactory()
        else:
            callers.suspect(context(), client=uuid4())
        if chance.random() < 0.4:
            seals.seal()
    seals.seal()
    return openly


@pytest.mark.parametrize("seed", range(3))
def test_a_number_counts_the_open_events_and_leads_back_to_its_own(seed):
    openly = written(seed)
    assert feed.head() == len(openly)
    counts = [sum(openly[:position]) for position in range(len(openly) + 1)]
    assert numbering.numbers(range(len(openly) + 1)) == dict(enumerate(counts))
    assert [numbering.number(position) for position in range(len(openly) + 1)] == counts
    places = [0, *(position for position, is_open in enumerate(openly, 1) if is_open)]
    assert [numbering.position(number) for number in range(sum(openly) + 1)] == places


def test_there_is_no_position_beyond_the_last_open_event():
    ClientFactory()
    callers.suspect(context(), client=uuid4())
    seals.seal()
    assert numbering.position(1) == 1
    for number in (2, -1):
        with pytest.raises(UnknownPosition):
            numbering.position(number)


def test_what_was_sealed_before_is_noted_by_the_migration():
    written(7)
    noted = list(Withheld.objects.order_by("position").values_list("position", "shown"))
    assert len(noted) > 3
    Withheld.objects.all().delete()
    with connection.schema_editor() as editor:
        import_module("brokerage.ledger.migrations.0002_withheld").note(apps, editor)
    assert list(Withheld.objects.order_by("position").values_list("position", "shown")) == noted
