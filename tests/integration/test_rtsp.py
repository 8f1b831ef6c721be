"""RTSP against GStreamer's server: real H.264 and H.265."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import uvloop

from probes.ask import ask
from probes.observation import Observation, Outcome
from probes.registry import probe
from probes.rtsp import RtspOptions
from probes.target import Login, Secret, Target
from probes.tools import Tools, start_transcript
from tests.servers.gstreamer import GstServer, StartGst, Stream
from tests.servers.processes import free_port


@pytest.fixture
async def tools() -> AsyncIterator[Tools]:
    made = Tools()
    yield made
    await made.close()


def login_of(server: GstServer, password: str | None = None) -> Login:
    return Login(server.username, Secret(server.password if password is None else password))


async def look(tools: Tools, url: str, login: Login | None = None, **options: str) -> Observation:
    chosen = RtspOptions.model_validate({"url": url, **options})
    return await ask(probe("rtsp"), Target("d", "127.0.0.1", login), chosen, tools, check="rtsp", timeout_seconds=20)


@pytest.mark.parametrize("codec", ["h264", "h265"])
async def test_describe(tools: Tools, gst_server: GstServer, codec: str) -> None:
    seen = await look(tools, getattr(gst_server, codec))
    assert seen.outcome is Outcome.OK
    assert seen.values == {"codec": codec, "server": "GStreamer RTSP server"}


@pytest.mark.parametrize("codec", ["h264", "h265"])
@pytest.mark.parametrize("transport", ["tcp", "udp"])
async def test_play_to_the_first_packet(tools: Tools, gst_server: GstServer, codec: str, transport: str) -> None:
    lines = start_transcript()
    seen = await look(tools, getattr(gst_server, codec), depth="play", transport=transport)
    assert seen.outcome is Outcome.OK, seen.detail
    assert seen.values["transport"] == transport
    assert 0 < float(seen.values["first_packet_seconds"]) < 10
    asked = [line.split()[1] for line in lines if line.startswith("> ")]
    assert asked == ["DESCRIBE", "SETUP", "PLAY", "TEARDOWN"]
    assert lines[-1] == "< 200 OK, 0 bytes"


async def test_a_password_in_the_path_is_not_in_the_transcript(tools: Tools, gst_server: GstServer) -> None:
    """Some recorders want it there: /user=viewer_password=secret_channel=1.sdp."""
    lines = start_transcript()
    await look(tools, gst_server.h264 + "/user=viewer_password=hunter2_channel=1.sdp")
    assert any("password=***_channel=1" in line for line in lines)
    assert "hunter2" not in "".join(lines)


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_play_on_the_loop_of_the_daemon(gst_server: GstServer, transport: str) -> None:
    async def main() -> list[Observation]:
        tools, login = Tools(), login_of(gst_server)
        urls = (gst_server.auth, gst_server.tls)
        seen = [await look(tools, url, login, depth="play", transport=transport) for url in urls]
        await tools.close()
        return seen

    assert [one.outcome for one in uvloop.run(main())] == [Outcome.OK, Outcome.OK]


async def test_options_needs_no_login(tools: Tools, gst_server: GstServer) -> None:
    seen = await look(tools, gst_server.auth, depth="options")
    assert seen.outcome is Outcome.OK
    assert seen.values == {"server": "GStreamer RTSP server"}


@pytest.mark.parametrize("door", ["auth", "basic"])
async def test_the_right_login(tools: Tools, gst_server: GstServer, door: str) -> None:
    lines = start_transcript()
    seen = await look(tools, getattr(gst_server, door), login_of(gst_server), depth="play")
    assert seen.outcome is Outcome.OK, seen.detail
    assert not any("pass word" in line or "Authorization" in line for line in lines)


@pytest.mark.parametrize("door", ["auth", "basic"])
async def test_a_wrong_login_is_tried_once(tools: Tools, gst_server: GstServer, door: str) -> None:
    lines = start_transcript()
    seen = await look(tools, getattr(gst_server, door), login_of(gst_server, "wrong"), depth="play")
    assert seen.outcome is Outcome.DENIED
    assert len([line for line in lines if line.startswith("> ")]) == 2  # without the login, and once with it


async def test_no_login_where_one_is_asked_for(tools: Tools, gst_server: GstServer) -> None:
    seen = await look(tools, gst_server.auth)
    assert seen.outcome is Outcome.DENIED
    assert seen.detail == "the stream asks for a login, and none is configured"


@pytest.mark.parametrize("transport", ["tcp", "udp"])
async def test_rtsps(tools: Tools, gst_server: GstServer, transport: str) -> None:
    lines = start_transcript()
    seen = await look(tools, gst_server.tls, depth="play", transport=transport)
    assert seen.outcome is Outcome.OK, seen.detail
    assert any(line.startswith("agreed on TLS") for line in lines)


async def test_a_wrong_path(tools: Tools, gst_server: GstServer) -> None:
    seen = await look(tools, gst_server.url("/nothing"))
    assert seen.outcome is Outcome.UNSUPPORTED
    assert seen.detail == "no stream at this path: check `url` or `path` (404 Not Found)"


async def test_tls_where_none_is_spoken(tools: Tools, gst_server: GstServer) -> None:
    seen = await look(tools, gst_server.h264.replace("rtsp:", "rtsps:"))
    assert seen.outcome in {Outcome.GARBLED, Outcome.REFUSED}


async def test_a_server_that_goes_and_comes_back(tools: Tools, start_gst: StartGst) -> None:
    port = free_port()
    streams = [Stream("/h264", shared=True)]
    with start_gst(port=port, streams=streams) as server:
        assert (await look(tools, server.h264)).outcome is Outcome.OK
    seen = await look(tools, server.h264)
    assert seen.outcome is Outcome.REFUSED
    assert seen.detail == f"host answers, port {port} is closed"
    with start_gst(port=port, streams=streams) as server:
        assert (await look(tools, server.h264)).outcome is Outcome.OK
