"""What did the installer ask for? The configuration after everything in it was checked; immutable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from monitor.core.plan import Check, Device, Fault, Rule, Site
from monitor.settings.channels import Channel
from monitor.settings.mistake import Mistake
from monitor.settings.overrides import Override
from probes.probe import Options
from probes.target import Login, Secret
from ticketing.policies import Route, ServiceTargets
from ticketing.ticket import Language, Severity

Role = Literal["viewer", "technician", "manager"]


@dataclass(frozen=True, slots=True)
class Listen:
    """An address of this machine on which the daemon serves."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Web:
    """The console: where it listens, and how people reach it."""

    listen: Listen
    public_url: str  # without a slash at its end; links in messages begin with it
    secure_cookies: bool


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may log in."""

    name: str
    password_hash: Secret  # Argon2, in PHC form
    role: Role = "viewer"
    language: Language | None = None  # None: the site's
    mail: str = ""
    phone: str = ""
    tokens: tuple[str, ...] = ()  # SHA-256 digests of API tokens, in hex


@dataclass(frozen=True, slots=True)
class Limits:
    """How much the daemon may do at once."""

    wire: int = 500  # checks that wait for sockets
    slow: int = 200  # checks of devices that time out
    decode_workers: int = 1  # processes that decode pictures
    password_retry_seconds: float = 900.0  # after a refused password the device is left alone that long
    stop_seconds: float = 10.0  # grace for what runs when the daemon stops


@dataclass(frozen=True, slots=True)
class Digest:
    """More than `messages` on one route within `within_seconds` become one digest."""

    messages: int = 5
    within_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that the configuration says. `monitor.settings.plan` makes the Plan of it."""

    file: str
    site: Site
    devices: Mapping[str, Device]  # with the daemon itself
    checks: Mapping[tuple[str, str], Check]
    rules: tuple[Rule, ...]  # shipped and own, before overrides
    overrides: tuple[Override, ...]  # in the order in which they apply
    faults: Mapping[str, Fault]
    routes: tuple[Route, ...]
    targets: Mapping[Severity, ServiceTargets]
    picture_every_seconds: float
    reopen_within_seconds: float
    store_url: Secret  # SQLAlchemy's form; it may hold a password
    web: Web
    metrics: Listen | None  # None: on the console's address
    users: Mapping[str, User]
    channels: Mapping[str, Channel]
    limits: Limits
    digest: Digest
    listeners: Mapping[str, Options]  # kind of listener -> where it listens
    profile_folders: tuple[Path, ...] = ()  # of the site's own device profiles
    default_logins: tuple[Login, ...] = ()  # tried at devices, in this order; none: nothing is tried
    warnings: tuple[Mistake, ...] = ()
