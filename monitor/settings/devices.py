"""Which devices are there, how are they reached, and which checks does each have?

A device takes over what its kind's defaults and its group say; what it says itself wins.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from monitor.core.plan import MONITOR, Check, Device
from monitor.settings.checks import CheckReader
from monitor.settings.file.base import mark_of
from monitor.settings.file.device import KINDS, CommonShape, CredentialShape, DeviceShape, GroupShape
from monitor.settings.file.secret import Reading
from monitor.settings.mistake import Findings, did_you_mean
from monitor.settings.sections import Listing, Section, Written, mapping
from monitor.settings.tree import MarkedMap, parse, path_of
from probes.discovery import Access
from probes.target import Login, Secret, SnmpAccess, Target

Layers = tuple[Written[Any], ...]  # what may be said of a device, the most general first
_Reach = tuple[Login | None, SnmpAccess | None, Secret | None]  # and the key of an alarm panel
_INHERITED = ("model", "vendor", "profile", "place", "credentials", "snmp", "parent", "power", "silenced")


@dataclass(slots=True)
class Fleet:
    """All devices with their checks."""

    devices: dict[str, Device] = field(default_factory=dict)
    checks: dict[tuple[str, str], Check] = field(default_factory=dict)


class FleetReader:
    """Puts devices together from their layers; mistakes go to `findings`."""

    def __init__(
        self,
        credentials: Section[CredentialShape],
        defaults: Section[CommonShape],
        groups: Section[GroupShape],
        reading: Reading,
    ) -> None:
        self._defaults, self._groups, self._credentials = defaults, groups, credentials
        self._checks = CheckReader(reading)
        self._findings = reading.findings
        self._profiles = frozenset(reading.profiles)
        self._access = {name: _access(written.shape) for name, written in credentials.items.items()}
        self._tags: dict[tuple[tuple[str, str], ...], Mapping[str, str]] = {}

    def read(self, written: Listing[DeviceShape]) -> Fleet:
        """The fleet, with the daemon itself."""
        fleet = Fleet()
        branches: dict[str, MarkedMap] = {}
        layers_of: dict[str, Layers] = {}
        for shape, branch in ((one.shape, one.branch) for one in written.good):
            first = branches.get(shape.id)
            if first is not None:
                self._wrong(branch, "id", "twice", name=shape.id, first=first.mark.line)
                continue
            if shape.id == MONITOR:
                self._wrong(branch, "id", "own_name", name=shape.id)
                continue
            branches[shape.id] = branch
            layers = self._layers(shape, branch)
            if layers:
                layers_of[shape.id] = layers
                self._add(fleet, shape, branch, layers)
        fleet.devices[MONITOR] = Device(MONITOR, "Sitewarden", "monitor", Target(MONITOR, "localhost"))
        known = branches.keys() | {str(one.get("id")) for one in written.refused}
        for device_id, layers in layers_of.items():
            self._check_links(fleet, device_id, layers, known)
        self._find_loops(fleet, branches)
        self._check_the_rest(written.refused)
        return fleet

    def _check_the_rest(self, refused: Iterable[MarkedMap]) -> None:
        """Checks of devices that were refused, and of groups that nobody is in: their mistakes are told as well."""
        anybody = Device("", "", "server", Target("", "localhost", snmp=SnmpAccess()))
        groups = (written.branch for written in self._groups.items.values())
        defaults = (written.branch for written in self._defaults.items.values())
        for branch in (*groups, *defaults, *refused):
            checks = branch.get("checks")
            if isinstance(checks, MarkedMap):
                self._checks.read(anybody, [checks], branch)

    def _layers(self, shape: DeviceShape, branch: MarkedMap) -> Layers:
        """From the most general to the device itself; empty when the kind cannot be known."""
        own = Written(shape, branch)
        group: Written[GroupShape] | None = None
        if shape.group is not None:
            group = self._groups.items.get(shape.group)
            if group is None:
                if shape.group not in self._groups.named:
                    meant = did_you_mean(shape.group, self._groups.named)
                    self._wrong(branch, "group", "unknown_group", meant, name=shape.group)
                return ()
        kind = shape.kind or (group.shape.kind if group else None)
        if kind is None:
            self._findings.wrong(branch.mark, path_of(branch, "kind"), "kind_missing", names=", ".join(KINDS))
            return ()
        default = self._defaults.items.get(kind)
        return tuple(layer for layer in (default, group, own) if layer is not None)

    def _add(self, fleet: Fleet, shape: DeviceShape, branch: MarkedMap, layers: Layers) -> None:
        said = {name: _said(layers, name) for name in _INHERITED}
        group = next((layer.shape for layer in layers if isinstance(layer.shape, GroupShape)), None)
        kind = shape.kind or (group.kind if group else None)
        assert kind is not None
        login, snmp, alarm_key = self._reach_for(layers)
        device = Device(
            shape.id,
            shape.name or shape.id,
            kind,
            Target(shape.id, shape.host, login, snmp, alarm_key),
            said["model"] or "",
            said["vendor"] or "",
            said["place"] or "",
            said["parent"],
            shape.port,
            said["power"],
            self._shared_tags(layers),
            bool(said["silenced"]),
            shape.serial,
            shape.mac.lower(),
            self._profile(layers),
        )
        fleet.devices[device.id] = device
        if shape.port and device.parent is None:
            self._wrong(branch, "port", "port_without_parent")
        said_of_checks = [layer.branch.get("checks") for layer in layers]
        for check in self._checks.read(device, [one for one in said_of_checks if isinstance(one, MarkedMap)], branch):
            fleet.checks[device.id, check.name] = check

    def _profile(self, layers: Layers) -> str:
        name, branch = _said_where(layers, "profile")
        if name is None or branch is None or name in self._profiles:
            return name or ""
        self._wrong(branch, "profile", "unknown_profile", did_you_mean(name, self._profiles), name=name)
        return ""

    def _reach_for(self, layers: Layers) -> _Reach:
        login: Login | None = None
        snmp: SnmpAccess | None = None
        alarm_key: Secret | None = None
        for key in ("credentials", "snmp"):
            name, branch = _said_where(layers, key)
            if name is None or branch is None:
                continue
            if name not in self._access:
                if name not in self._credentials.named:
                    meant = did_you_mean(name, self._credentials.named)
                    self._wrong(branch, key, "unknown_credential", meant, name=name)
                continue
            its_login, its_snmp, its_key = self._access[name]
            if key == "snmp" and its_snmp is None:
                self._wrong(branch, key, "no_snmp", name=name)
            login = its_login if key == "credentials" else login
            alarm_key = its_key if key == "credentials" else alarm_key
            snmp = its_snmp or snmp
        return login, snmp, alarm_key

    def _shared_tags(self, layers: Layers) -> Mapping[str, str]:
        tags = {name: value for layer in layers for name, value in layer.shape.tags.items()}
        return self._tags.setdefault(tuple(sorted(tags.items())), tags)

    def _check_links(self, fleet: Fleet, device_id: str, layers: Layers, known: Any) -> None:
        for key in ("parent", "power"):
            name, branch = _said_where(layers, key)
            if name is None or branch is None:
                continue
            if name not in known:
                self._wrong(branch, key, "unknown_device", did_you_mean(name, known), name=name)
            elif key == "power" and name in fleet.devices and fleet.devices[name].kind != "ups":
                self._wrong(branch, key, "power_not_ups", name=name, kind=fleet.devices[name].kind)

    def _find_loops(self, fleet: Fleet, branches: Mapping[str, MarkedMap]) -> None:
        """Nothing may hang on itself, by network or by power."""
        done: set[str] = set()
        for start in fleet.devices:
            trail: dict[str, None] = {}
            todo: list[tuple[str, bool]] = [(start, False)]
            while todo:
                device, leaving = todo.pop()
                if leaving:
                    trail.pop(device, None)
                    done.add(device)
                    continue
                if device in trail:
                    names = [*trail]
                    chain = " > ".join([*names[names.index(device) :], device])
                    self._wrong(branches[device], "parent", "parent_loop", chain=chain)
                    return
                if device in done:
                    continue
                trail[device] = None
                todo.append((device, True))
                above = fleet.devices[device]
                todo += [(one, False) for one in (above.parent, above.power) if one in fleet.devices and one]

    def _wrong(self, branch: MarkedMap, key: str, code: str, meant: tuple[str, ...] = (), **facts: str | int) -> None:
        self._findings.wrong(mark_of(branch, key), path_of(branch, key), code, meant=meant, **facts)


def _said(layers: Layers, name: str) -> Any:
    """What the last layer that says it says."""
    for layer in reversed(layers):
        if name in layer.shape.model_fields_set:
            return getattr(layer.shape, name)
    return None


def _said_where(layers: Layers, name: str) -> tuple[str | None, MarkedMap | None]:
    for layer in reversed(layers):
        if name in layer.shape.model_fields_set:
            return getattr(layer.shape, name), layer.branch
    return None, None


def _access(shape: CredentialShape) -> _Reach:
    login = Login(shape.username, shape.password) if shape.password is not None else None
    snmp = shape.snmp
    if snmp is None:
        return login, None, shape.alarm_key
    access = SnmpAccess(
        snmp.version, snmp.port, username=snmp.username, auth=snmp.auth, auth_key=snmp.auth_key, priv=snmp.priv,
        priv_key=snmp.priv_key, context=snmp.context,
    )  # fmt: skip
    if snmp.community is not None:
        access = SnmpAccess(snmp.version, snmp.port, snmp.community)
    return login, access, shape.alarm_key


def read_access(text: str, file: Path) -> dict[str, Access]:
    """The entries of `credentials` by name, of a file that was found good; a secret that cannot be had is empty."""
    findings = Findings()
    root = parse(text.encode(), findings, str(file))
    if not isinstance(root, MarkedMap):
        return {}
    reading = Reading(findings, file.absolute().parent, os.environ, lenient=True)
    section = mapping(root, "credentials", TypeAdapter(CredentialShape), reading)
    return {name: Access(name, *_access(written.shape)[:2]) for name, written in section.items.items()}
