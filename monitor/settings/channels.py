"""By which channels can a message leave the site, and what does each need to know?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from probes.target import Secret

MailSecurity = Literal["starttls", "tls", "none"]


@dataclass(frozen=True, slots=True)
class MailChannel:
    """Mail by SMTP (RFC 5321) to the addresses in `to`, as one message."""

    host: str
    sender: str
    to: tuple[str, ...]
    port: int = 587
    security: MailSecurity = "starttls"  # "tls": from the first byte (RFC 8314)
    username: str = ""  # "": no login
    password: Secret | None = None
    ca_file: str = ""  # PEM file with the authorities to trust; "": the system's
    timeout_seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class WebhookChannel:
    """HTTP POST of JSON, signed by HMAC-SHA-256 with `secret`; None: not signed."""

    url: str
    secret: Secret | None = None
    ca_file: str = ""
    timeout_seconds: float = 10.0


@dataclass(frozen=True, slots=True)
class MqttChannel:
    """Publish below `topic` on an MQTT 5 broker."""

    host: str
    port: int = 1883
    tls: bool = False
    username: str = ""  # "": no login
    password: Secret | None = None
    topic: str = "sitewarden"
    client_id: str = ""  # "": made from the site's id and the channel's name
    ca_file: str = ""
    timeout_seconds: float = 10.0


@dataclass(frozen=True, slots=True)
class AppriseChannel:
    """Anything that Apprise speaks. Its URL holds tokens, so the whole of it is a secret."""

    url: Secret
    timeout_seconds: float = 30.0


Channel = MailChannel | WebhookChannel | MqttChannel | AppriseChannel
