"""What is a decoder worker asked, and what does it say? Numbers and a small picture, never frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from probes.target import Login

Finite = Annotated[float, Field(allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]
Level = Annotated[float, Field(ge=0, le=255)]


@dataclass(frozen=True, slots=True)
class StreamJob:
    """Open this RTSP stream and take one key frame, or two that lie `gap_seconds` apart (0: one). Ends in `seconds`."""

    url: str  # without credentials
    login: Login | None
    transport: Literal["tcp", "udp"]
    gap_seconds: float
    seconds: float


@dataclass(frozen=True, slots=True)
class StillJob:
    """Decode this JPEG or PNG file."""

    image: bytes
    seconds: float


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
class Seen:
    """What a worker saw. `measures` is None where nothing could be decoded although the device sent a picture."""

    codec: Annotated[str, Field(max_length=32)]
    width: int
    height: int
    corrupt: bool  # the decoder found damage, also on a second try
    measures: Measures | None
    change: Change | None
    evidence: Evidence | None
    signature: Annotated[str, Field(max_length=64)]  # equal only where the decoded pixels are
    grab_seconds: Finite
    cpu_seconds: Finite
    rss_bytes: int
