"""Which device does an address such as snmp://USER@HOST mean, what is it asked, and with which login?

Passwords and keys come from the environment or are asked for: what stands on a command line, others can see.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, get_args
from urllib.parse import SplitResult, urlsplit

import click
from pydantic import ValidationError

from monitor.cli.language import _
from monitor.settings.file.device import MIN_KEY
from probes.probe import Options
from probes.registry import probe as probe_of
from probes.target import Auth, Login, Priv, Secret, SnmpAccess, Target

AUTH: Final = get_args(Auth)
PRIV: Final = get_args(Priv)
_SCHEMES: Final = {
    "rtsp": "rtsp",
    "rtsps": "rtsp",
    "onvif": "onvif",
    "onvifs": "onvif",
    "snmp": "snmp",
    "http": "http",
    "https": "http",
    "tcp": "tcp",
    "tls": "tls",
    "icmp": "icmp",
}


@dataclass(frozen=True, slots=True)
class Access:
    """What the command line says of the login."""

    user: str | None
    community: str | None
    auth: Auth
    priv: Priv


@dataclass(frozen=True, slots=True)
class Question:
    """One question as a command puts it."""

    check: str
    kind: str
    options: Options
    timeout_seconds: float


def read_address(address: str, access: Access) -> tuple[Target, Question]:
    """The device and the question; click.UsageError with a sentence that helps."""
    kind, host, parts = read_parts(address, _SCHEMES)
    user = access.user or parts.username or ""
    login, snmp = None, None
    if kind == "snmp":
        snmp = _snmp_access(user, parts.port or 161, access)
    elif user:
        login = ask_login(user)
    options = _options(kind, parts)
    return Target(host, host, login, snmp), Question(kind, kind, options, probe_of(kind).timeout_seconds)


def read_parts(address: str, schemes: Mapping[str, str]) -> tuple[str, str, SplitResult]:
    """What its scheme stands for, its host, and all parts; its port can be read. Raises click.UsageError."""
    try:
        parts = urlsplit(address)
        _port = parts.port
    except ValueError as error:
        raise click.UsageError(f"{address}: {error}") from None
    kind = schemes.get(parts.scheme)
    if kind is None:
        known_schemes = ", ".join(f"{each}://" for each in schemes)
        raise click.UsageError(_("{scheme}:// is none of {known}").format(scheme=parts.scheme, known=known_schemes))
    if parts.password is not None:
        raise click.UsageError(_("No password in the address, others can see it: use --user and $SITEWARDEN_PASSWORD."))
    if not parts.hostname:
        raise click.UsageError(_("{address} names no host.").format(address=address))
    return kind, parts.hostname, parts


def ask_login(user: str) -> Login:
    """With the password from $SITEWARDEN_PASSWORD, or asked for."""
    return Login(user, _secret("SITEWARDEN_PASSWORD", _("Password of {user}").format(user=user)))


def _options(kind: str, parts: SplitResult) -> Options:
    known = probe_of(kind).options
    given: dict[str, object] = {}
    if parts.port and "port" in known.model_fields and kind != "snmp":
        given["port"] = parts.port
    if "path" in known.model_fields and parts.path not in ("", "/"):
        given["path"] = parts.path + (f"?{parts.query}" if parts.query else "")
    if "tls" in known.model_fields:
        given["tls"] = parts.scheme in ("rtsps", "onvifs", "https")
    try:
        return known(**given)
    except ValidationError as error:
        raise click.UsageError("; ".join(f"{each['loc'][0]}: {each['msg']}" for each in error.errors())) from None


def _snmp_access(user: str, port: int, access: Access) -> SnmpAccess:
    """A user speaks SNMPv3, a community v2c."""
    if not user:
        return SnmpAccess(port=port, community=Secret(access.community or "public"))
    if access.community:
        raise click.UsageError(_("A user is for SNMPv3, a community for v2c: give one of them."))
    if access.auth == "none" and access.priv != "none":
        raise click.UsageError(_("SNMPv3 encrypts only what it signs: choose --auth, or give --priv none too."))
    auth_key = priv_key = None
    if access.auth != "none":
        auth_key = _key(
            "SITEWARDEN_AUTH_KEY", _("Key by which {user} signs ({how})").format(user=user, how=access.auth)
        )
    if access.priv != "none":
        said = _("Key by which {user} encrypts ({how})").format(user=user, how=access.priv)
        priv_key = _key("SITEWARDEN_PRIV_KEY", said)
    return SnmpAccess(
        version="3", port=port, username=user, auth=access.auth, auth_key=auth_key, priv=access.priv, priv_key=priv_key
    )


def _key(variable: str, what: str) -> Secret:
    key = _secret(variable, what)
    if len(key.reveal().encode()) < MIN_KEY:
        raise click.UsageError(
            _("{what}: a key of SNMPv3 has at least {count} characters.").format(what=what, count=MIN_KEY)
        )
    return key


def _secret(variable: str, what: str) -> Secret:
    return Secret(os.environ.get(variable) or click.prompt(what, hide_input=True, err=True))
