"""What does a device's web server say of itself on its front page, without a login?"""

from __future__ import annotations

import html
import re
from contextlib import suppress
from dataclasses import dataclass

from probes.bounds import line
from probes.digest import parse as parse_challenges
from probes.discovery.found import MAX_TEXT
from probes.errors import Trouble
from probes.tools import Tools
from probes.web import Web, address

MAX_BYTES = 1_048_576
_LOOKED_AT = 65_536  # bytes of a page that are searched for its title

_TITLE = re.compile(rb"<title[^>]{0,200}>([^<]{0,600})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Front:
    """A web server: what it calls itself, its page, and what it asks a login for. Empty: not told."""

    port: int
    tls: bool
    server: str = ""
    title: str = ""
    realm: str = ""
    status: int = 0


async def read_front(host: str, port: int, tools: Tools, *, tls: bool) -> Front:
    """GET /. Raises Trouble if it is no web server."""
    url = address(host, port, "/", tls=tls)
    response = await tools.get(Web).fetch("GET", url, host=host, max_bytes=MAX_BYTES)
    challenges = response.headers.getall("WWW-Authenticate", [])
    realm = ""
    with suppress(Trouble):
        realm = next((one.parameters.get("realm", "") for one in parse_challenges(challenges)), "")
    return Front(port, tls, _line(response.headers.get("Server", "")), title(response.body), _line(realm),
                 response.status)  # fmt: skip


def title(page: bytes) -> str:
    """The page's title in UTF-8 or GB 18030, one line."""
    found = _TITLE.search(page[:_LOOKED_AT])
    if not found:
        return ""
    for encoding in ("utf-8", "gb18030"):
        with suppress(UnicodeDecodeError):
            return _line(html.unescape(found[1].decode(encoding)))
    return ""


def _line(text: str) -> str:
    return line(" ".join(text.split()), MAX_TEXT).strip()
