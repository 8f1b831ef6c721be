"""How are the console and the REST API put together?"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from monitor import __version__
from monitor.engine.live import Live
from monitor.storage.errors import StoreUnavailable
from monitor.web import pictures, static_files, stream, vital
from monitor.web.api import routes as api
from monitor.web.console import Console, Metrics, Options, Users
from monitor.web.envelope import Envelope
from monitor.web.pages import devices, discovery, entry, overview, tickets, views_learned
from monitor.web.problems import API, refuse
from monitor.web.reads import Reads
from monitor.web.refusal import Refusal
from monitor.web.sessions import Sessions

_DEFAULTS: Final = Options()
ROUTERS: Final = tuple(
    module.router
    for module in (
        entry,
        overview,
        views_learned,
        devices,
        discovery,
        pictures,
        tickets,
        stream,
        vital,
        static_files,
        api,
    )
)


def create_app(
    live: Live,
    store: Reads,
    users: Users,
    secret_key: bytes,
    *,
    options: Options = _DEFAULTS,
    metrics: Metrics | None = None,
    site_file: Path | None = None,
) -> FastAPI:
    """The application. `users()` is asked anew for each request, so that a reload counts at once.

    `secret_key` (at least 16 bytes) signs sessions; keep it over restarts and nobody has to log in again.
    `metrics()` gives the text format of Prometheus. `site_file` is read by discovery; without it there is none.
    """
    app = FastAPI(
        title="Sitewarden",
        version=__version__,
        description="The site's devices, tickets and events. Every error is a problem detail (RFC 9457).",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.console = Console(live, store, users, Sessions(secret_key, live.now), options, metrics)
    app.state.console.site_file = site_file
    for router in ROUTERS:
        app.include_router(router)
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(StoreUnavailable, _without_store)
    app.add_exception_handler(HTTPException, _refused_by_framework)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_middleware(Envelope, refuse=refuse)
    return app


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return await refuse(request, error.status, error.detail, error.headers, **error.more)


async def _without_store(request: Request, error: Exception) -> Response:
    return await refuse(request, 503, "the database does not answer", {"retry-after": "30"})


async def _refused_by_framework(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        allow = {"allow": ", ".join(_methods(request))}
        return Response(None, 204, allow) if request.method == "OPTIONS" else await refuse(request, 405, headers=allow)
    return await refuse(request, error.status_code, headers=error.headers)


def _methods(request: Request) -> list[str]:
    """What can be asked of this address."""
    found = {"OPTIONS"}
    for router in ROUTERS:
        for route in router.routes:
            if isinstance(route, Route) and route.path_regex.match(request.url.path):
                found |= route.methods or set()
    return sorted(found | {"HEAD"} if "GET" in found else found)


async def _malformed(request: Request, error: Exception) -> Response:
    """A number that is none, in a page's address: there is no such page. In the API: which part is wrong."""
    assert isinstance(error, RequestValidationError)
    if not request.url.path.startswith(API):
        return await refuse(request, 404)
    wrong = [{"where": ".".join(map(str, one["loc"])), "what": one["msg"]} for one in error.errors()[:20]]
    return await refuse(request, 422, "; ".join(f"{one['where']}: {one['what']}" for one in wrong), errors=wrong)
