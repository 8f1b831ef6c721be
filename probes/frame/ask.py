"""Does the camera give a picture, and is it of any use?"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from probes.errors import Denied, Garbled, Unsupported
from probes.frame.bursts import Bursts
from probes.frame.job import (
    Attached,
    Change,
    Evidence,
    Judged,
    Known,
    Measures,
    Seen,
    Shift,
    StillJob,
    StreamJob,
)
from probes.frame.memory import Memory
from probes.frame.options import FrameOptions, hides_people
from probes.frame.polls import Polls
from probes.frame.pool import DecodePool
from probes.frame.source import Source, find_source, with_address
from probes.frame.turning import Turning
from probes.observation import NO_ROWS, Answer, Picture, Rows, Value
from probes.probe import Lane, Probe
from probes.target import Target
from probes.tools import Tools, trace
from probes.web import Web

STILL_SECONDS: Final = 5.0  # to decode one


async def ask(target: Target, options: FrameOptions, tools: Tools) -> Answer:
    """Take one picture, or two of one session, and judge them.

    Values: verdict, a truth for every fault that could be judged, score (of the fault that is named), unjudged
    (reasons), learned_looks and states (of the reference), state_number (that it was compared with), covered_share,
    moved_right_share, moved_down_share (of the picture's width and height) and moved_degrees, width and height
    (pixels), codec, source ("rtsp"/"snapshot"), grab_seconds, luma_mean, luma_p01, luma_p99, luma_std (levels 0 to
    255), texture (levels a pixel), dominant_share, clipped_share, dark_share, change_mean (levels) where two key frames
    came, flicker_percent (of the brightness) and shake_percent (of the width) where a burst was looked at; of a camera
    that turns also what `Turning.end` says. Rows: measure (value, low, high), fault (score). A picture that the device
    sends damaged, twice, is a verdict (`garbled`); an answer that is no picture at all is an outcome. The evidence is a
    JPEG of at most 60 kB.
    """
    source = await find_source(target, options, tools)
    memory = tools.get(Memory)
    known, views = await memory.recall(target.device, presets=options.presets, begin=options.reference)
    due = options.burst and tools.get(Bursts).due(target.device, options.burst_every_seconds)
    turning = tools.get(Turning)
    stand = await turning.begin(
        target, options, replace(known, masks=options.masks, hide_people=hides_people(options), burst=due), views
    )
    known = stand.known
    if source.is_stream:
        job = StreamJob(
            url=await with_address(source, tools),
            login=target.login,
            transport=options.transport,
            gap_seconds=options.gap_seconds if options.two_frames else 0.0,
            seconds=options.grab_seconds,
            known=known,
            burst=due or (options.burst and options.two_frames),  # while it waits for the second, it costs nothing
        )
        seen, attached = await tools.get(DecodePool).look(target.device, job)
    else:
        seen, attached = await _see_still(target, options, source, tools, known)
        seen, attached = tools.get(Polls).judged(target.device, seen, attached, known.tuning)
    seen, attached, stood = await turning.end(target, options, stand, seen, attached)
    memory.note(target.device, attached.glance)
    seen = tools.get(Bursts).noted(target.device, seen)
    verdict = seen.judged.verdict
    trace("%s: %s, %d×%d, %.1f ms of CPU", verdict, seen.codec, seen.width, seen.height, seen.cpu_seconds * 1_000)
    answer = answer_of(seen, attached, "rtsp" if source.is_stream else "snapshot")
    return replace(answer, values={**answer.values, **stood}) if stood else answer


def answer_of(seen: Seen, attached: Attached, source: str) -> Answer:
    """What was seen, as rules and people read it."""
    return Answer(
        _values(seen, source),
        _rows(seen.judged),
        picture=_picture(seen.evidence, attached.jpeg),
        marked=_picture(seen.evidence, attached.marked),
        learned=attached.reference,
    )


def _picture(evidence: Evidence | None, jpeg: bytes) -> Picture | None:
    return None if evidence is None or not jpeg else Picture(jpeg, evidence.width, evidence.height)


async def _see_still(
    target: Target, options: FrameOptions, source: Source, tools: Tools, known: Known
) -> tuple[Seen, Attached]:
    """Fetch the snapshot and have it decoded; one that breaks off is fetched once more."""
    seen, attached = await _fetch_still(target, options, source, tools, known)
    if seen.corrupt:
        trace("the snapshot is damaged; fetching it again")
        seen, attached = await _fetch_still(target, options, source, tools, known)
    return seen, attached


async def _fetch_still(
    target: Target, options: FrameOptions, source: Source, tools: Tools, known: Known
) -> tuple[Seen, Attached]:
    response = await tools.get(Web).fetch(
        "GET", source.url, host=source.host, login=target.login, max_bytes=options.max_bytes
    )
    match response.status:
        case 200 if response.body:
            return await tools.get(DecodePool).look(target.device, StillJob(response.body, STILL_SECONDS, known))
        case 401 | 403:
            raise Denied(f"the device refuses its snapshot (HTTP {response.status})")
        case 404 | 405 | 501:
            raise Unsupported(f"the device has no snapshot there (HTTP {response.status})")
        case status:
            raise Garbled(f"no snapshot: HTTP {status}, {len(response.body)} bytes")


def _values(seen: Seen, source: str) -> dict[str, Value]:
    judged = seen.judged
    values: dict[str, Value] = {
        "verdict": judged.verdict.value,
        "codec": seen.codec,
        "source": source,
        "grab_seconds": round(seen.grab_seconds, 3),
    }
    values |= {fault.value: there for fault, there in judged.faults.items()}
    if judged.looks:
        values |= {"learned_looks": judged.looks, "states": judged.slots}
    if judged.slot is not None:
        values["state_number"] = judged.slot + 1
    if judged.verdict in judged.scores:
        values["score"] = judged.scores[judged.verdict]
    if judged.unjudged:
        values["unjudged"] = ", ".join(judged.unjudged)
    if judged.covered:
        values["covered_share"] = round(judged.covered.count("1") / len(judged.covered), 3)
    match judged.shift:
        case Shift() as shift:
            values |= {
                "moved_right_share": round(shift.right, 3),
                "moved_down_share": round(shift.down, 3),
                "moved_degrees": round(shift.turn, 1),
            }
    match seen.measures:
        case Measures() as measures:
            values |= {
                "width": seen.width,
                "height": seen.height,
                "luma_mean": round(measures.luma_mean, 2),
                "luma_p01": measures.luma_p01,
                "luma_p99": measures.luma_p99,
                "luma_std": round(measures.luma_std, 2),
                "texture": round(measures.texture, 2),
                "dominant_share": round(measures.dominant_share, 4),
                "clipped_share": round(measures.clipped_share, 4),
                "dark_share": round(measures.dark_share, 4),
            }
    match seen.change:
        case Change() as change:
            values["change_mean"] = round(change.mean, 3)
    if seen.burst:
        found = {each.name: each.value for each in judged.measures}
        if "flicker" in found and "rolling" in found:
            values["flicker_percent"] = round(max(found["flicker"], found["rolling"]), 2)
        if "shake" in found:
            values["shake_percent"] = round(found["shake"], 3)
    return values


def _rows(judged: Judged) -> Rows:
    if not judged.measures:
        return NO_ROWS
    return {
        "measure": {
            each.name: {"value": round(each.value, 3), "low": round(each.low, 3), "high": round(each.high, 3)}
            for each in judged.measures
        },
        "fault": {fault.value: {"score": score} for fault, score in judged.scores.items()},
    }


PROBE = Probe(
    kind="frame",
    ask=ask,
    options=FrameOptions,
    lane=Lane.DECODE,
    every_seconds=300.0,
    timeout_seconds=20.0,
    uses_login=True,
)
