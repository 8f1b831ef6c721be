"""What does a simulated device answer over HTTP? Cameras ONVIF and a snapshot, recorders what they speak."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from xml.sax.saxutils import escape

from aiohttp import web

from probes.simulators import dahua, isapi, onvif, onvif_events, onvif_ptz, profile_g
from probes.simulators.blueprint import Shape
from probes.simulators.camera import Camera
from probes.simulators.device import Device
from probes.simulators.gate import Gate, Verdict
from probes.simulators.recorder import Recorder

_SPOKEN = {"isapi": "/ISAPI/", "dahua": "/cgi-bin/", "onvif": "/onvif/"}  # what else is asked for is not there
_MAX_BODY = 256 * 1024


class Pages:
    """Answers each request as the device whose address it came to."""

    def __init__(self, shape: Shape, devices: Mapping[str, Device]) -> None:
        self._shape, self._devices = shape, devices
        self.server = web.Server(self._answer, access_log=None, handler_cancellation=True)

    async def close(self) -> None:
        """End all connections."""
        await self.server.shutdown(0)

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        transport = request.transport
        if transport is None:
            raise ConnectionResetError
        device = self._devices[transport.get_extra_info("sockname")[0]]
        match device:
            case Camera():
                await asyncio.sleep(device.delay_seconds)
                return await self._camera(device, request)
            case Recorder() if request.path.startswith(_SPOKEN[device.dialect]):
                return await self._recorder(device, request)
            case _ if request.path == "/":
                return _front(device)
        return web.Response(status=404)

    async def _recorder(self, recorder: Recorder, request: web.BaseRequest) -> web.StreamResponse:
        if (request.content_length or 0) > _MAX_BODY:
            return web.Response(status=413)
        body = await request.content.read(_MAX_BODY)
        if recorder.dialect == "onvif":
            where = f"http://{recorder.blueprint.address}:{self._shape.http_port}"
            reply = profile_g.answer(recorder, where, body)
            return web.Response(status=reply.status, body=reply.body, content_type="application/soap+xml")
        verdict = _digest(recorder.gate, request, recorder.dialect)
        if verdict is not Verdict.WELCOME:
            return _unauthorized(recorder.gate, verdict)
        if recorder.dialect == "dahua":
            said = dahua.answer(recorder, request.path.rpartition("/")[2], request.query)
            return web.Response(status=said.status, text=said.text, content_type="text/plain")
        found = isapi.answer(recorder, request.method, request.path, body)
        return web.Response(status=found.status, body=found.body, content_type="application/xml")

    async def _camera(self, camera: Camera, request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/":
            return _front(camera)
        if request.path == onvif.SNAPSHOT_PATH and request.method in ("GET", "HEAD"):
            verdict = _digest(camera.gate, request, "http")
            if verdict is not Verdict.WELCOME:
                return _unauthorized(camera.gate, verdict)
            return web.Response(body=camera.snapshot(), content_type="image/jpeg")
        event_paths = (onvif.EVENT_PATH, onvif_events.POINT_PATH)
        ptz_paths = (onvif.PTZ_PATH,) if camera.turret is not None else ()
        onvif_paths = (onvif.DEVICE_PATH, onvif.MEDIA_PATH, *event_paths, *ptz_paths)
        if request.path not in onvif_paths or "onvif_off" in camera.faults:
            return web.Response(status=404)
        if request.method != "POST":
            return web.Response(status=405)
        if (request.content_length or 0) > _MAX_BODY:
            return web.Response(status=413)
        body = await request.content.read(_MAX_BODY)
        verdict = Verdict.MISSING

        def judge() -> Verdict:
            nonlocal verdict
            verdict = _digest(camera.gate, request, "onvif")
            return verdict

        if request.path in event_paths:
            target = request.path, request.query_string
            reply = await onvif_events.answer(camera, self._shape, target, body, judge)
        elif request.path in ptz_paths:
            reply = onvif_ptz.answer(camera, body, judge)
        else:
            reply = onvif.answer(camera, self._shape, body, judge)
        response = web.Response(status=reply.status, body=reply.body)
        response.headers["Content-Type"] = "application/soap+xml; charset=utf-8"
        if reply.challenge:
            _challenge(response, camera.gate, verdict)
        return response


def _front(device: Device) -> web.Response:
    title = escape(device.blueprint.label)
    return web.Response(text=f"<!doctype html><title>{title}</title><h1>{title}</h1>", content_type="text/html")


def _digest(gate: Gate, request: web.BaseRequest, protocol: str) -> Verdict:
    return gate.check_digest(request.headers.get("Authorization"), request.method, request.raw_path, protocol)


def _unauthorized(gate: Gate, verdict: Verdict) -> web.Response:
    response = web.Response(status=401)
    _challenge(response, gate, verdict)
    return response


def _challenge(response: web.Response, gate: Gate, verdict: Verdict) -> None:
    for challenge in gate.challenges(stale=verdict is Verdict.STALE):
        response.headers.add("WWW-Authenticate", challenge)
