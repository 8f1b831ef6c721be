"""What is this device known to be, and what has changed of it?

    look at one of SOURCES ─▶ items ─▶ what differs from the known ─▶ a look of the check `inventory` ─▶ its rules

The first value seen is the known one. One that differs stands beside it until it is gone or a person accepts it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from probes.observation import Observation, Outcome, Value, Values

CHECK = "inventory"  # the check whose looks this makes; nobody asks it
SOURCES = ("onvif", "snmp", "rtsp", "recorder")  # the checks that it is made from
SEEN_EVERY_SECONDS = 6 * 3_600.0  # how exactly it is remembered when a value was last seen
KEPT_SECONDS = 30 * 86_400.0  # what was known of a device that is no longer in the site's file
MAX_ITEMS = 400  # of one device
MAX_VALUE = 128  # characters
SIGNS_OF_RESET = 2

_IDENTITY = ("serial", "mac")
_SCALARS: Mapping[str, tuple[str, ...]] = {
    "onvif": (
        "vendor",
        "model",
        "hardware",
        "serial",
        "mac",
        "firmware",
        "hostname",
        "clock_source",
        "profile",
        "dhcp",
        "scopes",
        "users",
        "administrators",
    ),
    "snmp": ("vendor", "model", "hardware", "serial", "mac", "firmware", "profile"),
    "rtsp": ("server",),
    "recorder": ("vendor", "model", "serial", "firmware"),
}
_LISTS = ("users", "administrators", "scopes")
MAX_LIST = 1_000  # characters of one
_SILENT = (
    "profile",
    "server",
)  # concluded by ourselves, or worth no question: another one is taken over, the last kept
_CHANGES = ("identity", "firmware", "stream", "model", "reset", "administrator", "user")
_STREAM = ("encoding", "size", "fps", "kbps")
_TOLD_NAMES = {f"recorder/told/{one}": one for one in ("channel_states", "disk_states", "footage")}
_TOLD, _UNTOLD = "yes", "no"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing known of a device, `name` as check/word or check/profile/word. Times are seconds since the epoch.

    `found` was seen instead of `value`, since `found_since`; None: nothing differs. `previous` is what `value` was
    before a person accepted it.
    """

    device: str
    name: str
    value: str
    first_seen: float
    last_seen: float
    found: str | None = None
    found_since: float | None = None
    previous: str | None = None
    accepted_by: str = ""
    accepted_at: float | None = None


Items = Mapping[str, Item]


@dataclass(frozen=True, slots=True)
class Identity:
    """By what a device is known again: serial number, and MAC as 00:11:22:aa:bb:cc. Empty where it is not known."""

    serial: str = ""
    mac: str = ""


def identity(items: Items) -> Identity:
    """What the device was known to be last: what was found instead, and nobody accepted, does not count."""
    serial, mac = ("".join(_known(items, word)[:1]) for word in _IDENTITY)
    return Identity(serial, mac.lower().replace("-", ":"))


def _known(items: Items, word: str) -> list[str]:
    names = (f"onvif/{word}", f"snmp/{word}", *(f"recorder/{one}/{word}" for one in ("isapi", "dahua", "onvif")))
    return [items[name].value for name in names if name in items]


def is_stale(items: Items, now: float) -> bool:
    """Has nothing of this device been seen for so long that one which is watched no more may be forgotten?"""
    return all(now - item.last_seen > KEPT_SECONDS for item in items.values())


def read(look: Observation) -> dict[str, str]:
    """What a look tells of the device, by name; what it leaves out is not known, and never a change."""
    told = _told(look) if look.check == "recorder" else {}
    names = _SCALARS.get(look.check)
    if names is None or look.outcome is not Outcome.OK:
        return told
    where = f"{look.check}/{look.values.get('language', '')}" if look.check == "recorder" else look.check
    found = told | {
        f"{where}/{name}": _text(look.values[name], MAX_LIST if name in _LISTS else MAX_VALUE)
        for name in names
        if name in look.values
    }
    for token, row in look.rows.get("profile", {}).items() if look.check == "onvif" else ():
        settings = {name: row[name] for name in ("encoding", "fps", "kbps") if name in row}
        if "width" in row and "height" in row:
            settings["size"] = f"{_text(row['width'])}×{_text(row['height'])}"
        found.update({f"onvif/{token}/{name}": _text(value) for name, value in settings.items()})
    return {name: text for name, text in list(found.items())[:MAX_ITEMS] if text}


def _told(look: Observation) -> dict[str, str]:
    """Whether a recorder tells of its channels, disks and footage; what is not known yet is left out."""
    if look.outcome is Outcome.UNSUPPORTED:
        return dict.fromkeys(_TOLD_NAMES, _UNTOLD)
    if look.outcome is not Outcome.OK:
        return {}
    untold = str(look.values.get("untold", "")).split(", ")
    found = {name: _UNTOLD if one in untold else _TOLD for name, one in _TOLD_NAMES.items()}
    if not look.rows.get("footage") and "footage" not in untold:
        del found["recorder/told/footage"]
    return found


def lost(known: Items, look: Observation) -> list[str]:
    """What the recorder once told and tells no more, as words."""
    seen = _told(look)
    return [
        one
        for name, one in _TOLD_NAMES.items()
        if seen.get(name) == _UNTOLD and name in known and known[name].value == _TOLD
    ]


def compare(device: str, known: Items, seen: Mapping[str, str], at: float) -> list[Item]:
    """The items that are others after this was seen."""
    changed: list[Item] = []
    for name, value in seen.items():
        item = known.get(name)
        if item is None:
            if name in _TOLD_NAMES and value == _UNTOLD:
                continue  # it never told: that is no fault, whatever becomes of it
            if len(known) + len(changed) < MAX_ITEMS:
                changed.append(Item(device, name, value, at, at))
        elif value == item.value:
            if item.found is not None or at - item.last_seen >= SEEN_EVERY_SECONDS:
                changed.append(replace(item, last_seen=at, found=None, found_since=None))
        elif _word(item) in _SILENT or (name in _TOLD_NAMES and value == _TOLD):  # more than before is no change
            changed.append(
                replace(
                    item, value=value, first_seen=at, last_seen=at, previous=item.value, found=None, found_since=None
                )
            )
        elif value != item.found:
            changed.append(replace(item, found=value, found_since=at if item.found is None else item.found_since))
    return changed


def accept(known: Items, by: str, now: float) -> list[Item]:
    """What was found is right, says a person: it is the known state from now on."""
    return [
        replace(
            item, value=item.found, first_seen=item.found_since or now, last_seen=now, found=None, found_since=None,
            previous=item.value, accepted_by=by, accepted_at=now,
        )
        for item in known.values()
        if item.found is not None
    ]  # fmt: skip


def changes(known: Items) -> list[Item]:
    """The items of which something else was found, in a steady order."""
    return sorted((item for item in known.values() if item.found is not None), key=lambda item: item.name)


def summarize(known: Items) -> Values:
    """What the rules of the check `inventory` go by: texts that say what changed from what to what, empty if nothing.

    One cause is said once: another serial number or MAC explains everything else, a reset its settings.
    """
    different = changes(known)
    identity = [item for item in different if _word(item) in _IDENTITY]
    rest = [item for item in different if _word(item) not in _IDENTITY]
    if identity:
        return _values(identity=[*identity, *(item for item in rest if _word(item) in ("vendor", "model"))])
    firmware = [item for item in rest if _word(item) == "firmware"]
    streams = [item for item in rest if _word(item) in _STREAM]
    signs = [item for item in rest if _word(item) in ("hostname", "scopes") or _is_off(item) or _is_bare(item)]
    profiles = {item.name.split("/")[1] for item in streams}
    if len(signs) + len(profiles) >= SIGNS_OF_RESET and signs:
        return _values(firmware=firmware, reset=[*signs, *streams])
    others = [item for item in rest if _word(item) in ("vendor", "model", "hardware", "hostname", "scopes", "dhcp")]
    risen = [item for item in rest if _word(item) == "administrators" and _added(item)]
    users = [item for item in rest if _word(item) in ("users", "administrators")]
    if risen:
        return _values(firmware=firmware, stream=streams, model=others, administrator=risen)
    return _values(firmware=firmware, stream=streams, model=others, user=users)


_SAID_AS = {"serial": "S/N ", "mac": "MAC ", "fps": "fps ", "kbps": "kbit/s ", "dhcp": "DHCP "}


def _values(**lists: Iterable[Item]) -> dict[str, Value]:
    found: dict[str, Value] = {f"{name}_change": "" for name in _CHANGES}
    found.update({f"{name}_change": _say(items) for name, items in lists.items()})
    return found


def _say(items: Iterable[Item]) -> str:
    """`serial A → B; main: 1920×1080 → 1280×720`: figures and names, which need no translation."""
    parts = []
    for item in items:
        where = item.name.split("/")[1:-1] if item.name.startswith("onvif/") else ()
        word = _word(item)
        what = _SAID_AS.get(word, "")
        parts.append(f"{''.join(f'{one}: ' for one in where)}{what}{item.value} → {item.found}")
    return "; ".join(dict.fromkeys(parts))[:900]  # two checks may say the same


def _word(item: Item) -> str:
    return item.name.rpartition("/")[2]


def _is_off(item: Item) -> bool:
    return _word(item) == "clock_source" and item.value == "ntp" and item.found == "manual"


def _is_bare(item: Item) -> bool:
    """Of several users there is one left, or DHCP gives the address that somebody had set: as from the factory."""
    if _word(item) == "dhcp":
        return item.value == "off" and item.found == "on"
    return _word(item) == "users" and len(_names(item.value)) > 1 and len(_names(item.found or "")) == 1


def _added(item: Item) -> frozenset[str]:
    """Names that were not there. Of a list that is too long to be told whole, the checksum is one."""
    return _names(item.found or "") - _names(item.value)


def _names(text: str) -> frozenset[str]:
    return frozenset(name for name in text.split(", ") if name)


def _text(value: Value, most: int = MAX_VALUE) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return " ".join(str(value).split())[:most]
