"""Which answers of a real socket mean that ONVIF is switched off, and which that it is silent?"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest
from aiohttp import web

from probes.ask import ask
from probes.observation import Outcome
from probes.onvif import PROBE, OnvifOptions
from probes.target import Login, Secret, Target
from probes.tools import Tools
from tests.servers.processes import free_port

SOAP = '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>{}</s:Body></s:Envelope>'
FAULT = SOAP.format(
    "<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>ter:{}</s:Value></s:Subcode></s:Code></s:Fault>"
)
ANSWERS: Mapping[str, tuple[int, str, Outcome]] = {
    "not found": (404, "<html>404</html>", Outcome.UNSUPPORTED),
    "bare 400": (400, "", Outcome.UNSUPPORTED),
    "400 page": (400, "<html>Bad Request", Outcome.UNSUPPORTED),
    "login page": (200, "<!DOCTYPE html><html><br><title>Web Service</title>", Outcome.UNSUPPORTED),
    "redirection": (302, "", Outcome.GARBLED),  # perhaps to HTTPS
    "refused by the service": (500, FAULT.format("ActionNotSupported"), Outcome.UNSUPPORTED),
    "the service hangs": (500, FAULT.format("Action"), Outcome.GARBLED),
    "busy": (503, "", Outcome.GARBLED),
    "half an answer": (200, SOAP.format("")[:40], Outcome.GARBLED),
}


@pytest.mark.parametrize("name", ANSWERS)
async def test_switched_off_or_silent(name: str) -> None:
    status, body, expected = ANSWERS[name]
    asked: list[str] = []

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        asked.append(request.headers.get("Authorization", ""))
        return web.Response(status=status, text=body)

    runner = web.ServerRunner(web.Server(answer, access_log=None))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    outcome, detail = await look(runner.addresses[0][1])
    await runner.cleanup()
    assert outcome is expected, detail
    assert asked == [""]  # no login goes to who speaks no ONVIF


async def test_no_answer_at_all() -> None:
    assert (await look(free_port()))[0] is Outcome.REFUSED

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()
        gone.set()

    gone = asyncio.Event()
    async with await asyncio.start_server(hang, "127.0.0.1", 0) as server:
        assert (await look(server.sockets[0].getsockname()[1], seconds=0.3))[0] is Outcome.NO_ANSWER
        await gone.wait()


async def look(port: int, seconds: float = 5.0) -> tuple[Outcome, str]:
    tools = Tools()
    target = Target("camera", "127.0.0.1", Login("admin", Secret("s3cret")))
    seen = await ask(PROBE, target, OnvifOptions(port=port), tools, check="onvif", timeout_seconds=seconds)
    await tools.close()
    return seen.outcome, seen.detail
