"""Exact arithmetic for rules: no sum or product of amounts is ever rounded inside a decision."""

from collections.abc import Callable
from decimal import localcontext
from functools import wraps
from typing import ParamSpec, TypeVar

from brokerage.ledger.amounts import EXACT

P = ParamSpec("P")
R = TypeVar("R")


def exact(function: Callable[P, R]) -> Callable[P, R]:
    """Run `function` with 120 significant digits.

    Amounts have at most 38 digits and rates far fewer, so sums and products of them are exact.
    Where a rule must divide, its docstring says so; the quotient is off by less than 10**-90, far
    below the distance at which two different amounts could be confused.
    """

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        with localcontext(EXACT):
            return function(*args, **kwargs)

    return run
