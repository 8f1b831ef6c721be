"""How is what a replay said written for machines?

One object: `frames` (every look), `events` (what the daemon would have told), `left_out`, `summary`. Each look has:

    camera, file, name, time (seconds since 1970), at (the same, ISO 8601), dated_by (name, exif, file, order)
    verdict   the fault that is named, or ok, unjudged, unreadable
    verdicts  all faults beyond their threshold, the named one first; empty where nothing is wrong
    fault     the code of the named fault, null where there is none
    state     judged, learning, cannot_judge, unreadable; `unjudged` has the reasons, also where only a part is unjudged
    confidence 0 to 1, scores (1 is the threshold), measures (value, low, high of what is usual)
    tickets   the faults of the tickets that are open after this look
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from monitor.cli.replay import Look
from probes.frame.faults import BLIND, HEALTHY, ORDER, Verdict
from probes.frame.footage import LeftOut
from probes.frame.job import Seen

VERSION: Final = 2
LEARNING: Final = "learning"


def row(look: Look, camera: str = "") -> dict[str, Any]:
    """One look."""
    shot = look.shot
    found: dict[str, Any] = {
        "camera": camera,
        "file": shot.file,
        "name": shot.name,
        "time": shot.at,
        "at": datetime.fromtimestamp(shot.at, UTC).isoformat(timespec="milliseconds"),
        "dated_by": shot.dated_by.value,
        "tickets": list(look.tickets),
    }
    if look.seen is None:
        return found | {
            "verdict": "unreadable", "verdicts": ["unreadable"], "fault": None, "state": "unreadable",
            "unjudged": [], "error": shot.error,
        }  # fmt: skip
    judged = look.seen.judged
    beyond = [fault for fault in ORDER if judged.scores.get(fault, 0.0) >= 1 and fault is not judged.verdict]
    healthy = judged.verdict in HEALTHY
    found |= {
        "verdict": judged.verdict.value,
        "verdicts": [] if healthy else [judged.verdict.value, *(fault.value for fault in beyond)],
        "fault": None if healthy else judged.verdict.value,
        "state": _state(look.seen),
        "unjudged": list(judged.unjudged),
        "confidence": round(_confidence(look.seen), 3),
        "scores": {fault.value: score for fault, score in judged.scores.items()},
        "measures": {
            each.name: [round(part, 3) for part in (each.value, each.low, each.high)] for each in judged.measures
        },
        "codec": shot.codec,
        "width": look.seen.width,
        "height": look.seen.height,
        "learned_looks": judged.looks,
        "slot": judged.slot,
        "cpu_ms": round(look.seen.cpu_seconds * 1_000, 2),
    }
    if shot.error:
        found["error"] = shot.error
    if judged.covered:
        found["covered_share"] = round(judged.covered.count("1") / len(judged.covered), 3)
    if judged.shift is not None:
        shift = judged.shift
        found["moved"] = {"right": round(shift.right, 3), "down": round(shift.down, 3), "degrees": shift.turn}
    return found


def whole(
    rows: Sequence[dict[str, Any]], events: Sequence[dict[str, Any]], left_out: Iterable[LeftOut], sizes: dict[str, int]
) -> dict[str, Any]:
    """The report. `sizes`: camera → bytes of what is known of it in the end."""
    cameras = {
        name: _summary([one for one in rows if one["camera"] == name], events, size, name)
        for name, size in sizes.items()
        if len(sizes) > 1
    }
    total = _summary(rows, events, max(sizes.values(), default=0))
    return {
        "version": VERSION,
        "frames": rows,
        "events": events,
        "left_out": [{"name": each.name, "why": each.why} for each in left_out],
        "summary": total | ({"cameras": cameras} if cameras else {}),
    }


def _summary(
    rows: Sequence[dict[str, Any]], events: Sequence[dict[str, Any]], size: int, camera: str | None = None
) -> dict[str, Any]:
    mine = [event for event in events if camera is None or event["camera"] == camera]
    days = {name: _days(one["time"] for one in rows if one["camera"] == name) for name in {r["camera"] for r in rows}}
    costs = sorted(one["cpu_ms"] for one in rows if "cpu_ms" in one)
    return {
        "frames": len(rows),
        "days": round(sum(days.values()), 3),
        "states": dict(Counter(one["state"] for one in rows).most_common()),
        "verdicts": dict(Counter(one["verdict"] for one in rows).most_common()),
        "tickets": sum(event["event"] == "opened" for event in mine),
        "reference_bytes": size,
        "cpu_ms_median": costs[len(costs) // 2] if costs else 0.0,
    }


def _days(times: Iterable[float]) -> float:
    known = list(times)
    return (max(known) - min(known)) / 86_400


def _state(seen: Seen) -> str:
    judged = seen.judged
    if judged.verdict is not Verdict.UNJUDGED:
        return "judged"
    return LEARNING if LEARNING in judged.unjudged else "cannot_judge"


def _confidence(seen: Seen) -> float:
    """0 to 1: a half at a threshold, towards 1 far beyond it, or far below it where nothing is wrong."""
    judged = seen.judged
    if judged.verdict in BLIND:
        return 1.0
    if judged.verdict in HEALTHY:
        most = max((score for score in judged.scores.values()), default=1.0)
        return 0.0 if judged.verdict is Verdict.UNJUDGED else 1 / (1 + max(0.0, most) ** 2)
    score = judged.scores.get(judged.verdict, 1.0)
    return score**2 / (1 + score**2)
