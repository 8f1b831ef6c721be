"""Does a web page answer as it should?"""

from __future__ import annotations

from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from probes.observation import Answer, Outcome
from probes.probe import Options, Probe
from probes.target import Target
from probes.tools import Tools
from probes.web import Web, address

Status = Annotated[int, Field(ge=100, le=599)]


class HttpOptions(Options):
    """Which page, and what it should answer. `url` takes the place of port, path and tls."""

    url: Annotated[str, Field(pattern=r"^https?://[\x21-\x7e]+$", max_length=1_000)] | None = None
    port: Annotated[int, Field(ge=1, le=65_535)] | None = None  # 80, or 443 with tls
    path: Annotated[str, Field(pattern=r"^/[\x21-\x7e]*$", max_length=1_000)] = "/"
    tls: bool = False
    verify: bool = False  # the certificate must be trusted and name the host
    statuses: Annotated[tuple[Status, ...], Field(max_length=32)] = ()  # none: 200 to 399
    contains: Annotated[str, Field(max_length=500)] = ""  # a text that the page must hold
    max_bytes: Annotated[int, Field(ge=1, le=16_777_216)] = 1_048_576

    @model_validator(mode="after")
    def _one_address(self) -> Self:
        if self.url is not None:
            if self.model_fields_set & {"port", "path", "tls"}:
                raise ValueError("give either url, or port, path and tls")
            parts = urlsplit(self.url)
            if not parts.hostname or parts.port == 0 or "@" in parts.netloc:
                raise ValueError("url must name a host, and no user: credentials belong to the device's login")
        return self


async def ask(target: Target, options: HttpOptions, tools: Tools) -> Answer:
    """GET the page. Values: status, body_bytes.

    A status or text that was not wanted is Garbled, 401 is Denied. Where the device redirects to another host, the
    status of the redirect counts.
    """
    if options.url is not None:
        url, host = options.url, urlsplit(options.url).hostname or ""
    else:
        host = target.host
        url = address(host, options.port or (443 if options.tls else 80), options.path, tls=options.tls)
    response = await tools.get(Web).fetch(
        "GET", url, host=host, login=target.login, max_bytes=options.max_bytes, verify=options.verify
    )
    outcome, detail = Outcome.OK, ""
    wanted = response.status in options.statuses if options.statuses else 200 <= response.status < 400
    if not wanted:
        outcome = Outcome.DENIED if response.status == 401 else Outcome.GARBLED
        expected = "/".join(map(str, options.statuses)) or "200 to 399"
        detail = f"HTTP status {response.status}, expected {expected}"
    elif options.contains and not _holds(response.body, options.contains):
        outcome, detail = Outcome.GARBLED, "the page does not hold the expected text"
    return Answer({"status": response.status, "body_bytes": len(response.body)}, outcome=outcome, detail=detail)


PROBE = Probe(kind="http", ask=ask, options=HttpOptions, uses_login=True)


def _holds(page: bytes, text: str) -> bool:
    """The text in UTF-8 or GB 18030, the encodings of the pages that devices carry."""
    return any(text.encode(encoding) in page for encoding in ("utf-8", "gb18030"))
