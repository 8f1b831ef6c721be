"""A plan and a world of thousands of cameras, for measuring and for bounds."""

from __future__ import annotations

from monitor.core.change import PutCondition, PutTicket
from monitor.core.condition import Condition, Key, State
from monitor.core.expression import Expression
from monitor.core.plan import Check, Device, Fault, Plan, Rule, Site, Text
from monitor.core.world import World
from probes.observation import Observation, Outcome
from probes.probe import Lane, Options
from probes.target import Target
from ticketing.ticket import Clock, Fingerprint, Severity, Ticket, TicketState

NOW = 1_800_000_000.0
CHECKS = ("reach", "rtsp", "onvif", "frame", "snmp")


def crowd(cameras: int, failing: int) -> tuple[Plan, World]:
    """So many cameras with five checks each; the first ones fail and have tickets."""
    rule = Rule("camera-silent", "camera.silent", "reach", frozenset(), Expression("outcome != 'ok'"), Severity.URGENT)
    devices = {
        f"cam-{number:05d}": Device(
            f"cam-{number:05d}", f"Camera {number}", "camera", Target(f"cam-{number:05d}", f"127.{number % 200}.0.9"),
            "DS-2CD2143G2-I", "Hikvision", f"Hall {number % 40}, row {number % 7}",
        )
        for number in range(cameras)
    }  # fmt: skip
    options = Options()
    checks = {
        (device, name): Check(device, name, name, options, 60.0, 5.0, Lane.WIRE)
        for device in devices
        for name in CHECKS
    }
    plan = Plan(
        Site("crowd", "Crowd"), devices, checks, {(device, "reach"): (rule,) for device in devices},
        {"camera.silent": Fault("camera.silent", Text("Camera does not answer", "摄像机失联"), Text("", ""))},
    )  # fmt: skip
    world = World()
    for device in devices:
        for name in CHECKS:
            world.saw(Observation(device, name, NOW - 30, 0.01, Outcome.OK, {"rtt_seconds": 0.001}))
    for number, device in enumerate(list(devices)[:failing], 1):
        key = Key(device, "camera-silent")
        fingerprint = Fingerprint("crowd", device, "", "camera.silent")
        opened = Ticket(
            number, fingerprint, Severity.URGENT, TicketState.NEW, NOW - 600, NOW - 700, response=Clock(NOW + 300)
        )
        world.apply([PutCondition(Condition(key, State.FIRING, NOW - 700, told=True)), PutTicket(opened)])
    return plan, world
