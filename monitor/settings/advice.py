"""What is allowed, but unwise, or probably not meant?"""

from __future__ import annotations

from pathlib import Path

from monitor.core.plan import MONITOR
from monitor.settings.channels import MailChannel
from monitor.settings.file.base import mark_of
from monitor.settings.mistake import Findings
from monitor.settings.model import Settings
from monitor.settings.tree import MarkedMap
from probes.frame import FrameOptions, places
from probes.frame.reference import MAX_BYTES, BadReference, unpack
from ticketing.policies import TOLD
from ticketing.ticket import EventKind, Severity

_LOOPBACK = ("127.", "::1", "localhost")


def advise(settings: Settings, root: MarkedMap, findings: Findings) -> None:
    """Note every warning about the configuration as a whole."""
    _about_devices(settings, root, findings)
    _about_people(settings, root, findings)
    for name, channel in settings.channels.items():
        if isinstance(channel, MailChannel) and channel.security == "none" and channel.password is not None:
            findings.warn(mark_of(root["channels"], name), f"channels.{name}", "mail_open")
    open_to_all = not settings.web.listen.host.startswith(_LOOPBACK)
    if open_to_all and not settings.web.public_url.startswith("https://"):
        findings.warn(mark_of(root, "web"), "web", "web_open")


def _about_devices(settings: Settings, root: MarkedMap, findings: Findings) -> None:
    names: dict[str, set[str]] = {device: set() for device in settings.devices}
    wants_login: dict[str, list[str]] = {}
    for (device_id, name), check in settings.checks.items():
        names[device_id].add(name)
        if check.uses_login and settings.devices[device_id].target.login is None and name != "http":
            wants_login.setdefault(device_id, []).append(name)
    written = root.get("devices")
    marks = {str(one["id"]): one.mark for one in written or () if isinstance(one, MarkedMap) and "id" in one}
    for device_id, asked in names.items():
        device = settings.devices[device_id]
        mark = marks.get(device_id)
        if device_id == MONITOR or mark is None:
            continue
        frame = settings.checks.get((device_id, "frame"))
        if (
            frame is not None
            and "onvif" not in asked
            and not ({"url", "path", "onvif"} & frame.options.model_fields_set)
        ):
            findings.warn(mark, "", "no_stream", name=device_id)
        begin = frame.options.reference if frame is not None and isinstance(frame.options, FrameOptions) else None
        if begin is not None and not _is_reference(begin):
            findings.warn(mark, "", "no_reference", name=device_id, file=str(begin))
        if not asked:
            findings.warn(mark, "", "nothing_asked", name=device_id)
        elif device_id in wants_login:
            findings.warn(mark, "", "no_credentials", name=device_id, checks=", ".join(wants_login[device_id]))
        elif asked == {"reach"} and device.kind in ("ups", "switch", "recorder", "panel"):
            findings.warn(mark, "", "only_reach", name=device_id)


def _is_reference(file: Path) -> bool:
    """Is it what was learned of a camera's pictures, of this version?"""
    try:
        with file.open("rb") as stream:
            known = places.unpack(stream.read(2 * MAX_BYTES))
        for data in (known.anywhere, *(place.reference for place in known.places)):
            if data or not known.places:
                unpack(data)
    except (BadReference, OSError):
        return False
    return True


def _about_people(settings: Settings, root: MarkedMap, findings: Findings) -> None:
    if not settings.users:
        findings.warn(root.mark, "users", "no_users")
    if not settings.routes:
        findings.warn(root.mark, "routes", "no_routes")
        return
    heard = any(
        (not route.severities or Severity.URGENT in route.severities)
        and EventKind.OPENED in route.events & TOLD
        and not route.devices
        and not route.kinds
        and (route.even_when_urgent_outside_hours or (not route.days and (route.to_minute - route.from_minute) == 1440))
        for route in settings.routes
    )
    if not heard:
        findings.warn(mark_of(root, "routes"), "routes", "urgent_unheard")
