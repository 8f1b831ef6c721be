"""What do a thousand cameras cost the daemon, each looked at every five minutes, by streams of 1080p?

A quarter of them are looked at four times as often: the first four looks at each camera also look for flicker and
shake, and a thousand would take twenty minutes over those. The database holds the references of all thousand. Each
picture is judged against what was learned before. All cameras are served by one real RTSP server with one encoder: what
the server does is not counted, what comes over the wire is.
"""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections import Counter
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.core.change import KeepReference
from monitor.storage.store import Store
from probes.frame.assess import assess
from probes.frame.faults import Verdict
from probes.frame.job import Known, StreamJob
from probes.frame.picture import from_bgr
from probes.frame.streams import by_own_client
from tests.benchmarks.checks import ffmpeg_of, viewer
from tests.benchmarks.cpu import cpu_seconds, ms_of_command, resident_bytes, tree
from tests.benchmarks.daemon import Daemon, device, watching
from tests.benchmarks.figure import Figure, Rival
from tests.servers.gstreamer import GstServer, Stream, gstreamer

CAMERAS = 1_000
EVERY_SECONDS = 300
FASTER = 4  # times, and so many fewer
BURST_SECONDS = 3_600  # between bursts of a camera, as is usual
SETTLE_SECONDS = 330.0  # until all have had four looks
LEAST_SECONDS = 90.0  # that are measured: three hundred looks
GOAL_PER_CENT = 10.0
DAYS = 4
WIDTH, HEIGHT, FPS, KEY_INTERVAL, KBIT = 1920, 1080, 10, 20, 3_000
PICTURES = 47  # of the footage, which then begins anew: no key frame is like the one before
LOOKS_A_LIGHT = 5
LIGHTS = (0.3, 0.45, 0.6, 0.75, 1.25)  # beside its own, in colour and in mono: as many states as a reference holds
RIVAL_RUNS = 5
_VERDICT = re.compile(r'^sitewarden_picture_verdict\{.*verdict="(\w+)".*\} 1', re.M)

Image = NDArray[np.uint8]


def cameras(folder: Path, seconds: float) -> Sequence[Figure]:
    """1,000 cameras at five minutes, with the shipped rules."""
    _paint(folder)
    stream = Stream(
        "/hd", width=WIDTH, height=HEIGHT, fps=FPS, key_interval=KEY_INTERVAL, shared=True, kbit_per_second=KBIT,
        source=f"multifilesrc location={folder}/%02d.jpg start-index=0 stop-index={PICTURES - 1} loop=true "
        f"caps=image/jpeg,framerate={FPS}/1 ! jpegdec",
    )  # fmt: skip
    with gstreamer(folder, streams=[stream]) as server, viewer(server.url("/hd")):
        reference = _learn(server)
        _keep(folder / "ours", reference)
        checks: dict[str, Any] = {"reach": "off", "onvif": "off", "rtsp": "off"}
        checks["frame"] = {"path": "/hd", "port": server.port, "every": f"{EVERY_SECONDS / FASTER:g}s"}
        checks["frame"]["burst_every_seconds"] = BURST_SECONDS / FASTER
        devices = [device(number, "camera", checks, server.host) for number in range(CAMERAS // FASTER)]
        with watching(folder / "ours", devices, limits={"decode_workers": 2}) as daemon:
            time.sleep(SETTLE_SECONDS)
            per_cent, ms, note = _measure(daemon, max(LEAST_SECONDS, seconds))
            memory = sum(resident_bytes(pid) for pid in tree(daemon.pid)) / 1e6
        filters = ms_of_command(ffmpeg_of(server.url("/hd")), RIVAL_RUNS)
    stored = (folder / "ours" / "sitewarden.db").stat().st_size / CAMERAS / 1e3
    every = f"{CAMERAS:,} cameras of {WIDTH}×{HEIGHT}, H.264, {KBIT / 1e3:g} Mbit/s, each every {EVERY_SECONDS} s"
    rival = Rival("ffmpeg, the same by its filters", filters * CAMERAS / EVERY_SECONDS / 10)
    return [
        Figure(every, per_cent, "% of a core", GOAL_PER_CENT, (rival,), note),
        Figure("a look of these, grab included", ms, "ms CPU", None, (Rival("ffmpeg", filters),)),
        Figure("reference of a camera", len(reference) / 1e3, "kB", 200.0, (), f"{stored:.0f} kB of database a camera"),
        Figure("memory of daemon and workers", memory, "MB", None, (), f"{CAMERAS:,} such references in the database"),
    ]


def _measure(daemon: Daemon, seconds: float) -> tuple[float, float, str]:
    """Per cent of a core, milliseconds a look, and what was said. RuntimeError if looks fail: their cost is another."""
    before, cpu, began = daemon.looks(), cpu_seconds(daemon.pid), time.monotonic()
    time.sleep(seconds)
    spent, passed, after = cpu_seconds(daemon.pid) - cpu, time.monotonic() - began, daemon.looks()
    done = {outcome: after[probe, outcome] - before[probe, outcome] for probe, outcome in after if probe == "frame"}
    looks, expected = done.get("ok", 0), passed * CAMERAS / EVERY_SECONDS
    if sum(done.values()) - looks > 0.02 * looks or looks < 0.9 * expected:
        raise RuntimeError(f"of {expected:.0f} looks there were {done}")
    verdicts = Counter(_VERDICT.findall(daemon.get("/metrics").decode()))
    if verdicts["ok"] < 0.95 * sum(verdicts.values()):
        raise RuntimeError(f"nothing is wrong with them, but they are {dict(verdicts)}")
    return 100 * spent / passed, 1e3 * spent / looks, f"{looks} looks, {verdicts['ok']} cameras judged and well"


def _paint(folder: Path) -> None:
    """The footage: a yard with a clock, sensor noise, and a car that drives through."""
    draw = np.random.default_rng(1)
    base = np.full((HEIGHT, WIDTH, 3), (190, 160, 130), np.uint8)
    base[HEIGHT // 3 :] = (95, 105, 100)
    for _ in range(150):
        x, y = int(draw.integers(0, WIDTH)), int(draw.integers(HEIGHT // 6, HEIGHT))
        corner = (x + int(draw.integers(20, 240)), y + int(draw.integers(20, 180)))
        cv2.rectangle(base, (x, y), corner, [int(level) for level in draw.integers(30, 225, 3)], -1)
    for number in range(PICTURES):
        image = base.copy()
        cv2.rectangle(image, (200 + 25 * number, 900), (360 + 25 * number, 960), (40, 40, 180), -1)
        for colour, thick in (((0, 0, 0), 8), ((255, 255, 255), 3)):
            cv2.putText(image, f"2026-03-01 12:00:{number:02d}", (30, 60), cv2.FONT_HERSHEY_SIMPLEX, 1.6, colour, thick)
        noisy = image + draw.normal(0, 2.0, (HEIGHT, WIDTH, 1))
        cv2.imwrite(str(folder / f"{number:02d}.jpg"), np.clip(noisy, 0, 255).astype(np.uint8))


def _learn(server: GstServer) -> bytes:
    """What is learned of the stream's own key frames: in other light first, then at every hour of four days."""
    images = _key_frames(server)
    begin = time.time() - (DAYS + 2) * 86_400.0
    lessons: list[tuple[float, Image]] = []
    for mono in (False, True):
        for light in LIGHTS:
            lessons += [(light, _grey(image) if mono else image) for image in images[:LOOKS_A_LIGHT]]
    own = cycle(images)
    lessons += [(1.0, next(own)) for _ in range(DAYS * 24)]
    reference = b""
    for number, (light, image) in enumerate(lessons):
        lit = np.clip(image * light, 0, 255).astype(np.uint8)
        known = Known(reference, b"", begin + number * 3_600.0)
        reference = assess(from_bgr(WIDTH, HEIGHT, lit), Verdict.OK, known).reference or reference
    return reference


def _key_frames(server: GstServer) -> list[Image]:
    """Five of the stream, as the daemon gets them."""
    job = StreamJob(server.url("/hd"), None, "tcp", 0.0, 30.0)
    found: list[Image] = []
    with by_own_client(job, time.monotonic() + job.seconds, threading.Event()) as stream:
        for unit in stream.units:
            if unit is not None and unit.key:
                frames = [*stream.decoder.decode(unit.join()), *stream.decoder.decode(None)]
                found += [np.asarray(frame.to_ndarray(format="bgr24"), np.uint8) for frame in frames]
                stream.decoder.flush_buffers()
            if len(found) >= LOOKS_A_LIGHT:
                break
    return found


def _grey(image: Image) -> Image:
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    return np.asarray(cv2.merge([grey, grey, grey]), np.uint8)


def _keep(folder: Path, reference: bytes) -> None:
    """Put it into the daemon's database, for each camera."""

    folder.mkdir(parents=True, exist_ok=True)
    store = Store.open("", folder)

    async def keep() -> None:
        await store.commit(KeepReference(f"d{number:05d}", time.time(), reference) for number in range(CAMERAS))
        await store.close()

    asyncio.run(keep())
