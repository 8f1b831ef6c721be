"""Rows of alarm tables come and go: does one condition for the table follow them?"""

from __future__ import annotations

from collections.abc import Mapping

from monitor.core import decide
from monitor.core.expression import Expression
from monitor.core.plan import Device, Fault, Plan, Rule, Site, Text
from monitor.core.world import World
from probes.observation import Observation, Outcome, Value
from probes.target import Target
from ticketing.ticket import Severity, TicketState

RULE = Rule(
    "ups-fault", "ups.fault", "snmp", frozenset(), Expression('alarm == "fan_failure"'), Severity.URGENT,
    each="ups_alarm", for_seconds=0.0, looks=1, clear_for_seconds=0.0, clear_looks=1, any_row=True,
)  # fmt: skip


def plan() -> Plan:
    words = Text("UPS reports a fault", "UPS 故障")
    return Plan(
        Site("s", "S"),
        {"ups": Device("ups", "UPS", "ups", Target("ups", "127.0.0.1"))},
        {},
        {("ups", "snmp"): (RULE,)},
        {"ups.fault": Fault("ups.fault", words, words)},
    )


def look(at: float, alarms: Mapping[str, Mapping[str, Value]] | None) -> Observation:
    rows = {} if alarms is None else {"ups_alarm": alarms}
    return Observation("ups", "snmp", at, 0.1, Outcome.OK, rows=rows)


def test_a_row_that_goes_ends_the_fault() -> None:
    wanted, world = plan(), World()
    decide.observe(wanted, world, look(100, {"7": {"alarm": "on_battery"}, "8": {"alarm": "fan_failure"}}))
    ticket = world.tickets[1]
    assert ticket.fingerprint.component == ""
    assert ticket.facts["alarm"] == "fan_failure"
    decide.observe(wanted, world, look(110, {"9": {"alarm": "fan_failure"}}))
    assert len(world.tickets) == 1, "the same alarm under another number is the same fault"
    decide.observe(wanted, world, look(120, None))
    assert world.tickets[1].recovered_at is None, "the table was not asked for: nothing is known"
    decide.observe(wanted, world, look(130, {"10": {"strange": 1}}))
    assert world.tickets[1].recovered_at is None, "a row that cannot be read is no proof"
    decide.observe(wanted, world, look(140, {}))
    assert world.tickets[1].state is TicketState.RECOVERED
