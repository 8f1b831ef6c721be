"""How does a notification reach a chat or a pager? By Apprise, which blocks: in threads that may hang without harm."""

from __future__ import annotations

import logging
import re
import tempfile
import threading
from pathlib import Path

import apprise

from monitor.notify.envelope import Envelope, Undelivered
from monitor.settings.channels import AppriseChannel
from monitor.storage.threads import Threads
from ticketing.ticket import Severity

_KIND = {
    Severity.URGENT: apprise.NotifyType.FAILURE,
    Severity.HIGH: apprise.NotifyType.FAILURE,
    Severity.NORMAL: apprise.NotifyType.WARNING,
    Severity.LOW: apprise.NotifyType.INFO,
}

_LOG = logging.getLogger("apprise")
_LOG.propagate = False  # its lines may quote addresses that hold tokens; we pass on the last one, cleaned
logging.getLogger("urllib3").setLevel(logging.INFO)  # so do the debug lines of what it stands on


class Apprise:
    """One service, by its URL."""

    def __init__(self, channel: AppriseChannel, threads: Threads) -> None:
        self._url = channel.url
        self._threads = threads
        self.timeout_seconds = channel.timeout_seconds

    async def deliver(self, envelope: Envelope) -> None:
        """Hand it over in a thread; no more than its time is waited for."""
        try:
            reason = await self._threads.call(lambda: self._notify(envelope), self.timeout_seconds)
        except TimeoutError:
            raise Undelivered("the service did not answer in time", unsure=True) from None
        if reason is not None:
            raise Undelivered(reason)

    def _notify(self, envelope: Envelope) -> str | None:
        # Not "async": that would use threads of its own, which the process would wait for at its end.
        service = apprise.Apprise(asset=apprise.AppriseAsset(async_mode=False))
        heard = _Heard()
        _LOG.addHandler(heard)
        try:
            if not service.add(self._url.reveal()):
                return "Apprise does not understand the address of this channel"
            with tempfile.TemporaryDirectory(prefix="sitewarden-") as folder:
                files = [
                    _file(Path(folder), f"{envelope.ticket}-{one.role}.jpg", one.jpeg) for one in envelope.pictures
                ]
                took = service.notify(
                    body=envelope.text,
                    title=envelope.subject,
                    notify_type=apprise.NotifyType.SUCCESS if envelope.ended else _KIND[envelope.severity],
                    body_format=apprise.NotifyFormat.TEXT,
                    attach=files or None,
                )
        except TypeError:  # so Apprise says that there is nothing to do
            return "the service does not take this"
        finally:
            _LOG.removeHandler(heard)
        return None if took else clean(heard.last, self._url.reveal()) or "the service did not take it"

    async def close(self) -> None:
        """Nothing stays open."""


class _Heard(logging.Handler):
    """The last warning that Apprise logs in this thread."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._thread = threading.get_ident()
        self.last = ""

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            self.last = record.getMessage()


def clean(line: str, url: str) -> str:
    """The line without any part of the URL that could be a token, and not longer than 200 characters."""
    for part in sorted(re.split(r"[/?&:@=#;,]+", url.partition("://")[2]), key=len, reverse=True):
        if len(part) > 3:
            line = line.replace(part, "***")
    return " ".join(line.split())[:200]


def _file(folder: Path, name: str, content: bytes) -> str:
    path = folder / name
    path.write_bytes(content)
    return str(path)
