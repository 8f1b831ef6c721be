"""What is known of one device?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from monitor.core.condition import FLAP_QUIET_SECONDS, Condition, State
from monitor.core.plan import Check, Device, Plan, Rule
from monitor.core.world import World
from monitor.locale import Formats, Translate, translate
from monitor.locale.probe_lines import say_line
from monitor.web.views import inventory, wording
from monitor.web.views.directory import Directory
from monitor.web.views.labels import CHECKS
from monitor.web.views.numbers import NAMES, Figure, figure, label_of, written
from monitor.web.views.picture import MEASURES
from monitor.web.views.recorder import RecorderView, recorder_view
from monitor.web.views.states import Glance, glance, last_look
from probes.observation import MONITOR_OUTCOMES, Observation, Outcome, Values
from ticketing.ticket import Fingerprint

MAX_ROWS: Final = 128  # of one table
MAX_COLUMNS: Final = 10
MAX_ABOVE: Final = 8
MAX_BELOW: Final = 200
RECORDER: Final = "recorder"  # the check


@dataclass(frozen=True, slots=True)
class ConditionView:
    """What is or may be wrong: `done` of `wanted` looks, `passed` of `length` seconds towards the next state."""

    condition: Condition
    title: str
    component: str
    severity: str
    done: int
    wanted: int
    passed: float
    length: float
    held_by: str
    ticket: int | None

    @property
    def progress(self) -> float:
        """0…1: how near the next state is."""
        return min(self.done / max(1, self.wanted), self.passed / self.length if self.length > 0 else 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Table:
    """Rows that a check delivered."""

    name: str
    columns: tuple[str, ...]  # labels
    rows: tuple[tuple[str, tuple[str, ...]], ...]  # key, cells
    left_out: int


@dataclass(frozen=True, slots=True)
class CheckView:
    """One check with its latest look."""

    check: Check
    look: Observation | None
    detail: str  # what the look says besides, in the reader's language
    tone: str  # ok, bad, unknown: how the outcome is coloured
    figures: tuple[Figure, ...]
    tables: tuple[Table, ...]
    fresh: bool  # it was asked by hand a moment ago


@dataclass(frozen=True, slots=True)
class Place:
    """One device of the tree of cables."""

    device: Device
    glance: Glance


@dataclass(frozen=True, slots=True)
class Family:
    """The profile that a device has, and who says so: `site`, `snmp` or `onvif`."""

    profile: str
    by: str


@dataclass(frozen=True, slots=True)
class DeviceView:
    """Everything on a device's page but its tickets."""

    device: Device
    glance: Glance
    seen_at: float | None
    pictures: tuple[tuple[str, float], ...]  # role, at
    conditions: tuple[ConditionView, ...]
    checks: tuple[CheckView, ...]
    above: tuple[Place, ...]  # from the far end to the direct parent
    power: Place | None
    below: tuple[Place, ...]
    below_left_out: int
    inventory: inventory.InventoryView
    recorder: RecorderView | None = None
    family: Family | None = None


def view(
    device: Device, world: World, directory: Directory, formats: Formats, now: float, *, asked: float
) -> DeviceView:
    """The device as it stands; looks that began after `asked` are marked as fresh."""
    plan = directory.plan
    below = plan.children.get(device.id, ())
    places = tuple(_place(plan.devices[one], world, directory) for one in below[:MAX_BELOW])
    power = plan.devices.get(device.power or "")
    return DeviceView(
        device,
        glance(device, world, directory),
        last_look(device.id, world, directory),
        tuple((role, at) for role in ("latest", "good") if (at := world.pictures.get((device.id, role))) is not None),
        tuple(_condition(one, plan, world, formats, now) for one in _worst_first(world, device.id)),
        tuple(_check(one, world, formats, asked) for one in directory.checks.get(device.id, ())),
        tuple(_place(one, world, directory) for one in _above(device, plan)),
        _place(power, world, directory) if power else None,
        tuple(sorted(places, key=lambda place: place.glance.rank)),
        len(below) - len(places),
        inventory.view(world.inventory.get(device.id, {}), formats),
        recorder_view(world.looks.get((device.id, RECORDER)), formats)
        if (device.id, RECORDER) in plan.checks
        else None,
        _family(device, world),
    )


def _family(device: Device, world: World) -> Family | None:
    """What the site's file says; else the agent, unless it knows no more than that it is one; else make and model."""
    if device.profile:
        return Family(device.profile, "site")
    known = world.inventory.get(device.id, {})
    found = [Family(item.value, check) for check in ("snmp", "onvif") if (item := known.get(f"{check}/profile"))]
    found.sort(key=lambda one: one.profile == "generic")
    return found[0] if found else None


def _place(device: Device, world: World, directory: Directory) -> Place:
    return Place(device, glance(device, world, directory))


def _above(device: Device, plan: Plan) -> list[Device]:
    found: list[Device] = []
    parent = plan.devices.get(device.parent or "")
    while parent is not None and parent not in found and len(found) < MAX_ABOVE:
        found.insert(0, parent)
        parent = plan.devices.get(parent.parent or "")
    return found


def _worst_first(world: World, device: str) -> list[Condition]:
    return sorted(world.standing(device), key=lambda one: (not one.firing, one.since, one.key))


def _condition(condition: Condition, plan: Plan, world: World, formats: Formats, now: float) -> ConditionView:
    key = condition.key
    rule = plan.rule(key.device, key.rule)
    fingerprint = Fingerprint(plan.site.id, key.device, key.component, rule.fault if rule else key.rule)
    facts = _facts(condition, rule, world)
    done, wanted, passed, length = _progress(condition, rule, now)
    return ConditionView(
        condition,
        wording.title_before(plan, fingerprint, facts, formats, since=condition.since, now=now),
        wording.component(key.component, formats),
        rule.severity.value if rule else "",
        done,
        wanted,
        passed,
        length,
        _held_by(condition, plan, translate(formats.language)),
        world.by_fingerprint.get(fingerprint),
    )


def _facts(condition: Condition, rule: Rule | None, world: World) -> Values:
    look = world.looks.get((condition.key.device, rule.check)) if rule else None
    if look is None:
        return {}
    table, _, row = condition.key.component.partition("/")
    return {**look.values, **look.rows.get(table, {}).get(row, {})}


def _progress(condition: Condition, rule: Rule | None, now: float) -> tuple[int, int, float, float]:
    if rule is None:
        return 0, 0, 0.0, 0.0
    if condition.state is State.PENDING:
        return condition.hits, rule.looks, max(0.0, now - condition.since), rule.for_seconds
    if condition.good_since is None:
        return 0, rule.clear_looks, 0.0, rule.clear_for_seconds
    quiet = FLAP_QUIET_SECONDS if condition.state is State.FLAPPING else rule.clear_for_seconds
    return condition.goods, rule.clear_looks, max(0.0, now - condition.good_since), quiet


def _held_by(condition: Condition, plan: Plan, say: Translate) -> str:
    by = condition.held_by or ""
    device = plan.devices.get(by)
    if device:
        return device.name
    check = by.removeprefix("check:")
    return say(CHECKS[check]) if check in CHECKS else check


def _check(check: Check, world: World, formats: Formats, asked: float) -> CheckView:
    look = world.looks.get((check.device, check.name))
    if look is None:
        return CheckView(check, None, "", "unknown", (), (), fresh=False)
    say = translate(formats.language)
    told = [(name, value) for name, value in look.values.items() if value != ""]
    figures = tuple(figure(name, value, say, formats) for name, value in told[:60])
    rows_of_check = [] if check.name == RECORDER else list(look.rows.items())  # those have a picture of their own
    tables = tuple(_table(name, rows, formats) for name, rows in rows_of_check[:12] if rows)
    detail = say_line(look.detail, formats.language)
    return CheckView(check, look, detail, _tone(look.outcome), figures, tables, fresh=0 < asked <= look.at)


def _tone(outcome: Outcome) -> str:
    if outcome is Outcome.OK:
        return "ok"
    return "unknown" if outcome in MONITOR_OUTCOMES or outcome is Outcome.UNSUPPORTED else "bad"


def _table(name: str, rows: Mapping[str, Values], formats: Formats) -> Table:
    say = translate(formats.language)
    names = list(dict.fromkeys(column for row in list(rows.values())[:MAX_ROWS] for column in row))[:MAX_COLUMNS]
    cells = tuple(
        (
            _called(name, key, say),
            tuple(written(column, row[column], say, formats) if column in row else "" for column in names),
        )
        for key, row in list(rows.items())[:MAX_ROWS]
    )
    columns = tuple(say(NAMES[column]) if column in NAMES else column.replace("_", " ") for column in names)
    return Table(name, columns, cells, max(0, len(rows) - MAX_ROWS))


def _called(table: str, key: str, say: Translate) -> str:
    """What a row is called: measures and faults of a picture have names, other rows the device's own keys."""
    if table == "measure":
        return say(MEASURES[key]) if key in MEASURES else key
    return label_of(key, say) if table == "fault" else key
