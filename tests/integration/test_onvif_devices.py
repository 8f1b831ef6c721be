"""Does the onvif probe work with a camera that others wrote, and hold against devices that mean harm?"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import pytest

from probes.ask import ask
from probes.errors import Denied
from probes.http import HttpOptions
from probes.observation import Observation, Outcome
from probes.onvif import OnvifOptions, snapshot_uri, stream_uri
from probes.probe import Options
from probes.registry import probe
from probes.target import Login, Secret, Target
from probes.tools import Tools, start_transcript
from tests.servers.ipycam import Ipycam, StartIpycam
from tests.servers.processes import accepts, wait_until
from tests.servers.scripted_http import HOST, Request, Serve, response

TYPE = "Content-Type: application/soap+xml"


@pytest.fixture
async def tools() -> AsyncIterator[Tools]:
    shared = Tools()
    yield shared
    await shared.close()


def target(camera: Ipycam, password: str | None = None) -> Target:
    return Target("camera", camera.host, Login(camera.username, Secret(password or camera.password)))


async def look(tools: Tools, whom: Target, options: Options, kind: str = "onvif", seconds: float = 15) -> Observation:
    return await ask(probe(kind), whom, options, tools, check=kind, timeout_seconds=seconds)


async def test_a_real_camera(tools: Tools, ipycam_server: Ipycam) -> None:
    options = OnvifOptions(port=ipycam_server.port)
    seen = await look(tools, target(ipycam_server), options)
    assert (seen.outcome, seen.detail) == (Outcome.OK, "")
    assert seen.values["clock_offset_seconds"] == 0
    assert 0.5 <= seen.values["clock_uncertainty_seconds"] < 8
    names = {name: seen.values[name] for name in ("vendor", "model", "serial", "firmware", "hardware", "clock_source")}
    assert names == {
        "vendor": "PythonCam & Söhne", "model": "VC-1", "serial": "PY-42", "firmware": "1.3.0", "hardware": "PY-HW-01",
        "clock_source": "ntp",
    }  # fmt: skip
    main, sub = seen.rows["profile"]["Profile_Main"], seen.rows["profile"]["Profile_Sub"]
    assert (main["encoding"], main["width"], main["height"], main["fps"]) == ("H264", 320, 240, 5)
    assert main["stream_uri"] == f"rtsp://127.0.0.1:{ipycam_server.rtsp_port}/video_main"
    assert sub["snapshot_uri"] == f"http://127.0.0.1:{ipycam_server.port}/snapshot.jpg"
    assert await stream_uri(tools, target(ipycam_server), options) == sub["stream_uri"]


async def test_wrong_password(tools: Tools, ipycam_server: Ipycam) -> None:
    lines = start_transcript()
    options = OnvifOptions(port=ipycam_server.port)
    seen = await look(tools, target(ipycam_server, "guess"), options)
    assert seen.outcome is Outcome.DENIED
    assert sum("UsernameToken" in line for line in lines) == 1
    assert "guess" not in repr(seen) + "".join(lines)
    with pytest.raises(Denied):
        await stream_uri(tools, target(ipycam_server, "guess"), options)


async def test_snapshot_of_a_real_camera(tools: Tools, ipycam_server: Ipycam) -> None:
    uri = await snapshot_uri(tools, target(ipycam_server), OnvifOptions(port=ipycam_server.port))
    for _ in range(50):  # its film takes a moment to start
        seen = await look(tools, target(ipycam_server), HttpOptions(url=uri), "http")
        if seen.outcome is Outcome.OK:
            break
        await asyncio.sleep(0.2)
    assert (seen.outcome, seen.values["status"]) == (Outcome.OK, 200)
    assert seen.values["body_bytes"] > 1_000


async def test_camera_behind_nat_with_a_clock_that_is_off(
    tools: Tools, start_ipycam: StartIpycam, monkeypatch: pytest.MonkeyPatch
) -> None:
    contacted: set[str] = set()
    connect = asyncio.selector_events.BaseSelectorEventLoop.sock_connect

    async def record(self: asyncio.AbstractEventLoop, sock: socket.socket, address: tuple[str, int]) -> None:
        contacted.add(address[0])
        await connect(self, sock, address)

    monkeypatch.setattr(asyncio.selector_events.BaseSelectorEventLoop, "sock_connect", record)
    with start_ipycam(advertised="192.168.77.9", ahead_seconds=-7_200.0) as camera:
        options = OnvifOptions(port=camera.port)
        seen = await look(tools, target(camera), options)
        assert seen.outcome is Outcome.OK  # it refuses a token that is 5 minutes off
        assert seen.values["clock_offset_seconds"] == pytest.approx(-7_200, abs=3)
        uris = [row[name] for row in seen.rows["profile"].values() for name in ("stream_uri", "snapshot_uri")]
        assert len(uris) == 4
        assert all("://127.0.0.1:" in uri for uri in uris)
        await look(tools, target(camera), HttpOptions(url=uris[1]), "http")
    wait_until(lambda: not accepts(camera.host, camera.port), "ipycam to end")
    seen = await look(tools, target(camera), options)
    assert seen.outcome is Outcome.REFUSED
    assert contacted == {"127.0.0.1"}


async def test_camera_without_a_login(tools: Tools, start_ipycam: StartIpycam) -> None:
    with start_ipycam(login=False) as camera:
        seen = await look(tools, Target("open", camera.host), OnvifOptions(port=camera.port))
    assert (seen.outcome, seen.values["model"]) == (Outcome.OK, "VC-1")
    assert len(seen.rows["profile"]) == 2


def _envelope(inside: str) -> bytes:
    return (
        f'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>{inside}</s:Body></s:Envelope>'.encode()
    )


BOMB = '<!DOCTYPE x [<!ENTITY a "' + "A" * 60_000 + '">]>'


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (response(200, BOMB.encode() + _envelope("&a;" * 60_000), TYPE), Outcome.GARBLED),
        (response(200, b"<a>" * 200_000, TYPE), Outcome.GARBLED),
        (response(200, b"<a>" + b"<b/>" * 200_000 + b"</a>", TYPE), Outcome.GARBLED),
        (response(200, b"x" * 2_000_000, TYPE), Outcome.GARBLED),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n<a>", Outcome.GARBLED),
        (response(200, b"\xff\xd8\xff\xe0 JFIF", "Content-Type: image/jpeg"), Outcome.GARBLED),
        (response(200, b"", TYPE), Outcome.GARBLED),
        (response(302, b"", "Location: http://127.0.0.2:9/onvif"), Outcome.GARBLED),
        (response(302, b"", "Location: /onvif/device_service"), Outcome.GARBLED),
        (response(404, b"<html>Not Found</html>"), Outcome.UNSUPPORTED),
        (response(500, b"<html>Internal Error</html>"), Outcome.GARBLED),
        (response(401, b"", 'WWW-Authenticate: Digest realm="r", nonce="n", qop="auth"'), Outcome.DENIED),
        (response(200, _envelope("<GetSystemDateAndTimeResponse/>"), "Content-Type: text/plain"), Outcome.GARBLED),
    ],
)
async def test_devices_that_mean_harm(tools: Tools, serve_http: Serve, answer: bytes, outcome: Outcome) -> None:
    async with serve_http(lambda *_: answer) as script:
        whom = Target("bad", HOST, Login("admin", Secret("pw")))
        seen = await look(tools, whom, OnvifOptions(port=script.port))
    assert seen.outcome is outcome, seen.detail
    assert sum("authorization" in request.headers for request in script.requests) <= 1


@pytest.mark.parametrize("piece", [b"<a>", b"x", b"<a b='c'/>"])
async def test_device_that_drips(tools: Tools, serve_http: Serve, piece: bytes) -> None:
    async def drip(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.05)

    async with serve_http(drip) as script:
        seen = await look(tools, Target("bad", HOST), OnvifOptions(port=script.port), seconds=0.5)
    assert seen.outcome is Outcome.NO_ANSWER


async def test_device_that_accepts_and_says_nothing(tools: Tools) -> None:
    with contextlib.closing(socket.create_server((HOST, 0))) as silent:
        options = OnvifOptions(port=silent.getsockname()[1])
        seen = await look(tools, Target("dark", HOST), options, seconds=0.3)
    assert seen.outcome is Outcome.NO_ANSWER


async def test_inventory_that_hangs_does_not_hide_the_clock(
    tools: Tools, serve_http: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("probes.onvif.look.PATIENCE_SECONDS", 0.2)
    clock = (
        "<GetSystemDateAndTimeResponse><SystemDateAndTime><UTCDateTime><Time><Hour>0</Hour><Minute>0</Minute>"
        "<Second>0</Second></Time><Date><Year>0</Year><Month>0</Month><Day>0</Day></Date></UTCDateTime>"
        "</SystemDateAndTime></GetSystemDateAndTimeResponse>"
    )

    async def reply(request: Request, writer: asyncio.StreamWriter) -> None:
        if b"<GetSystemDateAndTime " in request.body:
            writer.write(response(200, _envelope(clock), TYPE, "Connection: close"))
        else:
            await asyncio.sleep(30)

    async with serve_http(reply) as script:
        seen = await look(tools, Target("slow", HOST), OnvifOptions(port=script.port))
    assert seen.outcome is Outcome.OK
    assert seen.values["clock_set"] is False
    assert seen.values["clock_offset_seconds"] < -1e9


@pytest.mark.parametrize(
    ("options", "outcome"),
    [
        ({}, Outcome.OK),
        ({"statuses": (200, 204)}, Outcome.OK),
        ({"statuses": (404,)}, Outcome.GARBLED),
        ({"contains": "设备正常"}, Outcome.OK),
        ({"contains": "nowhere"}, Outcome.GARBLED),
        ({"path": "/missing"}, Outcome.GARBLED),
        ({"path": "/missing", "statuses": (404,)}, Outcome.OK),
        ({"path": "/login"}, Outcome.DENIED),
        ({"path": "/login", "statuses": (401,)}, Outcome.OK),
        ({"path": "/away"}, Outcome.OK),
        ({"path": "/away", "statuses": (200,)}, Outcome.GARBLED),
        ({"max_bytes": 5}, Outcome.GARBLED),
        ({"port": 9}, Outcome.REFUSED),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
async def test_http_probe(
    tools: Tools, serve_http: Serve, options: dict[str, object], outcome: Outcome, encoding: str
) -> None:
    pages = {
        "/": response(200, "<p>设备正常</p>".encode(encoding)),
        "/login": response(401, b"no"),
        "/away": response(307, b"", "Location: http://127.0.0.2/"),
    }

    async def reply(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(pages.get(request.target, response(404)))

    async with serve_http(reply) as script:
        wanted = HttpOptions.model_validate({"port": script.port, **options})
        seen = await look(tools, Target("web", HOST), wanted, "http")
    assert seen.outcome is outcome, seen.detail
    if outcome is Outcome.OK:
        assert set(seen.values) == {"status", "body_bytes"}
