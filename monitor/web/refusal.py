"""Why is a request not served?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Refusal(Exception):
    """A request that is not served; `detail` is one English line for programs, the page says it in its own words."""

    def __init__(self, status: int, detail: str = "", *, headers: Mapping[str, str] | None = None, **more: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})
        self.more = more
