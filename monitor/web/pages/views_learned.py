"""Why was a picture judged so, what was learned of its camera, and which pictures ask for a person's eye?"""

from __future__ import annotations

import asyncio
import logging
from typing import Annotated, Final
from urllib.parse import quote

import cv2
import numpy as np
from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from monitor.core.lessons import Lesson
from monitor.engine.live import NotCommitted
from monitor.locale.probe_lines import say_line
from monitor.web.access import form, reader, technician, upload
from monitor.web.console import console_of, visitor_of
from monitor.web.pages.devices import find_device
from monitor.web.reads import or_else
from monitor.web.refusal import Refusal
from monitor.web.rendering import render
from monitor.web.users import User
from monitor.web.views import picture as one
from probes.frame import places
from probes.frame.options import hides_people
from probes.frame.people import coarse
from probes.frame.places import MAX_PLACES, Place
from probes.frame.reference import MAX_BYTES, BadReference, Reference, unpack

log = logging.getLogger(__name__)
router = APIRouter(include_in_schema=False)

GREY: Final = 128.0
Where = Annotated[int, Query(ge=0, lt=MAX_PLACES)]  # one of the camera's places, as the page lists them
SCALE: Final = 42.0  # a structure of 3 becomes white


@router.get("/pictures")
async def show_review(request: Request, _: Annotated[User, Depends(reader)]) -> Response:
    """The cameras whose pictures are alarmed, nearly alarmed, or not judged."""
    console, visitor = console_of(request), visitor_of(request)
    found = one.review(console.live.plan, console.live.world, visitor.formats, console.live.now())
    return render(request, "pictures.html", {"review": found})


@router.get("/devices/{device_id}/suspicious/{began}.jpg")
async def suspicious_picture(
    request: Request, device_id: str, began: int, _: Annotated[User, Depends(reader)]
) -> Response:
    """The worst picture of something suspicious that began then (seconds since the epoch)."""
    device = find_device(console_of(request), device_id)
    found = console_of(request).live.world.suspects.find(device.id, began)
    if found is None:
        raise Refusal(404, "no such picture")
    return Response(found.picture.jpeg, media_type="image/jpeg", headers={"cache-control": "private, no-cache"})


@router.get("/devices/{device_id}/picture")
async def show_picture(
    request: Request, device_id: str, _: Annotated[User, Depends(reader)], place: Where = 0
) -> Response:
    """Each measure of the latest look beside what is usual, the states of the camera, and what people taught."""
    console, visitor = console_of(request), visitor_of(request)
    device = find_device(console, device_id)
    data = await or_else(console.store.device_reference(device.id), b"")
    reference, known = await asyncio.to_thread(_read, data, place)
    view = one.view(device, console.live.world, reference, visitor.formats, known)
    here = {"view": view, "device": device, "bytes": len(data), "places": known, "place": place}
    return render(request, "picture.html", here)


@router.get("/devices/{device_id}/reference")
async def download(request: Request, device_id: str, _: Annotated[User, Depends(reader)]) -> Response:
    """What was learned of the camera, as `sitewarden frame --reference` reads it."""
    device = find_device(console_of(request), device_id)
    data = await console_of(request).store.device_reference(device.id)
    if not data:
        raise Refusal(404, "nothing was learned of this device's pictures yet")
    headers = {"content-disposition": f"attachment; filename*=UTF-8''{quote(device.id, safe='')}.swref"}
    return Response(data, media_type="application/octet-stream", headers=headers)


@router.post("/devices/{device_id}/reference")
async def take_in(
    request: Request,
    device_id: str,
    user: Annotated[User, Depends(technician)],
    data: Annotated[bytes, Depends(upload)],
) -> Response:
    """Begin with what such a file knows, in place of what was learned."""
    console = console_of(request)
    device = find_device(console, device_id)
    try:
        known = await asyncio.to_thread(places.confirmed, data, console.live.now())
        if len(known) > MAX_BYTES:
            raise BadReference("a reference that breaks off, or is too large")
        await console.live.teach(Lesson(device.id, "reference", data=known), user.name)
    except BadReference as bad:
        raise Refusal(422, say_line(str(bad), visitor_of(request).formats.language)) from None
    except NotCommitted:
        raise Refusal(503, "the database does not answer; try again later") from None
    log.info("device %s: a reference of %d bytes by %s", device.id, len(known), user.name)
    return RedirectResponse(f"/devices/{quote(device.id, safe='')}/picture#states", 303)


@router.get("/devices/{device_id}/states/{number}.png")
async def state_picture(
    request: Request, device_id: str, number: int, _: Annotated[User, Depends(reader)], place: Where = 0
) -> Response:
    """The structure of one state, as a grey picture."""
    device = find_device(console_of(request), device_id)
    data = await console_of(request).store.device_reference(device.id)
    reference, _places = await asyncio.to_thread(_read, data, place)
    if not 0 <= number < len(reference.slots):
        raise Refusal(404, "no such state")
    check = console_of(request).live.plan.checks.get((device.id, "frame"))
    structure = reference.slots[number].structure
    if check is not None and hides_people(check.options):
        structure = coarse(structure)
    png = await asyncio.to_thread(_draw, structure)
    return Response(png, media_type="image/png", headers={"cache-control": "private, max-age=300"})


@router.post("/devices/{device_id}/picture/{lesson}")
async def teach(
    request: Request,
    device_id: str,
    lesson: str,
    user: Annotated[User, Depends(technician)],
    fields: Annotated[dict[str, str], Depends(form)],
) -> Response:
    """A person says what was wrong with the verdict."""
    console = console_of(request)
    device = find_device(console, device_id)
    fault = fields.get("fault", "")
    known = console.live.world.tunings.get(device.id, {})
    match lesson:
        case "missed" if fault in one.TEACHABLE:
            said = Lesson(device.id, "missed", fault)
        case "undo" if fault in known:
            said = Lesson(device.id, "undo", fault)
        case "new_view":
            said = Lesson(device.id, "new_view")
        case _:
            raise Refusal(422, "there is no such lesson")
    try:
        await console.live.teach(said, user.name)
    except NotCommitted:
        raise Refusal(503, "the database does not answer; try again later") from None
    log.info("device %s: %s %s by %s", device.id, lesson, fault, user.name)
    return RedirectResponse(f"/devices/{quote(device.id, safe='')}/picture#learned", 303)


def _read(data: bytes, place: int = 0) -> tuple[Reference, tuple[Place, ...]]:
    """The reference (of a camera that turns: of that place), and its places, where it learned last first."""
    try:
        known = places.unpack(data)
        latest = sorted(known.places, key=lambda place: -place.last_at)
        data = latest[min(place, len(latest) - 1)].reference if latest else known.anywhere
        return unpack(data) if data else Reference(), tuple(latest)
    except BadReference:
        return Reference(), ()


def _draw(structure: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> bytes:
    grey = np.clip(structure * SCALE + GREY, 0, 255).astype(np.uint8)
    _, encoded = cv2.imencode(".png", cv2.resize(grey, (320, 180), interpolation=cv2.INTER_CUBIC))
    return np.asarray(encoded).tobytes()
