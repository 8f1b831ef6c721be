"""How does a simulated camera behave? What it shows, what its clock says, and how its faults look from outside."""

from __future__ import annotations

import time

from probes.simulators import film
from probes.simulators.blueprint import DEFAULT_PASSWORD, DEFAULT_USERNAME, PASSWORD, USERNAME, Blueprint
from probes.simulators.clip import Clip, garble
from probes.simulators.device import Device
from probes.simulators.film import Films
from probes.simulators.gate import Gate
from probes.simulators.pullpoints import PullPoints
from probes.simulators.turret import PRESETS, Turret

MODEL, MAKER, FIRMWARE = "SW-C2M", "Example Optics", "V5.7.3 build 240613"
UPGRADED = "V5.8.0 build 260102"

_CHANGED_PASSWORD = PASSWORD + "-changed"  # nobody is to know it


class Camera(Device):
    """One camera: a film in an endless loop behind RTSP, ONVIF and a snapshot's address; a dome turns."""

    def __init__(self, blueprint: Blueprint, films: Films, *, dome: bool = False) -> None:
        super().__init__(blueprint)
        self._films = films
        self._own = films.cameras[(blueprint.number - 1) % len(films.cameras)]
        self._shown = self._own
        self._frozen: Clip | None = None
        # every fourth camera also asks for SHA-256, as firmware of recent years does
        algorithms = ("SHA-256", "MD5") if blueprint.number % 4 == 0 else ("MD5",)
        self.gate = Gate(USERNAME, PASSWORD, algorithms)
        # every third one knows WS-Security alone for SOAP, as older firmware does
        self.soap_by_digest = blueprint.number % 3 != 0
        self.points = PullPoints(self)
        self.turret = Turret(blueprint.number, time.time) if dome else None
        self.make, self.model = blueprint.make or MAKER, blueprint.model or MODEL

    @property
    def serial(self) -> str:
        """Its serial number."""
        return f"SWC2M{self.blueprint.number + (500_000 if 'swapped' in self.faults else 0):06d}"

    @property
    def mac(self) -> str:
        """Its MAC address."""
        number = self.blueprint.number
        return f"02:00:00:{'02' if 'swapped' in self.faults else '01'}:{number >> 8:02x}:{number & 255:02x}"

    @property
    def firmware(self) -> str:
        """Its version of it."""
        return UPGRADED if "upgraded" in self.faults else FIRMWARE

    @property
    def hostname(self) -> str:
        """How it calls itself."""
        return self.model if "factory_reset" in self.faults else self.name

    @property
    def dhcp(self) -> bool:
        """Does it ask for its address?"""
        return "factory_reset" in self.faults

    @property
    def users(self) -> dict[str, str]:
        """Who may log in, and as what. Of a camera as delivered nobody else is known, though the viewer may come in."""
        if "factory_reset" in self.faults:
            return {"admin": "Administrator"}
        intruder = {"support": "Administrator"} if "intruder" in self.faults else {}
        return {"admin": "Administrator", USERNAME: "Operator", **intruder}

    @property
    def kbps(self) -> int:
        """Limit of its streams' bit rate in kbit/s."""
        return int(self.faults.get("weaker", 2_048 if "factory_reset" in self.faults else 512))

    @property
    def delay_seconds(self) -> float:
        """How long it thinks before each answer."""
        return self.faults.get("slow", 0.0)

    @property
    def ntp(self) -> bool:
        """Does it follow a time server?"""
        return not {"clock_drift", "factory_reset"} & self.faults.keys()

    def clock(self) -> float:
        """Its own idea of the time, in seconds since the epoch."""
        return time.time() + self.faults.get("clock_drift", 0.0)

    def second(self) -> int:
        """The second of its film that is shown now; each camera stands elsewhere in its loop."""
        return int(time.time()) + self.blueprint.number

    def clip(self) -> Clip:
        """What it shows now, with what is wrong with it."""
        return self._scene() if self._shown is self._own else self._shown

    def snapshot(self) -> bytes:
        """The picture of this second as JPEG; of a camera with corrupted slices only its beginning."""
        if "garbled" not in self.faults:
            return film.snapshot(self.clip(), self.second())
        jpeg = film.snapshot(self._scene(), self.second())
        return jpeg[: len(jpeg) // 3]

    def changed(self) -> None:
        """A fault came or went: the password and what is shown follow."""
        super().changed()
        self.gate.password = _CHANGED_PASSWORD if "wrong_password" in self.faults else PASSWORD
        self.gate.others = {DEFAULT_USERNAME: DEFAULT_PASSWORD} if "default_login" in self.faults else {}
        self._shown = self._choose()
        self.points.changed()
        if self.turret is not None:
            self.turret.tour(self.faults.get("ptz_tour"))
            self.turret.knock(self.faults.get("knocked", 0.0))
            if "turned_away" in self.faults:
                token = str(int(self.faults["turned_away"]))
                self.turret.go(PRESETS.get(token, PRESETS["1"])[1])

    def restart(self) -> None:
        """Power is back: no subscription is left."""
        self.points.clear()
        super().restart()

    def state(self) -> dict[str, object]:
        """As of every device, and its logins."""
        refused = self.gate.refused
        return super().state() | {
            "model": self.model,
            "serial": self.serial,
            "refused_logins": dict(refused),
            "accepted_logins": dict(self.gate.accepted),
            "locked": self.gate.locked,
            "subscriptions": len(self.points.alive()),
            "subscribed": self.points.created,
        }

    def _scene(self) -> Clip:
        """What there is to see."""
        return self._own if self.turret is None else self.turret.clip(self.second())

    def _choose(self) -> Clip:
        lost = [name for name in self.faults if name in self._films.lost]
        if lost:
            return self._films.lost[lost[-1]]
        if {"flicker", "jitter"} & self.faults.keys():
            amounts = {name: self.faults.get(name, 0.0) for name in ("flicker", "jitter")}
            return film.unsettle(self._scene(), self.second(), **amounts)
        if "frozen" not in self.faults:
            self._frozen = None
            return garble(self._scene()) if "garbled" in self.faults else self._own
        if self._frozen is None:
            self._frozen = film.freeze(self._scene(), self.second())
        return self._frozen
