"""What may stand in the configuration, as a page for people? `python -m monitor.settings.reference` writes it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from monitor.settings.defaults import CHECKS, EVERY_SECONDS, TARGETS
from monitor.settings.faults import Catalogue
from monitor.settings.file import channel, device, rule, site
from monitor.settings.file.device import CHECK_NAMES, CheckShape
from monitor.settings.file.secret import Reading
from monitor.settings.file.units import say_duration
from monitor.settings.mistake import Findings
from monitor.settings.profiles import ProfileBook
from monitor.settings.rules import RuleBook
from monitor.settings.schema import Schema, options_of
from monitor.settings.shipped import shipped_folder
from monitor.settings.vocabulary import FUNCTIONS, VOCABULARY
from probes.registry import HEARD, listener

FILE = Path(__file__).resolve().parent.parent.parent / "docs" / "configuration.md"

_SECTIONS: tuple[tuple[str, type[BaseModel], str], ...] = (
    ("The file", site.SiteFile, ""),
    ("site", site.SiteShape, ""),
    ("credentials", device.CredentialShape, "Name → entry. Devices name an entry under `credentials` or `snmp`."),
    ("credentials: snmp", device.SnmpShape, ""),
    (
        "devices",
        device.DeviceShape,
        "A list. What a device does not say, its group says, then the defaults of its kind.",
    ),
    ("groups", device.GroupShape, "Name → what the devices of the group share."),
    ("defaults", device.CommonShape, "Kind → what all devices of the kind share."),
    (
        "rules",
        rule.OverrideShape,
        "Rule id (`*` allowed) → `off`, one of these, or a list of these; the last one wins.",
    ),
    ("channels: mail", channel.MailShape, ""),
    ("channels: webhook", channel.WebhookShape, ""),
    ("channels: mqtt", channel.MqttShape, ""),
    ("channels: apprise", channel.AppriseShape, ""),
    ("routes", channel.RouteShape, "A list."),
    ("service", site.TargetsShape, "Severity → targets."),
    ("users", site.UserShape, "A list."),
    ("web", site.WebShape, ""),
    ("metrics", site.MetricsShape, ""),
    ("store", site.StoreShape, ""),
    ("digest", site.DigestShape, ""),
    ("limits", site.LimitsShape, ""),
)

_HEAD = """\
# Configuration

<!-- Written by `python -m monitor.settings.reference` from the code; change it there. -->

One YAML file describes a site; `config/example.site.yaml` shows one. `sitewarden check site.yaml` names every mistake
with its line and what would put it right, and `--explain DEVICE RULE` says what a rule would do. Editors that know
YAML schemas complete and check while you type, with this first line in the file:

    # yaml-language-server: $schema=config/schema/site.schema.json

Durations are `90s`, `5m`, `2h`, `1d`, also joined: `1h30m`. A secret is `{credential: name}` (given by systemd's
LoadCredential), `{file: path}` or `{env: NAME}`; plain text works, but `check` warns. The file is YAML 1.2: `on`,
`off`, `yes` and `no` are words, `1.10` stays `1.10`. At most 10 MB; anchors work, merge keys (`<<`) do not: use
groups.
"""


_HEARD = "Heard, not asked: the device says it by itself; `on`, or its options, turns it on."


def page() -> str:
    """The whole page, as Markdown."""
    lines = [_HEAD]
    for title, shape, text in _SECTIONS:
        lines += [f"## {title}", "", *([text, ""] if text else []), *_table(shape.model_json_schema()), ""]
    lines += [*_checks(), *_listeners(), *_targets(), *_rules()]
    return "\n".join(lines).rstrip() + "\n"


def _table(schema: Schema, skip: Iterable[str] = ()) -> Iterator[str]:
    required = schema.get("required", [])
    yield "| Key | Value | Default | |"
    yield "|---|---|---|---|"
    for key, value in schema.get("properties", {}).items():
        if key not in skip:
            default = "required" if key in required else _default(value)
            yield f"| `{key}` | {_type(value, schema)} | {default} | {_cell(value.get('description', ''))} |"


def _default(value: Schema) -> str:
    default = value.get("default")
    if default is None or default in ("", [], {}) or "$ref" in value:
        return ""
    if "examples" in value and isinstance(default, int | float):
        return f"`{say_duration(default)}`"
    if isinstance(default, list):
        return ""
    return f"`{json.dumps(default, ensure_ascii=False).strip(chr(34))}`"


def _type(value: Schema, root: Schema) -> str:
    """What the value is, in a few words."""
    if "$ref" in value:
        return _type(_resolved(value["$ref"], root), root)
    if "const" in value:
        return f"`{value['const']}`" if value["const"] != "" else "empty"
    if "enum" in value:
        return ", ".join(f"`{one}`" for one in value["enum"])
    choices = value.get("anyOf") or value.get("oneOf")
    if choices:
        if any("credential" in one.get("properties", {}) for one in choices):
            return "secret"
        words = [_type(one, root) for one in choices if one.get("type") != "null"]
        return " or ".join(dict.fromkeys(words))
    match value.get("type"):
        case "array":
            return f"list of: {_type(value['items'], root)}" if "items" in value else "list"
        case "object":
            return "mapping"
        case "string" if "90s" in value.get("examples", ()):
            return "duration"
        case "string" if "examples" in value:
            return f"such as `{value['examples'][0]}`"
        case "string":
            return "text"
        case "boolean":
            return "`true`, `false`"
        case "integer" | "number" as kind:
            return _bounded("whole number" if kind == "integer" else "number", value)
        case _:
            return ""


def _bounded(text: str, value: Schema) -> str:
    low, high = value.get("minimum"), value.get("maximum")
    if low is not None and high is not None:
        return f"{text}, {low} to {high}"
    return text if low is None else f"{text}, at least {low}"


def _resolved(reference: str, root: Schema) -> Schema:
    found: Schema = root.get("$defs", {}).get(reference.rpartition("/")[2], {})
    return found


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _checks() -> Iterator[str]:
    yield from ("## Checks", "", "Under `checks` of a device, a group or the defaults of a kind; `off` turns one off,")
    yield from ("`on` turns one on. `snmp` and `recorder` are put where the configuration gives access.", "")
    yield from ("| Kind | Checks |", "|---|---|")
    yield from (f"| {kind} | {', '.join(names)} |" for kind, names in CHECKS.items())
    yield from ("", "Every check may say:", "", *_table(CheckShape.model_json_schema()), "")
    for name in CHECK_NAMES:
        for kind, options in options_of(name).items():
            title = name if name == kind else f"{name}: {kind}"
            often = f"Every {say_duration(EVERY_SECONDS[name])} unless said otherwise." if name not in HEARD else _HEARD
            yield from (f"### {title}", "", often, "")
            if options.get("description"):
                yield from (_cell(options["description"]), "")
            yield from (*_table(options), "")


def _listeners() -> Iterator[str]:
    if not HEARD:
        return
    yield from (
        "## listeners",
        "",
        "Check that is heard → where its listener listens. A change counts after a restart.",
        "",
    )
    for kind in HEARD:
        yield from (f"### listeners: {kind}", "", *_table(listener(kind).settings.model_json_schema()), "")


def _targets() -> Iterator[str]:
    yield from (
        "## Service targets",
        "",
        "What holds where `service` says nothing, from the opening of the ticket:",
        "",
    )
    yield from ("| Severity | Response | On site | Repaired |", "|---|---|---|---|")
    for severity, targets in TARGETS.items():
        seconds = (targets.response_seconds, targets.arrival_seconds, targets.fix_seconds)
        times = (f"`{say_duration(one)}`" if one is not None else "`none`" for one in seconds)
        yield f"| {severity.value} | {' | '.join(times)} |"
    yield ""


def _rules() -> Iterator[str]:
    reading = Reading(Findings(), Path(), {})
    book, catalogue = RuleBook(reading), Catalogue(reading)
    for file in sorted((shipped_folder() / "rules").glob("*.yaml")):
        book.read(file, file.name)
    profiles = ProfileBook(reading)
    profiles.read_shipped()
    profiles.take_rules(book)
    for file in sorted((shipped_folder() / "faults").glob("*.yaml")):
        catalogue.read(file, file.name)
    yield from ("## Rules", "", "Shipped in `config/rules`; a site changes them under `rules` and adds its own with")
    yield from ("`rule_files` and `fault_files`, written alike.", "")
    yield from ("| Rule | Check | Severity | Held for | Fault | 故障 |", "|---|---|---|---|---|---|")
    for one in book.rules.values():
        title = catalogue.faults[one.fault].title
        hold = f"`{say_duration(one.for_seconds)}`, looks: {one.looks}"
        yield f"| `{one.id}` | {one.check} | {one.severity.value} | {hold} | {title.en} | {title.zh_CN} |"
    yield from ("", "### A rule of one's own", "", *_table(rule.RuleShape.model_json_schema()), "")
    yield from (
        "### What `when` may name",
        "",
        "Always `outcome` and `duration_seconds`, the rule's own `params`, and in",
    )
    yield from (f"a table's rows `key`. Functions: {_names(FUNCTIONS)}. Whole and decimal numbers compare with each",)
    yield from (
        "other, but do not multiply or add: write `double(x)`.",
        "",
        "| Check | Values | Tables |",
        "|---|---|---|",
    )
    for name, words in VOCABULARY.items():
        tables = "; ".join(f"**{table}**: {_names(columns)}" for table, columns in words.tables.items())
        yield f"| {name} | {_names(words.scalars)} | {tables} |"


def _names(names: Iterable[Any]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


if __name__ == "__main__":
    FILE.write_text(page(), "utf-8")
