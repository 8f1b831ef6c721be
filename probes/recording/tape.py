"""What did the device answer to each HTTP request that the probes put? Requests, and so passwords, are not kept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeVar, cast

from yarl import URL

from probes.recording.folder import MAX_ANSWERS, MAX_FILE, HttpAnswer
from probes.target import Login
from probes.tools import Shared, Tools
from probes.web import Response, Web

T = TypeVar("T", bound=Shared)

_OPERATION = re.compile(rb"<s:Body><([A-Za-z0-9]{1,64})[ >/]")
_TOKEN = re.compile(rb"<ProfileToken>([^<]{0,64})</ProfileToken>")
_NO_HEADERS: Mapping[str, str] = {}


class Tape(Web):
    """The HTTP client, which keeps the answers; of several to one question the last good one."""

    def __init__(self, tools: Tools) -> None:
        super().__init__(tools)
        self.answers: dict[tuple[str, str, str, str], HttpAnswer] = {}

    async def fetch(
        self,
        method: str,
        url: str,
        *,
        host: str,
        headers: Mapping[str, str] = _NO_HEADERS,
        body: bytes | None = None,
        login: Login | None = None,
        max_bytes: int = 1_048_576,
        verify: bool = False,
    ) -> Response:
        """As `Web.fetch`."""
        response = await super().fetch(
            method, url, host=host, headers=headers, body=body, login=login, max_bytes=max_bytes, verify=verify
        )
        operation, token = _OPERATION.search(body or b""), _TOKEN.search(body or b"")
        key = (
            method,
            URL(url).raw_path_qs,
            operation[1].decode() if operation else "",
            token[1].decode("utf-8", "replace") if token else "",
        )
        kept = self.answers.get(key)
        if (kept is None or response.status < 400 or kept.status >= 400) and len(self.answers) < MAX_ANSWERS:
            kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
            if not kind.startswith("image/"):
                self.answers[key] = HttpAnswer(
                    key[0], key[1], response.status, response.body[:MAX_FILE], key[2], key[3], kind,
                    response.headers.get("Server", "")[:100],
                )  # fmt: skip
        return response


class TapedTools(Tools):
    """What probes share, with a `Tape` in the place of the HTTP client."""

    def get(self, kind: type[T]) -> T:
        """As `Tools.get`."""
        return cast("T", super().get(Tape)) if kind is Web else super().get(kind)

    @property
    def tape(self) -> Tape:
        """The tape."""
        return super().get(Tape)
