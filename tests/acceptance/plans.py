"""Small plans for the score, by hand: under test is what follows from rules, not how they are loaded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from monitor.core.expression import Expression
from monitor.core.plan import Check, Device, Fault, Plan, Rule, Site, Text
from probes.probe import Lane, Options
from probes.target import Target
from ticketing.policies import Route, ServiceTargets
from ticketing.ticket import Severity

NOBODY = Options()


def rule(rule_id: str, check: str, when: str, **more: Any) -> Rule:
    """A rule whose fault has the rule's name."""
    clear_when = more.pop("clear_when", None)
    return Rule(
        id=rule_id,
        fault=more.pop("fault", rule_id),
        check=check,
        kinds=frozenset(more.pop("kinds", ())),
        when=Expression(when),
        clear_when=None if clear_when is None else Expression(clear_when),
        severity=more.pop("severity", Severity.URGENT),
        needs=tuple(more.pop("needs", ())),
        **more,
    )


RULES = (
    rule("silent", "reach", "outcome in ['no_answer','refused']", holds_children=True),
    rule("stream", "rtsp", "outcome in ['no_answer','refused']", needs=["reach"]),
    rule("frozen", "frame", "verdict == 'frozen'", needs=["rtsp"], looks=3, for_seconds=20.0),
    rule("clock", "onvif", "clock_offset_seconds > 30.0", clear_when="clock_offset_seconds < 15.0", needs=["reach"]),
    rule("password", "login", "state == 'refused'", for_seconds=0.0, looks=1, clear_for_seconds=0.0, clear_looks=1),
    rule("disk", "snmp", "state == 'abnormal'", each="disk", needs=["reach"]),
)
PROBES = {"reach": "icmp", "rtsp": "rtsp", "onvif": "onvif", "frame": "frame", "snmp": "snmp"}
EVERY = {"frame": 300.0}


def plan_of(
    devices: Mapping[str, Mapping[str, Any]],
    rules: Iterable[Rule] = RULES,
    *,
    routes: tuple[Route, ...] = (Route("duty", "mail"),),
    every: Mapping[str, float] = EVERY,
) -> Plan:
    """`devices`: id -> {kind, checks, parent, …}."""
    found: dict[str, Device] = {}
    checks: dict[tuple[str, str], Check] = {}
    bound: dict[tuple[str, str], tuple[Rule, ...]] = {}
    rules = tuple(rules)
    for name, given in devices.items():
        more = dict(given)
        wanted = more.pop("checks", ["reach"])
        found[name] = Device(name, name, more.pop("kind", "camera"), Target(name, "127.0.0.1"), **more)
        for check in wanted:
            checks[name, check] = Check(name, check, PROBES[check], NOBODY, every.get(check, 60.0), 5.0, Lane.WIRE)
        for check in [*wanted, "login"]:
            reading = tuple(one for one in rules if one.check == check)
            if reading:
                bound[name, check] = reading
    faults = {
        one.fault: Fault(one.fault, Text(one.fault, one.fault), Text("since {since}", "自 {since}")) for one in rules
    }
    return Plan(
        Site("site", "Site"),
        found,
        checks,
        bound,
        faults,
        routes,
        {severity: ServiceTargets(300.0, 7_200.0, 43_200.0) for severity in Severity},
    )


CAMERA = ["reach", "rtsp", "onvif", "frame"]


def cameras_on_switch(count: int) -> Plan:
    """A switch with so many cameras."""
    devices: dict[str, dict[str, Any]] = {"sw": {"kind": "switch", "checks": ["reach", "snmp"]}}
    for number in range(count):
        devices[f"cam-{number}"] = {"parent": "sw", "port": f"1.{number}", "checks": CAMERA}
    return plan_of(devices)
