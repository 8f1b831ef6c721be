"""What does a large site look like while it is watched? For tests and benchmarks that need many devices at once."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any, Never

from monitor.core.condition import Condition, Key, State
from monitor.core.expression import Expression
from monitor.core.plan import MONITOR, Check, Device, DeviceKind, Plan, Rule, Site
from monitor.core.world import World
from monitor.engine.live import Feed, Health, Live, Stats
from probes.observation import Observation, Outcome, Rows, Value
from probes.probe import Lane, Options
from probes.target import Target
from ticketing.ticket import Clock, Fingerprint, Severity, Ticket, TicketState

NOW = 1_763_900_000.0
CAMERA_CHECKS = ("reach", "rtsp", "onvif", "frame", "http")
OTHER_CHECKS = ("reach", "snmp", "onvif", "http", "tls")
PORTS = 24
SILENT = Rule(
    id="camera-silent",
    fault="camera.silent",
    check="reach",
    kinds=frozenset(),
    when=Expression("outcome == 'no_answer'"),
    severity=Severity.URGENT,
)
FROZEN = Rule(
    id="picture-frozen",
    fault="camera.frozen",
    check="frame",
    kinds=frozenset(),
    when=Expression("verdict == 'frozen'"),
    severity=Severity.HIGH,
)


def large_site(devices: int = 10_000, *, dark_share: float = 0.02) -> Live:
    """Five checks a device; one in 24 is a switch with its ports, one in 100 a recorder, one in 100 a UPS."""
    dice = random.Random(2)
    found = {device.id: device for device in _devices(devices)}
    checks = {
        (device, name): Check(device, name, name, Options(), 60.0, 5.0, Lane.WIRE)
        for device, one in found.items()
        for name in (CAMERA_CHECKS if one.kind == "camera" else OTHER_CHECKS)
    }
    world = World(last_ticket=devices)
    dark = {device for device in found if dice.random() < dark_share}
    for device, name in checks:
        world.saw(_look(found[device], name, dice, dark=device in dark))
    for number, device in enumerate(sorted(dark), 1):
        key = Key(device, SILENT.id)
        world.conditions[device] = {key: Condition(key, State.FIRING, since=NOW - 600, fired_at=NOW - 540)}
        world.tickets[number] = _ticket(number, device)
    rules = {(device, "reach"): (SILENT,) for device in found}
    rules |= {(device, "frame"): (FROZEN,) for device, one in found.items() if one.kind == "camera"}
    found[MONITOR] = Device(MONITOR, "Sitewarden", "monitor", Target(MONITOR, "127.0.0.1"))
    plan = Plan(Site("large", "Large site 大站点", "Asia/Shanghai"), found, checks, rules, {})
    return live_of(plan, world)


def live_of(plan: Plan, world: World) -> Live:
    """As the daemon shows itself, with nobody to command."""
    stats = Stats(started_at=NOW - 3_600)
    stats.looks["icmp", "ok"] = 1_000
    stats.look_seconds["icmp"] = 3.5
    stats.running["wire"] = 12
    stats.lateness_count, stats.lateness_sum_seconds = 3, 0.75
    stats.lateness_seconds[:3] = [0.5, 0.05, 0.2]
    stats.delivered["mail", "ok"] = 7
    stats.database_bytes = 123_456
    return Live(plan, world, Feed(), stats, Health(), lambda: NOW, _nobody, _nobody, _nobody, _nobody)


async def _nobody(*_: Any) -> Never:
    raise LookupError


def _devices(count: int) -> Iterator[Device]:
    for number in range(count):
        kind: DeviceKind = "camera"
        if number % 24 == 0:
            kind = "switch"
        elif number % 100 == 1:
            kind = "recorder"
        elif number % 100 == 3:
            kind = "ups"
        name = f"{kind}-{number:05d}"
        parent = None if kind == "switch" else f"switch-{number - number % 24:05d}"
        yield Device(
            name, f"{kind.title()} {number} 摄像机", kind, Target(name, "127.0.0.1"), "DS-2CD2143G2-I", "Hikvision",
            f"Hall {number % 17}, ceiling", parent,
        )  # fmt: skip


def _look(device: Device, name: str, dice: random.Random, *, dark: bool) -> Observation:
    at, took = NOW - dice.uniform(0, 60), dice.uniform(0.0005, 0.4)
    if dark:
        return Observation(device.id, name, at, 5.0, Outcome.NO_ANSWER, detail="no echo within 5 s")
    values: dict[str, Value] = {}
    rows: Rows = {}
    match name:
        case "reach":
            values = {"rtt_seconds": dice.uniform(0.0002, 0.004), "loss_ratio": 0.0}
        case "rtsp":
            values = {"codec": "H264", "first_packet_seconds": dice.uniform(0.02, 0.3), "transport": "tcp"}
        case "onvif":
            values = {"clock_offset_seconds": dice.gauss(0, 2), "clock_source": "ntp", "model": device.model}
        case "http":
            values = {"status": 200, "body_bytes": dice.randrange(500, 9_000)}
        case "tls":
            values = {"days_left": dice.uniform(10, 365), "version": "TLSv1.3", "trusted": True}
        case "frame":
            values = {
                "verdict": "ok", "codec": "h264", "source": "rtsp", "width": 1920, "height": 1080,
                "luma_mean": round(dice.uniform(60, 160), 2), "luma_p01": 3, "luma_p99": 240,
                "luma_std": round(dice.uniform(20, 60), 2), "texture": round(dice.uniform(2, 30), 2),
                "dominant_share": round(dice.uniform(0.01, 0.2), 4), "clipped_share": 0.001, "dark_share": 0.02,
                "change_mean": round(dice.uniform(0.5, 4), 3), "grab_seconds": round(took, 3),
            }  # fmt: skip
        case _:
            values, rows = _snmp(device, dice)
    return Observation(device.id, name, at, took, Outcome.OK, values, rows)


def _snmp(device: Device, dice: random.Random) -> tuple[dict[str, Value], Rows]:
    values: dict[str, Value] = {"uptime_seconds": dice.uniform(1e3, 1e7), "model": device.model, "cpu_percent": 12}
    if device.kind == "ups":
        return values | {
            "battery_state": "normal", "output_source": "normal", "minutes_left": 42, "charge_percent": 100,
            "load_percent": 31, "input_volts": 229.8, "output_volts": 230.1, "on_battery_seconds": 0,
        }, {}  # fmt: skip
    if device.kind == "recorder":
        disk = {"state": "normal", "size_bytes": 8_001_563_222_016, "free_bytes": 0, "used_percent": 100.0}
        return values, {
            "disk": {str(key): {"name": f"HDD {key}", **disk} for key in range(1, 5)},
            "channel": {str(key): {"name": f"Channel {key}", "state": "online"} for key in range(1, 17)},
        }
    if device.kind == "switch":
        return values, {
            "poe": {"1": {"budget_watts": 370, "used_watts": 122, "supply": "on"}},
            "poe_port": {
                f"1.{port}": {"admin": True, "detect": "delivering", "watts": 6.1} for port in range(1, PORTS + 1)
            },
            "interface": {
                str(port): {
                    "name": f"GigabitEthernet0/{port}", "alias": "", "admin": "up", "oper": "up",
                    "speed_bps": 1_000_000_000, "in_errors": 0, "out_errors": 0, "in_discards": 2, "out_discards": 0,
                }
                for port in range(1, PORTS + 1)
            },
        }  # fmt: skip
    return values, {}


def _ticket(number: int, device: str) -> Ticket:
    return Ticket(
        number,
        Fingerprint("large", device, "", SILENT.fault),
        Severity.URGENT,
        TicketState.NEW,
        opened_at=NOW - 540,
        since=NOW - 600,
        response=Clock(due_at=NOW + 60, breached=number % 2 == 0),
        fix=Clock(due_at=NOW + 9_000),
    )
