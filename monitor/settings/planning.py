"""Which rules hold for which device? Makes the Plan; like devices share their rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from monitor.core import guesses, inventory
from monitor.core.plan import MONITOR, Device, Plan, Rule
from monitor.settings.model import Settings

RulesByCheck = Mapping[str, tuple[Rule, ...]]


def plan(settings: Settings) -> Plan:
    """The plan of these settings. Cannot fail: `load` has checked everything."""
    named: dict[str, list[str]] = {device: [] for device in settings.devices}
    for (device, name), check in settings.checks.items():
        named[device].append(name)
        target = settings.devices[device].target
        # a refused password is one fault of the device, whichever of its checks met the refusal
        if check.uses_login and target.login and "login" not in named[device]:
            named[device].append("login")
        if check.uses_snmp and target.snmp and "snmp_login" not in named[device]:
            named[device].append("snmp_login")
    for names in named.values():
        if any(source in names for source in inventory.SOURCES):
            names.append(inventory.CHECK)
        if settings.default_logins and "onvif" in names:
            names.append(guesses.CHECK)
    named[MONITOR].append("self")
    binder = _Binder(settings)
    keys = {key: key for key in settings.checks}
    rules: dict[tuple[str, str], tuple[Rule, ...]] = {}
    for device_id, names in named.items():
        bound = binder.bind(settings.devices[device_id], tuple(names))
        for name, of_check in bound.items():
            key = (device_id, name)
            rules[keys.get(key, key)] = of_check
    return Plan(
        settings.site,
        settings.devices,
        settings.checks,
        rules,
        settings.faults,
        settings.routes,
        settings.targets,
        settings.picture_every_seconds,
        settings.reopen_within_seconds,
    )


class _Binder:
    """Remembers what it bound, so that ten thousand like devices share one set of rules."""

    def __init__(self, settings: Settings) -> None:
        self._rules = settings.rules
        self._overrides = settings.overrides
        self._bound: dict[tuple[object, ...], RulesByCheck] = {}

    def bind(self, device: Device, checks: tuple[str, ...]) -> RulesByCheck:
        covering = tuple(number for number, one in enumerate(self._overrides) if one.covers(device))
        likeness = (device.kind, checks, covering)
        found = self._bound.get(likeness)
        if found is None:
            found = self._bound[likeness] = self._bind(device.kind, checks, covering)
        return found

    def _bind(self, kind: str, checks: tuple[str, ...], covering: tuple[int, ...]) -> RulesByCheck:
        found: dict[str, list[Rule]] = {}
        for shipped in self._rules:
            if shipped.check not in checks or (shipped.kinds and kind not in shipped.kinds):
                continue
            rule: Rule | None = shipped
            for override in (self._overrides[number] for number in covering):
                if rule is not None and override.names(rule.id):
                    rule = None if override.off else override.change(rule)
            if rule is not None:
                needs = tuple(need for need in rule.needs if need in checks)
                found.setdefault(rule.check, []).append(rule if needs == rule.needs else replace(rule, needs=needs))
        return {name: tuple(rules) for name, rules in found.items()}
