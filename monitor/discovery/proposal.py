"""Which difference of the site's file would take in what was found, and would the file still be good?"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from monitor.discovery.comparison import Change, Compared
from monitor.discovery.edit import change
from monitor.discovery.entry import Fields, write_entry
from monitor.settings.load import load
from monitor.settings.mistake import BadConfiguration, Findings, Mistake
from monitor.settings.tree import MarkedMap, parse
from probes.discovery import Access

_NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the file would say. `before` and `after` are equal if nothing is to be changed.

    `mistakes`: what `sitewarden check` would say of `after`; then it must not be written.
    """

    before: str
    after: str
    difference: str  # unified
    mistakes: tuple[Mistake, ...] = ()

    def from_nothing(self, file: str) -> Proposal:
        """The same where there is no file yet."""
        return replace(self, before="", difference=difference("", self.after, file))


def propose(
    text: str, file: str, lines: Iterable[Compared], snmp_ports: Mapping[str, int], chosen: frozenset[str] | None = None
) -> Proposal:
    """The file `text` with the new devices at the end of its list, and with what is new of those it has.

    A moved device gets its address, a swapped one its serial number, MAC and model; one that is as it was gets the
    serial number and MAC that the file lacks, so that it is known again. What is gone stays for a person to remove,
    and so does what has no kind. `chosen`: only these hosts. Raises outline.NoList.
    """
    wanted = [line for line in lines if line.found and (chosen is None or line.found.host in chosen)]
    changed = {line.device.id: keys for line in wanted if line.device and (keys := _keys(line))}
    root = parse(text.encode(), Findings(), file)
    defaults = root.get("defaults") if isinstance(root, MarkedMap) else None
    taken = {str(one.get("id")) for one in _devices(root)}
    added: list[Fields] = []
    for line in wanted:
        if line.change is Change.NEW and line.found and line.found.kind:
            of_kind = defaults.get(line.found.kind) if isinstance(defaults, MarkedMap) else None
            known = replace(line.found, serial=line.serial, mac=line.mac)
            entry = write_entry(known, taken, of_kind if isinstance(of_kind, MarkedMap) else _NOTHING, snmp_ports)
            taken.add(str(entry["id"]))
            added.append(entry)
    return amend(text, file, changed, added)


def amend(
    text: str, file: str, changed: Mapping[str, Mapping[str, str | None]], added: Sequence[Fields] = ()
) -> Proposal:
    """The file `text` with other keys of known devices, and with devices `added`. Raises outline.NoList."""
    after = change(text, changed, added) if changed or added else text
    return Proposal(text, after, difference(text, after, file), _mistakes(after, file) if after != text else ())


def difference(before: str, after: str, file: str) -> str:
    """A unified difference as `patch` takes it; empty if there is none."""
    name = Path(file).name
    old = [f"{line}\n" for line in before.removesuffix("\n").split("\n")] if before else []
    new = [f"{line}\n" for line in after.removesuffix("\n").split("\n")] if after else []
    source = f"a/{name}" if before else "/dev/null"
    return "".join(difflib.unified_diff(old, new, source, f"b/{name}"))


def skeleton(site: str, accesses: Sequence[Access]) -> str:
    """A site's file without devices, for who begins with nothing; its secrets come from the environment."""
    lines = ["site:", f"  id: {site}", f"  name: {site}", ""]
    if accesses:
        lines.append("credentials:")
    for access in accesses:
        lines.append(f"  {access.name}:")
        if access.login:
            username = access.login.username.replace("\\", "\\\\").replace('"', '\\"')
            lines += [f'    username: "{username}"', "    password: {env: SITEWARDEN_PASSWORD}"]
        if access.snmp:
            lines.append("    snmp: {version: 2c, community: {env: SITEWARDEN_COMMUNITY}}")
    return "\n".join([*lines, *([""] if accesses else []), "devices:", ""])


def _keys(line: Compared) -> dict[str, str]:
    found, device = line.found, line.device
    assert found is not None
    assert device is not None
    match line.change:
        case Change.MOVED:
            return {"host": found.host}
        case Change.SWAPPED:
            keys = {"serial": found.serial, "mac": found.mac}
            if device.model and found.model and device.model != found.model:
                keys["model"] = found.model
            return {key: value for key, value in keys.items() if value}
        case Change.SAME:
            known = {"serial": (device.serial, found.serial), "mac": (device.mac, found.mac)}
            return {key: new for key, (old, new) in known.items() if new and not old}
        case _:
            return {}


def _devices(root: Any) -> list[MarkedMap]:
    devices = root.get("devices") if isinstance(root, MarkedMap) else None
    return [one for one in devices if isinstance(one, MarkedMap)] if isinstance(devices, list) else []


def _mistakes(text: str, file: str) -> tuple[Mistake, ...]:
    try:
        load(file, lenient=True, text=text)
    except BadConfiguration as refused:
        return refused.mistakes
    return ()
