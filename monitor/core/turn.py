"""What is being decided right now? One input, and the changes that it has led to so far."""

from __future__ import annotations

from dataclasses import dataclass, field

from monitor.core import inventory, topology
from monitor.core.change import Change, PutTicket
from monitor.core.condition import Condition
from monitor.core.plan import Plan, Rule
from monitor.core.tell import tell
from monitor.core.world import World
from ticketing import desk
from ticketing.ticket import Fingerprint


@dataclass(frozen=True, slots=True)
class AskAgain:
    """Ask this check at that time, rather than at its next turn."""

    device: str
    check: str
    at: float


@dataclass(slots=True)
class Decision:
    """What changes, in order, and what must be asked again. Grows while it is made; nothing else may change it."""

    changes: list[Change] = field(default_factory=list)
    asks: list[AskAgain] = field(default_factory=list)


@dataclass(slots=True)
class Turn:
    """One input being decided: every change is applied to the world as it is made, so that later steps see it."""

    plan: Plan
    world: World
    now: float
    decision: Decision = field(default_factory=Decision)

    def put(self, *changes: Change) -> None:
        """This changes."""
        self.decision.changes.extend(changes)
        self.world.apply(changes)

    def ask(self, device: str, check: str, at: float | None = None) -> None:
        """Ask that again, at once or at that time. The inventory is asked by what it is made from."""
        checks = inventory.SOURCES if check == inventory.CHECK else (check,)
        self.decision.asks += [AskAgain(device, one, self.now if at is None else at) for one in checks]

    def take(self, step: desk.Step) -> None:
        """The desk has spoken: the ticket, its history, and who is told."""
        if step.events or step.ticket != self.world.tickets.get(step.ticket.id):
            self.put(PutTicket(step.ticket), *tell(self.plan, step.ticket, step.events, self.now))

    def fingerprint(self, condition: Condition, rule: Rule) -> Fingerprint:
        """Of the ticket that speaks, or would speak, of this condition."""
        return Fingerprint(self.plan.site.id, condition.key.device, condition.key.component, rule.fault)

    def spoken_of(self, fingerprint: Fingerprint) -> list[Condition]:
        """The told conditions that still hold this fault."""
        return [
            condition
            for condition, rule in topology.conditions_of(self.plan, self.world, fingerprint.device)
            if condition.told and condition.firing and self.fingerprint(condition, rule) == fingerprint
        ]
