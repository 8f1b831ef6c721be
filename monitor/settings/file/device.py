"""How are devices, their groups, their credentials and their checks written?"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from monitor.settings.file.base import Shape
from monitor.settings.file.secret import SecretText
from monitor.settings.file.units import Host, Identifier, Seconds
from monitor.settings.tree import MarkedMap
from probes.panel.frame import key_of
from probes.registry import HEARD
from probes.target import Auth, Priv

WatchedKind = Literal["camera", "recorder", "panel", "switch", "ups", "gateway", "server", "sensor"]
KINDS: tuple[WatchedKind, ...] = ("camera", "recorder", "panel", "switch", "ups", "gateway", "server", "sensor")
CHECK_NAMES = dict.fromkeys(("reach", "rtsp", "onvif", "frame", "snmp", "recorder", "http", "tls", *HEARD)).keys()

MIN_KEY = 8  # characters; RFC 3414, 11.2, wants passwords of at least that many


class SnmpShape(Shape):
    """How to speak SNMP."""

    version: Literal["1", "2c", "3"] = "2c"
    port: Annotated[int, Field(ge=1, le=65_535)] = 161
    community: SecretText | None = Field(None, description="for versions 1 and 2c")
    username: str = Field("", description="for version 3")
    auth: Auth = "none"
    auth_key: SecretText | None = None
    priv: Priv = "none"
    priv_key: SecretText | None = None
    context: str = ""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.version == "3":
            if not self.username:
                raise PydanticCustomError("snmp_username", "username is missing")
            if self.community is not None:
                raise PydanticCustomError("snmp_community_v3", "community with version 3")
        elif self.community is None:
            raise PydanticCustomError("snmp_community", "community is missing")
        elif self.username or self.auth != "none" or self.priv != "none":
            raise PydanticCustomError("snmp_not_v3", "user with version 1 or 2c")
        for protocol, key, name in ((self.auth, self.auth_key, "auth"), (self.priv, self.priv_key, "priv")):
            if (protocol == "none") != (key is None):
                raise PydanticCustomError("snmp_key", "protocol and key go together", {"name": name})
            if key is not None and 0 < len(key.reveal()) < MIN_KEY:
                raise PydanticCustomError("snmp_short_key", "key too short", {"name": name, "bound": MIN_KEY})
        if self.priv != "none" and self.auth == "none":
            raise PydanticCustomError("snmp_priv_without_auth", "priv without auth")
        return self


class CredentialShape(Shape):
    """A login for RTSP, ONVIF and HTTP, access by SNMP, the key of an alarm panel, or several of them."""

    username: str = ""
    password: SecretText | None = None
    snmp: SnmpShape | None = None
    alarm_key: SecretText | None = Field(
        None,
        description="by which an alarm panel encrypts its reports (SIA DC-09): 16, 24 or 32 characters, "
        "or `hex:` and 32, 48 or 64 digits",
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.alarm_key is not None and self.alarm_key.reveal():
            try:
                key_of(self.alarm_key.reveal())
            except ValueError:
                raise PydanticCustomError("alarm_key", "not a key") from None
        if bool(self.username) != (self.password is not None):
            raise PydanticCustomError("half_login", "user name and password go together")
        if not self.username and self.snmp is None and self.alarm_key is None:
            raise PydanticCustomError("empty_credential", "nothing in it")
        return self


class CheckShape(Shape):
    """What every check may say; the rest are the probe's own options."""

    every: Annotated[Seconds, Field(ge=0.1)] | None = Field(None, description="how often to look")
    timeout: Annotated[Seconds, Field(ge=0.05, le=120)] | None = Field(None, description="how long to wait")
    probe: Literal["icmp", "tcp"] | None = Field(None, description="only for `reach`: how to ask; default `icmp`")


def _checks(value: Any) -> Any:
    """What stands under a check is looked at when all layers (kind, group, device) are laid over each other."""
    return value if isinstance(value, MarkedMap) else _not_a_mapping(value)


def _not_a_mapping(value: Any) -> Any:
    if value is None:
        return {}
    raise PydanticCustomError("want_mapping", "not a mapping")


Checks = Annotated[dict[str, Any], BeforeValidator(_checks)]


class CommonShape(Shape):
    """What a device says, or takes over from its group or from the defaults of its kind."""

    model: str = Field("", description="as on the label; tickets say what to bring")
    vendor: str = ""
    profile: str | None = Field(
        None, description="name of a device profile; default: what SNMP or ONVIF tell of make and model decides"
    )
    place: str = Field("", description="where a technician finds it")
    credentials: str | None = Field(None, description="name of an entry of `credentials`")
    snmp: str | None = Field(None, description="name of an entry of `credentials` to take SNMP access from")
    parent: str | None = Field(None, description="device on which it hangs: switch, recorder, gateway")
    power: str | None = Field(None, description="UPS that feeds it")
    tags: dict[str, str] = Field({}, description="free names, for routes and rules")
    silenced: bool = Field(False, description="watch it, but open no tickets")
    checks: Checks = Field({}, description="changes of the checks that its kind has; `off` turns one off")


class GroupShape(CommonShape):
    """What many devices share."""

    kind: WatchedKind | None = None


class DeviceShape(CommonShape):
    """Something at the site."""

    id: Identifier = Field(description="stays for ever: tickets and metrics carry it")
    name: str = Field("", description="as people call it; default: the id")
    kind: WatchedKind | None = Field(None, description="needed, unless its group says it")
    group: str | None = Field(None, description="name of an entry of `groups`")
    host: Host = Field(description="IP address or name")
    serial: str = Field(
        "", description="serial number; by it `sitewarden discover` knows a device again that has moved"
    )
    mac: str = Field("", description="MAC address, `00:11:22:aa:bb:cc`; the same where there is no serial number")
    port: str = Field("", description="port of its parent; for PoE the table's key, `1.7`")
