"""Which devices are supported, and what is known of each? `python -m monitor.settings.device_pages` writes it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from monitor.core.plan import Fault, Rule
from monitor.settings.file.units import say_duration
from monitor.settings.knowledge import shipped_knowledge
from probes.snmp.profile import Profile, Profiles
from probes.snmp.schema import ProfileFile, Symbol
from probes.snmp.shelf import load_with

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"

_WRITTEN = "<!-- Written by `python -m monitor.settings.device_pages` from config/profiles; change it there. -->"
_SURE = {"mib": "MIB", "recording": "recorded device", "community": "community, not verified"}
_HEAD = f"""\
# Supported devices

{_WRITTEN}

A device gets the first profile that fits, by its SNMP agent (`sysObjectID`, `sysDescr`, what it has) or, if it speaks
none, by the make and model that it names by ONVIF. `sitewarden identify RECORDING` says which and why,
`sitewarden profile show NAME` shows one, `sitewarden profile test FILE.yaml` checks one of your own; folders with own
profiles are named under `profile_folders`. How sure an object is: *MIB*, published by its maker or a standard;
*recorded device*, seen on a real one; *community*, hearsay that nobody has verified.

| Profile | Kind | Device | 设备 | Also sold as | Rules of its own |
|---|---|---|---|---|---|
"""


def pages() -> Mapping[str, str]:
    """Path below docs -> the page, as Markdown."""
    profiles = load_with(())
    book, catalogue = shipped_knowledge()
    rules = tuple(book.rules.values())
    found = {"devices.md": _HEAD + "\n".join(_row(profiles.by_name[name], rules) for name in profiles.names) + "\n"}
    for name in profiles.names:
        text = "\n".join(_page(profiles.by_name[name], profiles, rules, catalogue.faults))
        found[f"devices/{name}.md"] = text.rstrip() + "\n"
    return found


def _row(one: Profile, rules: Iterable[Rule]) -> str:
    own = sum(one.name in rule.profiles for rule in rules)
    title, brands = one.source.title, ", ".join(one.source.brands)
    link = f"[`{one.name}`](devices/{one.name}.md)"
    return f"| {link} | {one.source.kind} | {title.en} | {title.zh_CN} | {brands} | {own or ''} |"


def _page(one: Profile, profiles: Profiles, rules: Iterable[Rule], faults: Mapping[str, Fault]) -> Iterator[str]:
    source = one.source
    yield from (f"# {source.title.en} · {source.title.zh_CN}", "", _WRITTEN, "")
    yield from (f"Profile `{one.name}`, kind {source.kind}. [All devices](../devices.md)", "")
    if source.notes:
        yield from (*(f"- {note.en}\n  {note.zh_CN}" for note in source.notes), "")
    yield from ("## Recognised by", "")
    for detect in source.detect:
        parts = detect.model_dump(exclude_none=True)
        yield "- " + ", ".join(f"{key} `{_cell(str(value))}`" for key, value in parts.items())
    if not source.detect:
        yield "- nothing else fitted"
    yield ""
    if source.checks:
        yield from (f"Checks that make sense: {', '.join(f'`{check}`' for check in source.checks)}.", "")
    if source.traps:
        yield from (f"Traps: {', '.join(f'`config/traps/{name}.yaml`' for name in source.traps)}.", "")
    if source.streams:
        yield from ("## Streams", "", "| Path | Use | Source |", "|---|---|---|")
        yield from (
            f"| `{stream.path}` | {stream.use} | {stream.source} ({_SURE[stream.confidence]}) |"
            for stream in source.streams
        )
        yield ""
    yield from ("## Measured", "", "| Value | Object | OID | Source |", "|---|---|---|---|")
    yield from _measured(one, profiles)
    yield from ("", "## May be written", "")
    yield from (
        f"- `{symbol}`: {', '.join(allowed.values)} ({allowed.OID})" for symbol, allowed in one.writable.items()
    )
    yield from (*(() if one.writable else ("Nothing.",)), "")
    own = [rule for rule in rules if one.name in rule.profiles]
    if own:
        yield from ("## Rules of its own", "", "| Rule | When | Held for | Severity | Fault | 故障 | Bring |")
        yield "|---|---|---|---|---|---|---|"
        for rule in own:
            fault = faults[rule.fault]
            bring = "nothing, remotely" if fault.remote else "; ".join(text.en for text in fault.bring)
            when = _cell(rule.when.text.partition(" && ")[2].removeprefix("(").removesuffix(")"))
            yield (
                f"| `{rule.id}` | `{when}` | {say_duration(rule.for_seconds)} | {rule.severity.value} "
                f"| {fault.title.en} | {fault.title.zh_CN} | {bring} |"
            )


def _measured(one: Profile, profiles: Profiles) -> Iterator[str]:
    """Each object once, the nearer file's before those of what it extends."""
    told: set[tuple[str, str]] = set()
    for source in _lineage(one.source, profiles):
        for symbol in source.symbols:
            if ("", symbol.value) not in told:
                told.add(("", symbol.value))
                yield _object(symbol.value, symbol, source)
        for table in source.tables:
            place = f"{table.prefix}{table.table}"
            fresh = (place, "") not in told
            told.add((place, ""))
            for column in table.columns if fresh else ():
                name = f"{table.table}: {table.prefix + ' ' if table.prefix else ''}{column.value}"
                yield _object(name, column, source)


def _lineage(source: ProfileFile, profiles: Profiles) -> Iterator[ProfileFile]:
    yield source
    for parent in source.extends:
        yield from _lineage(profiles.by_name[parent].source, profiles)


def _object(name: str, symbol: Symbol, source: ProfileFile) -> str:
    sure = symbol.confidence or source.confidence
    said = f"{symbol.source or source.source} ({_SURE[sure] if sure else '?'})"
    return f"| `{name.lstrip('_')}` | {symbol.name} | `{symbol.OID}` | {said} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def write() -> None:
    """Write the pages, and remove those of profiles that are gone."""
    (DOCS / "devices").mkdir(exist_ok=True)
    wanted = pages()
    for file in (DOCS / "devices").glob("*.md"):
        if f"devices/{file.name}" not in wanted:
            file.unlink()
    for name, text in wanted.items():
        (DOCS / name).write_text(text, "utf-8")


if __name__ == "__main__":
    write()
