"""Who is told, by which channel, by when must somebody act, and who may log in?"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import assert_never

from pydantic import TypeAdapter

from monitor.settings import defaults
from monitor.settings.channels import AppriseChannel, Channel, MailChannel, MqttChannel, WebhookChannel
from monitor.settings.file.base import keys_of, mark_of, note_unknown, validate
from monitor.settings.file.channel import AppriseShape, ChannelShape, MailShape, MqttShape, RouteShape, WebhookShape
from monitor.settings.file.secret import Reading
from monitor.settings.file.site import MetricsShape, StoreShape, TargetsShape, UserShape, WebShape
from monitor.settings.mistake import Findings, did_you_mean
from monitor.settings.model import Listen, User, Web
from monitor.settings.sections import Listing, Section, entries
from monitor.settings.tree import MarkedMap, path_of, read
from probes.probe import Options
from probes.registry import HEARD, listener
from probes.target import Secret
from ticketing.policies import Route, ServiceTargets
from ticketing.ticket import Language, Severity

_USER = TypeAdapter(UserShape)
_MAIL_PORTS: Mapping[str, int] = {"starttls": 587, "tls": 465, "none": 25}
_STORES = ("sqlite", "postgresql", "postgresql+psycopg")


def read_channels(section: Section[ChannelShape]) -> Mapping[str, Channel]:
    """Name -> channel."""
    return {name: _channel(written.shape) for name, written in section.items.items()}


def _channel(shape: ChannelShape) -> Channel:
    match shape:
        case MailShape():
            return MailChannel(
                shape.host, shape.sender, tuple(shape.to), shape.port or _MAIL_PORTS[shape.security], shape.security,
                shape.username, shape.password, shape.ca_file, shape.timeout,
            )  # fmt: skip
        case WebhookShape():
            return WebhookChannel(shape.url, shape.secret, shape.ca_file, shape.timeout)
        case MqttShape():
            return MqttChannel(
                shape.host, shape.port or (8883 if shape.tls else 1883), shape.tls, shape.username, shape.password,
                shape.topic, shape.client_id, shape.ca_file, shape.timeout,
            )  # fmt: skip
        case AppriseShape():
            return AppriseChannel(shape.url, shape.timeout)
        case _:
            assert_never(shape)


def read_routes(
    written: Listing[RouteShape],
    channels: Section[ChannelShape],
    language: Language,
    devices: Iterable[str],
    findings: Findings,
) -> tuple[Route, ...]:
    """The routes, in the order of the file."""
    found: dict[str, Route] = {}
    places: dict[str, MarkedMap] = {}
    known = tuple(devices)
    for one in written.good:
        shape, branch = one.shape, one.branch
        if shape.channel not in channels.named:
            meant = did_you_mean(shape.channel, channels.named)
            findings.wrong(
                mark_of(branch, "channel"), path_of(branch, "channel"), "unknown_channel", meant=meant,
                name=shape.channel,
            )  # fmt: skip
        if shape.name in found:
            first = places[shape.name].mark.line
            findings.wrong(mark_of(branch, "name"), path_of(branch, "name"), "twice", name=shape.name, first=first)
        check_globs(shape.devices, branch, known, findings)
        places[shape.name] = branch
        found[shape.name] = Route(
            shape.name, shape.channel, shape.language or language, frozenset(shape.severities), tuple(shape.devices),
            frozenset(shape.kinds), frozenset(shape.events), shape.days, *shape.hours, shape.urgent_always,
        )  # fmt: skip
    return tuple(found.values())


def check_globs(globs: Iterable[str], branch: MarkedMap, known: Iterable[str], findings: Findings) -> None:
    """Every pattern of device ids must match a device."""
    names = tuple(known)
    for glob in globs:
        if not any(fnmatchcase(name, glob) for name in names):
            findings.wrong(
                mark_of(branch, "devices"), path_of(branch, "devices"), "matches_nothing",
                meant=did_you_mean(glob, names), name=glob,
            )  # fmt: skip


def read_targets(
    section: Section[TargetsShape], root: MarkedMap, findings: Findings
) -> Mapping[Severity, ServiceTargets]:
    """Severity -> targets; what the file does not say stays as common contracts have it."""
    found = dict(defaults.TARGETS)
    for name in section.named - set(Severity):
        branch = root["service"]
        names = [severity.value for severity in Severity]
        findings.wrong(
            branch.key_marks[name], path_of(branch, name), "want_one_of", meant=did_you_mean(name, names), value=name,
            names=", ".join(names),
        )  # fmt: skip
    for name, written in section.items.items():
        if name in set(Severity):
            shape, usual = written.shape, found[Severity(name)]
            said = shape.model_fields_set
            found[Severity(name)] = ServiceTargets(
                shape.response if "response" in said else usual.response_seconds,
                shape.arrival if "arrival" in said else usual.arrival_seconds,
                shape.fix if "fix" in said else usual.fix_seconds,
            )
    return found


def read_web(shape: WebShape) -> Web:
    """The console."""
    listen = Listen(*shape.listen)
    url = (shape.public_url or f"http://{_spoken(listen)}").rstrip("/")
    secure = url.startswith("https://") if shape.secure_cookies is None else shape.secure_cookies
    return Web(listen, url, secure)


def _spoken(listen: Listen) -> str:
    host = {"0.0.0.0": "localhost", "::": "localhost"}.get(listen.host, listen.host)  # noqa: S104 — nothing binds here
    return f"[{host}]:{listen.port}" if ":" in host else f"{host}:{listen.port}"


def read_metrics(shape: MetricsShape) -> Listen | None:
    """The metrics' own address, if they have one."""
    return Listen(*shape.listen) if shape.listen else None


def read_listeners(root: MarkedMap, reading: Reading) -> Mapping[str, Options]:
    """Kind of listener -> its settings; the usual ones where the file says nothing."""
    found = {kind: listener(kind).settings() for kind in HEARD}
    branch = root.get("listeners")
    if branch is None:
        return found
    if not isinstance(branch, MarkedMap):
        reading.findings.wrong(mark_of(root, "listeners"), "listeners", "want_mapping")
        return found
    note_unknown(branch, frozenset(HEARD), reading.findings)
    for kind in branch.keys() & found.keys():
        settings, said = listener(kind).settings, branch[kind]
        if isinstance(said, MarkedMap):
            note_unknown(said, keys_of(settings), reading.findings)
            for key in said.keys() - keys_of(settings):
                del said[key]
        adapter: TypeAdapter[Options] = TypeAdapter(settings)
        found[kind] = validate(adapter, branch[kind], reading, (branch, kind)) or found[kind]
    return found


def read_store(shape: StoreShape, root: MarkedMap, reading: Reading) -> Secret:
    """The database's URL, "" for the usual file in the daemon's own folder. A relative file is beside the site's."""
    if shape.url is None:
        return Secret("")
    url = shape.url.reveal()
    if not url:
        return shape.url  # could not be looked at, which was noted
    scheme, separator, rest = url.partition("://")
    if not separator or scheme not in _STORES or not rest.strip("/"):
        branch = root["store"]
        reading.findings.wrong(mark_of(branch, "url"), path_of(branch, "url"), "want_store")
    elif scheme == "sqlite" and not rest.startswith("//"):
        return Secret(f"sqlite:///{reading.folder / rest.removeprefix('/')}")
    return shape.url


def read_users(written: Listing[UserShape], web: WebShape, root: MarkedMap, reading: Reading) -> Mapping[str, User]:
    """Name -> user, of the site's file and of the users' file."""
    all_written = list(written.good)
    if web.users_file:
        more = read(reading.folder / web.users_file, reading.findings, name=_beside(root, web.users_file))
        if more is not None:  # an empty file: nobody yet
            all_written += entries(more, _USER, reading, (root["web"], "users_file")).good
    found: dict[str, User] = {}
    places: dict[str, MarkedMap] = {}
    for one in all_written:
        shape, branch = one.shape, one.branch
        if shape.name in found:
            reading.findings.wrong(
                mark_of(branch, "name"), path_of(branch, "name"), "twice", name=shape.name,
                first=places[shape.name].mark.line,
            )  # fmt: skip
        places[shape.name] = branch
        found[shape.name] = User(
            shape.name, shape.password_hash, shape.role, shape.language, shape.mail, shape.phone, tuple(shape.tokens)
        )
    return found


def _beside(root: MarkedMap, name: str) -> str:
    """The other file as messages call it: beside the site's file, in the same words."""
    return os.path.normpath(Path(root.mark.file).parent / name)
