"""Who is held back behind whom, and when do they get another chance?"""

from __future__ import annotations

from collections.abc import Set

from monitor.core import topology
from monitor.core.change import PutCondition
from monitor.core.condition import Condition, State
from monitor.core.plan import Rule
from monitor.core.turn import Turn
from ticketing import desk

START_SECONDS = 180.0  # a switch may need this long to start after its UPS, and a camera after its switch


def release(turn: Turn, well: Condition, rule: Rule) -> None:
    """This condition is ok again: what it held back must show itself anew."""
    device = well.key.device
    below = [one for one in turn.plan.below(device) if topology.explains(turn.plan, well, rule, one)]
    _restart(turn, below, after=START_SECONDS)
    _restart(turn, [device], {f"check:{rule.check}"})
    if below or rule.check in (*topology.STREAM, topology.LOGIN):  # recorders wait for the streams of these
        _restart(turn, sorted({key.device for key in turn.world.untold}), {device, *below})


def _restart(turn: Turn, devices: list[str], by: Set[str] = frozenset(), *, after: float = 0.0) -> None:
    """What was held back gets a new hold-down, so many seconds from now: it may only need time to start again.

    With `by`, only what was held back by one of these; else everything of which no ticket speaks.
    """
    since = turn.now + after
    for device in devices:
        for key, condition in list(turn.world.conditions.get(device, {}).items()):
            waits = condition.held_by in by if by else condition.state is not State.OK
            if waits and not condition.told:
                firings = condition.firings[:-1] if condition.firing else condition.firings
                turn.put(PutCondition(Condition(key, State.PENDING, since=since, firings=firings)))
                rule = turn.plan.rule(device, key.rule)
                check = turn.plan.checks.get((device, rule.check)) if rule is not None else None
                if check is not None and check.heard:
                    turn.ask(device, check.name, since)  # nobody would ask it: it is said again


def tell_holder(turn: Turn, device: str, by: str) -> None:
    """The ticket of the topmost device that fails learns of one more behind it."""
    if by in topology.ancestors(turn.plan, device):
        root = topology.holder(turn.plan, turn.world, device)
        if root is not None:
            _add_children(turn, root, (device,))


def tell_children(turn: Turn, above: str) -> None:
    """The ticket of this device learns of all that are held back behind it."""
    below = tuple(
        sorted({key.device for key in turn.world.untold if above in topology.ancestors(turn.plan, key.device)})
    )
    _add_children(turn, above, below)


def _add_children(turn: Turn, above: str, below: tuple[str, ...]) -> None:
    for condition, rule in list(topology.conditions_of(turn.plan, turn.world, above)):
        held = tuple(one for one in below if topology.explains(turn.plan, condition, rule, one))
        if held and condition.told and condition.firing:
            ticket = turn.world.ticket_for(turn.fingerprint(condition, rule))
            if ticket is not None:
                turn.take(desk.add_children(ticket, held, turn.now))
                return
