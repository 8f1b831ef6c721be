"""How does a notification reach a program? HTTP POST of JSON, signed, with an idempotency key.

A receiver checks `X-Sitewarden-Signature: sha256=HEX`, where HEX is HMAC-SHA-256 by the shared secret over the value of
`X-Sitewarden-Timestamp` (seconds since the epoch), a full stop, and the body; and drops what has an `Idempotency-Key`
that it knows.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import ssl
import time
from typing import Any

import aiohttp

from monitor.notify.envelope import Envelope, Undelivered
from monitor.settings.channels import WebhookChannel
from probes.target import Secret

# The receiver understood and will never take this very message; every other refusal may be somebody's mistake of today.
_NEVER = frozenset({400, 405, 406, 410, 411, 413, 414, 415, 422})


class Webhook:
    """One address."""

    def __init__(self, channel: WebhookChannel) -> None:
        self._channel = channel
        self.timeout_seconds = channel.timeout_seconds
        self._trust = ssl.create_default_context(cafile=channel.ca_file or None)
        self._session: aiohttp.ClientSession | None = None

    async def deliver(self, envelope: Envelope) -> None:
        """Post it; any 2xx means taken."""
        body = json.dumps(payload(envelope), allow_nan=False).encode()
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": _header(envelope.key),
            "X-Sitewarden-Attempt": str(envelope.attempt),
            **signature(self._channel.secret, body, time.time()),
        }
        try:
            async with self._open().post(
                self._channel.url, data=body, headers=headers, allow_redirects=False
            ) as answer:
                status = answer.status
        except aiohttp.ClientConnectorError as error:
            raise Undelivered(f"no connection to the receiver ({type(error).__name__})") from None
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise Undelivered(f"the receiver did not answer ({type(error).__name__})", unsure=True) from None
        if not 200 <= status < 300:
            raise Undelivered(f"the receiver answered {status}", temporary=status not in _NEVER, unsure=status >= 500)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=self._trust, limit=2),
                timeout=aiohttp.ClientTimeout(total=self.timeout_seconds),
                headers={"User-Agent": "sitewarden"},
            )
        return self._session

    async def close(self) -> None:
        """Close the connection."""
        if self._session is not None:
            await self._session.close()


def payload(envelope: Envelope) -> dict[str, Any]:
    """The JSON body: the data of the envelope, its pictures in base64."""
    pictures = [
        {"role": picture.role, "at": picture.at, "jpeg_base64": base64.b64encode(picture.jpeg).decode()}
        for picture in envelope.pictures
    ]
    return {**envelope.data, "pictures": pictures, "possible_repeat": envelope.possible_repeat}


def signature(secret: Secret | None, body: bytes, at: float) -> dict[str, str]:
    """The headers that prove who sent it and when; none without a secret."""
    if secret is None:
        return {}
    stamp = str(int(at))
    proof = hmac.new(secret.reveal().encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return {"X-Sitewarden-Timestamp": stamp, "X-Sitewarden-Signature": f"sha256={proof}"}


def _header(key: str) -> str:
    """A key as a header can carry it."""
    return key if key.isascii() and key.isprintable() else json.dumps(key)[1:-1]
