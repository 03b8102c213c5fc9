"""People and machines that call commands: they lose their process, ask twice, and mix up their keys."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from brokerage.ledger.commands import Command, KeyReused, Receipt
from brokerage.ledger.entry import Context, Source
from brokerage.ledger.refusal import Refused

from .world import COMMIT_POINTS, Broken, Killed, World

DEATH, AGAIN, MIXED_UP = 0.12, 0.15, 0.1


@dataclass(frozen=True, slots=True)
class Asked:
    """A request whose caller died before the answer came."""

    command: Command[Any, Any]
    key: str
    inputs: dict[str, Any]
    people: dict[str, UUID]
    taken: bool


class Callers:
    """Everyone who calls a command directly. Faults are off while `calm`."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.calm = False
        self.unanswered: list[Asked] = []
        self._count = 0

    def do(
        self, command: Command[Any, Any], *, people: dict[str, UUID] | None = None, **inputs: Any
    ) -> Receipt[Any] | None:
        """Call a command under a new key; None when it was refused, or when the caller died."""
        self._count += 1
        key = f"simulation:{self._count}"
        receipt = self._ask(Asked(command, key, inputs, people or {}, taken=False))
        if receipt is not None and not self.calm:
            self._ask_again(command, key, inputs, people or {}, receipt)
        return receipt

    def must_refuse(
        self, command: Command[Any, Any], *, people: dict[str, UUID] | None = None, **inputs: Any
    ) -> Refused:
        """Call a command that must be refused."""
        self._count += 1
        try:
            command(self._context(f"simulation:{self._count}", people or {}), **inputs)
        except Refused as refusal:
            return refusal
        raise Broken(f"{command.name} was not refused: {inputs}")

    def retry(self) -> None:
        """Ask again, under the same key, what was never answered."""
        waiting, self.unanswered = self.unanswered, []
        for asked in waiting:
            receipt = self._ask(asked)
            if asked.taken and (receipt is None or not receipt.replayed):
                raise Broken(f"{asked.command.name} was committed; its retry under {asked.key} is no replay")

    def _ask(self, asked: Asked) -> Receipt[Any] | None:
        world = self.world
        dies = not self.calm and not asked.taken and world.chance(DEATH)
        point = world.random.choice(COMMIT_POINTS) if dies else None
        world.dies_at(point)
        try:
            receipt: Receipt[Any] = asked.command(self._context(asked.key, asked.people), **asked.inputs)
        except Refused as refusal:
            world.note(f"   {asked.command.name} {_brief(asked.inputs)}: {refusal.code}")
            return None
        except Killed:
            taken = point == "after-commit"
            self.unanswered.append(Asked(asked.command, asked.key, asked.inputs, asked.people, taken))
            world.note(f"   {asked.command.name} {_brief(asked.inputs)}: no answer")
            return None
        finally:
            world.dies_at(None)
        world.note(f"   {asked.command.name} {_brief(asked.inputs)}: done{' before' * receipt.replayed}")
        return receipt

    def _ask_again(
        self,
        command: Command[Any, Any],
        key: str,
        inputs: dict[str, Any],
        people: dict[str, UUID],
        receipt: Receipt[Any],
    ) -> None:
        """The same key again is answered as before; with other inputs it is refused."""
        if self.world.chance(AGAIN):
            try:
                same = command(self._context(key, people), **inputs)
            except Refused as refusal:
                raise Broken(f"{command.name} under {key} is no replay the second time") from refusal
            if not same.replayed or (same.entry, same.value) != (receipt.entry, receipt.value):
                raise Broken(f"{command.name} under {key} was answered differently the second time")
        if self.world.chance(MIXED_UP) and (other := _other(inputs)) is not None:
            try:
                command(self._context(key, people), **other)
            except KeyReused:
                return
            raise Broken(f"{command.name} took the key {key} for other inputs")

    def _context(self, key: str, people: dict[str, UUID]) -> Context:
        return Context(
            actor="staff:simulation", source=Source.STAFF, key=key, effective_at=self.world.now, **people
        )


def _other(inputs: dict[str, Any]) -> dict[str, Any] | None:
    """The inputs with one amount changed, if there is one."""
    for name, value in inputs.items():
        if isinstance(value, Decimal):
            return {**inputs, name: value + 1}
    return None


def _brief(inputs: dict[str, Any]) -> str:
    shown = {name: value for name, value in inputs.items() if name not in ("ticks", "rates", "price_set")}
    return " ".join(f"{name}={str(value)[-12:]}" for name, value in shown.items())
