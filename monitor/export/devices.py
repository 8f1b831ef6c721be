"""What does the daemon know of each device, as samples?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import islice

from monitor.core.plan import Check, Device, Plan
from monitor.core.world import World
from monitor.export import families as f
from monitor.export.page import Page, escaped, labels
from probes.observation import MONITOR_OUTCOMES, Observation, Outcome, Values
from ticketing.ticket import Severity, Ticket

MAX_ROWS = 512  # of one table of one device
LONGEST_NAME = 64  # characters of a name that a device gave

_SILENT = frozenset({Outcome.NO_ANSWER, Outcome.REFUSED})


def write_look(look: Observation, page: Page) -> None:
    """The latest look of one check."""
    device = escaped(look.device)
    own, both = f'{{device="{device}"}}', f'{{device="{device}",check="{look.check}"}}'
    if look.outcome not in MONITOR_OUTCOMES:
        page.add(f.CHECK_UP, both, look.outcome is Outcome.OK)
    page.add(f.CHECK_DURATION, both, look.duration_seconds)
    page.add(f.CHECK_LAST_LOOK, both, look.at)
    if look.outcome is not Outcome.OK:
        return
    wanted = f.VALUES.get(look.check, {})
    for name, value in look.values.items():
        measured = wanted.get(name)
        if measured is not None:
            page.add(measured.family, own, measured.convert(value))
    if look.check == "frame":
        verdict = str(look.values.get("verdict", ""))
        page.add(f.PICTURE_VERDICT, labels(f.PICTURE_VERDICT.labels, (look.device, verdict)), 1)
    tables = {"snmp": f.TABLES, "recorder": f.RECORDER_TABLES}.get(look.check)
    if tables is not None:
        for name, rows in look.rows.items():
            table = tables.get(name)
            if table is not None:
                for key, row in islice(rows.items(), MAX_ROWS):
                    _write_row(look.device, key, row, table, page)


def _write_row(device: str, key: str, row: Values, table: f.Table, page: Page) -> None:
    names = tuple(str(row.get(name, ""))[:LONGEST_NAME] for name in table.named_by)
    inside = labels(table.columns[0][1].family.labels, (device, key, *names))
    for name, measured in table.columns:
        value = row.get(name)
        if value is not None:
            page.add(measured.family, inside, measured.convert(value))


def write_check(check: Check, page: Page) -> None:
    """How often one check is asked."""
    if not check.heard:
        page.add(f.CHECK_EVERY, labels(f.CHECK_EVERY.labels, (check.device, check.name)), check.every_seconds)


def write_device(device: Device, plan: Plan, world: World, page: Page) -> None:
    """One device: what it is, and how it stands."""
    page.add(
        f.DEVICE_INFO,
        labels(
            f.DEVICE_INFO.labels,
            (device.id, device.name, device.kind, device.vendor, device.model, device.place, device.parent or ""),
        ),
        1,
    )
    if device.silenced:
        page.add(f.DEVICE_SILENCED, labels(f.DEVICE_SILENCED.labels, (device.id,)), 1)
    firing = Counter(
        (rule.fault, rule.severity, rule.check)
        for condition in world.conditions.get(device.id, {}).values()
        if condition.firing and (rule := plan.rule(device.id, condition.key.rule)) is not None
    )
    faults: Counter[tuple[str, Severity]] = Counter()
    for (fault, severity, _), count in firing.items():
        faults[fault, severity] += count
    for (fault, severity), count in faults.items():
        page.add(f.DEVICE_FAULTS, labels(f.DEVICE_FAULTS.labels, (device.id, fault, severity.value)), count)
    looks = [look for name in f.VALUES if (look := world.looks.get((device.id, name))) is not None]
    known = [look for look in looks if look.outcome not in MONITOR_OUTCOMES]
    if not known:
        return
    inside = labels(f.DEVICE_UP.labels, (device.id, device.kind))
    if (device.id, "reach") in plan.checks:
        silent = any(check == "reach" for _, _, check in firing)
    else:
        silent = all(look.outcome in _SILENT for look in known)
    worst = max((len(Severity) - severity.rank for _, severity in faults), default=0)
    page.add(f.DEVICE_UP, inside, not silent)
    page.add(f.DEVICE_SEVERITY, inside, worst)


def write_tickets(tickets: Iterable[Ticket], page: Page) -> None:
    """How many tickets each device has."""
    found = Counter((ticket.fingerprint.device, ticket.severity) for ticket in tickets)
    for (device, severity), count in found.items():
        page.add(f.DEVICE_TICKETS, labels(f.DEVICE_TICKETS.labels, (device, severity.value)), count)
