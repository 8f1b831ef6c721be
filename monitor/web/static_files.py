"""The console's own script, style and icons: read once, served from memory."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib import resources
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from monitor.web.refusal import Refusal

router = APIRouter(include_in_schema=False)

TYPES: Final[Mapping[str, str]] = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "webmanifest": "application/manifest+json",
}
YEAR: Final = "public, max-age=31536000, immutable"


@cache
def read_static() -> Mapping[str, tuple[bytes, str]]:
    """Name -> content and ETag of every file that is served; nothing else can be asked for."""
    folder = resources.files("monitor.web").joinpath("static")
    found = {file.name: file.read_bytes() for file in folder.iterdir() if file.name.rpartition(".")[2] in TYPES}
    return {name: (content, sha256(content).hexdigest()[:12]) for name, content in found.items()}


def asset(name: str) -> str:
    """The address of a file; it changes with the content, so that browsers may keep it for a year."""
    return f"/static/{name}?v={read_static()[name][1]}"


@router.get("/static/{name}")
async def static_file(request: Request, name: str) -> Response:
    """One file."""
    known = read_static().get(name)
    if known is None:
        raise Refusal(404, "no such file")
    content, mark = known
    headers = {"etag": f'"{mark}"', "cache-control": YEAR if request.query_params.get("v") == mark else "no-cache"}
    if request.headers.get("if-none-match") == f'"{mark}"':
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type=TYPES[name.rpartition(".")[2]])
