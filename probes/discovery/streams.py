"""Does a host speak RTSP, and what does it send on the streams that it names?"""

from __future__ import annotations

from dataclasses import replace

from probes.discovery.found import StreamSeen
from probes.discovery.patience import hear
from probes.discovery.ration import Ration
from probes.errors import Denied, Trouble
from probes.rtsp.look import ask
from probes.rtsp.options import RtspOptions
from probes.snmp.profile import Profile
from probes.target import Target
from probes.tools import Tools

MAX_DESCRIBED = 4
SECONDS = 4.0


async def greet(host: str, port: int, tools: Tools) -> str | None:
    """What the RTSP server calls itself, perhaps nothing; None if it speaks no RTSP. No login is sent."""
    answer = await hear(ask(Target(host, host), RtspOptions(port=port, depth="options"), tools), SECONDS)
    return None if isinstance(answer, Trouble) else str(answer.values.get("server", ""))


def usual(profile: Profile | None, port: int) -> tuple[StreamSeen, ...]:
    """Where the family keeps the streams of its first camera, for a device that does not say it by ONVIF."""
    listed = profile.source.streams if profile else ()
    return tuple(StreamSeen(one.path.replace("{channel}", "1"), port, name=one.use) for one in listed[:MAX_DESCRIBED])


async def describe(host: str, streams: tuple[StreamSeen, ...], ration: Ration, tools: Tools) -> tuple[StreamSeen, ...]:
    """The streams with the codec that the device really describes. Without a login nothing is asked."""
    seen: list[StreamSeen] = []
    for at, stream in enumerate(streams):
        if ration.login is None or at >= MAX_DESCRIBED or stream.secret:
            seen.append(stream)
            continue
        options = RtspOptions(path=stream.path, port=stream.port, tls=stream.tls)
        answer = await hear(ask(Target(host, host, ration.login), options, tools), SECONDS)
        if isinstance(answer, Denied):
            ration.refuse("rtsp", str(answer))
            seen.append(stream)
        elif isinstance(answer, Trouble):
            seen.append(stream)
        else:
            ration.accept()
            seen.append(replace(stream, codec=str(answer.values.get("codec", "")), confirmed=True))
    return tuple(seen)
