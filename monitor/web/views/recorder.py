"""What does a recorder say of its recordings: channels, disks, retention, and the calendar of its gaps?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Final

from monitor.locale import Formats, Translate, msg, translate
from monitor.web.views.directory import natural
from monitor.web.views.numbers import written
from probes.observation import Observation, Outcome, Values

MAX_CHANNELS: Final = 128  # that are drawn
MAX_GAPS: Final = 3  # that are named for each channel
MAX_DAYS: Final = 400

TONES: Final = {"online": "ok", "offline": "bad", "normal": "ok", "idle": "ok", "abnormal": "bad",
                "smart_failed": "bad", "mismatch": "bad", "unformatted": "bad"}  # fmt: skip
DAYS: Final = {"1": "recorded", "h": "partly", "0": "missing", "-": "before", "?": "unknown"}


@dataclass(frozen=True, slots=True)
class Run:
    """Days in a row that are alike: the first one's place in the calendar, how many, what they are."""

    start: int
    length: int
    kind: str


@dataclass(frozen=True, slots=True)
class ChannelLine:
    """One channel: its state and recording as words with a tone, its days drawn and told."""

    number: str
    name: str
    address: str
    state: str
    state_tone: str
    recording: str
    recording_tone: str
    runs: tuple[Run, ...]
    count: int  # days in the calendar
    says: str  # the calendar in words
    oldest: str


@dataclass(frozen=True, slots=True)
class DiskLine:
    """One disk; `used` is 0…100, None where it is not told."""

    key: str
    name: str
    state: str
    tone: str
    size: str
    free: str
    used: float | None


@dataclass(frozen=True, slots=True)
class RecorderView:
    """A recorder's part of its page. `first` and `last` are the ends of the calendar, empty without one."""

    channels: tuple[ChannelLine, ...]
    left_out: int
    disks: tuple[DiskLine, ...]
    retention: str
    retention_tone: str
    oldest: str
    wanted: str
    judged: str
    first: str
    last: str


def recorder_view(look: Observation | None, formats: Formats) -> RecorderView | None:
    """From the latest look of the check `recorder`; None where there is none to show."""
    if look is None or look.outcome is not Outcome.OK:
        return None
    say = translate(formats.language)
    channels, footage = look.rows.get("channel", {}), look.rows.get("footage", {})
    numbers = sorted(channels, key=natural)
    drawn = [_channel(one, channels[one], footage.get(one, {}), say, formats) for one in numbers[:MAX_CHANNELS]]
    disks = look.rows.get("disk", {})
    retention = str(look.values.get("retention", ""))
    calendar = next((row for row in footage.values() if _first_day(row)), None)
    first = _first_day(calendar) if calendar else None
    last = first + timedelta(days=len(_days(calendar)) - 1) if calendar and first else None
    age, wanted = look.values.get("oldest_footage_seconds"), look.values.get("retention_days")
    return RecorderView(
        tuple(drawn),
        len(numbers) - len(drawn),
        tuple(_disk(key, disks[key], say, formats) for key in sorted(disks, key=natural)),
        written("retention", retention, say, formats) if retention else "",
        {"enough": "ok", "short": "bad"}.get(retention, "unknown"),
        formats.duration(float(age)) if isinstance(age, int | float) else "",
        formats.duration(float(wanted) * 86_400) if isinstance(wanted, int | float) else "",
        _judged(look.values, say, formats),
        first.isoformat() if first else "",
        last.isoformat() if last else "",
    )


def _judged(values: Values, say: Translate, formats: Formats) -> str:
    """How many channels are kept too short and which is the worst, or that the channels are not told apart."""
    if values.get("retention_basis") == "total":
        return say(msg("This device does not tell the oldest footage of each channel, only of all together."))
    judged, short, worst = (values.get(name) for name in ("channels_judged", "channels_short", "worst_channel"))
    age = values.get("worst_seconds")
    if not isinstance(age, int | float) or not isinstance(worst, str):
        return ""
    facts = {"short": short, "all": judged, "worst": worst, "duration": formats.duration(float(age))}
    if short:
        return (
            say(msg("%(short)s of %(all)s channels are kept too short, least of all channel %(worst)s: %(duration)s"))
            % facts
        )
    return say(msg("Least of all is kept channel %(worst)s: %(duration)s")) % facts


def _channel(number: str, row: Values, footage: Values, say: Translate, formats: Formats) -> ChannelLine:
    state, recording = str(row.get("state", "unknown")), row.get("recording")
    age = footage.get("oldest_seconds")
    told = say(msg("not told"))
    return ChannelLine(
        number,
        str(row.get("name", "")),
        str(row.get("address", "")),
        told if state == "unknown" else written("state", state, say, formats),
        TONES.get(state, "unknown"),
        told if not isinstance(recording, bool) else say(msg("recording")) if recording else say(msg("not recording")),
        "unknown" if not isinstance(recording, bool) else "ok" if recording else "bad",
        tuple(_runs(_days(footage))),
        len(_days(footage)),
        _tell(footage, say, formats),
        formats.duration(float(age)) if isinstance(age, int | float) else "",
    )


def _days(row: Values) -> str:
    return str(row.get("days", ""))[:MAX_DAYS]


def _first_day(row: Values) -> date | None:
    try:
        return date.fromisoformat(str(row.get("first_day", "")))
    except ValueError:
        return None


def _runs(days: str) -> Iterator[Run]:
    at = 0
    for kind, group in groupby(days):
        length = sum(1 for _ in group)
        yield Run(at, length, DAYS.get(kind, "unknown"))
        at += length


def _tell(footage: Values, say: Translate, formats: Formats) -> str:
    """The calendar as a sentence: what a reader hears who cannot see it."""
    days, first = _days(footage), _first_day(footage)
    if not days or first is None:
        return say(msg("Footage not known yet, or not told."))
    if not {"1", "h", "0"} & set(days):
        return say(msg("This device does not tell which days are missing."))
    gaps = [run for run in _runs(days) if run.kind == "missing"]
    recorded = days.count("1") + days.count("h")
    if not gaps and "h" in days:
        return say(msg("%(recorded)s of %(all)s days recorded, on %(partly)s of them hours are missing.")) % {
            "recorded": recorded, "all": len(days), "partly": days.count("h"),
        }  # fmt: skip
    if not gaps:
        return say(msg("%(recorded)s of %(all)s days recorded, no gap.")) % {"recorded": recorded, "all": len(days)}
    named = [_span(first + timedelta(days=gap.start), gap.length) for gap in gaps[-MAX_GAPS:]]
    if len(gaps) > MAX_GAPS:
        named.insert(0, "…")
    return say(msg("%(recorded)s of %(all)s days recorded, missing: %(gaps)s")) % {
        "recorded": recorded, "all": len(days), "gaps": ", ".join(named),
    }  # fmt: skip


def _span(first: date, length: int) -> str:
    last = first + timedelta(days=length - 1)
    return first.isoformat() if length == 1 else f"{first.isoformat()} – {last.isoformat()}"


def _disk(key: str, row: Values, say: Translate, formats: Formats) -> DiskLine:
    size, free, used = row.get("size_bytes"), row.get("free_bytes"), row.get("used_percent")
    state = str(row.get("state", "unknown"))
    return DiskLine(
        key,
        str(row.get("name", "")),
        written("state", state, say, formats),
        TONES.get(state, "bad" if state == "offline" else "unknown"),
        formats.size(float(size)) if isinstance(size, int | float) else "",
        formats.size(float(free)) if isinstance(free, int | float) else "",
        min(100.0, max(0.0, float(used))) if isinstance(used, int | float) else None,
    )
