"""What is a decoder worker asked, and what does it say? Numbers and a small picture, never frames."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Annotated, Final, Literal

from pydantic import Field

from probes.frame.faults import Verdict
from probes.frame.picture import CELL_COLUMNS, CELL_ROWS
from probes.target import Login

Finite = Annotated[float, Field(allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]
Level = Annotated[float, Field(ge=0, le=255)]


Rectangle = tuple[float, float, float, float]  # left, top, width, height in shares of the picture
Tuning = Mapping[str, float]
NO_TUNING: Final[Tuning] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of this camera's pictures before it is looked at; without it, fixed thresholds alone judge.

    `reference` and `glance`: as the last look gave them, empty if there is none. `at`: now, seconds since the epoch; 0:
    learn nothing. `tuning`: fault → by how much a person moved its threshold. `confirmed_at`: when a person confirmed a
    new view, 0 if nobody did; `taken_back_at`: when that was taken back. `presets`: the camera turns by itself, and
    what it has not seen yet is a new view. `masks`: what evidence must not show. `hide_people`: nor anything that may
    be a person. `burst`: decode the pictures of a burst even where nothing is suspicious. `room_bytes`: how large the
    reference may become.
    """

    reference: bytes = b""
    glance: bytes = b""
    at: float = 0.0
    tuning: Tuning = field(default_factory=lambda: NO_TUNING)
    confirmed_at: float = 0.0
    taken_back_at: float = 0.0
    presets: bool = False
    masks: tuple[Rectangle, ...] = ()
    burst: bool = False
    room_bytes: int = 200_000
    hide_people: bool = False

    def is_usual(self, fault: Verdict) -> bool:
        """Did a person say that what looks like this fault is usual for the camera?"""
        return self.tuning.get(fault, 1.0) > 1


NOTHING: Final = Known()


@dataclass(frozen=True, slots=True)
class StreamJob:
    """Open this RTSP stream and take one key frame, or two that lie `gap_seconds` apart (0: one). Ends in `seconds`.

    The second is only waited for where the first is as the last look's was, or not much later: it may stand still.
    `burst`: keep the pictures that follow the first one, and judge how steady they are.
    """

    url: str  # without credentials
    login: Login | None
    transport: Literal["tcp", "udp"]
    gap_seconds: float
    seconds: float
    known: Known = NOTHING
    burst: bool = False


@dataclass(frozen=True, slots=True)
class StillJob:
    """Decode this JPEG or PNG file."""

    image: bytes
    seconds: float
    known: Known = NOTHING


Job = StreamJob | StillJob


@dataclass(frozen=True, slots=True)
class Measures:
    """One picture in numbers. Levels are 0 to 255 (full range); shares are 0 to 1."""

    luma_mean: Level
    luma_p01: Level
    luma_p99: Level
    luma_std: Level
    clipped_share: Share  # luma at 250 or more
    dark_share: Share  # luma at 20 or less
    dominant_share: Share  # pixels that have the most frequent colour, within 3 levels in Y, Cb and Cr …
    dominant_luma: Level  # … and that colour
    dominant_blue: Level
    dominant_red: Level
    blue_p10: Level  # Cb that nine tenths of the picture exceed
    flat_share: Share  # pixels exactly like their right neighbour: a generated picture has no sensor noise
    middle_p999: Level  # 99.9th percentile of the luma between the places where on-screen text stands
    texture: Level  # there: the steepest slopes of the sharpest blocks, in levels a pixel at 320×180


@dataclass(frozen=True, slots=True)
class Change:
    """The difference between two key frames of one session, at the sensor's own sampling, in grey levels."""

    seconds: Finite
    mean: Level  # mean absolute difference
    block_max: Level  # the same of the block of 16×9 that changed most
    identical: bool


@dataclass(frozen=True, slots=True)
class Evidence:
    """Width and height of the JPEG that comes with the answer."""

    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Measured:
    """One measure beside what is usual for this camera: `low` to `high` is within the threshold."""

    name: Annotated[str, Field(max_length=32)]
    value: Finite
    low: Finite
    high: Finite


@dataclass(frozen=True, slots=True)
class Shift:
    """How the view moved: right and down in shares of the picture, degrees, zoom; see `registration.Move`."""

    right: Finite
    down: Finite
    turn: Finite
    zoom: Finite
    match: Finite


@dataclass(frozen=True, slots=True)
class Judged:
    """What is wrong with the picture, all things considered.

    `faults`: True for the one that is named, False for those that are certainly not there, absent where it cannot be
    known. `scores`: fault → what was measured against what was learned, 1 at the threshold. `unjudged`: why some could
    not be judged (learning, light, no_light, few_blocks, turning, one_picture, few_pictures, restless). `covered`: the
    cells that show something else, as `picture.write_cells` writes them, empty if none does; `spots`: those where the
    named fault shows besides: dirt, or text that is missing. `slot`, `slots`, `looks`: which state of the camera it was
    compared with, how many it has, from how many looks.
    """

    verdict: Verdict
    faults: dict[Verdict, bool]
    scores: dict[Verdict, Finite]
    unjudged: tuple[Annotated[str, Field(max_length=32)], ...] = ()
    measures: tuple[Measured, ...] = ()
    covered: Annotated[str, Field(max_length=CELL_ROWS * CELL_COLUMNS)] = ""
    spots: Annotated[str, Field(max_length=CELL_ROWS * CELL_COLUMNS)] = ""
    shift: Shift | None = None
    slot: int | None = None
    slots: int = 0
    looks: int = 0


@dataclass(frozen=True, slots=True)
class Attached:
    """What comes with the numbers; empty where there is nothing.

    The picture as JPEG, the same with what is wrong marked on it, the reference where something was learned, and the
    glance for the next look.
    """

    jpeg: bytes = b""
    marked: bytes = b""
    reference: bytes = b""
    glance: bytes = b""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a worker saw. `measures` is None where nothing could be decoded although the device sent a picture.

    `burst`: pictures in a row that were measured, 0 if none were decoded.
    """

    codec: Annotated[str, Field(max_length=32)]
    width: int
    height: int
    corrupt: bool  # the decoder found damage, also on a second try
    measures: Measures | None
    change: Change | None
    judged: Judged
    evidence: Evidence | None
    signature: Annotated[str, Field(max_length=64)]  # equal only where the decoded pixels are
    grab_seconds: Finite
    cpu_seconds: Finite
    rss_bytes: int
    burst: Annotated[int, Field(ge=0, le=64)] = 0
