"""Which transport serves which channel of the configuration?"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import assert_never

from monitor.notify.apprise import Apprise
from monitor.notify.envelope import Transport
from monitor.notify.mail import Mail
from monitor.notify.mqtt import Mqtt
from monitor.notify.webhook import Webhook
from monitor.settings.channels import AppriseChannel, Channel, MailChannel, MqttChannel, WebhookChannel
from monitor.storage.threads import Threads

APPRISE_THREADS = 4


def open_transports(channels: Mapping[str, Channel], site: str) -> dict[str, Transport]:
    """A transport for every channel; nothing is connected yet. OSError if a `ca_file` cannot be read."""
    return {name: _open(name, channel, site) for name, channel in channels.items()}


@cache
def _apprise_threads() -> Threads:
    """One set as long as the process lives: a reload must not leave the old ones behind."""
    return Threads("apprise", APPRISE_THREADS)


def _open(name: str, channel: Channel, site: str) -> Transport:
    match channel:
        case MailChannel():
            return Mail(channel)
        case WebhookChannel():
            return Webhook(channel)
        case MqttChannel():
            return Mqtt(channel, site, name)
        case AppriseChannel():
            return Apprise(channel, _apprise_threads())
        case _:
            assert_never(channel)
