"""What does a check of each kind cost the whole daemon, decision included?"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks.cpu import Watched, ms_each, ms_of_command
from tests.benchmarks.daemon import Daemon, address, device, watching
from tests.benchmarks.figure import Figure, Rival
from tests.benchmarks.rivals import PLUGINS, scraping, snmp_module
from tests.benchmarks.servers import (
    EXPORTER_ACCESS,
    PLUGIN_ACCESS,
    SERVER_OIDS,
    SNMP_ACCESS,
    UPS_OIDS,
    listeners,
    snmp_agent,
)
from tests.servers.gstreamer import Stream, gstreamer
from tests.servers.ipycam import ipycam
from tests.servers.processes import wait_until

RATE = 800  # checks a second: 10,000 devices with 5 checks a minute make 833
SCRAPED = 150  # targets of a rival, each once a second
PLUGIN_RUNS = 20
WARM_SECONDS = 3.0

ZABBIX = "Zabbix 6.0 poller with its database"
UNIT = "ms CPU/check"
Runs = Callable[[Path, float], Sequence[Figure]]


def snmp_v2c(folder: Path, seconds: float) -> Sequence[Figure]:
    """Five and ten variables, version 2c."""
    known = (Rival(f"{ZABBIX}, least", 0.09, known=True), Rival(f"{ZABBIX}, most", 0.14, known=True))
    return _snmp(folder, seconds, "2c", 0.14, (*known, *_known_exporter(0.95), *_known_plugin()))


def snmp_v3(folder: Path, seconds: float) -> Sequence[Figure]:
    """The same with SHA and AES-128."""
    known = (Rival(ZABBIX, 4.4, known=True), *_known_exporter(1.1), *_known_plugin())
    return _snmp(folder, seconds, "3", 0.2, known)


def _known_exporter(alone: float) -> tuple[Rival, ...]:
    return (Rival("snmp_exporter + Prometheus", alone + 0.7, known=True),)


def _known_plugin() -> tuple[Rival, ...]:
    return (Rival("Nagios, Icinga with check_snmp, least", 6.0, known=True),)


def _snmp(folder: Path, seconds: float, version: str, goal: float, known: tuple[Rival, ...]) -> Sequence[Figure]:
    with snmp_agent(folder) as port:
        credentials = {"agent": {"snmp": SNMP_ACCESS[version] | {"port": port}}}
        targets = [f"{address(number)}:{port}" for number in range(SCRAPED)]
        module = snmp_module(SERVER_OIDS, EXPORTER_ACCESS[version])

        def site(kind: str, profile: str) -> list[dict[str, Any]]:
            checks = {"reach": "off", "snmp": {"profile": profile, "tables": False, "every": "1s"}}
            return [device(number, kind, checks, credentials="agent") for number in range(RATE)]

        with (
            watching(folder / "ours", site("server", "host-resources"), credentials=credentials) as daemon,
            scraping(folder / "rival", "snmp", module, targets) as scraper,
        ):
            ours, exporter, prometheus = _measure(daemon, "snmp", seconds, scraper.watched)
        with watching(folder / "ups", site("ups", "apc-ups"), credentials=credentials) as daemon:
            (ups,) = _measure(daemon, "snmp", seconds / 2)
        plugin = ms_of_command(
            [
                PLUGINS / "check_snmp", "-H", "127.0.0.1", "-p", str(port), *PLUGIN_ACCESS[version], "-m", ":",
                "-o", ",".join(SERVER_OIDS),
            ],
            PLUGIN_RUNS,
        )  # fmt: skip
    rivals = (
        Rival("snmp_exporter", exporter),
        Rival("snmp_exporter + Prometheus", exporter + prometheus),
        Rival("check_snmp", plugin),
        *known,
    )
    name = f"SNMP v{version}" + (" authPriv" if version == "3" else "")
    return [
        Figure(f"{name}, {len(SERVER_OIDS)} variables", ours, UNIT, goal, rivals, _load()),
        Figure(f"{name}, a UPS of {len(UPS_OIDS)} variables with its rules", ups, UNIT, None, (), _load()),
    ]


def tcp(folder: Path, seconds: float) -> Sequence[Figure]:
    """Connect and hang up."""
    with listeners(folder) as doors:
        checks = {"reach": {"probe": "tcp", "port": doors.accepting, "every": "1s"}}
        targets = [f"{address(number)}:{doors.accepting}" for number in range(SCRAPED)]
        module = {"prober": "tcp", "timeout": "1s"}
        with (
            watching(folder / "ours", [device(number, "server", checks) for number in range(RATE)]) as daemon,
            scraping(folder / "rival", "blackbox", module, targets) as scraper,
        ):
            ours, exporter, prometheus = _measure(daemon, "tcp", seconds, scraper.watched)
        plugin = ms_of_command([PLUGINS / "check_tcp", "-H", "127.0.0.1", "-p", str(doors.accepting)], PLUGIN_RUNS)
    return [Figure("TCP", ours, UNIT, 0.2, (*_blackbox(exporter, prometheus), Rival("check_tcp", plugin)), _load())]


def icmp(folder: Path, seconds: float) -> Sequence[Figure]:
    """One echo."""
    checks = {"reach": {"probe": "icmp", "every": "1s"}}
    targets = [address(number) for number in range(SCRAPED)]
    with (
        watching(folder / "ours", [device(number, "server", checks) for number in range(RATE)]) as daemon,
        scraping(folder / "rival", "blackbox", {"prober": "icmp", "timeout": "1s"}, targets) as scraper,
    ):
        ours, exporter, prometheus = _measure(daemon, "icmp", seconds, scraper.watched)
    plugin = ms_of_command([PLUGINS / "check_icmp", "-n", "1", "127.0.0.1"], PLUGIN_RUNS)
    return [Figure("ICMP", ours, UNIT, None, (*_blackbox(exporter, prometheus), Rival("check_icmp", plugin)), _load())]


def rtsp(folder: Path, seconds: float, rate: int = 300, scraped: int = 60) -> Sequence[Figure]:
    """DESCRIBE of a real H.264 stream of GStreamer's server, against a mere OPTIONS."""
    stream = Stream("/live", width=320, height=180, fps=5, shared=True)
    with gstreamer(folder, streams=[stream]) as server, viewer(server.url("/live")):
        checks: dict[str, Any] = {"reach": "off", "onvif": "off", "frame": "off"}
        checks |= {"rtsp": {"path": "/live", "port": server.port, "depth": "describe", "every": "1s"}}
        module = {
            "prober": "tcp",
            "timeout": "1s",
            "tcp": {
                "query_response": [
                    {"send": f"OPTIONS {server.url('/live')} RTSP/1.0\r\nCSeq: 1\r\n\r"},
                    {"expect": "^RTSP/1.0 200"},
                ]
            },
        }
        devices = [device(number, "camera", checks, server.host) for number in range(rate)]
        with (
            watching(folder / "ours", devices) as daemon,
            scraping(folder / "rival", "blackbox", module, [f"{server.host}:{server.port}"], scraped) as scraper,
        ):
            ours, exporter, prometheus = _measure(daemon, "rtsp", seconds, scraper.watched)
    known = Rival("blackbox_exporter OPTIONS + Prometheus", 2.1, known=True)
    return [
        Figure("RTSP DESCRIBE", ours, UNIT, 0.4, (*_blackbox(exporter, prometheus, " OPTIONS"), known), _load(rate))
    ]


def onvif(folder: Path, seconds: float, rate: int = 60) -> Sequence[Figure]:
    """GetSystemDateAndTime, which every look asks, of ipycam without a login: with one it refuses the first try."""
    with ipycam(folder, login=False) as camera:
        checks: dict[str, Any] = {
            "reach": "off",
            "rtsp": "off",
            "frame": "off",
            "onvif": {"port": camera.port, "every": "1s"},
        }
        devices = [device(number, "camera", checks, camera.host) for number in range(rate)]
        with watching(folder / "ours", devices) as daemon:
            (ours,) = _measure(daemon, "onvif", seconds, warm_seconds=3 * WARM_SECONDS)
        asked = subprocess.run(
            [sys.executable, "-c", _ONVIF_ZEEP, str(camera.port), str(seconds / 3)],
            capture_output=True, text=True, check=True, timeout=60,
        )  # fmt: skip
    zeep = Rival("onvif-zeep-async, the call alone", json.loads(asked.stdout))
    return [Figure("ONVIF call", ours, UNIT, 1.5, (zeep,), _load(rate))]


_ONVIF_ZEEP = """
import asyncio, sys, time
from onvif import ONVIFCamera
async def main():
    camera = ONVIFCamera("127.0.0.1", int(sys.argv[1]), "", "")
    await camera.update_xaddrs()
    service = await camera.create_devicemgmt_service()
    calls, until, cpu = 0, time.monotonic() + float(sys.argv[2]), time.process_time()
    while time.monotonic() < until:
        await service.GetSystemDateAndTime()
        calls += 1
    print((time.process_time() - cpu) / calls * 1000)
    await camera.close()
asyncio.run(main())
"""


def frame(folder: Path, seconds: float, cameras: int = 12) -> Sequence[Figure]:
    """One key frame of an H.264 stream in 1080p, grabbed by RTSP, decoded and judged."""
    stream = Stream(
        "/hd", width=1920, height=1080, fps=5, key_interval=5, shared=True,
        source="videotestsrc is-live=true pattern=ball ! video/x-raw,width=1920,height=1080",
    )  # fmt: skip
    with gstreamer(folder, streams=[stream]) as server, viewer(server.url("/hd")):
        checks: dict[str, Any] = {"reach": "off", "onvif": "off", "rtsp": "off"}
        grab = {"path": "/hd", "port": server.port, "every": "5s", "timeout": "5s", "grab_seconds": 4}
        checks |= {"frame": grab | {"two_frames": False}}
        devices = [device(number, "camera", checks, server.host) for number in range(cameras)]
        with watching(folder / "ours", devices, limits={"decode_workers": 1}) as daemon:
            (ours,) = _measure(daemon, "frame", max(10.0, 2 * seconds), warm_seconds=6.0, windows=1)
        ffmpeg = ms_of_command(ffmpeg_of(server.url("/hd")), 3)
    rival = Rival("ffmpeg, the same by its filters", ffmpeg)
    load = f"{cameras} cameras, each every 5 s, workers included"
    return [Figure("key frame, H.264 1080p, judged", ours, UNIT, 45.0, (rival,), load)]


def ffmpeg_of(url: str) -> list[str]:
    """FFmpeg's own judgement of one key frame of a stream."""
    filters = "signalstats,blackdetect,freezedetect,blurdetect"
    return [
        "ffmpeg", "-v", "error", "-nostdin", "-threads", "1", "-rtsp_transport", "tcp", "-skip_frame", "nokey",
        "-i", url, "-an", "-frames:v", "1", "-vf", filters, "-f", "null", "-",
    ]  # fmt: skip


@contextlib.contextmanager
def viewer(url: str) -> Iterator[None]:
    """Somebody who looks all the time, so that the server's encoder stays up between our looks."""
    command = [
        "ffmpeg",
        "-v",
        "error",
        "-nostdin",
        "-rtsp_transport",
        "tcp",
        "-i",
        url,
        "-c",
        "copy",
        "-f",
        "null",
        "-",
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as viewer:
        try:
            time.sleep(2.0)
            yield
        finally:
            viewer.kill()


def _measure(
    daemon: Daemon, probe: str, seconds: float, others: Sequence[Watched] = (), *,
    warm_seconds: float = WARM_SECONDS, windows: int = 3,
) -> list[float]:  # fmt: skip
    wait_until(lambda: daemon.looks()[probe, "ok"] > 0, f"the first look by {probe}", seconds=60)
    time.sleep(warm_seconds)
    return ms_each([Watched((daemon.pid,), lambda: daemon.well(probe)), *others], seconds, windows)


def _blackbox(exporter: float, prometheus: float, what: str = "") -> tuple[Rival, ...]:
    return (
        Rival(f"blackbox_exporter{what}", exporter),
        Rival(f"blackbox_exporter{what} + Prometheus", exporter + prometheus),
    )


def _load(rate: int = RATE) -> str:
    return f"at {rate} checks/s"
