"""How are notification channels and routes written?"""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from monitor.core.plan import DeviceKind
from monitor.settings.channels import MailSecurity
from monitor.settings.file.base import Shape
from monitor.settings.file.secret import SecretText
from monitor.settings.file.units import Days, Host, Hours, Identifier, Seconds
from ticketing.policies import TOLD
from ticketing.ticket import EventKind, Language, Severity


def _address_or_nothing(value: object) -> object:
    return value if value == "" else _address(value)


def _address(value: object) -> object:
    if isinstance(value, str):
        local, _, domain = value.rpartition("@")
        if not local or not domain or any(char.isspace() or char in "<>,;" for char in value):
            raise PydanticCustomError("want_mail", "not a mail address", {"value": str(value)})
    return value


def _web_url(value: object) -> object:
    if isinstance(value, str):
        try:
            parts = urlsplit(value)
        except ValueError:
            parts = urlsplit("")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise PydanticCustomError("want_url", "not a URL")
        if parts.username or parts.password:
            raise PydanticCustomError("url_has_login", "credentials in a URL")
    return value


def _topic(value: object) -> object:
    if isinstance(value, str) and (len(value) > 200 or not all(value.split("/")) or set(value) & set("+#\0")):
        raise PydanticCustomError("want_topic", "not a topic")
    return value


def _told(value: object) -> object:
    names = sorted(kind.value for kind in TOLD)
    if isinstance(value, str) and value in set(EventKind) and value not in names:
        raise PydanticCustomError("not_told", "not told", {"value": str(value), "names": ", ".join(names)})
    return value


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


MailAddress = Annotated[str, BeforeValidator(_address)]
MailAddressOrNothing = Annotated[str, BeforeValidator(_address_or_nothing)]
Topic = Annotated[str, BeforeValidator(_topic)]
Patience = Annotated[Seconds, Field(ge=1, le=300)]
WebUrl = Annotated[str, BeforeValidator(_web_url)]
Told = Annotated[
    EventKind,
    BeforeValidator(_told),
    WithJsonSchema({"type": "string", "enum": sorted(kind.value for kind in TOLD)}),
]
Port = Annotated[int, Field(ge=1, le=65_535)]


class MailShape(Shape):
    """Mail by SMTP."""

    kind: Literal["mail"]
    host: Host = Field(description="mail server")
    port: Port | None = Field(None, description="default: 587 for starttls, 465 for tls, 25 for none")
    security: MailSecurity = Field("starttls", description="`tls` encrypts from the first byte")
    username: str = Field("", description="empty: no login")
    password: SecretText | None = None
    sender: MailAddress = Field(description="address in From")
    to: Annotated[list[MailAddress], BeforeValidator(_listed), Field(min_length=1, max_length=100)] = Field(
        description="one address or a list"
    )
    ca_file: str = Field("", description="PEM file with the authorities to trust; empty: the system's")
    timeout: Patience = 30.0


class WebhookShape(Shape):
    """HTTP POST of JSON."""

    kind: Literal["webhook"]
    url: WebUrl
    secret: SecretText | None = Field(None, description="signs every request by HMAC-SHA-256")
    ca_file: str = Field("", description="PEM file with the authorities to trust; empty: the system's")
    timeout: Patience = 10.0


class MqttShape(Shape):
    """Publish on an MQTT 5 broker."""

    kind: Literal["mqtt"]
    host: Host = Field(description="broker")
    port: Port | None = Field(None, description="default: 1883, with `tls` 8883")
    tls: bool = False
    username: str = Field("", description="empty: no login")
    password: SecretText | None = None
    topic: Topic = Field("sitewarden", description="messages go below this topic")
    client_id: str = Field("", max_length=64, description="empty: made from the site's id and the channel's name")
    ca_file: str = Field("", description="PEM file with the authorities to trust; empty: the system's")
    timeout: Patience = 10.0


class AppriseShape(Shape):
    """Anything that Apprise speaks: WeCom, DingTalk, Feishu, Slack, Telegram, SMS gateways and more."""

    kind: Literal["apprise"]
    url: SecretText = Field(description="Apprise's URL; it holds tokens, so give it as a secret")
    timeout: Patience = 30.0


ChannelShape = Annotated[MailShape | WebhookShape | MqttShape | AppriseShape, Field(discriminator="kind")]


class RouteShape(Shape):
    """Who is told of which tickets. What is left out matches everything."""

    name: Identifier
    channel: str = Field(description="name of a channel")
    language: Language | None = Field(None, description="default: the site's")
    severities: frozenset[Severity] = frozenset()
    devices: list[str] = Field([], description="device ids, `*` and `?` stand for anything")
    kinds: frozenset[DeviceKind] = Field(frozenset(), description="kinds of device")
    events: frozenset[Told] = Field(TOLD, description="default: all that can be told")
    days: Days = Field(frozenset(), description="default: every day")
    hours: Hours = Field((0, 1440), description="site's time; `22:00-06:00` goes over midnight; default: all day")
    urgent_always: bool = Field(True, description="urgent tickets ignore days and hours")
