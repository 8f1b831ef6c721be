"""What is watched, how, and what counts as a fault? Immutable; a reload makes a new one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from monitor.core.expression import Expression
from probes.observation import Value
from probes.probe import Lane, Options
from probes.target import Target
from ticketing.policies import Route, ServiceTargets
from ticketing.ticket import Severity

DeviceKind = Literal["camera", "recorder", "panel", "switch", "ups", "gateway", "server", "sensor", "monitor"]
MONITOR = "sitewarden"  # the daemon's own device id; its check is "self"


@dataclass(frozen=True, slots=True)
class Text:
    """A text in both languages."""

    en: str
    zh_CN: str

    def get(self, language: str) -> str:
        """The text in that language ("en" or "zh_CN")."""
        return self.zh_CN if language == "zh_CN" else self.en


@dataclass(frozen=True, slots=True)
class Cause:
    """A probable cause. One that quotes a fact is the cause where the fact is known, and none where it is not."""

    text: Text
    port: frozenset[str] = frozenset()  # states of the port that feeds the device which fit it; empty: all


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault code and what a technician needs to know of it. `title` and `text` may quote facts as {name}."""

    code: str
    title: Text
    text: Text
    causes: tuple[Cause, ...] = ()
    remedies: tuple[Text, ...] = ()
    bring: tuple[Text, ...] = ()  # may quote {model}
    remote: bool = False  # it is put right from a desk: nothing is to be brought


@dataclass(frozen=True, slots=True)
class Rule:
    """When is something wrong? Source: one entry of a rules YAML.

    `when` is CEL over `outcome` (text), `duration_seconds`, the answer's values, the rule's `params`, and, with `each`,
    the row's values and `key`. A name that is missing makes the verdict unknown, never false.
    """

    id: str
    fault: str
    check: str  # name of the check that it reads: reach, onvif, rtsp, frame, snmp, http, tls, self
    kinds: frozenset[str]  # kinds of device; empty: all
    when: Expression
    severity: Severity
    clear_when: Expression | None = (
        None  # hysteresis: while firing, good means that this is true; None: `when` is false
    )
    each: str | None = None  # name of a table: one condition a row
    for_seconds: float = 60.0  # hold-down
    looks: int = 2  # bad looks wanted within the hold-down before it fires
    clear_for_seconds: float = 60.0
    clear_looks: int = 2
    needs: tuple[str, ...] = ()  # checks of the same device that must be well, else this is held back
    holds_children: bool = False  # while firing, holds back the devices behind this one
    params: Mapping[str, Value] = field(default_factory=dict)
    where: str = ""  # file:line
    asks: tuple[str, ...] = ()  # checks of the same device that are put at once when this may be wrong
    judged_by: tuple[str, ...] = ()  # heard: faults by which a look at the same device says whether it is so
    found_by: tuple[
        str, ...
    ] = ()  # heard: faults by which a look may find it too; what it does not find may be all the same
    profiles: frozenset[str] = frozenset()  # the SNMP profiles that it belongs to; `when` asks for them too
    any_row: bool = False  # with `each`: one condition for the table, bad while any row is (rows of alarms come and go)


@dataclass(frozen=True, slots=True)
class Check:
    """One question to one device, again and again; or what one device says by itself (`heard`)."""

    device: str
    name: str
    probe: str
    options: Options
    every_seconds: float
    timeout_seconds: float
    lane: Lane
    uses_login: bool = False
    uses_snmp: bool = False
    heard: bool = False  # nobody asks: the listener named by `probe` hears it


@dataclass(frozen=True, slots=True)
class Device:
    """Something at the site. `parent` is what it hangs on (switch, recorder, UPS, gateway), `port` where."""

    id: str
    name: str
    kind: DeviceKind
    target: Target
    model: str = ""
    vendor: str = ""
    place: str = ""
    parent: str | None = None
    port: str = ""  # for a PoE switch the row key of its port, e.g. "1.7"
    power: str | None = None  # the UPS that feeds it, if known
    tags: Mapping[str, str] = field(default_factory=dict)
    silenced: bool = False
    serial: str = ""  # as discovery found it; by it a device is known again at another address
    mac: str = ""
    profile: str = ""  # of its family, where the configuration names it


@dataclass(frozen=True, slots=True)
class Site:
    """The site itself."""

    id: str
    name: str
    timezone: str = "UTC"
    language: Literal["en", "zh_CN"] = "en"
    address: str = ""
    contact: str = ""


@dataclass(frozen=True)
class Plan:
    """Everything that `decide` may know about what is wanted."""

    site: Site
    devices: Mapping[str, Device]
    checks: Mapping[tuple[str, str], Check]
    rules: Mapping[tuple[str, str], tuple[Rule, ...]]  # (device, check) -> rules that read it, parameters put in
    faults: Mapping[str, Fault]
    routes: tuple[Route, ...] = ()
    targets: Mapping[Severity, ServiceTargets] = field(default_factory=dict)
    picture_every_seconds: float = 600.0
    reopen_within_seconds: float = 86_400.0

    @cached_property
    def children(self) -> Mapping[str, tuple[str, ...]]:
        """Device -> the devices that hang directly on it (by `parent` or by `power`)."""
        found: dict[str, list[str]] = {}
        for device in self.devices.values():
            for above in {device.parent, device.power} - {None}:
                assert above is not None
                found.setdefault(above, []).append(device.id)
        return {parent: tuple(ids) for parent, ids in found.items()}

    @cached_property
    def cameras_by_name(self) -> Mapping[str, str]:
        """Name -> the camera that people call so; names that several cameras share are left out."""
        names = Counter(device.name for device in self.devices.values() if device.kind == "camera")
        return {
            device.name: device.id
            for device in self.devices.values()
            if device.kind == "camera" and names[device.name] == 1
        }

    @cached_property
    def cameras_by_host(self) -> Mapping[str, str]:
        """Address -> the camera there; addresses that several cameras share, as behind an encoder, are left out."""
        hosts = Counter(device.target.host for device in self.devices.values() if device.kind == "camera")
        return {
            device.target.host: device.id
            for device in self.devices.values()
            if device.kind == "camera" and hosts[device.target.host] == 1
        }

    def below(self, device: str) -> list[str]:
        """Every device that hangs on this one, directly or not, each once."""
        found: dict[str, None] = {}
        level = [device]
        while level:
            level = [child for each in level for child in self.children.get(each, ()) if child not in found]
            found.update(dict.fromkeys(level))
        return list(found)

    @cached_property
    def _rules_by_device(self) -> Mapping[str, Mapping[str, Rule]]:
        found: dict[str, dict[str, Rule]] = {}
        shared: dict[tuple[int, ...], dict[str, Rule]] = {}  # like devices share one table
        by_device: dict[str, list[Rule]] = {}
        for (device, _), rules in self.rules.items():
            by_device.setdefault(device, []).extend(rules)
        for device, of_device in by_device.items():
            key = tuple(id(rule) for rule in of_device)
            found[device] = shared.setdefault(key, {rule.id: rule for rule in of_device})
        return found

    def rules_of(self, device: str) -> tuple[Rule, ...]:
        """Every rule that reads a check of this device."""
        return tuple(self._rules_by_device.get(device, {}).values())

    def rule(self, device: str, rule_id: str) -> Rule | None:
        """That rule as it holds for this device; None if it does not."""
        return self._rules_by_device.get(device, {}).get(rule_id)
