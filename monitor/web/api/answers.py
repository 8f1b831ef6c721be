"""How do devices, tickets and events become JSON?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from monitor.core import plan as plans
from monitor.core.change import PictureRole
from monitor.core.world import World
from monitor.locale import Formats
from monitor.notify.wording import describe
from monitor.storage.reading import Evidence
from monitor.web.api import models
from monitor.web.views import wording
from monitor.web.views.directory import Directory
from monitor.web.views.states import glance, last_look
from probes.observation import Observation, Values
from ticketing.ticket import Clock, Fingerprint, Ticket, TicketEvent


def device(one: plans.Device, world: World, directory: Directory) -> models.Device:
    """A device for the list."""
    return models.Device(**_device(one, world, directory))


def _device(one: plans.Device, world: World, directory: Directory) -> dict[str, object]:
    return {
        "id": one.id,
        "name": one.name,
        "kind": one.kind,
        "state": glance(one, world, directory),
        "place": one.place,
        "vendor": one.vendor,
        "model": one.model,
        "host": one.target.host,
        "parent": one.parent,
        "port": one.port,
        "power": one.power,
        "tags": dict(one.tags),
        "last_look_at": last_look(one.id, world, directory),
    }


def device_detail(one: plans.Device, world: World, directory: Directory) -> models.DeviceDetail:
    """Everything that is known of a device."""
    site = directory.plan.site.id
    conditions = []
    for condition in world.standing(one.id):
        key = condition.key
        rule = directory.plan.rule(one.id, key.rule)
        fingerprint = Fingerprint(site, one.id, key.component, rule.fault if rule else key.rule)
        conditions.append(
            models.Condition(
                rule=key.rule,
                component=key.component,
                state=condition.state,
                since=condition.since,
                fired_at=condition.fired_at,
                held_by=condition.held_by,
                ticket=world.by_fingerprint.get(fingerprint),
            )
        )
    checks = [
        models.Check(
            name=check.name,
            probe=check.probe,
            every_seconds=check.every_seconds,
            timeout_seconds=check.timeout_seconds,
            look=look(seen) if (seen := world.looks.get((one.id, check.name))) else None,
        )
        for check in directory.checks.get(one.id, ())
    ]
    roles: tuple[PictureRole, ...] = ("latest", "good")
    pictures = {role: at for role in roles if (at := world.pictures.get((one.id, role))) is not None}
    children = list(directory.plan.children.get(one.id, ()))
    return models.DeviceDetail(
        **_device(one, world, directory), checks=checks, conditions=conditions, children=children, pictures=pictures
    )


def look(seen: Observation) -> models.Look:
    """One look."""
    rows = {table: {key: _finite(row) for key, row in found.items()} for table, found in seen.rows.items()}
    return models.Look(
        check=seen.check,
        at=seen.at,
        duration_seconds=seen.duration_seconds,
        outcome=seen.outcome,
        detail=seen.detail,
        values=_finite(seen.values),
        rows=rows,
    )


def _finite(values: Values) -> dict[str, bool | int | float | str]:
    """JSON knows neither infinity nor NaN."""
    return {name: value for name, value in values.items() if not isinstance(value, float) or abs(value) < float("inf")}


def ticket(one: Ticket, plan: plans.Plan, formats: Formats, now: float) -> models.Ticket:
    """A ticket for the list."""
    return models.Ticket(**_ticket(one, plan, formats, now))


def _ticket(one: Ticket, plan: plans.Plan, formats: Formats, now: float) -> dict[str, object]:
    return {
        "id": one.id,
        "name": one.name,
        "state": one.state,
        "severity": one.severity,
        "device": one.fingerprint.device,
        "component": one.fingerprint.component,
        "fault": one.fingerprint.fault,
        "title": wording.title(plan, one, formats, now),
        "opened_at": one.opened_at,
        "since": one.since,
        "response": _clock(one.response),
        "arrival": _clock(one.arrival),
        "fix": _clock(one.fix),
        "assignee": one.assignee,
        "pending": one.pending,
        "resolved_at": one.resolved_at,
        "recovered_at": one.recovered_at,
        "closed_at": one.closed_at,
        "occurrences": one.occurrences,
        "reopened": one.reopened,
        "previous": one.previous,
        "children": len(one.children),
        "changed_at": one.changed_at,
    }


def _clock(one: Clock) -> models.Clock:
    return models.Clock(due_at=one.due_at, met_at=one.met_at, breached=one.breached)


def ticket_detail(
    one: Ticket, plan: plans.Plan, formats: Formats, now: float, *, evidence: Sequence[Evidence], allowed: Sequence[str]
) -> models.TicketDetail:
    """Everything that is known of a ticket."""
    told = describe(one, plan, formats.language, now)
    return models.TicketDetail(
        **_ticket(one, plan, formats, now),
        text=told.what,
        sentence=told.sentence,
        causes=list(told.causes),
        remedies=list(told.remedies),
        bring=list(told.bring),
        remote=told.remote,
        cabling=told.cabling,
        facts=_finite(one.facts),
        surroundings=[_finite(seen) for seen in one.surroundings],
        held_back=list(one.children),
        cause=one.cause,
        work=one.work,
        waiver=one.waiver,
        pictures={picture.role: picture.at for picture in evidence},
        allowed=list(allowed),
    )


def event(one: TicketEvent) -> models.Event:
    """One line of a history."""
    facts: Mapping[str, bool | int | float | str] = _finite(one.facts)
    return models.Event(
        ticket=one.ticket, number=one.number, at=one.at, kind=one.kind, by=one.by, text=one.text, facts=dict(facts)
    )
