"""The pictures of devices and tickets, whole or small."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Annotated, Any, Final

import cv2
import numpy as np
from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from monitor.core.change import EvidenceRole, PictureRole
from monitor.storage.reading import Kept
from monitor.web.access import reader
from monitor.web.console import console_of
from monitor.web.reads import MAX_ID
from monitor.web.refusal import Refusal
from monitor.web.users import User

router = APIRouter()

SMALL_WIDTH: Final = 320  # pixels
MAX_SMALL: Final = 512  # small pictures kept in memory, ~10 kB each
LONG: Final = "private, max-age=86400, immutable"
JPEG: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {"image/jpeg": {}}}, 304: {}, 404: {}}

_small: OrderedDict[str, bytes] = OrderedDict()


@router.get("/tickets/{number}/{role}.jpg", include_in_schema=False)
@router.get("/api/v1/tickets/{number}/pictures/{role}", tags=["tickets"], responses=JPEG, response_class=Response)
async def ticket_picture(
    request: Request, number: int, role: EvidenceRole, _: Annotated[User, Depends(reader)], size: str = ""
) -> Response:
    """A ticket's picture: at the fault (`now`), the last good one (`before`), or `after` the repair; `size=small`."""
    kept = await console_of(request).store.evidence_picture(number, role) if 0 < number < MAX_ID else None
    return await _answer(request, kept, size, f"t{number}{role}")


@router.get("/devices/{device_id}/{role}.jpg", include_in_schema=False)
@router.get("/api/v1/devices/{device_id}/pictures/{role}", tags=["devices"], responses=JPEG, response_class=Response)
async def device_picture(
    request: Request, device_id: str, role: PictureRole, _: Annotated[User, Depends(reader)], size: str = ""
) -> Response:
    """A device's `latest` picture, or its last `good` one; `size=small` gives one 320 pixels wide."""
    kept = await console_of(request).store.device_picture(device_id, role)
    return await _answer(request, kept, size, f"d{device_id}/{role}")


async def _answer(request: Request, kept: Kept | None, size: str, name: str) -> Response:
    if kept is None:
        raise Refusal(404, "no such picture")
    small = size == "small" and kept.picture.width > SMALL_WIDTH
    tag = f'"{kept.at:.3f}-{len(kept.picture.jpeg)}{"s" if small else ""}"'
    headers = {"etag": tag, "cache-control": LONG if "v" in request.query_params else "private, no-cache"}
    if tag in [known.strip() for known in request.headers.get("if-none-match", "")[:1_000].split(",")]:
        return Response(status_code=304, headers=headers)
    jpeg = await _shrunk(kept, f"{name}@{tag}") if small else kept.picture.jpeg
    return Response(jpeg, headers=headers, media_type="image/jpeg")


async def _shrunk(kept: Kept, key: str) -> bytes:
    known = _small.get(key)
    if known is None:
        known = _small[key] = await asyncio.to_thread(shrink, kept.picture.jpeg)
        while len(_small) > MAX_SMALL:
            _small.popitem(last=False)
    return known


def shrink(jpeg: bytes) -> bytes:
    """The same JPEG, 320 pixels wide; as it is if it cannot be decoded."""
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    if picture is None or picture.shape[1] <= SMALL_WIDTH:
        return jpeg
    height = max(1, round(picture.shape[0] * SMALL_WIDTH / picture.shape[1]))
    small = cv2.resize(picture, (SMALL_WIDTH, height), interpolation=cv2.INTER_AREA)
    done, encoded = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 78])
    return encoded.tobytes() if done else jpeg
