"""Hong Kong time, in which the firm's days are counted: UTC+8 all year, without summer time since 1979."""

from datetime import timedelta, timezone

HONG_KONG = timezone(timedelta(hours=8), "HKT")
