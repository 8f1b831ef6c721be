"""Which picture is looked at, and how long may it take?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from probes.onvif import OnvifOptions
from probes.probe import Options

PORTS: Final = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}
STREAM_SCHEMES: Final = frozenset({"rtsp", "rtsps"})

Share = Annotated[float, Field(ge=0, le=1)]
Mask = tuple[Share, Share, Share, Share]
Port = Annotated[int, Field(ge=1, le=65_535)]


class PtzOptions(Options):
    """Of a camera that turns, if it says by ONVIF where it looks.

    `home`: name or token of the preset where it belongs; `away_after_seconds`: how long it may stand elsewhere.
    """

    ask: bool = True  # where it looks, before and after each picture
    home: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    away_after_seconds: Annotated[float, Field(ge=60, le=604_800)] = 1_800.0


class EvidenceOptions(Options):
    """What pictures may show that are kept or sent. `blur`: coarse squares where anything is that may be a person."""

    people: Literal["show", "blur"] = "show"


def hides_people(options: Options) -> bool:
    """May nobody be recognised in what these options let out?"""
    return isinstance(options, FrameOptions) and options.evidence.people == "blur"


class FrameOptions(Options):
    """`url`, in which `{host}` stands for the device's address; or `path` with `port` and `tls`; or neither.

    With neither, ONVIF names the address of the `profile`: its stream, or, with `source: snapshot` or where the device
    has no stream, its snapshot. With `burst`, flicker and jitter are judged by eight pictures in a row, every
    `burst_every_seconds` and whenever something may be wrong (0: with every look). A snapshot cannot tell.
    """

    source: Literal["auto", "rtsp", "snapshot"] = "auto"
    url: Annotated[str, Field(max_length=2_000, pattern=r"^[a-z]+://[\x21-\x7e]+$")] | None = None
    path: Annotated[str, Field(max_length=2_000, pattern=r"^/[\x21-\x7e]*$")] | None = None
    port: Port | None = None  # 554 for RTSP, 322 for RTSPS, 80 for a snapshot, 443 with tls
    tls: bool = False
    profile: Annotated[int, Field(ge=0)] | Annotated[str, Field(min_length=1, max_length=64)] = "smallest"
    onvif: OnvifOptions = OnvifOptions()
    transport: Literal["tcp", "udp"] = "tcp"
    two_frames: bool = True  # RTSP: take a second key frame where nothing has moved since the last look
    reference: Path | None = None  # what to begin with; `sitewarden frame replay --save` writes such a file
    masks: tuple[Mask, ...] = ()  # left, top, width, height in shares of the picture: coarse squares in evidence
    evidence: EvidenceOptions = EvidenceOptions()
    presets: bool = False  # the camera goes from preset to preset by itself, and does not say where it looks
    ptz: PtzOptions = PtzOptions()
    burst: bool = True  # RTSP: eight pictures in a row, for flicker and jitter
    burst_every_seconds: Annotated[float, Field(ge=0, le=604_800)] = 3_600.0  # and whenever something may be wrong
    gap_seconds: Annotated[float, Field(ge=0.5, le=10)] = 2.0
    grab_seconds: Annotated[float, Field(ge=2, le=60)] = 14.0  # keep it 4 s below the check's timeout
    max_bytes: Annotated[int, Field(ge=10_000, le=16_000_000)] = 8_000_000  # of a snapshot

    @model_validator(mode="after")
    def _check_address(self) -> Self:
        if self.url is None:
            if self.path is None and self.model_fields_set & {"port", "tls"}:
                raise ValueError("`port` and `tls` go with `path`; for ONVIF's own port write `onvif: {port: …}`")
            return self
        if self.model_fields_set & {"path", "port", "tls"}:
            raise ValueError("`url` says it all: leave out `path`, `port` and `tls`")
        try:
            parts = urlsplit(self.url.replace("{host}", "host"))
            port = parts.port
        except ValueError as error:
            raise ValueError(f"not a URL: {error}") from None
        if "@" in parts.netloc:
            raise ValueError("user name and password do not belong in the URL: name them under `credentials`")
        if parts.scheme not in PORTS or not parts.hostname or port == 0:
            raise ValueError("the URL must begin with rtsp://, rtsps://, http:// or https://, and name a host ({host})")
        wanted = "rtsp" if parts.scheme in STREAM_SCHEMES else "snapshot"
        if self.source not in {"auto", wanted}:
            raise ValueError(f"source {self.source!r} cannot be read from an address of {parts.scheme}://")
        return self
