"""How does a notification reach an MQTT broker? One JSON message, QoS 1, not retained: it is an event, not a state.

Topics: TOPIC/SITE/tickets/T-000123 and TOPIC/SITE/digests. The idempotency key is the user property `key`, and in
the JSON.
"""

from __future__ import annotations

import asyncio
import json
import re
import ssl

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from monitor.notify.envelope import Envelope, Undelivered
from monitor.settings.channels import MqttChannel

_NOT_IN_A_LEVEL = re.compile(r"[+#/\x00-\x1f]")


class Mqtt:
    """One broker; the connection is made when there is something to say, and kept."""

    def __init__(self, channel: MqttChannel, site: str, name: str) -> None:
        self._channel = channel
        self.timeout_seconds = channel.timeout_seconds
        self._identifier = channel.client_id or f"sitewarden-{site}-{name}"
        self._root = f"{channel.topic}/{_NOT_IN_A_LEVEL.sub('-', site)}"
        self._trust = ssl.create_default_context(cafile=channel.ca_file or None) if channel.tls else None
        self._client: aiomqtt.Client | None = None

    async def deliver(self, envelope: Envelope) -> None:
        """Publish it and wait for the broker's acknowledgement. A connection that has died meanwhile is made anew."""
        topic = f"{self._root}/tickets/{envelope.ticket}" if envelope.ticket else f"{self._root}/digests"
        body = json.dumps({**envelope.data, "possible_repeat": envelope.possible_repeat}, allow_nan=False)
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.UserProperty = [("key", envelope.key), ("attempt", str(envelope.attempt))]
        properties.ContentType = "application/json"
        kept = self._client is not None
        try:
            await self._publish(topic, body, properties)
        except aiomqtt.MqttError:
            if not kept:
                raise Undelivered("the broker did not take it", unsure=True) from None
            try:
                await self._publish(topic, body, properties)
            except aiomqtt.MqttError:
                raise Undelivered("the broker did not take it", unsure=True) from None

    async def _publish(self, topic: str, body: str, properties: Properties) -> None:
        try:
            client = self._client or await self._connect()
            await client.publish(topic, body, qos=1, properties=properties)
        except BaseException:
            await self.close()
            raise

    async def _connect(self) -> aiomqtt.Client:
        channel = self._channel
        client = aiomqtt.Client(
            channel.host,
            channel.port,
            identifier=self._identifier,
            protocol=aiomqtt.ProtocolVersion.V5,
            username=channel.username or None,
            password=channel.password.reveal() if channel.username and channel.password else None,
            tls_context=self._trust,
            timeout=channel.timeout_seconds,
        )
        try:
            await client.__aenter__()
        except aiomqtt.MqttError as error:
            raise Undelivered(f"no connection to the broker ({_why(error)})", denied=_is_denied(error)) from None
        self._client = client
        return client

    async def close(self) -> None:
        """Leave the broker."""
        client, self._client = self._client, None
        if client is not None:
            try:
                async with asyncio.timeout(2.0):
                    await client.__aexit__(None, None, None)
            except (aiomqtt.MqttError, TimeoutError):
                return  # it has gone before us


def _why(error: aiomqtt.MqttError) -> str:
    """The reason without the address: only the protocol's own words are known to hold none."""
    return str(error.rc) if isinstance(error, aiomqtt.MqttCodeError) and error.rc is not None else "no answer"


def _is_denied(error: aiomqtt.MqttError) -> bool:
    """MQTT 5, section 3.2.2.2: bad user name or password, or not authorized."""
    return isinstance(error, aiomqtt.MqttCodeError) and getattr(error.rc, "value", error.rc) in (0x86, 0x87)
