"""Where does this device's picture come from?"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from probes.errors import Unsupported
from probes.frame.options import PORTS, STREAM_SCHEMES, FrameOptions
from probes.onvif import snapshot_uri, stream_uri
from probes.resolve import resolve
from probes.target import Target
from probes.tools import Tools, trace


@dataclass(frozen=True, slots=True)
class Source:
    """An address without the login; keep `url` out of logs, as some firmware writes a password into its query."""

    url: str
    host: str

    @property
    def is_stream(self) -> bool:
        """A stream over RTSP, otherwise a still over HTTP."""
        return urlsplit(self.url).scheme in STREAM_SCHEMES


async def find_source(target: Target, options: FrameOptions, tools: Tools) -> Source:
    """The address that the options give, or else ONVIF. Raises what ONVIF raises, and Unsupported if it names none."""
    url = await _find_url(target, options, tools)
    source = Source(url, urlsplit(url).hostname or target.host)
    trace("the picture comes from a %s at %s", "stream" if source.is_stream else "snapshot", source.host)
    return source


async def with_address(source: Source, tools: Tools) -> str:
    """The URL with the IP address in place of the name, so that no worker waits for a name. Raises Unresolved."""
    found = await resolve(source.host, tools)
    parts = urlsplit(source.url)
    ip = f"[{found.ip}]" if ":" in found.ip else found.ip
    return urlunsplit(parts._replace(netloc=f"{ip}:{parts.port or PORTS[parts.scheme]}"))


async def _find_url(target: Target, options: FrameOptions, tools: Tools) -> str:
    host = f"[{target.host}]" if ":" in target.host else target.host
    if options.url is not None:
        return options.url.replace("{host}", host)
    if options.path is not None:
        scheme = ("http" if options.source == "snapshot" else "rtsp") + ("s" if options.tls else "")
        return f"{scheme}://{host}:{options.port or PORTS[scheme]}{options.path}"
    if options.source != "snapshot":
        try:
            return await stream_uri(tools, target, options.onvif, profile=options.profile)
        except Unsupported:
            if options.source == "rtsp":
                raise
            trace("ONVIF names no stream; asking for a snapshot")
    return await snapshot_uri(tools, target, options.onvif, profile=options.profile)
