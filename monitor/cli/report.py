"""How is what a replay said written for machines? One object that explains itself: see `about`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

from monitor import __version__
from monitor.cli.language import _
from monitor.cli.replay import Look
from probes.frame.faults import BLIND, HEALTHY, ORDER, Verdict
from probes.frame.footage import LeftOut
from probes.frame.job import Change, Judged, Measures, Seen

VERSION: Final = 3
LEARNING: Final = "learning"


def about() -> dict[str, str]:
    """What each part of the report means, for whoever reads it without the manual."""
    return {
        "camera": _("whose picture it is; each camera is learned by itself"),
        "file, name": _("below the folder that was given; the name of a video's picture has the seconds into it"),
        "time, at": _("when it was taken: seconds since 1970, and as text (UTC)"),
        "dated_by": _("what says so: name, exif, file (its last change), order (nothing, they are numbered)"),
        "sooner": _("true where the interval was not over, but something seemed wrong, so that one looks again"),
        "verdict": _("the one fault that is named; ok, unjudged (see unjudged) or unreadable (see error)"),
        "verdicts": _("all faults beyond their thresholds, the named one first; empty where there is none"),
        "fault": _("the verdict where it is a fault, else null"),
        "state": _("judged; learning; cannot_judge; unreadable: the file is no picture"),
        "unjudged": _("why some or all faults could not be judged, codes"),
        "confidence": _("0 to 1: 0.5 at a threshold, nearer to 1 the further from it; of an unjudged picture 0"),
        "confidences": _("the same for each of verdicts"),
        "scores": _("fault: what was measured against what this camera may show, 1 at the threshold"),
        "measures": _("value, and what is usual for this camera in this light (low to high)"),
        "picture": _("what the picture shows by itself: levels 0 to 255, shares 0 to 1"),
        "change": _("of two pictures of one video: seconds apart, and by how many grey levels they differ"),
        "slot, slots, learned_looks": _(
            "the state it was compared with, how many there are, learned from how many looks"
        ),
        "covered_share, moved": _(
            "how much is covered; by how much the view moved (shares of width and height, degrees)"
        ),
        "tickets": _("faults of the tickets that are open after this look"),
        "events": _("what this look did to tickets; all of them stand in events, beside frames"),
        "cpu_ms": _("processor time after decoding, milliseconds"),
        "left_out": _("files that were not looked at, and why"),
    }


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
        "sooner": shot.sooner,
        "tickets": list(look.tickets),
        "events": [{"event": one["event"], "fault": one["fault"], "ticket": one["ticket"]} for one in look.events],
    }
    if look.seen is None:
        return found | {
            "verdict": "unreadable", "verdicts": ["unreadable"], "fault": None, "state": "unreadable",
            "unjudged": [], "confidence": 0.0, "confidences": {}, "scores": {}, "measures": {}, "error": shot.error,
        }  # fmt: skip
    judged = look.seen.judged
    beyond = [fault for fault in ORDER if judged.scores.get(fault, 0.0) >= 1 and fault is not judged.verdict]
    healthy = judged.verdict in HEALTHY
    verdicts = [] if healthy else [judged.verdict, *beyond]
    found |= {
        "verdict": judged.verdict.value,
        "verdicts": [fault.value for fault in verdicts],
        "fault": None if healthy else judged.verdict.value,
        "state": _state(look.seen),
        "unjudged": list(judged.unjudged),
        "confidence": round(_confidence(judged), 3),
        "confidences": {fault.value: round(_certainty(judged, fault), 3) for fault in verdicts},
        "scores": {fault.value: score for fault, score in judged.scores.items()},
        "measures": {
            each.name: {"value": round(each.value, 3), "low": round(each.low, 3), "high": round(each.high, 3)}
            for each in judged.measures
        },
        "picture": _rounded(look.seen.measures),
        "change": _rounded(look.seen.change),
        "codec": shot.codec,
        "width": look.seen.width,
        "height": look.seen.height,
        "learned_looks": judged.looks,
        "slot": judged.slot,
        "slots": judged.slots,
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
    rows: Sequence[dict[str, Any]],
    events: Sequence[dict[str, Any]],
    left_out: Iterable[LeftOut],
    sizes: dict[str, int],
    options: Mapping[str, Any],
    *,
    complete: bool = True,
) -> dict[str, Any]:
    """The report. `sizes`: camera → bytes of what is known of it in the end. `options`: how it was asked for."""
    cameras = {
        name: _summary([one for one in rows if one["camera"] == name], events, size, name)
        for name, size in sizes.items()
        if len(sizes) > 1
    }
    total = _summary(rows, events, max(sizes.values(), default=0))
    return {
        "version": VERSION,
        "program": __version__,
        "about": about(),
        "options": dict(options),
        "complete": complete,
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


def _confidence(judged: Judged) -> float:
    """0 to 1: a half at a threshold, towards 1 far beyond it, or far below it where nothing is wrong."""
    if judged.verdict not in HEALTHY:
        return _certainty(judged, judged.verdict)
    most = max(judged.scores.values(), default=1.0)
    return 0.0 if judged.verdict is Verdict.UNJUDGED else 1 / (1 + max(0.0, most) ** 2)


def _certainty(judged: Judged, fault: Verdict) -> float:
    if fault in BLIND:
        return 1.0
    score = judged.scores.get(fault, 1.0)
    return score**2 / (1 + score**2)


def _rounded(of: Measures | Change | None) -> dict[str, Any] | None:
    return None if of is None else {name: _short(value) for name, value in asdict(of).items()}


def _short(value: object) -> object:
    return round(value, 4) if isinstance(value, float) else value
