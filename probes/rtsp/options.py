"""Which stream is asked for, how far, and over which transport?"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import SplitResult, urlsplit

from pydantic import ConfigDict, Field, field_validator, model_validator

from probes.probe import Options

PORTS = {"rtsp": 554, "rtsps": 322}  # RFC 2326, RFC 7826
MAX_URL = 2048

_UNSAFE = re.compile(r"[^\x21-\x7e]")


@dataclass(frozen=True, slots=True)
class Location:
    """Where a stream is: what to connect to, and the URL as it stands in the requests."""

    host: str
    port: int
    tls: bool
    url: str


class RtspOptions(Options):
    """`url`, in which `{host}` stands for the device's address; or `path`, `port` and `tls`.

    `depth`: `options` asks whether RTSP is spoken at all and never sends credentials, `describe` whether the stream is
    offered, `play` waits for its first RTP packet. `transport` matters to `play`.
    """

    model_config = ConfigDict(hide_input_in_errors=True)  # a URL may have a password in it, though it must not

    url: Annotated[str, Field(max_length=MAX_URL)] | None = None
    path: Annotated[str, Field(max_length=MAX_URL)] = "/"
    port: Annotated[int, Field(ge=1, le=65_535)] | None = None
    tls: bool = False
    depth: Literal["options", "describe", "play"] = "describe"
    transport: Literal["tcp", "udp"] = "tcp"

    @field_validator("path")
    @classmethod
    def _check_path(cls, path: str) -> str:
        if _UNSAFE.search(path):
            raise ValueError("the path has blanks or characters beyond ASCII: write them as %20 and the like")
        return path if path.startswith("/") else f"/{path}"

    @field_validator("url")
    @classmethod
    def _check_url(cls, url: str | None) -> str | None:
        if url is None:
            return None
        parts = _split(url.replace("{host}", "host"))
        if parts.username is not None or parts.password is not None:
            raise ValueError("user name and password do not belong in the URL: name them under `credentials`")
        if parts.scheme not in PORTS:
            raise ValueError("the URL must begin with rtsp:// or rtsps://")
        if not parts.hostname:
            raise ValueError("the URL names no host: write {host} for the device's address")
        if _UNSAFE.search(url):
            raise ValueError("the URL has blanks or characters beyond ASCII: write them as %20 and the like")
        return url

    @model_validator(mode="after")
    def _check_choice(self) -> RtspOptions:
        if self.url is not None and self.model_fields_set & {"path", "port", "tls"}:
            raise ValueError("`url` says it all: leave out `path`, `port` and `tls`")
        return self

    def locate(self, host: str) -> Location:
        """The stream on the device at `host`, an IP address or a name."""
        written = f"[{host}]" if ":" in host and not host.startswith("[") else host
        if self.url is None:
            scheme = "rtsps" if self.tls else "rtsp"
            port = self.port or PORTS[scheme]
            return Location(host, port, self.tls, f"{scheme}://{written}:{port}{self.path}")
        url = self.url.replace("{host}", written)
        parts = _split(url)
        return Location(parts.hostname or host, parts.port or PORTS[parts.scheme], parts.scheme == "rtsps", url)


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise ValueError(f"not a URL: {error}") from None
    return parts
