"""What goes wrong at the simulated site, and which one ticket must come of it?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from monitor.core.plan import Text


@dataclass(frozen=True, slots=True)
class Scene:
    """One fault of one device, and the fault code of its one right ticket."""

    device: str
    fault: str
    wanted: str
    what: Text
    cause: str
    work: str
    value: float | None = None
    component: str = ""
    children: int = 0  # at least so many devices must be held back behind it


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast is it played? `checks` overrides the checks of every device, `holds` every rule."""

    checks: Mapping[str, Mapping[str, object]]
    holds: Mapping[str, object]
    together: bool  # all scenes at once
    pause_seconds: float  # between the acts of the technician
    patience_seconds: float  # for a ticket, and for its verification
    picture_every: str
    digest_within: str = "1m"


FAST = Pace(
    {
        "reach": {"every": "2s"},
        "rtsp": {"every": "4s"},
        "onvif": {"every": "4s"},
        "frame": {"every": "15s", "timeout": "15s", "grab_seconds": 10},
        "snmp": {"every": "3s"},
        "recorder": {"every": "4s", "timeout": "4s"},
    },
    {"for": "4s", "looks": 2, "clear_for": "2s", "clear_looks": 2},
    together=True,
    pause_seconds=0.0,
    patience_seconds=90.0,
    picture_every="5s",
    digest_within="3s",
)
SLOW = Pace(
    {
        "reach": {"every": "5s"},
        "rtsp": {"every": "10s"},
        "onvif": {"every": "10s"},
        "frame": {"every": "20s", "timeout": "20s"},
        "snmp": {"every": "5s"},
        "recorder": {"every": "10s", "timeout": "10s"},
    },
    {"for": "12s", "looks": 2, "clear_for": "5s", "clear_looks": 2},
    together=False,
    pause_seconds=12.0,
    patience_seconds=180.0,
    picture_every="20s",
)

AT_ONCE = {"for": "0s", "looks": 1, "clear_for": "0s", "clear_looks": 1}
PATIENT = {"events-tamper": {"for": "15m", "looks": 4}}  # hints: the picture check looks at once and tells it first

SCENES = (
    Scene(
        "camera-03", "unplugged", "camera.silent",
        Text("A digger cuts the cable of camera 3.", "挖掘机挖断了 3 号摄像机的网线。"),
        "cable cut", "new cable pulled",
    ),
    Scene(
        "camera-05", "covered", "camera.covered",
        Text("Somebody puts a bag over camera 5.", "有人用袋子罩住了 5 号摄像机。"),
        "bag over the lens", "bag removed, lens cleaned",
    ),
    Scene(
        "camera-08", "frozen", "camera.frozen",
        Text("The encoder of camera 8 hangs: its picture stands still.", "8 号摄像机编码器死机，画面冻结。"),
        "encoder hung", "camera restarted, firmware updated",
    ),
    Scene(
        "camera-11", "clock_drift", "clock.drift",
        Text("The clock of camera 11 is five minutes ahead.", "11 号摄像机的时钟快了五分钟。"),
        "no NTP server set", "NTP server entered", value=300.0,
    ),
    Scene(
        "recorder-01", "disk_failed", "disk.failed",
        Text("Disk 2 of recorder 1 dies.", "1 号录像机的 2 号硬盘损坏。"),
        "disk failed", "disk replaced", value=2.0, component="disk/",
    ),
    Scene(
        "camera-12", "wrong_password", "login.refused",
        Text("Somebody changes the password of camera 12.", "有人修改了 12 号摄像机的密码。"),
        "password changed by the customer", "password restored",
    ),
    Scene(
        "panel-01", "tamper", "panel.tamper",
        Text("The housing of the alarm panel is open.", "报警主机的机箱被打开。"),
        "housing open", "housing closed and sealed", component="alarm/",
    ),
    Scene(
        "switch-02", "lost", "switch.silent",
        Text("Switch 2 dies and takes its twelve cameras along.", "2 号交换机掉线，连带 12 台摄像机离线。"),
        "power supply of the switch", "power supply replaced", children=12,
    ),
    Scene(
        "ups-01", "mains_lost", "mains.lost",
        Text("The mains fail; the UPS carries the site.", "市电中断，由 UPS 供电。"),
        "breaker tripped", "breaker reset",
    ),
)  # fmt: skip
