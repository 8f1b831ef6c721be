"""How is the site's file written as a whole?"""

from __future__ import annotations

from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from monitor.settings.file.base import Shape
from monitor.settings.file.channel import ChannelShape, MailAddressOrNothing, RouteShape, WebUrl
from monitor.settings.file.device import CommonShape, CredentialShape, DeviceShape, GroupShape, WatchedKind
from monitor.settings.file.rule import Overrides
from monitor.settings.file.secret import SecretText, SecretUrl
from monitor.settings.file.units import Identifier, Interval, ListenOn, Seconds, TargetSeconds
from monitor.settings.mistake import did_you_mean
from probes.target import Secret
from ticketing.ticket import Language, Severity

_CAPITALS = dict.fromkeys(("Asia/Beijing", "Asia/Peking", "Beijing", "Peking", "CST", "China"), "Asia/Shanghai")
"""What people write for China's time, which IANA names after another city."""


def _timezone(value: object) -> object:
    if isinstance(value, str):
        try:
            ZoneInfo(str(value))
        except (OSError, ValueError, LookupError):
            meant = did_you_mean(_CAPITALS.get(value, value), available_timezones())
            facts = {"value": str(value), "example": meant[0] if meant else "Asia/Shanghai"}
            raise PydanticCustomError("want_timezone", "not a time zone", facts) from None
    return value


def _argon2(value: Secret) -> Secret:
    text = value.reveal()
    if text and not text.startswith(("$argon2id$", "$argon2i$", "$argon2d$")):
        raise PydanticCustomError("want_hash", "not an Argon2 hash")
    return value


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


Timezone = Annotated[str, BeforeValidator(_timezone)]
Files = Annotated[list[str], BeforeValidator(_listed)]


class SiteShape(Shape):
    """The site itself."""

    id: Identifier = Field(description="stays for ever: tickets and metrics carry it")
    name: Annotated[str, Field(min_length=1)]
    timezone: Timezone = Field("UTC", description="IANA name, `Asia/Shanghai`")
    language: Language = "en"
    address: str = ""
    contact: str = Field("", description="who opens the door: name and phone")


class StoreShape(Shape):
    """Where the daemon keeps what it must not forget."""

    url: SecretUrl | None = Field(
        None, description="`sqlite:///file` or `postgresql://…`; default: SQLite in the daemon's state directory"
    )


class WebShape(Shape):
    """The console."""

    listen: ListenOn = Field(
        ("127.0.0.1", 8080),
        description="default: `127.0.0.1:8080`, this machine only; `0.0.0.0:8080`: the whole network",
    )
    public_url: WebUrl | None = Field(None, description="how people reach it; links in messages begin with it")
    secure_cookies: bool | None = Field(None, description="default: true when `public_url` is https")
    users_file: str | None = Field(None, description="a file with further users, a list like `users`")


class MetricsShape(Shape):
    """Prometheus metrics."""

    listen: ListenOn | None = Field(None, description="an address of their own; default: on the console's")


class UserShape(Shape):
    """Somebody who may log in."""

    name: Identifier
    password_hash: Annotated[SecretText, AfterValidator(_argon2)] = Field(
        description="Argon2, in PHC form: `$argon2id$…`"
    )
    role: Literal["viewer", "technician", "manager"] = "viewer"
    language: Language | None = Field(None, description="default: the site's")
    mail: MailAddressOrNothing = ""
    phone: str = ""
    tokens: list[Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]] = Field(
        [], max_length=20, description="SHA-256 digests of API tokens; make one by `sitewarden password --token`"
    )


class TargetsShape(Shape):
    """By when must somebody act, counted from the ticket's opening? `none`: no target."""

    response: TargetSeconds = Field(None, description="a person acknowledges")
    arrival: TargetSeconds = Field(None, description="a technician is on site")
    fix: TargetSeconds = Field(None, description="it works again")


class LimitsShape(Shape):
    """How much the daemon may do at once."""

    wire: Annotated[int, Field(ge=1, le=20_000)] = Field(500, description="checks that wait for sockets")
    slow: Annotated[int, Field(ge=1, le=20_000)] = Field(200, description="checks of devices that time out")
    decode_workers: Annotated[int, Field(ge=1, le=256)] | None = Field(
        None, description="processes that decode pictures; default: half of the processors"
    )
    password_retry: Annotated[Seconds, Field(ge=60)] = Field(
        900.0, description="after a refused password the device is left alone that long, then twice as long, …"
    )
    stop: Annotated[Seconds, Field(le=300)] = Field(10.0, description="grace for what runs when the daemon stops")


class DigestShape(Shape):
    """One message instead of a storm."""

    messages: Annotated[int, Field(ge=1, le=10_000)] = Field(5, description="more than this many on one route …")
    within: Seconds = Field(60.0, description="… within this time become one digest")


class DefaultPasswordsShape(Shape):
    """Logins that makers deliver devices with, tried once a device and day."""

    list: str = Field(description="a file with one `user:password` a line, which not everybody may read")
    consent: bool = Field(False, description="true: the owner of the devices agrees that these logins are tried")


class SiteFile(Shape):
    """The site's file."""

    site: SiteShape
    store: StoreShape = StoreShape()
    web: WebShape = WebShape()
    metrics: MetricsShape = MetricsShape()
    users: list[UserShape] = Field([], description="who may log in to the console")
    credentials: dict[str, CredentialShape] = Field({}, description="name -> login or SNMP access")
    defaults: dict[WatchedKind, CommonShape] = Field({}, description="kind -> what all devices of that kind share")
    groups: dict[str, GroupShape] = Field({}, description="name -> what many devices share")
    devices: list[DeviceShape]
    listeners: dict[str, Any] = Field({}, description="check that is heard -> where its listener listens")
    rules: dict[str, Overrides] = Field({}, description="rule id (`*` allowed) -> what this site changes of it")
    rule_files: Files = Field([], description="own rules, beside the shipped ones")
    fault_files: Files = Field([], description="own faults, beside the shipped ones")
    profile_folders: Files = Field([], description="folders with own device profiles, beside the shipped ones")
    channels: dict[str, ChannelShape] = Field({}, description="name -> how a message leaves the site")
    routes: list[RouteShape] = Field([], description="who is told of which tickets")
    service: dict[Severity, TargetsShape] = Field({}, description="severity -> targets of the contract")
    picture_every: Interval = Field(600.0, description="how often a good picture is kept as evidence for later")
    reopen_within: Seconds = Field(86_400.0, description="a fault that comes back this soon reopens its ticket")
    digest: DigestShape = DigestShape()
    limits: LimitsShape = LimitsShape()
    default_passwords: DefaultPasswordsShape | None = Field(
        None, description="off by default: are devices still open to the logins of a list of yours?"
    )
