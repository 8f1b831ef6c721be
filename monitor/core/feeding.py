"""Who goes dark while the load of which UPS falls, and comes back while it rises?

    look at reach ─▶ dark, back ─┐
    look at a UPS ─▶ load ───────┴▶ Step ─▶ Outage, kept

What is not yet judged is in memory only, bounded, and lost at a restart: an outage that was cut short proves nothing.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from monitor.core.change import Change, PutOutages
from monitor.core.outage import Outage, Step, add
from monitor.core.plan import Plan
from monitor.core.topology import ancestors
from probes.observation import MONITOR_OUTCOMES, Observation, Outcome

if TYPE_CHECKING:
    from monitor.core.world import World

CHECK, LOAD, WATTS = "reach", "snmp", "power_watts"
MAX_READINGS = 256  # of one UPS: more than an hour
MAX_UPSES = 512
MAX_DARK = 256  # devices that are followed at once; when more go dark, nobody can tell whose step it was
MIN_DIFFERENCES = 20  # of readings before it went dark, to know how the load moves by itself
MIN_WATTS = 4.0
SHORT_SECONDS = 45.0  # a device that is back sooner has not been without power
SETTLE_SECONDS = 60.0  # until others that went dark in the same moment are known, and the UPS has measured anew
JUDGE_SECONDS = 240.0  # after it went dark, or was back; a UPS that was not read by then says nothing
GAP_SECONDS = 180.0  # age of the reading before, at most
BOOT_SECONDS = 180.0  # a device draws power for so long before it answers

_POE_ROW = re.compile(r"\d+\.\d+")  # how a port is called that feeds

Reading = tuple[float, float]  # when, watts
_GRAINS = (1_000, 100, 10)  # watts: some firmware rounds its numbers to these


@dataclass(slots=True)
class Fall:
    """The first reading of a UPS while the device was dark, and by how much it had fallen."""

    at: float
    watts: float
    fell_watts: float
    noise_watts: float


@dataclass(slots=True)
class Dark:
    """A device that went dark between two times, and perhaps was back between two others. `unit`: what lost power."""

    device: str
    unit: str
    after: float
    by: float
    last_bad: float
    judged: set[str] = field(default_factory=set)
    falls: dict[str, Fall] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    back: tuple[float, float] | None = None

    def moved(self, begin: float, end: float) -> bool:
        """May it have lost or got power in this time?"""
        if self.back is not None and self.back[0] - BOOT_SECONDS <= end and begin <= self.back[1]:
            return True
        return self.after <= end and begin <= self.by


@dataclass(slots=True)
class Feeding:
    """What is remembered until it is judged."""

    loads: dict[str, deque[Reading]] = field(default_factory=dict)  # UPS -> its readings, oldest first
    dark: dict[str, Dark] = field(default_factory=dict)
    past: deque[Dark] = field(default_factory=lambda: deque(maxlen=MAX_DARK))
    crowded_at: float = 0.0  # when there were too many to follow


def watch(plan: Plan, world: World, look: Observation) -> tuple[Change, ...]:
    """Take a look in, before the world does: the one before it is still there."""
    if look.outcome in MONITOR_OUTCOMES:
        return ()
    if look.check == CHECK:
        _follow(plan, world, look)
    elif look.check == LOAD and WATTS in look.values:
        device = plan.devices.get(look.device)
        if device is not None and device.kind == "ups":
            return tuple(_compare(plan, world, look))
    return ()


def forget(plan: Plan, memory: Feeding) -> None:
    """A new plan holds: what it no longer watches is dropped."""
    for name in [name for name in memory.loads if name not in plan.devices]:
        del memory.loads[name]
    for name in [name for name in memory.dark if name not in plan.devices]:
        del memory.dark[name]


def _follow(plan: Plan, world: World, look: Observation) -> None:
    memory, device = world.feeding, look.device
    known = memory.dark.get(device)
    if look.outcome is Outcome.OK:
        if known is None or known.back is not None:
            return
        if look.ended_at - known.after < SHORT_SECONDS:
            del memory.dark[device]
        else:
            known.back = known.last_bad, look.ended_at
    elif known is not None and known.back is not None:  # dark again before it was judged
        memory.past.append(memory.dark.pop(device))
    elif known is not None:
        known.last_bad = look.at
    else:
        before = world.looks.get((device, CHECK))
        if before is None or before.outcome is not Outcome.OK or not memory.loads:
            return
        if len(memory.dark) >= MAX_DARK:
            memory.crowded_at = look.ended_at
            return
        unit = _powered(plan, world, device, before.at)
        memory.dark[device] = Dark(device, unit, before.at, look.ended_at, look.at)


def _powered(plan: Plan, world: World, name: str, at: float) -> str:
    """What lost power if this device did: its switch, for one that a PoE port feeds. Empty: that is not known."""
    device = plan.devices.get(name)
    if device is None or device.kind in ("ups", "monitor"):
        return ""
    look = world.looks.get((device.parent or "", LOAD))
    row = look.rows.get("poe_port", {}).get(device.port) if look is not None else None
    if look is None or row is None:  # tables are not read in every look
        return "" if _POE_ROW.fullmatch(device.port) else name
    if row.get("detect") == "delivering":
        return device.parent or name
    return name if look.at < at else ""


def _compare(plan: Plan, world: World, look: Observation) -> list[Change]:
    """A UPS was read: what does that say of the devices that went dark or came back?"""
    memory, watts = world.feeding, look.values[WATTS]
    readings = memory.loads.get(look.device)
    if isinstance(watts, bool | str) or (readings is None and len(memory.loads) >= MAX_UPSES):
        return []
    if readings is None:
        readings = memory.loads[look.device] = deque(maxlen=MAX_READINGS)
    readings.append((look.at, float(watts)))
    changes: list[Change] = []
    for name, dark in list(memory.dark.items()):
        if dark.back is not None and look.at > dark.back[1] + JUDGE_SECONDS:
            memory.past.append(memory.dark.pop(name))
            if dark.steps and not _never_off(world, dark):
                outage = Outage(dark.unit, name, dark.by, dark.back[0], tuple(dark.steps))
                changes.append(PutOutages(dark.unit, add(world.outages.get(dark.unit, ()), outage)))
        elif dark.back is None and look.at > dark.by + JUDGE_SECONDS and not dark.falls:
            memory.past.append(memory.dark.pop(name))
        elif look.device not in dark.judged and look.at >= dark.by + SETTLE_SECONDS and dark.unit:
            dark.judged.add(look.device)
            if not any(above in memory.dark for above in ancestors(plan, name)):  # else it is only hidden
                _judge_fall(plan, world, look.device, dark)
        elif dark.back is not None and look.device in dark.falls and look.at >= dark.back[1] + SETTLE_SECONDS:
            _judge_rise(plan, memory, look.device, dark)
    return changes


def _judge_fall(plan: Plan, world: World, ups: str, dark: Dark) -> None:
    readings = world.feeding.loads[ups]
    at, watts = readings[-1]
    before = _latest(readings, 0.0, dark.after)
    if before is None or at > dark.by + JUDGE_SECONDS or dark.after - before[0] > GAP_SECONDS:
        return
    if dark.back is not None and at > dark.back[0] - BOOT_SECONDS / 2:
        return  # it may have power again already
    if _mixed(plan, world.feeding, dark, before[0], at):
        return
    noise = _noise(world.feeding, ups, dark.after, at - before[0])
    if noise is None:
        return
    fell = before[1] - watts
    known = any(step.ups == ups for outage in world.outages.get(dark.unit, ()) for step in outage.steps)
    if fell > noise or known:  # one that has spoken for it once may speak against it
        dark.falls[ups] = Fall(at, watts, fell, noise)


def _judge_rise(plan: Plan, memory: Feeding, ups: str, dark: Dark) -> None:
    assert dark.back is not None
    fall, readings = dark.falls.pop(ups), memory.loads[ups]
    at, watts = readings[-1]
    base = _latest(readings, fall.at, dark.back[0] - BOOT_SECONDS) or (fall.at, fall.watts)
    if at - base[0] > BOOT_SECONDS + JUDGE_SECONDS + GAP_SECONDS or _mixed(plan, memory, dark, base[0], at):
        return
    noise = max(fall.noise_watts, _noise(memory, ups, dark.after, at - base[0]) or 0.0)
    dark.steps.append(Step(ups, round(fall.fell_watts, 1), round(watts - base[1], 1), round(noise, 1)))


def _latest(readings: deque[Reading], begin: float, end: float) -> Reading | None:
    return next((one for one in reversed(readings) if begin <= one[0] <= end), None)


def _noise(memory: Feeding, ups: str, until: float, seconds: float) -> float | None:
    """By how much the load moves within so many seconds: 95 of 100 times less. None: it was not watched for long.

    Moves that a known outage explains are left out.
    """
    readings = memory.loads[ups]
    past = [one for one in readings if one[0] <= until]
    if len(past) < MIN_DIFFERENCES or past[-1][0] <= past[0][0]:
        return None
    lag = max(1, round(seconds * (len(past) - 1) / (past[-1][0] - past[0][0])))
    known = [one for one in (*memory.past, *memory.dark.values()) if one.by >= past[0][0] or one.back is not None]
    moves = sorted(
        abs(later[1] - sooner[1])
        for sooner, later in zip(past, past[lag:], strict=False)
        if not any(one.moved(sooner[0], later[0]) for one in known)
    )
    if len(moves) < MIN_DIFFERENCES:
        return None
    grain = next((one for one in _GRAINS if all(watts % one == 0 for _, watts in readings)), 1)
    return max(moves[int(0.95 * (len(moves) - 1))], 2.0 * grain, MIN_WATTS)


def _mixed(plan: Plan, memory: Feeding, dark: Dark, begin: float, end: float) -> bool:
    """May another have lost or got power in that time? Those behind one that is dark itself are only hidden."""
    if begin <= memory.crowded_at:
        return True
    if any(other.unit != dark.unit and other.moved(begin, end) for other in memory.past):
        return True
    others = [one for one, other in memory.dark.items() if other.unit != dark.unit and other.moved(begin, end)]
    return any(not any(above in memory.dark for above in ancestors(plan, one)) for one in others)


def _never_off(world: World, dark: Dark) -> bool:
    """Does its agent say that it ran all the time? Then only its network was away."""
    look = world.looks.get((dark.device, LOAD))
    uptime = look.values.get("uptime_seconds") if look is not None else None
    if look is None or isinstance(uptime, bool | str | None) or dark.back is None or look.at < dark.back[0]:
        return False
    return look.at - uptime < dark.after - SHORT_SECONDS
