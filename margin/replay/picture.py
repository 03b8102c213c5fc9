"""Loan, lending value and open calls over time, drawn as SVG with nothing but text."""

from collections.abc import Sequence
from decimal import Decimal

from .run import Day

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 1200, 560, 70, 60, 50, 40
INK, PALE = "#1f2933", "#d9dee4"
LENDING, LOAN, CALLS = "#2b6cb0", "#c05621", "#9b2c2c"
BILLION = Decimal(1_000_000_000)


def draw(days: Sequence[Day]) -> str:
    """The SVG of at least one day: two lines in HKD billions on the left, open calls as bars on the right."""
    top_money = max(max(day.lending_value, day.loan) for day in days) or Decimal(1)
    top_calls = max(max(day.open_calls for day in days), 1)
    span = max(len(days) - 1, 1)
    across = Decimal(WIDTH - LEFT - RIGHT)
    down = Decimal(HEIGHT - TOP - BOTTOM)

    def x(index: int) -> str:
        return f"{LEFT + across * index / span:.1f}"

    def y(part: Decimal) -> str:
        return f"{HEIGHT - BOTTOM - down * part:.1f}"

    def line(values: Sequence[Decimal], colour: str) -> str:
        points = " ".join(f"{x(index)},{y(value / top_money)}" for index, value in enumerate(values))
        return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.6"/>'

    bars = "".join(
        f'<line x1="{x(index)}" x2="{x(index)}" y1="{y(Decimal(0))}" '
        f'y2="{y(Decimal(day.open_calls) / top_calls)}"/>'
        for index, day in enumerate(days)
        if day.open_calls
    )
    years = "".join(
        f'<line x1="{x(index)}" x2="{x(index)}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" stroke="{PALE}"/>'
        f'<text x="{x(index)}" y="{HEIGHT - BOTTOM + 20}">{day.day.year}</text>'
        for index, day in enumerate(days)
        if index == 0 or (day.day.month, day.day.day) == (1, 1)
    )
    scale = "".join(_mark(y(Decimal(part) / 4), top_money, top_calls, part) for part in range(5))
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
            f'font-family="sans-serif" font-size="13" fill="{INK}">',
            "<title>Loan, lending value and open margin calls over time</title>",
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
            years,
            scale,
            f'<g stroke="{CALLS}" stroke-opacity="0.35">{bars}</g>',
            line([day.lending_value for day in days], LENDING),
            line([day.loan for day in days], LOAN),
            _legend(),
            "</svg>",
        )
    )


def _mark(y: str, top_money: Decimal, top_calls: int, part: int) -> str:
    money = f"{top_money * part / 4 / BILLION:.2f}"
    calls = f"{Decimal(top_calls) * part / 4:.0f}"
    return (
        f'<text x="{LEFT - 10}" y="{y}" text-anchor="end">{money}</text>'
        f'<text x="{WIDTH - RIGHT + 10}" y="{y}" fill="{CALLS}">{calls}</text>'
    )


def _legend() -> str:
    entries = ((LENDING, "lending value, HKD bn"), (LOAN, "loan, HKD bn"), (CALLS, "open calls"))
    return "".join(
        f'<rect x="{LEFT + 200 * index}" y="18" width="14" height="14" fill="{colour}"/>'
        f'<text x="{LEFT + 200 * index + 20}" y="30">{name}</text>'
        for index, (colour, name) in enumerate(entries)
    )
