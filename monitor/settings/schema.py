"""What may stand in the files, as JSON schemas for editors? `python -m monitor.settings.schema` writes them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from monitor.settings.defaults import PROBES
from monitor.settings.file.device import CHECK_NAMES, CheckShape
from monitor.settings.file.rule import FaultShape, OverrideShape, RuleShape
from monitor.settings.file.site import SiteFile
from monitor.settings.shipped import shipped_folder
from probes.registry import HEARD, listener, probe
from probes.snmp.schema import ProfileFile

Schema = dict[str, Any]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TITLES = {
    "site": "Sitewarden site",
    "rules": "Sitewarden rules",
    "faults": "Sitewarden fault catalogue",
    "profile": "Sitewarden device profile",
}


def schemas() -> Mapping[str, Schema]:
    """Name -> schema: of the site's file, of files with rules, with faults, with a device profile."""
    site = SiteFile.model_json_schema()
    definitions: Schema = site["$defs"]
    definitions["Checks"] = _checks(definitions)
    site["properties"]["rules"]["additionalProperties"] = _overrides(definitions)
    site["properties"]["listeners"] |= _listeners(definitions)
    for shape in ("CommonShape", "GroupShape", "DeviceShape"):
        kept = definitions[shape]["properties"]["checks"]
        definitions[shape]["properties"]["checks"] = {
            "$ref": "#/$defs/Checks",
            "description": kept["description"],
        }
    found = {
        "site": site,
        "rules": TypeAdapter(list[RuleShape]).json_schema(),
        "profile": _profile(),
        "faults": TypeAdapter(dict[str, FaultShape]).json_schema(),
    }
    return {name: {"$schema": _DIALECT, **schema, "title": _TITLES[name]} for name, schema in found.items()}


def _profile() -> Schema:
    """Of one profile's file; its rules are those of a rules file."""
    found = ProfileFile.model_json_schema()
    rules = TypeAdapter(list[RuleShape]).json_schema()
    found["$defs"] |= rules.pop("$defs", {})
    found["properties"]["rules"] = rules
    return found


def options_of(check: str) -> Mapping[str, Schema]:
    """Probe -> schema of its options, for every probe that the check may put; of a listener, that."""
    if check in HEARD:
        return {check: listener(check).options.model_json_schema()}
    kinds = ("icmp", "tcp") if check == "reach" else (PROBES[check],)
    return {kind: probe(kind).options.model_json_schema() for kind in kinds}


def _checks(definitions: Schema) -> Schema:
    common = CheckShape.model_json_schema()["properties"]
    found: Schema = {}
    for name in CHECK_NAMES:
        properties = {key: value for key, value in common.items() if key != "probe" or name == "reach"}
        properties = {} if name in HEARD else properties
        for kind, options in options_of(name).items():
            for inner, schema in options.get("$defs", {}).items():
                definitions.setdefault(inner, schema)
            own = options.get("properties", {})
            properties |= {key: {**value, "title": f"{kind}: {key}"} for key, value in own.items()}
        found[name] = {
            "anyOf": [
                {"enum": ["on", "off", True, False]},
                {"type": "object", "properties": properties, "additionalProperties": False},
            ]
        }
    return {"type": "object", "properties": found, "additionalProperties": False}


def _listeners(definitions: Schema) -> Schema:
    found: Schema = {}
    for kind in HEARD:
        schema = listener(kind).settings.model_json_schema()
        for inner, of_inner in schema.pop("$defs", {}).items():
            definitions.setdefault(inner, of_inner)
        found[kind] = schema
    return {"properties": found, "additionalProperties": False}


def _overrides(definitions: Schema) -> Schema:
    shape = OverrideShape.model_json_schema(ref_template="#/$defs/{model}")
    for inner, schema in shape.pop("$defs", {}).items():
        definitions.setdefault(inner, schema)
    definitions["OverrideShape"] = shape
    one = {"$ref": "#/$defs/OverrideShape"}
    return {"anyOf": [{"const": "off"}, one, {"type": "array", "items": one}]}


def text_of(schema: Schema) -> str:
    """The schema as its file holds it."""
    return json.dumps(schema, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def write() -> None:
    """Write the schemas into the folder of what is shipped."""
    folder = shipped_folder() / "schema"
    folder.mkdir(exist_ok=True)
    for name, schema in schemas().items():
        (folder / f"{name}.schema.json").write_text(text_of(schema), "utf-8")


if __name__ == "__main__":
    write()
