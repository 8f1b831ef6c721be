"""What does one job see? Runs in a decoder process."""

from __future__ import annotations

import hashlib
import resource
import threading
import time
from dataclasses import replace
from typing import Final

import cv2

from probes.frame.assess import Assessment, assess
from probes.frame.evidence import draw
from probes.frame.faults import BLIND, Verdict, blind
from probes.frame.grab import Grab, grab
from probes.frame.job import Attached, Evidence, Job, Judged, Known, Seen, StillJob, StreamJob
from probes.frame.mark import mark
from probes.frame.measure import compare, measure
from probes.frame.people import find_moving, hidden
from probes.frame.picture import Picture
from probes.frame.still import decode
from probes.frame.verdict import judge

_PAGE: Final = resource.getpagesize()

cv2.setNumThreads(1)


def look(job: Job, cancelled: threading.Event) -> tuple[Seen, Attached]:
    """Do the job: the numbers, and what comes with them. Raises a `probes.errors.Trouble`."""
    started, cpu = time.monotonic(), time.thread_time()
    match job:
        case StillJob():
            header, picture = decode(job.image)
            grabbed = Grab(header.codec, picture, None, 0.0, corrupt=picture is None or not header.complete)
        case StreamJob():
            grabbed = grab(job, cancelled)
    return examine(grabbed, job.known, still=isinstance(job, StillJob), started=started, cpu=cpu)


def examine(grabbed: Grab, known: Known, *, still: bool, started: float, cpu: float) -> tuple[Seen, Attached]:
    """What the pictures that were grabbed show. `started`, `cpu`: monotonic and CPU seconds when the look began."""
    grab_seconds = time.monotonic() - started
    first, second = grabbed.first, grabbed.second
    latest = second or first
    measures = measure(latest) if latest is not None else None
    change = compare(first, second, grabbed.gap_seconds) if first is not None and second is not None else None
    fixed = judge(measures, change, corrupt=grabbed.corrupt)
    if fixed is Verdict.BLACK and known.is_usual(fixed):
        fixed = Verdict.OK  # a room without a lamp, by night
    assessed = Assessment(Judged(fixed, blind(fixed), {}), b"", b"")
    if latest is not None and (fixed not in BLIND or fixed is Verdict.BLACK):
        assessed = assess(latest, fixed, known, grabbed.film, measures)
    judged = assessed.judged
    if still and grabbed.film is None and fixed not in BLIND:
        judged = replace(judged, unjudged=(*judged.unjudged, "one_picture"))
    evidence, jpeg = (None, b"") if latest is None else _draw(grabbed, latest, known, assessed)
    seen = Seen(
        codec=grabbed.codec,
        width=latest.width if latest is not None else 0,
        height=latest.height if latest is not None else 0,
        corrupt=grabbed.corrupt,
        measures=measures,
        change=change,
        judged=judged,
        evidence=evidence,
        signature=_signature(latest) if latest is not None and still else "",
        grab_seconds=grab_seconds,
        cpu_seconds=time.thread_time() - cpu,
        rss_bytes=_rss_bytes(),
        burst=assessed.burst,
    )
    marked = mark(jpeg, assessed.judged) if assessed.judged.verdict is not Verdict.OK else b""
    return seen, Attached(jpeg, marked, assessed.reference, assessed.glance)


def _draw(grabbed: Grab, latest: Picture, known: Known, assessed: Assessment) -> tuple[Evidence, bytes]:
    """The evidence, with what must not be recognised hidden."""
    if not known.hide_people:
        return draw(latest, known.masks)
    first, second = grabbed.first, grabbed.second
    moving = find_moving(first, second) if first is not None and second is not None else None
    return draw(latest, known.masks, hidden(assessed.judged, assessed.strange, moving))


def _signature(picture: Picture) -> str:
    """Equal only for pictures whose pixels are equal."""
    digest = hashlib.blake2b(picture.fine.data, digest_size=16)
    digest.update(picture.blue.data)
    digest.update(picture.red.data)
    return digest.hexdigest()


def _rss_bytes() -> int:
    """Memory that this process holds now."""
    with open("/proc/self/statm", "rb", buffering=0) as statm:
        return int(statm.read().split()[1]) * _PAGE
