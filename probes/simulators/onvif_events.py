"""What does a simulated camera answer to a call of its event service?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from probes.simulators.blueprint import Shape
from probes.simulators.camera import Camera
from probes.simulators.gate import Verdict
from probes.simulators.onvif import EVENT_PATH, EVENTS, WSN, Reply, admit, fault, http_address, reply
from probes.simulators.pullpoints import Full, Point

POINT_PATH = "/onvif/Subscription"
_OF_SERVICE = frozenset({(EVENTS, "CreatePullPointSubscription")})
_OF_POINT = frozenset({(EVENTS, "PullMessages"), (WSN, "Renew"), (WSN, "Unsubscribe")})
_PARAMETER = "http://sitewarden.example/simulator"


async def answer(
    camera: Camera, shape: Shape, target: tuple[str, str], body: bytes, digest: Callable[[], Verdict]
) -> Reply:
    """The reply to a SOAP request at one of the two paths, `target` with its query; a pull waits."""
    path, query = target
    known = (
        frozenset[tuple[str, str]]()
        if "events_off" in camera.faults
        else _OF_SERVICE
        if path == EVENT_PATH
        else _OF_POINT
    )
    call = admit(camera, body, digest, known)
    if isinstance(call, Reply):
        return call
    points = camera.points
    if path == EVENT_PATH:
        try:
            point = points.create(call.fields.get("InitialTerminationTime", ""))
        except Full:
            return fault(500, "s:Receiver", "ter:Action", "the maximum number of subscriptions is reached")
        return reply("tev", call.operation, _reference(camera, shape, point) + points.times(point))
    key = call.headers.get("SubscriptionId", "") if points.by_parameter else query.removeprefix("Idx=")
    try:
        point = points.find(key)
    except KeyError:
        return fault(400, "s:Sender", "ter:InvalidArgVal", "no such subscription")
    if call.operation == "PullMessages":
        if "events_hang" in camera.faults:
            await asyncio.get_running_loop().create_future()
        messages = await points.pull(point, call.fields.get("Timeout", ""), call.fields.get("MessageLimit", ""))
        return reply("tev", call.operation, points.times(point).replace("wsnt:", "tev:") + messages)
    if call.operation == "Renew":
        points.prolong(point, call.fields.get("TerminationTime", ""))
        return reply("wsnt", call.operation, points.times(point))
    points.drop(point)
    return reply("wsnt", call.operation, "")


def _reference(camera: Camera, shape: Shape, point: Point) -> str:
    address, parameters = http_address(camera, shape, POINT_PATH), ""
    if camera.points.by_parameter:
        parameters = (
            f'<wsa:ReferenceParameters><sim:SubscriptionId xmlns:sim="{_PARAMETER}">{point.key}</sim:SubscriptionId>'
            "</wsa:ReferenceParameters>"
        )
    else:
        address = f"{address}?Idx={point.key}"
    return f"<tev:SubscriptionReference><wsa:Address>{address}</wsa:Address>{parameters}</tev:SubscriptionReference>"
