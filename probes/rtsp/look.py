"""Does a camera or recorder offer its stream, and does it send it?"""

from __future__ import annotations

from probes.errors import Unsupported
from probes.observation import Answer, Value
from probes.probe import Probe
from probes.rtsp.client import Client, check
from probes.rtsp.options import RtspOptions
from probes.rtsp.play import Route, await_packet
from probes.rtsp.sdp import base_url, control_url, parse_sdp
from probes.target import Target
from probes.tools import Tools


async def ask(target: Target, options: RtspOptions, tools: Tools) -> Answer:
    """Ask for the stream's description, or less, or its first packet too, as `options.depth` says.

    Values: server, codec (describe, play; as SDP names it, in lower case), transport and first_packet_seconds (play;
    from PLAY on). Raises every Trouble; Denied after one try of the login.
    """
    location = options.locate(target.host)
    client = await Client.open(location, None if options.depth == "options" else target.login, tools)
    try:
        if options.depth == "options":
            return await _greet(client)
        return await _describe(client, options)
    finally:
        client.close()


async def _greet(client: Client) -> Answer:
    head = (await client.exchange("OPTIONS", client.location.url)).head
    if head.status == 401:
        return Answer({"server": head.server}, detail="speaks RTSP and asks for a login")
    check(head, "OPTIONS")
    return Answer({"server": head.server}, detail="speaks RTSP")


async def _describe(client: Client, options: RtspOptions) -> Answer:
    url = client.location.url
    described = await client.request("DESCRIBE", url, {"Accept": "application/sdp"})
    head = described.head
    description = parse_sdp(described.body)
    video = description.video
    if video is None:
        kinds = ", ".join(sorted({medium.kind for medium in description.media})) or "nothing"
        raise Unsupported(f"describes no video stream, but {kinds}")
    values: dict[str, Value] = {"codec": video.codec, "server": head.server}
    if options.depth == "describe":
        return Answer(values, detail=f"offers {video.codec}")
    base = base_url(url, head.get("content-base"), head.get("content-location"))
    session_url = control_url(base, description.control)
    video_url = control_url(session_url if "://" in description.control else base, video.control)
    seconds = await await_packet(client, Route(video, video_url, session_url), options.transport)
    values["transport"], values["first_packet_seconds"] = options.transport, seconds
    return Answer(values, detail=f"sends {video.codec} over {options.transport.upper()}")


PROBE = Probe("rtsp", ask, RtspOptions, every_seconds=60.0, timeout_seconds=8.0, uses_login=True)
