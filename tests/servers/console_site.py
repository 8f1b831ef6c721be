"""A site for the console: 31 devices, shipped rules, a real store, and a past of some hours, decided for real."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml

from monitor.core import decide
from monitor.core.change import Change, KeepReference
from monitor.core.lessons import Lesson
from monitor.core.plan import Plan
from monitor.core.world import World
from monitor.engine.live import Fact, Feed, Health, Live, NotCommitted, Stats
from monitor.settings.load import load
from monitor.settings.planning import plan as make_plan
from monitor.storage.store import Store
from probes.frame.assess import assess
from probes.frame.faults import Verdict
from probes.frame.job import Known
from probes.frame.picture import from_bgr
from probes.frame.still import decode
from probes.observation import NO_ROWS, Observation, Outcome, Picture
from ticketing.commands import Acknowledge, Command, Note, Pend, Resolve, Start
from ticketing.ticket import PendingReason, Ticket

PLACES = (
    "North gate", "South gate", "Reception", "Lobby", "Car park P1, row A", "Car park P1, row C", "Car park P2, ramp",
    "Loading bay 1", "Loading bay 2", "Warehouse aisle 3", "Warehouse aisle 7", "Cold store", "Roof, east",
    "Roof, west", "Server room", "Corridor 2F", "Stairwell B", "Canteen", "Workshop", "Goods lift", "Fence 12",
    "Fence 18", "Pump house", "Bicycle shed",
)  # fmt: skip
CAMERAS = tuple(f"camera-{number:02d}" for number in range(1, len(PLACES) + 1))


def site_file(folder: Path, language: str = "en") -> Path:
    """A site.yaml of that site."""
    devices: list[dict[str, Any]] = [
        {"id": "gw", "name": "Uplink router", "kind": "gateway", "host": "127.0.8.1", "place": "Server room"},
        {"id": "ups-1", "name": "UPS 1", "kind": "ups", "host": "127.0.8.5", "model": "SMT3000", "vendor": "APC"},
        {"id": "sw-a", "name": "Switch A", "kind": "switch", "host": "127.0.8.10", "parent": "gw", "power": "ups-1"},
        {"id": "sw-b", "name": "Switch B", "kind": "switch", "host": "127.0.8.11", "parent": "sw-a", "place": "Hall 2"},
        {"id": "nvr-1", "name": "Recorder 1", "kind": "recorder", "host": "127.0.8.20", "parent": "sw-a"},
        {"id": "nvr-2", "name": "Recorder 2", "kind": "recorder", "host": "127.0.8.21", "parent": "sw-b"},
        {"id": "panel-1", "name": "Alarm panel", "kind": "panel", "host": "127.0.8.30", "parent": "sw-a"},
    ]
    for number, (camera, place) in enumerate(zip(CAMERAS, PLACES, strict=True), 1):
        behind = "sw-a" if number <= 16 else "sw-b"
        port = f"1.{number if number <= 16 else number - 16}"
        devices.append({
            "id": camera, "name": f"Camera {number:02d}", "kind": "camera", "host": f"127.0.8.{100 + number}",
            "place": place, "parent": behind, "port": port, "vendor": "Hikvision", "model": "DS-2CD2143G2-I",
            "silenced": camera == "camera-24",
        })  # fmt: skip
    for device in devices:
        if device["kind"] in ("switch", "ups", "recorder", "panel"):
            device["credentials"] = "snmp"
        elif device["kind"] == "camera":
            device["credentials"] = "cameras"
    text = {
        "site": {
            "id": "harbour", "name": "Harbour Logistics Park", "timezone": "Asia/Shanghai", "language": language,
            "address": "18 Quay Road",
        },
        "credentials": {
            "cameras": {"username": "monitor", "password": {"env": "CAMERA_PASSWORD"}},
            "snmp": {"snmp": {"version": "2c", "community": {"env": "COMMUNITY"}}},
        },
        "service": {
            "urgent": {"response": "15m", "arrival": "2h", "fix": "8h"},
            "high": {"response": "30m", "arrival": "4h", "fix": "1d"},
            "normal": {"response": "4h", "fix": "5d"},
        },
        "devices": devices,
    }  # fmt: skip
    path = folder / "site.yaml"
    path.write_text(yaml.safe_dump(text, allow_unicode=True, sort_keys=False))
    return path


def site_plan(folder: Path, language: str = "en") -> Plan:
    """The plan of that site."""
    secrets = {"CAMERA_PASSWORD": "not-a-real-one", "COMMUNITY": "not-a-real-one"}
    return make_plan(load(site_file(folder, language), env=secrets))


def paint(seed: int, width: int = 640, height: int = 360, *, covered: bool = False) -> Picture:
    """A picture as a fixed camera might give it: sky, ground, a building, cars, a lamp, noise."""
    chance = np.random.default_rng(seed)
    horizon = int(height * chance.uniform(0.35, 0.5))
    canvas = np.zeros((height, width, 3), np.uint8)
    for y in range(horizon):
        canvas[y] = (225 - y // 3, 205 - y // 3, 180 - y // 3)
    for y in range(horizon, height):
        shade = 95 + (y - horizon) // 4
        canvas[y] = (shade, shade + 2, shade + 5)
    for _ in range(4):
        x, top = int(chance.integers(0, width - 120)), int(chance.integers(horizon // 3, horizon - 20))
        colour = tuple(int(value) for value in chance.integers(90, 190, 3))
        cv2.rectangle(canvas, (x, top), (x + int(chance.integers(80, 200)), horizon + 8), colour, -1)
        for wx in range(x + 10, x + 80, 22):
            cv2.rectangle(canvas, (wx, top + 12), (wx + 12, top + 28), (210, 200, 160), -1)
    for lane in range(-3, 4):
        cv2.line(canvas, (width // 2 + lane * 30, horizon), (width // 2 + lane * 260, height), (205, 205, 205), 2)
    for _ in range(5):
        x, y = int(chance.integers(20, width - 120)), int(chance.integers(horizon + 20, height - 60))
        size, colour = 40 + (y - horizon) // 3, tuple(int(value) for value in chance.integers(30, 220, 3))
        cv2.rectangle(canvas, (x, y), (x + 2 * size, y + size // 2), colour, -1)
        cv2.rectangle(canvas, (x + size // 3, y - size // 4), (x + 5 * size // 3, y), (60, 50, 40), -1)
        for wheel in (x + size // 2, x + 3 * size // 2):
            cv2.circle(canvas, (wheel, y + size // 2), size // 6, (20, 20, 20), -1)
    if covered:
        canvas = cv2.GaussianBlur(canvas, (0, 0), 45)
        canvas = (canvas * 0.35).astype(np.uint8)
    noise = chance.normal(0, 5, canvas.shape)
    canvas = np.clip(canvas.astype(np.float32) + noise, 0, 255).astype(np.uint8)
    cv2.putText(canvas, f"CAM {seed:02d}", (14, 30), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (255, 255, 255), 2, cv2.LINE_AA)
    encoded = cv2.imencode(".jpg", canvas, [cv2.IMWRITE_JPEG_QUALITY, 80])[1]
    return Picture(encoded.tobytes(), width, height)


_SNMP_OF_SWITCH: Mapping[str, Any] = {
    "poe_port": {
        f"1.{port}": {
            "admin": True, "detect": {5: "searching", 17: "fault"}.get(port, "delivering"),
            "watts": 0.0 if port in (5, 17) else 4.7,
        }
        for port in range(1, 18)
    },
    "poe": {"1": {"budget_watts": 240.0, "used_watts": 83.5, "supply": "on"}},
    "interface": {
        str(port): {"name": f"Gi1/0/{port}", "alias": "", "admin": "up", "oper": "up", "speed_bps": 1_000_000_000}
        for port in range(1, 25)
    },
}  # fmt: skip


@dataclass
class ConsoleSite:
    """Takes looks and commands like the engine does, on a clock that tests may set."""

    plan: Plan
    store: Store
    world: World = field(default_factory=World)
    feed: Feed = field(default_factory=Feed)
    offset: float = 0.0
    answers: dict[tuple[str, str], tuple[Outcome, Mapping[str, Any]]] = field(default_factory=dict)
    requests: dict[str, int] = field(default_factory=dict)
    stats: Stats = field(default_factory=Stats)
    batch: list[Change] | None = None  # while the past is made up, it is committed at once at its end
    down: bool = False  # the database does not take anything

    def now(self) -> float:
        return time.time() + self.offset

    def live(self) -> Live:
        stats = self.stats
        stats.started_at, stats.lateness_count = self.now() - 93_600, 400
        stats.lateness_seconds[:400] = [0.002] * 390 + [0.031] * 10
        stats.looks.update({("icmp", "ok"): 151_000, ("snmp", "ok"): 13_200, ("frame", "ok"): 9_400})
        return Live(
            self.plan,
            self.world,
            self.feed,
            stats,
            Health(),
            self.now,
            self.command,
            self.teach,
            self.look,
            self.accept,
        )

    async def take(self, changes: Sequence[Change]) -> None:
        if self.batch is not None:
            self.batch.extend(changes)
        elif changes:
            await self.store.commit(changes)
            self.stats.commits += 1
            self.feed.publish(Fact(self.now(), tuple(changes)))

    async def accept(self, device: str, by: str, note: str) -> None:
        if self.down:
            raise NotCommitted("the database does not answer")
        decision = decide.accept(self.plan, self.world, device, by=by, note=note, now=self.now())
        await self.take(decision.changes)

    async def command(self, ticket: int, what: Command, by: str, request_id: str) -> Ticket:
        if self.down:
            raise NotCommitted("the database does not answer")
        if request_id not in self.requests:
            decision = decide.command(self.plan, self.world, ticket, what, by=by, now=self.now())
            await self.take(decision.changes)
            self.requests[request_id] = ticket
        found = self.world.tickets.get(ticket) or await self.store.ticket(ticket)
        assert found is not None
        return found

    async def teach(self, lesson: Lesson, by: str) -> None:
        if self.down:
            raise NotCommitted("the database does not answer")
        await self.take(decide.teach(self.plan, self.world, lesson, by=by, now=self.now()).changes)

    async def look(self, device: str) -> Sequence[Observation]:
        if device not in self.plan.devices:
            raise LookupError(device)
        return [await self.see(device, check.name, self.now()) for check in self.checks(device)]

    def checks(self, device: str) -> list[Any]:
        return [check for check in self.plan.checks.values() if check.device == device]

    def breaks(self, device: str, check: str, outcome: Outcome = Outcome.OK, **values: Any) -> None:
        self.answers[device, check] = (outcome, values)

    def mends(self, device: str) -> None:
        for key in [key for key in self.answers if key[0] == device]:
            del self.answers[key]

    async def see(
        self, device: str, check: str, at: float, picture: Picture | None = None, depth: int = 0
    ) -> Observation:
        """One look; what the decision wants asked elsewhere is asked, too, as the engine would."""
        look = self.observation(device, check, at)
        if picture is not None:
            look = replace(look, picture=picture)
        decision = decide.observe(self.plan, self.world, look)
        await self.take(decision.changes)
        for ask in decision.asks:
            if (ask.device, ask.check) != (device, check) and depth < 3 and (ask.device, ask.check) in self.plan.checks:
                await self.see(ask.device, ask.check, max(at, ask.at), depth=depth + 1)
        return look

    def observation(self, device: str, check: str, at: float) -> Observation:
        outcome, values = self.answers.get((device, check), (Outcome.OK, {}))
        detail = {Outcome.NO_ANSWER: "no answer within 5 s", Outcome.DENIED: "401 Unauthorized"}.get(outcome, "")
        if outcome is not Outcome.OK:
            return Observation(device, check, at, 5.0 if outcome is Outcome.NO_ANSWER else 0.2, outcome, detail=detail)
        number = sum(map(ord, device)) % 17
        kind = self.plan.devices[device].kind
        known, rows = healthy(kind, check, number)
        if device == "sw-b" and check == "snmp":
            rows = {**rows, "poe_port": {key: {**row, "detect": "delivering"} for key, row in rows["poe_port"].items()}}
        table = values.get("rows", {})
        plain = {name: value for name, value in values.items() if name != "rows"}
        return Observation(device, check, at, 0.011, outcome, {**known, **plain}, {**rows, **table} or NO_ROWS)

    async def repeat(self, device: str, check: str, begin: float, seconds: float, every: float = 20.0) -> float:
        """The same look again and again; when it ended."""
        at = begin
        while at < begin + seconds:
            await self.see(device, check, at, self._picture(device, check, at))
            at += every
        return at

    def _picture(self, device: str, check: str, at: float) -> Picture | None:
        if check != "frame":
            return None
        verdict = self.answers.get((device, "frame"), (Outcome.OK, {}))[1].get("verdict")
        return paint(int(device[-2:]), covered=verdict == "covered")


def healthy(kind: str, check: str, number: int) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """What a device that is well answers."""
    match kind, check:
        case _, "reach":
            return {"rtt_seconds": 0.0006 + number / 20_000, "loss_ratio": 0.0}, {}
        case _, "rtsp":
            return {"codec": "h265", "first_packet_seconds": 0.08, "transport": "tcp", "server": "Rtsp Server/3.0"}, {}
        case _, "onvif":
            profile = {"name": "mainStream", "encoding": "H265", "width": 2560, "height": 1440, "fps": 25}
            values = {
                "clock_offset_seconds": 0.4, "clock_source": "ntp", "vendor": "HIKVISION", "model": "DS-2CD2143G2-I",
                "firmware": "V5.7.11 build 221213", "serial": f"DS-2CD2143G2-I2022{number:04d}AAWRK{number:05d}",
            }  # fmt: skip
            return values, {
                "profile": {"Profile_1": profile, "Profile_2": {**profile, "name": "subStream", "width": 640}}
            }
        case _, "frame":
            values = {
                "verdict": "ok", "covered": False, "width": 2560, "height": 1440, "codec": "hevc", "source": "rtsp",
                "luma_mean": 118.2,
                "luma_std": 47.9, "texture": 0.31, "dark_share": 0.04, "clipped_share": 0.01, "change_mean": 2.3,
                "grab_seconds": 0.62,
            }  # fmt: skip
            return values, {}
        case "switch", "snmp":
            return {"uptime_seconds": 7_400_000.0, "cpu_percent": 11.0, "temperature_celsius": 41.5}, _SNMP_OF_SWITCH
        case "recorder", "snmp":
            disks = {
                str(n): {"name": f"HDD {n}", "state": "normal", "size_bytes": 8_001_563_222_016, "used_percent": 97.1}
                for n in range(1, 5)
            }
            return {"uptime_seconds": 1_900_000.0, "cpu_percent": 34.0, "memory_percent": 61.0}, {"disk": disks}
        case "ups", "snmp":
            values = {
                "battery_state": "normal", "minutes_left": 48.0, "charge_percent": 100.0, "output_source": "normal",
                "load_percent": 37.0, "input_volts": 229.0, "output_volts": 230.0, "battery_celsius": 26.0,
                "on_battery_seconds": 0.0,
            }  # fmt: skip
            return values, {}
        case _:
            return {"uptime_seconds": 88_000.0}, {}


def copy_world(world: World) -> World:
    """The same world to go on from; what is in it cannot change."""
    copied = {each.name: copy(getattr(world, each.name)) for each in fields(world)}
    copied["conditions"] = {device: dict(of_device) for device, of_device in world.conditions.items()}
    copied["inventory"] = {device: dict(items) for device, items in world.inventory.items()}
    return World(**copied)


async def live_through(site: ConsoleSite, cameras: Iterable[str] = CAMERAS) -> None:
    """The past of the site: what is well is seen once; what fails became tickets, some of them worked on."""
    now = site.now()
    site.batch = []
    for device in site.plan.devices:
        for check in site.checks(device):
            if device in ("camera-05", "camera-11", "camera-20", "camera-23") and check.name != "frame":
                continue
            picture = paint(int(device[-2:])) if check.name == "frame" and device in cameras else None
            await site.see(device, check.name, now - 10_800, picture)
    # resolved and verified in the past
    site.breaks(
        "nvr-2", "snmp", rows={"disk": {"2": {"name": "HDD 2", "state": "abnormal", "size_bytes": 8_001_563_222_016}}}
    )
    await site.repeat("nvr-2", "snmp", now - 10_000, 700, 60)
    site.offset = -9_000
    await act(
        site,
        "nvr-2",
        Acknowledge(),
        Start(on_site=True),
        Resolve("Disk 2 had bad sectors", "Disk replaced, rebuild started"),
    )
    site.mends("nvr-2")
    await site.repeat("nvr-2", "snmp", now - 8_900, 300, 30)
    # a switch's UPS on battery, a dead camera, a covered one, a clock, a wrong password, one under suspicion
    site.breaks("camera-05", "reach", Outcome.NO_ANSWER)
    await site.repeat("camera-05", "reach", now - 4_000, 200)
    site.offset = -3_500
    await act(
        site,
        "camera-05",
        Acknowledge(),
        Start(on_site=False),
        Note("PoE port finds nothing to power, cable suspected.\nTaking the lift."),
    )
    site.breaks("camera-11", "rtsp", Outcome.REFUSED)
    await site.repeat("camera-11", "reach", now - 3_000, 60)
    await site.repeat("camera-11", "rtsp", now - 3_000, 900, 60)
    site.offset = -1_900
    await act(site, "camera-11", Acknowledge(), Pend(PendingReason.PARTS, "A new camera is ordered, here on Thursday"))
    reference, rows = learn_pictures(20)
    await site.take([KeepReference("camera-20", now - 2_000, reference)])
    site.breaks(
        "camera-20", "frame", verdict="covered", covered=True, texture=0.01, luma_mean=31.0, score=2.1, rows=rows
    )
    await site.repeat("camera-20", "reach", now - 1_500, 60)
    await site.repeat("camera-20", "rtsp", now - 1_500, 60)
    await site.repeat("camera-20", "frame", now - 1_500, 900, 60)
    site.breaks("ups-1", "snmp", output_source="battery", on_battery_seconds=260.0, minutes_left=31.0, input_volts=0.0)
    await site.repeat("ups-1", "reach", now - 700, 20)
    await site.repeat("ups-1", "snmp", now - 700, 200)
    site.breaks("camera-23", "reach", Outcome.NO_ANSWER)
    site.offset = 0.0
    for device in site.plan.devices:
        for check in site.checks(device):
            if (device, check.name) in site.answers:
                continue
            if device in ("camera-05",):
                continue
            await site.see(device, check.name, now - 25 - sum(map(ord, device)) % 30)
    await site.see("camera-23", "reach", now - 22)
    for device, check in (("camera-05", "reach"), ("camera-11", "rtsp"), ("ups-1", "snmp")):
        await site.see(device, check, now - 12)
    past, site.batch = site.batch, None
    await site.take(past)


def learn_pictures(number: int) -> tuple[bytes, Mapping[str, Any]]:
    """What thirty pictures of that camera teach, and the rows of a look at it while it is covered."""
    reference, dice = b"", np.random.default_rng(number)
    for minute in range(30):
        picture = _noisy(paint(number).jpeg, dice)
        assessed = assess(picture, Verdict.OK, Known(reference, at=1_790_000_000.0 + 300 * minute))
        reference = assessed.reference or reference
    _, covered = decode(paint(number, covered=True).jpeg)
    assert covered is not None
    judged = assess(covered, Verdict.COVERED, Known(reference, at=1_790_000_000.0 + 9_300)).judged
    measures = {each.name: {"value": each.value, "low": each.low, "high": each.high} for each in judged.measures}
    return reference, {"measure": measures, "fault": {fault.value: {"score": s} for fault, s in judged.scores.items()}}


def _noisy(jpeg: bytes, dice: np.random.Generator) -> Any:
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    noisy = np.clip(image + dice.normal(0, 2, image.shape), 0, 255).astype(np.uint8)
    return from_bgr(image.shape[1], image.shape[0], noisy)


async def act(site: ConsoleSite, device: str, *commands: Command) -> None:
    """A technician works on the newest ticket of the device."""
    number = max(ticket.id for ticket in site.world.tickets.values() if ticket.fingerprint.device == device)
    for command in commands:
        site.offset += 45
        await site.command(number, command, "wang", f"past-{number}-{site.offset}")
