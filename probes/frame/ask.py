"""Does the camera give a picture, and is it of any use?"""

from __future__ import annotations

from typing import Final

from probes.errors import Denied, Garbled, Unsupported
from probes.frame.job import Change, Measures, Seen, StillJob, StreamJob
from probes.frame.options import FrameOptions
from probes.frame.polls import Polls
from probes.frame.pool import DecodePool
from probes.frame.source import Source, find_source, with_address
from probes.frame.verdict import Verdict, judge
from probes.observation import Answer, Picture, Value
from probes.probe import Lane, Probe
from probes.target import Target
from probes.tools import Tools, trace
from probes.web import Web

STILL_SECONDS: Final = 5.0  # to decode one


async def ask(target: Target, options: FrameOptions, tools: Tools) -> Answer:
    """Take one picture, or two of one session, and judge them.

    Values: verdict, width and height (pixels), codec, source ("rtsp"/"snapshot"), grab_seconds, luma_mean, luma_p01,
    luma_p99, luma_std (levels 0 to 255), texture (levels a pixel), dominant_share, clipped_share, dark_share, and
    change_mean (levels) where two key frames came. A picture that the device sends damaged, twice, is a verdict
    (`garbled`); an answer that is no picture at all is an outcome. The evidence is a JPEG of at most 60 kB.
    """
    source = await find_source(target, options, tools)
    if source.is_stream:
        job = StreamJob(
            url=await with_address(source, tools),
            login=target.login,
            transport=options.transport,
            gap_seconds=options.gap_seconds if options.two_frames else 0.0,
            seconds=options.grab_seconds,
        )
        seen, jpeg = await tools.get(DecodePool).look(target.device, job)
        verdict = judge(seen.measures, seen.change, corrupt=seen.corrupt)
    else:
        seen, jpeg = await _see_still(target, options, source, tools)
        verdict = judge(seen.measures, None, corrupt=seen.corrupt)
        if verdict is Verdict.OK and tools.get(Polls).frozen(target.device, seen.signature):
            verdict = Verdict.FROZEN
    trace("%s: %s, %d×%d, %.1f ms of CPU", verdict, seen.codec, seen.width, seen.height, seen.cpu_seconds * 1_000)
    picture = None if seen.evidence is None else Picture(jpeg, seen.evidence.width, seen.evidence.height)
    return Answer(_values(seen, verdict, "rtsp" if source.is_stream else "snapshot"), picture=picture)


async def _see_still(target: Target, options: FrameOptions, source: Source, tools: Tools) -> tuple[Seen, bytes]:
    """Fetch the snapshot and have it decoded; one that breaks off is fetched once more."""
    seen, jpeg = await _fetch_still(target, options, source, tools)
    if seen.corrupt:
        trace("the snapshot is damaged; fetching it again")
        seen, jpeg = await _fetch_still(target, options, source, tools)
    return seen, jpeg


async def _fetch_still(target: Target, options: FrameOptions, source: Source, tools: Tools) -> tuple[Seen, bytes]:
    response = await tools.get(Web).fetch(
        "GET", source.url, host=source.host, login=target.login, max_bytes=options.max_bytes
    )
    match response.status:
        case 200 if response.body:
            return await tools.get(DecodePool).look(target.device, StillJob(response.body, STILL_SECONDS))
        case 401 | 403:
            raise Denied(f"the device refuses its snapshot (HTTP {response.status})")
        case 404 | 405 | 501:
            raise Unsupported(f"the device has no snapshot there (HTTP {response.status})")
        case status:
            raise Garbled(f"no snapshot: HTTP {status}, {len(response.body)} bytes")


def _values(seen: Seen, verdict: Verdict, source: str) -> dict[str, Value]:
    values: dict[str, Value] = {
        "verdict": verdict.value,
        "codec": seen.codec,
        "source": source,
        "grab_seconds": round(seen.grab_seconds, 3),
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
    return values


PROBE = Probe(
    kind="frame",
    ask=ask,
    options=FrameOptions,
    lane=Lane.DECODE,
    every_seconds=300.0,
    timeout_seconds=20.0,
    uses_login=True,
)
