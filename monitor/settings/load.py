"""What does the site's file say? All of it is checked, and every mistake is told at once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from pydantic import TypeAdapter

from monitor.core.plan import Site
from monitor.settings.advice import advise
from monitor.settings.default_logins import read_default_logins
from monitor.settings.devices import Fleet, FleetReader
from monitor.settings.file.base import keys_of, mark_of, note_unknown
from monitor.settings.file.channel import ChannelShape, RouteShape
from monitor.settings.file.device import KINDS, CommonShape, CredentialShape, DeviceShape, GroupShape
from monitor.settings.file.secret import Reading
from monitor.settings.file.site import (
    DefaultPasswordsShape,
    DigestShape,
    LimitsShape,
    MetricsShape,
    SiteFile,
    SiteShape,
    StoreShape,
    TargetsShape,
    UserShape,
    WebShape,
)
from monitor.settings.file.units import Interval, Seconds
from monitor.settings.knowledge import read_knowledge, read_overrides, read_profiles
from monitor.settings.mistake import BadConfiguration, Findings, Mark, did_you_mean, in_order
from monitor.settings.model import Digest, Limits, Settings
from monitor.settings.sections import listing, mapping, single
from monitor.settings.service import (
    read_channels,
    read_listeners,
    read_metrics,
    read_routes,
    read_store,
    read_targets,
    read_users,
    read_web,
)
from monitor.settings.shipped import shipped_folder
from monitor.settings.tree import MarkedMap, parse, path_of, read

_UNNAMED = SiteShape.model_construct(id="site", name="site", timezone="UTC", language="en", address="", contact="")

_SITE, _STORE, _WEB = TypeAdapter(SiteShape), TypeAdapter(StoreShape), TypeAdapter(WebShape)
_METRICS, _LIMITS, _DIGEST = TypeAdapter(MetricsShape), TypeAdapter(LimitsShape), TypeAdapter(DigestShape)
_USER, _ROUTE, _DEVICE = TypeAdapter(UserShape), TypeAdapter(RouteShape), TypeAdapter(DeviceShape)
_CREDENTIAL, _COMMON, _GROUP = TypeAdapter(CredentialShape), TypeAdapter(CommonShape), TypeAdapter(GroupShape)
_CHANNEL: TypeAdapter[ChannelShape] = TypeAdapter(ChannelShape)
_TARGETS = TypeAdapter(TargetsShape)
_DEFAULT_PASSWORDS: TypeAdapter[DefaultPasswordsShape | None] = TypeAdapter(DefaultPasswordsShape)
_SECONDS: TypeAdapter[float] = TypeAdapter(Seconds)
_INTERVAL: TypeAdapter[float] = TypeAdapter(Interval)


def load(
    path: Path | str,
    *,
    rules_folders: Iterable[Path] | None = None,
    faults_folders: Iterable[Path] | None = None,
    env: Mapping[str, str] | None = None,
    lenient: bool = False,
    text: str | None = None,
) -> Settings:
    """Read and check a site's file. Raises `BadConfiguration` with every mistake, and nothing else.

    `rules_folders` and `faults_folders` default to the shipped ones. `lenient`: a secret that only the service's own
    user can read is a warning, for people who check a file by hand; such settings must not be run. `text`: what the
    file would say, in place of what it says.
    """
    file = Path(path)
    findings = Findings()
    reading = Reading(findings, file.absolute().parent, os.environ if env is None else env, lenient)
    name = str(path)
    root = read(file, findings, name=name) if text is None else parse(text.encode(), findings, name)
    if root is None and not findings.mistakes:
        findings.wrong(Mark(str(path)), "", "empty_file")
    if root is not None and not isinstance(root, MarkedMap):
        findings.wrong(Mark(str(path), 1, 1), "", "want_mapping")
    if not isinstance(root, MarkedMap):
        raise BadConfiguration(findings.mistakes)
    brings_rules = rules_folders is None  # of shipped rules, the profiles' are part
    folders = (
        [shipped_folder() / "rules"] if rules_folders is None else list(rules_folders),
        [shipped_folder() / "faults"] if faults_folders is None else list(faults_folders),
    )
    settings = _read(root, reading, str(path), folders, brings_rules)
    if findings.mistakes:
        raise BadConfiguration(findings.mistakes)
    return settings


def _read(
    root: MarkedMap, reading: Reading, name: str, folders: tuple[list[Path], list[Path]], brings_rules: bool
) -> Settings:
    note_unknown(root, keys_of(SiteFile), reading.findings)
    for key in ("site", "devices"):
        if key not in root:
            reading.findings.wrong(root.mark, key, "missing")
    site = single(root, "site", _SITE, reading, _UNNAMED)
    profiles, profile_folders = read_profiles(root, reading)
    book, catalogue = read_knowledge(root, reading, *folders, profiles if brings_rules else None)
    fleet = _fleet(root, reading)
    channels = mapping(root, "channels", _CHANNEL, reading)
    routes = listing(root, "routes", _ROUTE, reading)
    web = single(root, "web", _WEB, reading, WebShape())
    limits = single(root, "limits", _LIMITS, reading, LimitsShape())
    digest = single(root, "digest", _DIGEST, reading, DigestShape())
    settings = Settings(
        name,
        Site(site.id, site.name, site.timezone, site.language, site.address, site.contact),
        fleet.devices,
        fleet.checks,
        tuple(book.rules.values()),
        read_overrides(root, reading, book, fleet.devices),
        catalogue.faults,
        read_routes(routes, channels, site.language, fleet.devices, reading.findings),
        read_targets(mapping(root, "service", _TARGETS, reading), root, reading.findings),
        single(root, "picture_every", _INTERVAL, reading, 600.0),
        single(root, "reopen_within", _SECONDS, reading, 86_400.0),
        read_store(single(root, "store", _STORE, reading, StoreShape()), root, reading),
        read_web(web),
        read_metrics(single(root, "metrics", _METRICS, reading, MetricsShape())),
        read_users(listing(root, "users", _USER, reading), web, root, reading),
        read_channels(channels),
        Limits(
            limits.wire,
            limits.slow,
            limits.decode_workers or max(1, (os.cpu_count() or 1) // 2),
            limits.password_retry,
            limits.stop,
        ),
        Digest(digest.messages, digest.within),
        read_listeners(root, reading),
        profile_folders,
        read_default_logins(single(root, "default_passwords", _DEFAULT_PASSWORDS, reading, None), root, reading),
    )
    advise(settings, root, reading.findings)
    return replace(settings, warnings=in_order(reading.findings.warnings))


def _fleet(root: MarkedMap, reading: Reading) -> Fleet:
    credentials = mapping(root, "credentials", _CREDENTIAL, reading)
    defaults = mapping(root, "defaults", _COMMON, reading)
    for name in defaults.named - set(KINDS):
        branch = root["defaults"]
        meant, names = did_you_mean(name, KINDS), ", ".join(KINDS)
        reading.findings.wrong(
            branch.key_marks[name], path_of(branch, name), "want_one_of", meant=meant, value=name, names=names
        )
    groups = mapping(root, "groups", _GROUP, reading)
    devices = listing(root, "devices", _DEVICE, reading)
    if root.get("devices") is None and "devices" in root:
        reading.findings.wrong(mark_of(root, "devices"), "devices", "no_devices")
    return FleetReader(credentials, defaults, groups, reading).read(devices)
