"""Do mail, webhook, MQTT and Apprise bring an envelope to real servers, and say plainly when they cannot?"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import io
import json
import logging
import socket
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
from aiohttp import web

from monitor.core.change import AddEvidence
from monitor.notify.apprise import clean
from monitor.notify.envelope import Envelope, Transport, Undelivered
from monitor.notify.rendering import Rendering
from monitor.notify.transports import open_transports
from monitor.settings.channels import AppriseChannel, Channel, MailChannel, MqttChannel, WebhookChannel
from monitor.storage.store import Store
from probes.observation import Picture
from probes.target import Secret
from tests.letters import NOW, PLAN, told
from tests.servers.mosquitto import Mosquitto
from tests.servers.processes import free_port
from tests.servers.smtp import LOGIN, MailServer

SECRET = "correct-horse-battery"
JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 40 + b"\xff\xd9"
SENDER = "Sitewarden <sitewarden@site.example>"


@pytest.fixture
async def envelope(tmp_path: Path) -> Envelope:
    """A new ticket with its picture, as the courier would hand it over."""
    store = Store.open("", tmp_path / "store")
    await store.commit((*told(123), AddEvidence(123, "now", NOW, Picture(JPEG, 640, 360))))
    (parcel,) = await store.claim(NOW, 60.0)
    rendered = await Rendering(store, lambda: PLAN, lambda: NOW, "https://warden.example")(parcel)
    await store.close()
    return rendered


def opened(channel: Channel) -> Transport:
    return open_transports({"it": channel}, "site-1")["it"]


async def trouble(transport: Transport, envelope: Envelope) -> Undelivered:
    with pytest.raises(Undelivered) as caught:
        await transport.deliver(envelope)
    await transport.close()
    for secret in (SECRET, LOGIN[1], "tok-en-1234"):
        assert secret not in str(caught.value)
    return caught.value


# ---- mail


def mail_channel(server: MailServer, **more: Any) -> MailChannel:
    readers = ("li@site.example", "王先生 <wang@site.example>")
    return MailChannel("127.0.0.1", SENDER, readers, port=server.port, security="none", **more)


async def test_a_mail_has_text_html_and_the_picture_inside(mail_server: MailServer, envelope: Envelope) -> None:
    transport = opened(mail_channel(mail_server, username=LOGIN[0], password=Secret(LOGIN[1])))
    await transport.deliver(envelope)
    await transport.deliver(replace(envelope, attempt=2))
    first, second = mail_server.letters
    assert first.sender == "sitewarden@site.example"
    assert first.to == ("li@site.example", "wang@site.example")
    assert first.login == "warden"
    assert first.mail["Subject"] == "Urgent · Gate 3 camera: No picture · T-000123"
    assert first.mail["Message-ID"] == second.mail["Message-ID"]
    assert first.mail["References"] != first.mail["Message-ID"]
    assert second.mail["X-Sitewarden-Attempt"] == "2"
    text, html = first.mail.get_body(("plain",)), first.mail.get_body(("html",))
    assert text is not None
    assert html is not None
    assert "Bring:\n- a patch cable" in text.get_content().replace("\r\n", "\n")
    assert 'src="cid:now@sitewarden"' in html.get_content()
    (picture,) = [part for part in first.mail.walk() if part.get_content_type() == "image/jpeg"]
    assert picture["Content-ID"] == "<now@sitewarden>"
    assert picture.get_content() == JPEG


@pytest.mark.parametrize(("answer", "temporary"), [("451 later", True), ("554 never", False)])
async def test_the_mail_servers_answer_says_whether_to_try_again(
    mail_server: MailServer, envelope: Envelope, answer: str, temporary: bool
) -> None:
    mail_server.answer = answer
    said = await trouble(opened(mail_channel(mail_server)), envelope)
    assert (str(said), said.temporary) == (f"the mail server answered {answer[:3]}", temporary)


async def test_a_refused_login_is_tried_again_later_for_somebody_will_correct_it(
    mail_server: MailServer, envelope: Envelope
) -> None:
    said = await trouble(opened(mail_channel(mail_server, username="warden", password=Secret(SECRET))), envelope)
    assert (str(said), said.temporary, said.denied) == ("the mail server refused the login (535)", True, True)
    assert mail_server.letters == []


async def test_only_the_reader_who_was_put_off_gets_it_again(mail_server: MailServer, envelope: Envelope) -> None:
    mail_server.refused = {"li@site.example": "450 greylisted"}
    transport = opened(mail_channel(mail_server))
    with pytest.raises(Undelivered, match="put off 1 of 2"):
        await transport.deliver(envelope)
    mail_server.refused = {}
    await transport.deliver(envelope)
    assert [letter.to for letter in mail_server.letters] == [("wang@site.example",), ("li@site.example",)]


async def test_readers_who_do_not_exist(mail_server: MailServer, envelope: Envelope) -> None:
    mail_server.refused = {"li@site.example": "550 who?"}
    await opened(mail_channel(mail_server)).deliver(envelope)
    mail_server.refused["wang@site.example"] = "550 who?"
    said = await trouble(opened(mail_channel(mail_server)), envelope)
    assert not said.temporary


async def test_a_mail_server_that_is_away_or_without_tls(mail_server: MailServer, envelope: Envelope) -> None:
    away = replace(mail_channel(mail_server), port=free_port())
    assert "no connection" in str(await trouble(opened(away), envelope))
    plain = replace(mail_channel(mail_server), security="starttls", username="warden", password=Secret(LOGIN[1]))
    said = await trouble(opened(plain), envelope)
    assert said.temporary
    assert mail_server.letters == [], "never without the encryption that was asked for"


# ---- webhook


@dataclass(slots=True)
class Receiver:
    """A receiver as the documentation tells people to write it."""

    url: str = ""
    status: int = 204
    delay_seconds: float = 0.0
    effects: dict[str, Any] = field(default_factory=dict)  # idempotency key -> body
    attempts: list[str] = field(default_factory=list)
    unsigned: int = 0

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        stamp = request.headers.get("X-Sitewarden-Timestamp", "0")
        proof = hmac.new(SECRET.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        signed = hmac.compare_digest(request.headers.get("X-Sitewarden-Signature", ""), f"sha256={proof}")
        if not signed or abs(time.time() - int(stamp)) > 300:
            self.unsigned += 1
            return web.Response(status=401)
        self.attempts.append(request.headers["X-Sitewarden-Attempt"])
        await asyncio.sleep(self.delay_seconds)
        self.effects.setdefault(request.headers["Idempotency-Key"], json.loads(body))
        return web.Response(status=self.status, headers={"Location": "/elsewhere"})


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    found = Receiver()
    application = web.Application(client_max_size=4_000_000)
    application.router.add_post("/hook", found.take)
    runner = web.AppRunner(application)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    found.url = f"http://127.0.0.1:{port}/hook?token=tok-en-1234"
    yield found
    await runner.cleanup()


async def test_a_webhook_is_signed_and_has_one_effect_however_often_it_comes(
    receiver: Receiver, envelope: Envelope
) -> None:
    transport = opened(WebhookChannel(receiver.url, Secret(SECRET)))
    await transport.deliver(envelope)
    await transport.deliver(replace(envelope, attempt=2, possible_repeat=True))
    await transport.close()
    (body,) = receiver.effects.values()
    assert receiver.attempts == ["1", "2"]
    assert list(receiver.effects) == [body["key"]] == ["site-1/T-000123/1/mail"]
    assert body["ticket"]["bring"] == ["a patch cable", "a camera, DS-2CD2143"]
    assert body["ticket"]["surroundings"][0]["detect"] == "searching"
    assert body["pictures"][0]["role"] == "now"


async def test_a_webhook_with_the_wrong_secret_is_refused(receiver: Receiver, envelope: Envelope) -> None:
    said = await trouble(opened(WebhookChannel(receiver.url, Secret("other"))), envelope)
    assert (str(said), said.temporary) == ("the receiver answered 401", True)
    await trouble(opened(WebhookChannel(receiver.url)), envelope)
    assert (receiver.unsigned, receiver.effects) == (2, {})


@pytest.mark.parametrize(
    ("status", "temporary", "unsure"),
    [(500, True, True), (429, True, False), (404, True, False), (302, True, False), (422, False, False)],
)
async def test_the_receivers_answer_says_whether_to_try_again(
    receiver: Receiver, envelope: Envelope, status: int, temporary: bool, unsure: bool
) -> None:
    receiver.status = status
    said = await trouble(opened(WebhookChannel(receiver.url, Secret(SECRET))), envelope)
    assert (str(said), said.temporary, said.unsure) == (f"the receiver answered {status}", temporary, unsure)


async def test_a_receiver_that_is_away_or_slow(receiver: Receiver, envelope: Envelope) -> None:
    away = await trouble(opened(WebhookChannel(f"http://127.0.0.1:{free_port()}/?token=tok-en-1234")), envelope)
    assert (away.temporary, away.unsure) == (True, False)
    receiver.delay_seconds = 1.0
    slow = await trouble(opened(WebhookChannel(receiver.url, Secret(SECRET), timeout_seconds=0.3)), envelope)
    assert (slow.temporary, slow.unsure) == (True, True)


# ---- MQTT


def mqtt_channel(broker: Mosquitto, **more: Any) -> MqttChannel:
    return MqttChannel("127.0.0.1", broker.port, timeout_seconds=5.0, **more)


def subscriber(broker: Mosquitto, **more: Any) -> aiomqtt.Client:
    return aiomqtt.Client("127.0.0.1", broker.port, protocol=aiomqtt.ProtocolVersion.V5, **more)


async def next_message(client: aiomqtt.Client) -> aiomqtt.Message:
    async with asyncio.timeout(10):
        return await anext(aiter(client.messages))


async def test_a_ticket_is_published_with_its_key_and_not_retained(mosquitto: Mosquitto, envelope: Envelope) -> None:
    transport = opened(mqtt_channel(mosquitto))
    async with subscriber(mosquitto) as client:
        await client.subscribe("sitewarden/#", qos=1)
        await transport.deliver(envelope)
        message = await next_message(client)
    await transport.close()
    assert str(message.topic) == "sitewarden/site-1/tickets/T-000123"
    assert (message.qos, message.retain) == (1, False)
    assert message.properties is not None
    assert ("key", envelope.key) in message.properties.UserProperty  # type: ignore[attr-defined]
    assert isinstance(message.payload, bytes)
    body = json.loads(message.payload)
    assert (body["key"], body["ticket"]["fault"]) == (envelope.key, "camera.no-picture")


async def test_a_broker_goes_and_comes_back(mosquitto: Mosquitto, envelope: Envelope) -> None:
    transport = opened(mqtt_channel(mosquitto))
    await transport.deliver(envelope)
    await asyncio.to_thread(mosquitto.stop)
    with pytest.raises(Undelivered, match="broker"):
        await transport.deliver(envelope)
    mosquitto.start()
    async with subscriber(mosquitto) as client:
        await client.subscribe("sitewarden/#", qos=1)
        await transport.deliver(envelope)
        assert isinstance((await next_message(client)).payload, bytes)
    await transport.close()


async def test_a_restarted_broker_is_not_noticed(mosquitto: Mosquitto, envelope: Envelope) -> None:
    transport = opened(mqtt_channel(mosquitto))
    await transport.deliver(envelope)
    await asyncio.to_thread(mosquitto.stop)
    mosquitto.start()
    await transport.deliver(envelope)
    await transport.close()


async def test_a_broker_that_wants_a_login(guarded_mosquitto: Mosquitto, envelope: Envelope) -> None:
    wrong = mqtt_channel(guarded_mosquitto, username="warden", password=Secret(SECRET))
    said = await trouble(opened(wrong), envelope)
    assert "Not authorized" in str(said)
    assert said.denied
    right = opened(mqtt_channel(guarded_mosquitto, username="warden", password=Secret("open-sesame")))
    await right.deliver(envelope)
    await right.close()


async def test_a_broker_that_accepts_and_says_nothing(envelope: Envelope) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        channel = MqttChannel("127.0.0.1", silent.getsockname()[1], timeout_seconds=0.5)
        said = await trouble(opened(channel), envelope)
    assert said.temporary


# ---- Apprise: its first use imports some 140 services, one of which imports what Python 3.13 has not

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


@pytest.fixture
def log_lines() -> Iterator[io.StringIO]:
    """What the daemon would log, if it logged everything."""
    lines = io.StringIO()
    handler, root = logging.StreamHandler(lines), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield lines
    root.removeHandler(handler)
    root.setLevel(level)


async def test_apprise_delivers_with_the_picture(envelope: Envelope) -> None:
    seen: list[Any] = []

    async def take(request: web.Request) -> web.Response:
        seen.append(await request.json())
        return web.Response()

    application = web.Application(client_max_size=4_000_000)
    application.router.add_post("/{tail:.*}", take)
    runner = web.AppRunner(application)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    transport = opened(AppriseChannel(Secret(f"json://127.0.0.1:{port}/tok-en-1234")))
    await transport.deliver(envelope)
    await runner.cleanup()
    (body,) = seen
    assert body["title"] == envelope.subject
    assert "Gate 3 camera gives no picture" in body["message"]
    assert body["attachments"][0]["filename"] == "T-000123-now.jpg"


async def test_apprise_says_why_not_and_its_address_stays_out_of_the_logs(
    envelope: Envelope, log_lines: io.StringIO
) -> None:
    away = opened(AppriseChannel(Secret(f"json://warden:{SECRET}@127.0.0.1:{free_port()}/tok-en-1234")))
    said = await trouble(away, envelope)
    assert said.temporary
    assert str(said)
    unknown = await trouble(opened(AppriseChannel(Secret("nonsense://tok-en-1234"))), envelope)
    assert "does not understand" in str(unknown)
    assert "tok-en-1234" not in log_lines.getvalue()
    assert SECRET not in log_lines.getvalue()


async def test_apprise_that_hangs_is_given_its_time(envelope: Envelope) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = Secret(f"json://127.0.0.1:{silent.getsockname()[1]}/?rto=3&cto=3")
        said = await trouble(opened(AppriseChannel(url, timeout_seconds=0.3)), envelope)
    assert (said.temporary, said.unsure) == (True, True)


def test_what_apprise_says_is_cleaned_of_tokens() -> None:
    line = "Failed to send to https://chat.example/hooks/A1B2C3 as bot: Forbidden"
    assert (
        clean(line, "slack://bot@A1B2C3/x?y=chat.example")
        == "Failed to send to https://***/hooks/*** as bot: Forbidden"
    )
