"""How is a refusal said: as a page in the reader's language, or as problem details (RFC 9457) to a program?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from monitor.locale import msg
from monitor.web.console import visitor_of
from monitor.web.rendering import render

API: Final = "/api/"
PROBLEM_JSON: Final = "application/problem+json"

TITLES: Final[Mapping[int, tuple[str, str]]] = {
    400: (msg("The request is malformed"), msg("Check the address and try again.")),
    401: (msg("Login required"), msg("Log in, or send a valid token.")),
    403: (msg("Not allowed"), msg("Your role does not allow this. A manager can help.")),
    404: (msg("Not found"), msg("There is nothing at this address. It may have been removed from the site.")),
    405: (msg("Not possible here"), msg("This address does not take that kind of request.")),
    408: (msg("Too slow"), msg("The request did not arrive in time. Try again.")),
    409: (msg("The ticket has moved on"), msg("Its state does not allow this any more. Look at it again.")),
    413: (msg("Too large"), msg("The request is larger than allowed. Shorten the text.")),
    414: (msg("Address too long"), msg("The address is longer than allowed.")),
    422: (msg("Something is missing"), msg("Correct the fields that are marked.")),
    429: (msg("Too many tries"), msg("Wait a moment, then try again.")),
    500: (msg("The console made a mistake"), msg("It has been written to the log. Quote the number below.")),
    503: (
        msg("The database does not answer"),
        msg("Nothing was changed. The daemon keeps watching; try again in a minute."),
    ),
}
_OTHER: Final = (msg("That did not work"), msg("Try again."))


async def refuse(
    request: Request, status: int, detail: str = "", headers: Mapping[str, str] | None = None, **more: Any
) -> Response:
    """The answer to a request that is not served."""
    if request.url.path.startswith(API):
        return problem(request, status, detail, headers, **more)
    if status == 401:
        back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        target = back if request.method in ("GET", "HEAD") else "/"
        return RedirectResponse(f"/login?next={quote(target, safe='')}", 303)
    title, text = TITLES.get(status, _OTHER)
    answer = render(request, "error.html", {"status": status, "title": title, "text": text}, status=status)
    answer.headers.update(dict(headers or {}))
    return answer


def problem(
    request: Request, status: int, detail: str = "", headers: Mapping[str, str] | None = None, **more: Any
) -> Response:
    """Problem details as JSON; the title is said in the language that the program accepts."""
    visitor = visitor_of(request)
    title, text = TITLES.get(status, _OTHER)
    body = {
        "type": "about:blank",
        "title": visitor.translate(title),
        "status": status,
        "detail": detail or visitor.translate(text),
        "instance": request.url.path,
        "request_id": request.state.request_id,
        **more,
    }
    return Response(orjson.dumps(body), status, dict(headers or {}), PROBLEM_JSON)
