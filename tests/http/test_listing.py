from datetime import UTC, datetime

import pytest
from django.core.exceptions import BadRequest

from brokerage.http import listing

LABELS = {"name": ("Name", False), "loan": ("Loan", True)}


class TestMoment:
    @pytest.mark.parametrize(
        "text", ["2026-01-31T16:00", "2026-01-31T08:00:00+00:00", "2026-01-31T08:00:00Z"]
    )
    def test_without_a_zone_is_hong_kong_time(self, text, rf):
        asked = listing.moment(rf.get("/", {"as_of": text}))
        assert asked == datetime(2026, 1, 31, 8, tzinfo=UTC)

    def test_is_now_when_not_given(self, rf):
        assert listing.moment(rf.get("/")) is None

    @pytest.mark.parametrize("text", ["yesterday", "2026-02-30T10:00", "2999-01-01T00:00", "1"])
    def test_that_is_nonsense_or_has_not_come_is_refused(self, text, rf):
        with pytest.raises(BadRequest):
            listing.moment(rf.get("/", {"as_of": text}))


class TestOrder:
    @pytest.mark.parametrize(
        ("sort", "order"),
        [("loan", ("loan", False)), ("-loan", ("loan", True)), ("user__password", ("name", False))],
    )
    def test_takes_only_known_columns(self, sort, order, rf):
        assert listing.order(rf.get("/", {"sort": sort}), LABELS, "name") == order

    def test_turns_round_on_a_second_click_and_starts_figures_with_the_largest(self):
        name, loan = listing.columns(LABELS, "name", descending=False)
        assert (name.direction, name.next_sort) == ("ascending", "-name")
        assert (loan.direction, loan.next_sort) == ("none", "-loan")


def test_a_page_beyond_the_last_is_the_last(rf):
    page = listing.page_of(rf.get("/", {"page": "99"}), list(range(120)))
    assert list(page.object_list) == list(range(100, 120))
