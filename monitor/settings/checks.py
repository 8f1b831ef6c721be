"""Which checks does a device have, how often, and with which options?"""

from __future__ import annotations

from collections.abc import Hashable
from contextlib import suppress
from dataclasses import dataclass

from pydantic import TypeAdapter

from monitor.core.plan import Check, Device
from monitor.settings.defaults import CHECKS, EVERY_SECONDS, EVERY_SECONDS_OF, PROBES
from monitor.settings.file.base import keys_of, mark_of, note_unknown, validate
from monitor.settings.file.device import CHECK_NAMES
from monitor.settings.file.secret import Reading
from monitor.settings.file.units import say_duration
from monitor.settings.layers import COMMON, OFF, Laid, copy, lay
from monitor.settings.mistake import did_you_mean
from monitor.settings.tree import MarkedMap, path_of
from probes.listener import Listener
from probes.probe import Lane, Options, Probe
from probes.registry import HEARD, listener, probe

_LENDERS = {"frame": ("rtsp", "onvif", "frame"), "events": ("onvif", "events")}  # whose layers matter to it


@dataclass(frozen=True, slots=True)
class _Asked:
    """What one check is after all layers: shared by all devices whose layers say the same."""

    probe: Probe | Listener
    options: Options
    every_seconds: float = 0.0
    timeout_seconds: float = 0.0

    def of(self, device: str, name: str) -> Check:
        """As the check of that device."""
        one, heard = self.probe, isinstance(self.probe, Listener)
        lane = one.lane if isinstance(one, Probe) else Lane.WIRE
        return Check(
            device, name, one.kind, self.options, self.every_seconds, self.timeout_seconds, lane, one.uses_login,
            one.uses_snmp, heard,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Wish:
    """What one device says of its checks."""

    kind: str  # of the device
    said: dict[str, list[MarkedMap]]  # check -> the layers that speak of it, the most general first
    own: MarkedMap  # the device's branch
    onvif: bool  # is it asked by ONVIF?
    profile: str = ""  # of the device, if its configuration names one

    def likeness(self, name: str) -> Hashable:
        """Equal for devices whose check is the same."""
        matters = _LENDERS.get(name, (name,))
        profile = self.profile if name == "snmp" else ""
        return (name, self.kind, self.onvif, profile, *((each, *map(id, self.said[each])) for each in matters))


class CheckReader:
    """Reads checks; what was read once for the same layers is not read again."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._known: dict[Hashable, _Asked | None] = {}
        self._adapters: dict[str, TypeAdapter[Options]] = {}
        self._options: dict[Options, Options] = {}
        self._profiles = frozenset({"auto", *reading.profiles})

    def read(self, device: Device, layers: list[MarkedMap], own: MarkedMap) -> list[Check]:
        """The device's checks. What is wrong goes to the findings, and that check is left out.

        `layers` are what kind, group and device say under `checks`, the most general first; `own` is the device.
        """
        for layer in layers:
            self._note_unknown_names(layer)
        said = {name: [layer for layer in layers if name in layer] for name in CHECK_NAMES}
        wish = _Wish(device.kind, said, own, _wanted("onvif", device, said["onvif"]), device.profile)
        found: list[Check] = []
        for name in CHECK_NAMES:
            if not _wanted(name, device, said[name]) or (name == "snmp" and not self._has_access(device, wish)):
                continue
            if name == "events" and not said[name] and (not wish.onvif or device.target.login is None):
                continue  # nobody has asked for it
            if name == "recorder" and not said[name] and device.target.login is None:
                continue  # without a login it tells nothing
            asked = self._asked(name, wish)
            if asked is not None:
                found.append(asked.of(device.id, name))
        return found

    def _has_access(self, device: Device, wish: _Wish) -> bool:
        """Without access SNMP is left out; it is a mistake only where the device itself asks for it."""
        checks = wish.own.get("checks")
        if device.target.snmp is None and isinstance(checks, MarkedMap) and "snmp" in checks:
            self._reading.findings.wrong(mark_of(checks, "snmp"), path_of(checks, "snmp"), "snmp_without_access")
        return device.target.snmp is not None

    def _note_unknown_names(self, checks: MarkedMap) -> None:
        for name in checks.keys() - CHECK_NAMES:
            self._reading.findings.wrong(
                checks.key_marks[name],
                path_of(checks, name),
                "unknown_check",
                meant=did_you_mean(name, CHECK_NAMES),
                name=name,
                names=", ".join(CHECK_NAMES),
            )

    def _asked(self, name: str, wish: _Wish) -> _Asked | None:
        likeness = wish.likeness(name)
        if likeness not in self._known:
            self._known[likeness] = self._read(name, wish)
        return self._known[likeness]

    def _read(self, name: str, wish: _Wish) -> _Asked | None:
        """Look at what all layers say together: a required option may stand in any of them."""
        before = len(self._reading.findings.mistakes)
        laid = lay(name, wish.said[name], wish.own, self._reading)
        if name == "frame":
            self._lend(laid.options, wish)
        if name == "events":
            self._lend_service(laid.options, wish)
        if name == "rtsp" and not laid.options.keys() & {"url", "path", "depth"}:
            laid.options["depth"] = "options"  # without an address of the stream no more can be asked
        if name == "snmp" and wish.profile and "profile" not in laid.options:
            laid.options["profile"] = wish.profile
        found = self._hear(name, laid) if name in HEARD else self._complete(name, wish.kind, laid)
        return found if len(self._reading.findings.mistakes) == before else None

    def _lend(self, frame: MarkedMap, wish: _Wish) -> None:
        """What the checks onvif and rtsp know of the camera need not be said to frame again."""
        if frame.keys() & {"url", "path"}:
            return
        if wish.onvif:
            known = lay("onvif", wish.said["onvif"], wish.own, self._reading).options
            service = known.keys() & {"port", "path", "tls"}
            if service and "onvif" not in frame:
                lent = MarkedMap(known.mark)
                lent.above = known.above
                copy(known, lent, service)
                frame["onvif"] = lent
        elif "source" not in frame:
            known = lay("rtsp", wish.said["rtsp"], wish.own, self._reading).options
            if known.keys() & {"url", "path"}:
                copy(known, frame, ("url", "path", "port", "tls", "transport"))

    def _lend_service(self, events: MarkedMap, wish: _Wish) -> None:
        """Events come from where ONVIF is asked."""
        known = lay("onvif", wish.said["onvif"], wish.own, self._reading).options if wish.onvif else {}
        if isinstance(known, MarkedMap):
            copy(known, events, known.keys() & {"port", "path", "tls"} - events.keys())

    def _hear(self, name: str, laid: Laid) -> _Asked | None:
        ears, said = listener(name), laid.options
        known = keys_of(ears.options)
        note_unknown(said, known, self._reading.findings)
        for key in said.keys() - known:
            del said[key]
        options = self._options_of(name, ears.options, said)
        return None if options is None else _Asked(ears, self._shared(options))

    def _options_of(self, kind: str, model: type[Options], said: MarkedMap) -> Options | None:
        if kind not in self._adapters:
            self._adapters[kind] = TypeAdapter(model)
        assert said.above is not None
        return validate(self._adapters[kind], said, self._reading, said.above)

    def _complete(self, name: str, device_kind: str, laid: Laid) -> _Asked | None:
        common, said = laid.common, laid.options
        kind = (common.probe if name == "reach" else None) or PROBES[name]
        asking = probe(kind)
        known = keys_of(asking.options)
        if name == "reach":
            self._note_other_probe(said, known, "tcp" if kind == "icmp" else "icmp", sure=laid.sure)
        note_unknown(said, (known | COMMON) - ({"probe"} if name != "reach" else set()), self._reading.findings)
        for key in said.keys() - known:
            del said[key]
        options = self._options_of(kind, asking.options, said)
        if options is None:
            return None
        if name == "snmp":
            self._check_profile(said)
        every = common.every or EVERY_SECONDS_OF.get((device_kind, name), EVERY_SECONDS[name])
        timeout = common.timeout or min(asking.timeout_seconds, every)
        if timeout > every:
            self._reading.findings.wrong(
                said.mark, path_of(said, "timeout"), "timeout_too_long", every=say_duration(every)
            )
        return _Asked(asking, self._shared(options), every, timeout)

    def _shared(self, options: Options) -> Options:
        """Equal options are kept once for all devices, unless a probe's options cannot be hashed."""
        with suppress(TypeError):
            return self._options.setdefault(options, options)
        return options

    def _check_profile(self, said: MarkedMap) -> None:
        profile = said.get("profile")
        if profile is not None and profile not in self._profiles:
            meant = did_you_mean(profile, self._profiles)
            self._reading.findings.wrong(
                mark_of(said, "profile"), path_of(said, "profile"), "unknown_profile", meant=meant, name=profile
            )

    def _note_other_probe(self, said: MarkedMap, known: frozenset[str], other: str, *, sure: bool) -> None:
        """Not where `probe` may have been refused together with something beside it."""
        for key in said.keys() & (keys_of(probe(other).options) - known):
            if sure:
                self._reading.findings.wrong(said.key_marks[key], path_of(said, key), "other_probe", probe=other)
            del said[key]


def _wanted(name: str, device: Device, said: list[MarkedMap]) -> bool:
    if said:
        return said[-1][name] not in OFF
    return device.kind != "monitor" and name in CHECKS[device.kind]
