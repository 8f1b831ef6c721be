"""What does a recorder answer to one HTTP request, and what does a refusal mean?"""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from probes.bounds import line
from probes.errors import Denied, Garbled, Unsupported
from probes.nvr.facts import MAX_NAME
from probes.onvif.xml import MAX_BYTES, Node, parse
from probes.target import Target
from probes.tools import Tools
from probes.web import Response, Web, address

# Hikvision answers 403 or 500 for a path that this model does not have, Dahua 400, 404 or 501 for an action.
_NOT_DONE: Final = frozenset({400, 403, 404, 405, 410, 500, 501})


class Door:
    """One recorder's web server. `accepted`: in this look the login was good for a call."""

    def __init__(self, tools: Tools, target: Target, port: int, *, tls: bool) -> None:
        self.target, self.port, self.tls = target, port, tls
        self.accepted = False
        self.now = tools.now
        self._web = tools.get(Web)

    async def fetch(self, path: str, body: bytes | None = None) -> Response:
        """GET, or POST of XML. Raises Denied at the first refusal, Unsupported, Garbled and what `Web.fetch` raises.

        A refusal after the login was accepted in the same look speaks of the user's rights: Unsupported.
        """
        what = path.partition("&")[0]
        login = self.target.login
        try:
            response = await self._web.fetch(
                "GET" if body is None else "POST",
                address(self.target.host, self.port, path, tls=self.tls),
                host=self.target.host,
                headers={} if body is None else {"Content-Type": "application/xml"},
                body=body,
                login=login,
                max_bytes=MAX_BYTES,
            )
        except Denied as denied:
            if self.accepted:
                raise Unsupported(f"{what}: not allowed to this user") from None
            raise denied from None
        self.accepted = self.accepted or (response.signed and response.status != 401)
        if response.status == 401:
            raise Unsupported(f"{what}: asks for a login" + (", none is configured" if login is None else ""))
        if response.status in _NOT_DONE:
            raise Unsupported(f"{what}: HTTP status {response.status}{_reason(response.body)}")
        if response.status != 200:
            raise Garbled(f"{what}: HTTP status {response.status}")
        return response

    async def read_xml(self, path: str, root: str, body: bytes | None = None) -> Node:
        """The document; Unsupported if it is another than `root` names."""
        node = parse((await self.fetch(path, body)).body)
        if node.name.lower() != root.lower():
            raise Unsupported(f"{path}: answers {tidy(node.name)!r}{_status(node)}")
        return node


def tidy(text: str) -> str:
    """A name or key as it may be shown and stored."""
    return " ".join(line(text[: 4 * MAX_NAME], 4 * MAX_NAME).split())[:MAX_NAME]


def _reason(body: bytes) -> str:
    if b"<" not in body[:200]:  # Dahua: Error, and perhaps why in the next line
        said = tidy(body[:200].decode("utf-8", "replace"))
        return f" ({said})" if said else ""
    with suppress(Garbled):
        return _status(parse(body[:4_096]))
    return ""


def _status(node: Node) -> str:
    """Hikvision's ResponseStatus: subStatusCode names the reason, such as notSupport or lowPrivilege."""
    said = node.read("subStatusCode") or node.read("statusString")
    return f" ({tidy(said)})" if said else ""
