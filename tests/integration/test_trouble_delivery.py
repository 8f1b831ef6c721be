"""Mail server and broker are away: is everybody else told, is it said, and is all delivered afterwards?"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from tests.integration.trouble import AT_ONCE, watched
from tests.servers.mosquitto import Mosquitto
from tests.servers.smtp import MailServer

pytestmark = pytest.mark.timeout(180)


async def listen(broker: Mosquitto, heard: list[dict[str, Any]], listening: asyncio.Event) -> None:
    """Everything that is published below the site's topic."""
    async with aiomqtt.Client("127.0.0.1", broker.port) as client:
        await client.subscribe("#", qos=1)
        listening.set()
        async for message in client.messages:
            assert isinstance(message.payload, bytes)
            heard.append(json.loads(message.payload))


async def test_mail_server_and_broker_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mail_server: MailServer, mosquitto: Mosquitto
) -> None:
    mail = {"kind": "mail", "host": "127.0.0.1", "port": mail_server.port, "security": "none"}
    channels = {
        "office": mail | {"sender": "warden@example.com", "to": ["service@example.com"]},
        "broker": {"kind": "mqtt", "host": "127.0.0.1", "port": mosquitto.port, "timeout": "2s"},
    }
    routes = [{"name": f"by-{name}", "channel": name, "devices": ["door"]} for name in channels]
    rules: dict[str, Any] = {"monitor-delivery": AT_ONCE | {"params": {"limit_seconds": 1}}}
    more: dict[str, Any] = {"channels": channels, "routes": routes, "rules": rules}
    async with watched(tmp_path / "site", monkeypatch, **more) as site:
        mail_server.stop()
        mosquitto.stop()
        await site.door.shut()
        await site.until(lambda: site.told_of("device.silent", "opened"), "the channel that works")

        async def both_said() -> bool:
            said = (await site.troubles()).get("outbox", "")
            return "office: " in said and "broker: " in said

        await site.until(both_said, "both channels on /readyz")
        assert await site.metric("sitewarden_ready") == 0
        assert await site.metric("sitewarden_outbox_waiting") >= 2
        await site.until(lambda: site.speaks_of_itself("monitor-delivery"), "a ticket about itself")
        await site.until(lambda: site.told_of("monitor.delivery", "opened"), "its message, where messages get out")
        await site.door.open()
        await site.until(lambda: site.told_of("device.silent", "recovered"), "the recovery, where messages get out")
        await site.goes_on()
        assert mail_server.letters == []

        mosquitto.start()
        heard: list[dict[str, Any]] = []
        listening = asyncio.Event()
        ear = asyncio.create_task(listen(mosquitto, heard, listening))
        try:
            await asyncio.wait_for(listening.wait(), 10.0)
            mail_server.start()
            await site.until_trouble("outbox", gone=True)
            await site.until(lambda: site.told_of("monitor.delivery", "recovered"), "its own recovery")

            async def drained() -> bool:
                return await site.metric("sitewarden_outbox_waiting") == 0

            await site.until(drained, "an empty outbox")
        finally:
            ear.cancel()
            await asyncio.gather(ear, return_exceptions=True)
        assert await site.ready()
        # The broker may have taken the first message before we listened.
        assert {body["event"]["kind"] for body in heard} <= {"opened", "recovered"}
        delivered = site.daemon.courier.lanes if site.daemon else {}
        assert {name: lane.delivered for name, lane in delivered.items()} == {"hook": 4, "office": 2, "broker": 2}
        subjects = Counter(str(letter.mail["Subject"]) for letter in mail_server.letters)
        assert len(subjects) == 2, subjects
        assert set(subjects.values()) == {1}, "nobody is told twice"
        assert {fault: len(of) for fault, of in (await site.tickets()).items()} == {
            "device.silent": 1,
            "monitor.delivery": 1,
        }
