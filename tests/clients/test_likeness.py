import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokerage.clients.rules.likeness import Index, Way, folded, likeness


def way(one: str, other: str) -> Way | None:
    seen = likeness(folded(one), folded(other))
    return seen and seen.way


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("José  Muñoz", "MUNOZ, Jose"),
        ("王小明", "王 小明"),
        ("محمد", "مُحَمَّد"),
        ("ＪＯＨＮ Smith", "smith john"),
        ("Jean-Pierre Dupont", "Dupont Jean Pierre"),
        ("Strauß Anna", "ANNA STRAUSS"),
    ],
)
def test_marks_case_width_order_and_spacing_do_not_tell_two_names_apart(one, other):
    assert way(one, other) is Way.EXACT


@pytest.mark.parametrize(
    ("one", "other"),
    [("Dmitri Medvedev", "Dmitry Medvedev"), ("Muhammad al Rashid", "Mohamad al-Rashid")],
)
def test_a_misspelling_is_similar(one, other):
    assert way(one, other) is Way.SIMILAR


def test_two_words_of_a_longer_name_are_a_part_of_it_and_one_word_is_not():
    assert way("John Smith", "John Michael Smith") is Way.PART
    assert way("Kim", "Kim Jong Un") is None


@pytest.mark.parametrize(
    ("one", "other"),
    [("Wong Siu Ming", "Lee Ka Shing"), ("王小明", "李小明"), ("-", "-")],
)
def test_other_names_are_not_alike(one, other):
    assert way(one, other) is None


@given(st.text(max_size=40), st.text(max_size=40))
def test_likeness_does_not_depend_on_which_name_comes_first(one, other):
    assert likeness(folded(one), folded(other)) == likeness(folded(other), folded(one))


@given(st.text(max_size=40))
def test_folding_a_folded_name_changes_nothing(name):
    once = folded(name)
    assert folded(once.words).words == once.words


def test_the_index_finds_what_comparing_with_every_name_finds():
    chance = random.Random(5)
    words = ["".join(chance.choices(string.ascii_lowercase[:6], k=4)) for _ in range(30)]
    names = [" ".join(chance.sample(words, chance.randint(1, 3))) for _ in range(300)]
    index = Index(list(enumerate(names)))
    for wanted in names[:40]:
        each = {place: likeness(folded(wanted), folded(name)) for place, name in enumerate(names)}
        assert dict(index.like(wanted)) == {place: seen for place, seen in each.items() if seen}
