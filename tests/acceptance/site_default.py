"""A realistic site under the rules as they are shipped: its configuration, what its devices say, how they fail."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from monitor.core import decide
from monitor.core.plan import MONITOR, Check, Plan
from monitor.engine.gate import Gate, Secret
from monitor.engine.live import Health, Stats
from monitor.engine.selfwatch import EVERY_SECONDS, SelfWatch
from monitor.settings.load import load
from monitor.settings.planning import plan as plan_of
from probes.observation import Answer, Observation, Outcome, Value
from tests.acceptance.score import SILENT, WELL, Score

A_SWITCH = 20  # cameras
PORTS = 24
SPEAKING_RECORDER = "nvr-2"
STORY = ("opened", "reopened", "raised", "recovered", "closed", "verify_failed", "cancelled")  # told; no service clocks


def configure(cameras: int = 60) -> dict[str, Any]:
    """A shopping centre: cameras on switches on one UPS, two recorders, a panel, a server, a sensor, an uplink.

    Nothing is tuned: no rule, no interval, no timeout. The monitor stands beyond the gateway.
    """
    switches = [f"sw-{number + 1}" for number in range(-(-cameras // A_SWITCH))]
    core = {"parent": "sw-1", "power": "ups-1"}
    devices: list[dict[str, Any]] = [
        {"id": "gw", "kind": "gateway", "host": "127.9.0.1"},
        {"id": "ups-1", "kind": "ups", "host": "127.9.0.5", "parent": "gw", "credentials": "network"},
        *({"id": name, "kind": "switch", "host": f"127.9.1.{number}", "parent": "gw", "power": "ups-1",
           "credentials": "network"} for number, name in enumerate(switches, 1)),
        {"id": "nvr-1", "kind": "recorder", "host": "127.9.2.1", "model": "DS-7732", "credentials": "network", **core},
        {"id": "nvr-2", "kind": "recorder", "host": "127.9.2.2", "model": "NVR5832", "credentials": "network", **core},
        {"id": "panel-1", "kind": "panel", "host": "127.9.3.1", "credentials": "network", **core},
        {"id": "vms", "kind": "server", "host": "127.9.4.1", "credentials": "network",
         "checks": {"http": {"port": 443, "tls": True}, "tls": "on"}, **core},
        {"id": "rack", "kind": "sensor", "host": "127.9.5.1", "credentials": "network", **core},
    ]  # fmt: skip
    for number in range(cameras):
        switch, port = divmod(number, A_SWITCH)
        devices.append(
            {"id": f"cam-{number + 1:02d}", "kind": "camera", "host": f"127.9.8.{number + 1}", "model": "DS-2CD2143",
             "parent": switches[switch], "port": f"1.{port + 1}", "credentials": "cameras"}
        )  # fmt: skip
    return {
        "site": {"id": "mall", "name": "Mall", "timezone": "Asia/Shanghai"},
        "credentials": {
            "cameras": {"username": "monitor", "password": "not needed here"},
            "network": {"snmp": {"version": "2c", "community": "not needed here"}},
        },
        "devices": devices,
        "channels": {"duty": {"kind": "webhook", "url": "http://127.0.0.1:9/"}},
        "routes": [{"name": "duty", "channel": "duty", "events": list(STORY)}],
    }


def channel_of(camera: str) -> str:
    """The channel of the recorder that speaks of its channels; "" for what it does not record."""
    kind, _, number = camera.partition("-")
    return str(int(number) // 2) if kind == "cam" and int(number) % 2 == 0 else ""


def plan(folder: Path, cameras: int = 60) -> Plan:
    """The plan that the daemon would make of it."""
    file = folder / f"site-{cameras}.yaml"
    file.write_text(yaml.safe_dump(configure(cameras)), encoding="utf-8")
    return plan_of(load(file))


def healthy(made: Plan) -> dict[tuple[str, str], Answer]:
    """What each device says that says more than others of its probe."""
    cameras = sum(device.kind == "camera" for device in made.devices.values())
    snmp: dict[str, Answer] = {
        "ups-1": _ups(),
        "nvr-1": _snmp({"memory_percent": 40, "device_state": "normal"}, disk=_disks()),
        "nvr-2": _snmp(
            {"cpu_percent": 31, "device_state": "normal"},
            disk=_disks(),
            channel={str(n): {"name": f"cam-{2 * n:02d}", "state": "online"} for n in range(1, cameras // 2 + 2)},
        ),
        "panel-1": _snmp({}, sensor=_contacts()),
        "vms": _snmp({"cpu_percent": 12}, storage={"1": {"name": "/", "size_bytes": 10**12, "used_percent": 71.0}}),
        "rack": _snmp(
            {"temperature_celsius": 31.0},
            sensor={
                "1": {"name": "Fan 1", "kind": "rpm", "value": 3_100.0, "status": "ok"},
                "2": {"name": "Rack door", "kind": "casing", "status": "ok"},
            },
        ),
    }
    switch = _snmp(
        {"temperature_celsius": 47.0},
        poe={"1": {"budget_watts": 370, "used_watts": 180, "supply": "on"}},
        poe_port={
            f"1.{n}": {"admin": True, "detect": "delivering" if n <= A_SWITCH else "searching"}
            for n in range(1, PORTS + 1)
        },
        interface={str(n): {"name": f"ge{n}", "admin": "up", "oper": "up"} for n in range(1, PORTS + 1)},
    )
    snmp |= {device.id: switch for device in made.devices.values() if device.kind == "switch"}
    return {
        **{(device, "snmp"): answer for device, answer in snmp.items()},
        (MONITOR, "self"): Answer(_selfwatch().look().values),
    }


class Site(Score):
    """The score of such a site. Passwords are guarded as in the daemon; what hangs on a dead device dies with it.

    `noise` is the share of looks that get no answer for no reason at all.
    """

    def __init__(self, made: Plan, *, noise: float = 0.0, seed: int = 1, itself_every: float = EVERY_SECONDS) -> None:
        self.usual = healthy(made)
        self.itself_every = itself_every  # seconds between the daemon's looks at itself
        self.noise, self.chance = noise, random.Random(seed)
        self.gate = Gate(lambda: self.now)
        self.refusals: Counter[str] = Counter()  # by device
        super().__init__(made)
        self.at(1.0, self._look_at_itself)

    def cut(self, *devices: str) -> None:
        """These lose their power or their line, and so does what is behind them. Neighbours notice."""
        lost = dict.fromkeys(name for device in devices for name in (device, *self.plan.below(device)))
        self.dark(*lost)
        self._show(lost, lost=True)

    def restore(self, *devices: str) -> None:
        """Well again, with all behind."""
        back = dict.fromkeys(name for device in devices for name in (device, *self.plan.below(device)))
        self.well(*back)
        self._show(back, lost=False)

    def say(self, device: str, check: str, **values: Value) -> None:
        """It answers as now, but for these values."""
        before = self._said(device, check)
        if before.outcome is not Outcome.OK:
            before = self._usually(device, check)
        self.answer(device, check, replace(before, values={**before.values, **values}))

    def row(self, device: str, table: str, key: str, **columns: Value) -> None:
        """Its SNMP agent answers as now, but for this row."""
        before = self._said(device, "snmp")
        rows = before.rows.get(table, {})
        changed = {**rows, key: {**rows.get(key, {}), **columns}}
        self.answer(device, "snmp", replace(before, rows={**before.rows, table: changed}))

    def fail(self, device: str, outcome: Outcome, *checks: str) -> None:
        """These checks end so."""
        for check in checks:
            self.answer(device, check, Answer(outcome=outcome))

    def reply(self, check: Check) -> Answer:
        secret = _secret(check)
        if secret is not None and not self.gate.admits(check.device, secret, check.name):
            return Answer(outcome=Outcome.WITHHELD)
        if self.noise and self.chance.random() < self.noise:
            return SILENT
        return self._said(check.device, check.name)

    def _said(self, device: str, check: str) -> Answer:
        return self.answers.get((device, check)) or self._usually(device, check)

    def _usually(self, device: str, check: str) -> Answer:
        return self.usual.get((device, check)) or WELL[self.plan.checks[device, check].probe]

    def _show(self, devices: Mapping[str, None], *, lost: bool) -> None:
        """The switch's port and the recorder's channel of each camera, where switch and recorder live."""
        for name in devices:
            device, channel = self.plan.devices[name], channel_of(name)
            if device.port and device.parent is not None and device.parent not in devices:
                self.row(device.parent, "poe_port", device.port, detect="searching" if lost else "delivering")
            if channel and SPEAKING_RECORDER not in devices:
                self.row(SPEAKING_RECORDER, "channel", channel, state="offline" if lost else "online")

    def _ask(self, device: str, name: str) -> None:
        if name in ("login", "snmp_login"):
            check = self.gate.open(device, "login" if name == "login" else "snmp_login")
            if check is not None:
                super()._ask(device, check)
        else:
            super()._ask(device, name)

    def _observe(self, device: str, name: str, answer: Answer, duration: float) -> None:
        check = self.plan.checks.get((device, name))
        secret = check and _secret(check)
        if secret:
            self.refusals[device] += answer.outcome is Outcome.DENIED
            look = Observation(device, name, self.now - duration, duration, answer.outcome)
            news = self.gate.learn(look, secret)
            if news is not None:
                self._take(decide.observe(self.plan, self.world, news))
        super()._observe(device, name, answer, duration)

    def _look_at_itself(self) -> None:
        self._push(self.now + self.itself_every, self._look_at_itself)
        self.see(MONITOR, "self", self._said(MONITOR, "self"))


def _secret(check: Check) -> Secret | None:
    return "login" if check.uses_login else "snmp_login" if check.uses_snmp else None


def _selfwatch() -> SelfWatch:
    return SelfWatch(
        Stats(),
        Health(),
        now=lambda: 0.0,
        jumped=lambda: 0.0,
        database_trouble_since=lambda: None,
        sink=lambda _: None,
        on_jump=lambda _: None,
    )


def _snmp(values: Mapping[str, Value], **tables: Mapping[str, Mapping[str, Value]]) -> Answer:
    return Answer({"uptime_seconds": 1e6, **values}, tables)


def _ups() -> Answer:
    values: dict[str, Value] = {
        "battery_state": "normal", "output_source": "normal", "charge_percent": 100.0, "minutes_left": 42.0,
        "load_percent": 38.0, "battery_celsius": 27.0, "input_volts": 231.0, "output_volts": 230.0,
    }  # fmt: skip
    return _snmp(values, ups_alarm={})


def _disks() -> dict[str, dict[str, Value]]:
    return {str(n): {"name": f"hdd{n}", "state": "normal", "used_percent": 99.0} for n in range(1, 5)}


def _contacts() -> dict[str, dict[str, Value]]:
    names = ("AC mains lost", "Battery low", "Housing open", "Zone 1")
    return {str(n): {"name": name, "kind": "truth", "value": 2.0, "status": "ok"} for n, name in enumerate(names, 1)}
