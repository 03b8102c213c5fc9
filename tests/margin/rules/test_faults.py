"""What a doubtful price may still cause: the table of price faults, cell by cell."""

import pytest

from margin.rules.faults import Act, Permission, PriceQuality, permission

TABLE = {
    PriceQuality.FRESH: (Permission.YES, Permission.YES, Permission.YES, Permission.YES),
    PriceQuality.STALE: (
        Permission.NO,
        Permission.HELD,
        Permission.SECOND_PERSON,
        Permission.ENOUGH_POINTS,
    ),
    PriceQuality.DISPUTED: (Permission.NO, Permission.HELD, Permission.HELD, Permission.NO),
}


@pytest.mark.parametrize("quality", PriceQuality)
def test_each_quality_permits_what_the_table_says(quality: PriceQuality) -> None:
    acts = (Act.CREDIT, Act.CALL, Act.SALE, Act.FUNDING)
    assert tuple(permission(quality, act) for act in acts) == TABLE[quality]
