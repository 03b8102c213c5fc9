"""What changes the working tables: planning slots, doing shards, and deciding about parked items."""

from .decisions import close, retry
from .retention import prune
from .runs import request, tick
from .work import LeaseLost, drain, sweep, work_once

__all__ = ["LeaseLost", "close", "drain", "prune", "request", "retry", "sweep", "tick", "work_once"]
