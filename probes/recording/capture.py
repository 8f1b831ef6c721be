"""What does one device answer to all that the probes ask, and to some more that later probes may ask?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

from probes.discovery import Access, Found, Ports, Scope, parse_ranges, sweep
from probes.discovery.patience import hear
from probes.errors import Denied, Garbled, NoAnswer, Trouble, Unsupported
from probes.frame.evidence import draw
from probes.frame.still import decode
from probes.onvif import OnvifOptions, snapshot_uri
from probes.onvif.client import Client
from probes.onvif.look import ask as ask_onvif
from probes.onvif.memory import Memory
from probes.onvif.soap import DEVICE, Call
from probes.recording.folder import MAX_PICTURE, Recording, RtspAnswer, Variable
from probes.recording.redaction import Private, Redactor, leaks, redact
from probes.recording.tape import TapedTools
from probes.recording.walk import LEFT_OUT, walk_agent
from probes.resolve import resolve
from probes.rtsp.client import Client as RtspClient
from probes.rtsp.options import RtspOptions
from probes.snmp.session import Sessions
from probes.target import Target
from probes.web import Web, address

CALLS: Final = ("GetHostname", "GetScopes", "GetServiceCapabilities", "GetNetworkInterfaces", "GetNTP")
HIKVISION: Final = (
    "/ISAPI/System/deviceInfo", "/ISAPI/System/status", "/ISAPI/ContentMgmt/InputProxy/channels/status",
    "/ISAPI/ContentMgmt/Storage", "/ISAPI/System/Video/inputs/channels",
)  # fmt: skip
DAHUA: Final = (
    "/cgi-bin/magicBox.cgi?action=getSystemInfo", "/cgi-bin/magicBox.cgi?action=getSoftwareVersion",
    "/cgi-bin/storageDevice.cgi?action=getDeviceAllInfo",
)  # fmt: skip
SECONDS: Final = 10.0  # of one question
"""Only questions: nothing here changes anything on a device."""


class Leaky(Exception):
    """Something private would still stand in the recording: nothing was written. The text names the answers."""


@dataclass(frozen=True, slots=True)
class Captured:
    """A redacted recording, and what the device was found to be (with its real identity: for the screen only)."""

    recording: Recording
    found: Found


async def capture(target: Target, ports: Ports, tools: TapedTools, *, picture: bool, version: str) -> Captured:
    """Ask one device everything, and redact what it says.

    Raises NoAnswer if nothing is there, Denied when it refuses the login (after one try), Leaky.
    """
    host = (await resolve(target.host, tools)).ip
    target = Target(target.device, host, target.login, target.snmp)
    login = Access("login", login=target.login) if target.login else None
    agents = (Access("agent", snmp=target.snmp),) if target.snmp else ()
    report = await sweep(Scope(parse_ranges([host]), ports, login, agents), tools)
    if not report.found:
        raise NoAnswer(f"{target.host} offers nothing that could be recorded")
    found = report.found[0]
    if found.refusals:
        raise Denied(f"the device refused the login ({found.refusals[0].protocol}); nothing is recorded")
    if found.onvif_port:
        await _ask_onvif(target, found, tools)
    await _ask_pages(target, found, tools)
    raw = Recording(
        http=tuple(tools.tape.answers.values()),
        rtsp=await _ask_rtsp(target, found, tools),
        snmp=await _walk(target, found, tools),
        picture=await _take_picture(target, found, tools) if picture else b"",
    )
    recording, redactor = redact(raw, _private(target, found), [found.mac])
    whole = Recording(
        _facts(found, recording, redactor, version), recording.http, recording.rtsp, recording.snmp, recording.picture
    )
    if leaking := leaks(whole, redactor):
        raise Leaky(", ".join(leaking[:10]))
    return Captured(whole, found)


async def _ask_onvif(target: Target, found: Found, tools: TapedTools) -> None:
    options = OnvifOptions(port=found.onvif_port, path=found.onvif_path, tls=found.onvif_tls)
    await hear(ask_onvif(target, options, tools), SECONDS)
    client = Client(tools, target, tools.get(Memory).recall(target, found.onvif_port))
    url = address(target.host, found.onvif_port, found.onvif_path, tls=found.onvif_tls)
    calls = [Call(DEVICE, name) for name in CALLS] + [Call(DEVICE, "GetCapabilities", "<Category>All</Category>")]
    for call in calls:
        if isinstance(await hear(client.call(url, call), SECONDS), Denied):
            return


async def _ask_pages(target: Target, found: Found, tools: TapedTools) -> None:
    """Pages of the makers that have their own; with a login only where it was taken before."""
    maker = found.vendor.lower()
    paths = HIKVISION if maker.startswith("hikvision") else DAHUA if maker.startswith(("dahua", "intelbras")) else ()
    for path in paths if found.login and found.http_port else ():
        url = address(target.host, found.http_port, path)
        if isinstance(
            await hear(tools.get(Web).fetch("GET", url, host=target.host, login=target.login), SECONDS), Denied
        ):
            return


async def _ask_rtsp(target: Target, found: Found, tools: TapedTools) -> tuple[RtspAnswer, ...]:
    answers: list[RtspAnswer] = []
    for stream in found.streams[:4]:
        if stream.secret or target.login is None:
            continue
        options = RtspOptions(path=stream.path, port=stream.port, tls=stream.tls)
        answer = await hear(_describe(target, options, tools), SECONDS)
        answers += answer if isinstance(answer, list) else []
    return tuple(answers)


async def _describe(target: Target, options: RtspOptions, tools: TapedTools) -> list[RtspAnswer]:
    location = options.locate(target.host)
    client = await RtspClient.open(location, target.login, tools)
    try:
        said = (await client.exchange("OPTIONS", location.url)).head
        described = await client.request("DESCRIBE", location.url, {"Accept": "application/sdp"})
    finally:
        client.close()
    path = options.path
    return [
        RtspAnswer("OPTIONS", path, said.status, b"", said.server, said.get("public")[:200]),
        RtspAnswer("DESCRIBE", path, described.head.status, described.body, described.head.server),
    ]


async def _walk(target: Target, found: Found, tools: TapedTools) -> tuple[Variable, ...]:
    if not found.snmp_port or target.snmp is None:
        return ()
    session = tools.get(Sessions).get(target, found.snmp_port)
    async with session.lock:
        walked = await hear(walk_agent(session), 130.0)
    return () if isinstance(walked, Trouble) else walked


async def _take_picture(target: Target, found: Found, tools: TapedTools) -> bytes:
    """One snapshot, drawn anew: without what a camera writes beside the picture."""
    options = OnvifOptions(port=found.onvif_port, path=found.onvif_path, tls=found.onvif_tls)
    url = await hear(snapshot_uri(tools, target, options), SECONDS)
    if isinstance(url, Trouble):
        raise Unsupported(f"no picture: {url}")
    host = urlsplit(url).hostname or target.host
    fetched = tools.get(Web).fetch("GET", url, host=host, login=target.login, max_bytes=MAX_PICTURE)
    response = await hear(fetched, SECONDS)
    if isinstance(response, Trouble) or response.status != 200:
        raise Unsupported("no picture: the snapshot cannot be had")
    shown = decode(response.body)[1]
    if shown is None:
        raise Garbled("no picture: the snapshot is broken")
    return draw(shown)[1]


def _private(target: Target, found: Found) -> Private:
    login, snmp = target.login, target.snmp
    known = [login.password.reveal()] if login else []
    names = [login.username] if login else []
    if snmp is not None:
        known += [snmp.community.reveal()] if snmp.version != "3" else []
        names += [snmp.username]
        known += [key.reveal() for key in (snmp.auth_key, snmp.priv_key) if key]
    names += [found.name, target.host] + ([target.device] if target.device != target.host else [])
    return Private(tuple(filter(None, known)), (found.serial,), tuple(names), (found.firmware,))


def _facts(found: Found, recording: Recording, redactor: Redactor, version: str) -> dict[str, str]:
    """The manifest: what the device is, and what the test of this recording expects to find again."""
    values = {
        "make": found.vendor, "model": found.model, "firmware": found.firmware, "kind": found.kind,
        "profile": found.profile,
    }  # fmt: skip
    codecs = sorted({one.codec for one in found.streams if one.confirmed})
    counts = ", ".join(f"{count} {kind}" for kind, count in sorted(redactor.counts.items())) or "nothing"
    facts = {name: redactor.text(value, names=False) for name, value in values.items()}
    facts |= {
        "onvif": "yes" if found.onvif_port else "",
        "streams": str(len(found.streams)) if found.streams else "",
        "codecs": ", ".join(codecs),
        "recorded": f"{datetime.now(UTC):%Y-%m-%d} by sitewarden {version}",
        "holds": f"{len(recording.http)} HTTP and ONVIF answers, {len(recording.rtsp)} RTSP answers, "
        f"{len(recording.snmp)} SNMP variables, {'one picture' if recording.picture else 'no picture'}",
        "replaced": counts,
    }
    if recording.snmp:
        facts["not walked"] = "; ".join(f"{prefix} ({what})" for prefix, what in LEFT_OUT.items())
    return {name: value for name, value in facts.items() if value}
