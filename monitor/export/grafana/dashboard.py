"""How does a list of panels become a dashboard that Grafana 10 and later can import, in one language?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from monitor.core.plan import Text
from monitor.export.grafana.panels import DATASOURCE, Json, Panel, Query, mapped

SCHEMA_VERSION = 39  # Grafana 10.2
COLUMNS = 24
LANGUAGES = ("en", "zh_CN")


@dataclass(frozen=True, slots=True)
class Row:
    """A heading and what stands under it."""

    title: Text
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True)
class Dashboard:
    """One dashboard. `name` is its file's and, with the language, its uid's."""

    name: str
    title: Text
    rows: tuple[Row, ...]
    device: bool = False  # has a variable for the device
    span: str = "now-24h"

    def uid(self, language: str) -> str:
        """The same for ever: links lead there."""
        return f"sitewarden-{self.name}" + ("" if language == "en" else "-zh")


def render(dashboard: Dashboard, language: str) -> Json:
    """The dashboard as Grafana's JSON model."""
    return {
        "uid": dashboard.uid(language),
        "title": dashboard.title.get(language),
        "tags": ["sitewarden", language],
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": dashboard.span, "to": "now"},
        "timezone": "browser",
        "fiscalYearStartMonth": 0,
        "annotations": {"list": []},
        "links": [
            {"type": "dashboards", "title": "", "tags": ["sitewarden", language], "asDropdown": False,
             "includeVars": True, "keepTime": True, "targetBlank": False, "icon": "external link", "url": ""}
        ],
        "templating": {"list": list(_variables(dashboard, language))},
        "panels": list(_panels(dashboard.rows, language)),
    }  # fmt: skip


def _variables(dashboard: Dashboard, language: str) -> Iterable[Json]:
    yield {
        "name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus", "regex": "",
        "hide": 0, "refresh": 1, "multi": False, "includeAll": False, "options": [], "current": {},
    }  # fmt: skip
    yield _variable(
        "instance", Text("Site", "站点"), "query_result(sitewarden_site_info)",
        '/instance="(?<value>[^"]+)".*?name="(?<text>[^"]+)"/', language,
    )  # fmt: skip
    if dashboard.device:
        yield _variable(
            "device", Text("Device", "设备"),
            'query_result(sitewarden_device_info{instance="$instance",kind!="monitor"})',
            '/device="(?<value>[^"]+)".*?name="(?<text>[^"]+)"/', language,
        )  # fmt: skip


def _variable(name: str, label: Text, query: str, regex: str, language: str) -> Json:
    return {
        "name": name, "label": label.get(language), "type": "query", "datasource": DATASOURCE,
        "query": {"qryType": 3, "query": query, "refId": "PrometheusVariableQueryEditor-VariableQuery"},
        "definition": query, "regex": regex, "sort": 5, "refresh": 2, "hide": 0, "multi": False, "includeAll": False,
        "skipUrlSync": False, "options": [], "current": {},
    }  # fmt: skip


def _panels(rows: Iterable[Row], language: str) -> Iterable[Json]:
    number = top = 0
    for row in rows:
        number += 1
        yield {
            "id": number, "type": "row", "title": row.title.get(language), "collapsed": False, "panels": [],
            "gridPos": {"x": 0, "y": top, "w": COLUMNS, "h": 1},
        }  # fmt: skip
        top += 1
        for line in _lines(row.panels):
            left = 0
            for panel in line:
                number += 1
                yield _panel(panel, number, {"x": left, "y": top, "w": panel.width, "h": panel.height}, language)
                left += panel.width
            top += max(panel.height for panel in line)


def _lines(panels: Sequence[Panel]) -> Iterable[list[Panel]]:
    """As many beside one another as fit."""
    line: list[Panel] = []
    for panel in panels:
        if sum(one.width for one in line) + panel.width > COLUMNS:
            yield line
            line = []
        line.append(panel)
    if line:
        yield line


def _panel(panel: Panel, number: int, place: Json, language: str) -> Json:
    defaults = {"unit": panel.unit, "mappings": mapped(panel.mappings, language), **panel.looks}
    found: Json = {
        "id": number,
        "type": panel.kind,
        "title": panel.title.get(language),
        "description": panel.hint.get(language) if panel.hint else "",
        "datasource": DATASOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": panel.options,
        "targets": [_target(query, chr(ord("A") + at), panel.kind, language) for at, query in enumerate(panel.queries)],
    }
    if panel.columns:
        found["transformations"] = [_columns(panel, language)]
        found["fieldConfig"]["overrides"] = _only_the_value(panel, defaults, language)
    return found


def _target(query: Query, letter: str, kind: str, language: str) -> Json:
    now = kind in ("table", "stat", "bargauge")
    legend = query.legend.get(language) if isinstance(query.legend, Text) else query.legend
    return {
        "refId": letter, "datasource": DATASOURCE, "expr": query.expr, "legendFormat": legend or "__auto",
        "instant": now, "range": not now, "format": "table" if kind == "table" else "time_series",
        "editorMode": "code", "interval": "",
    }  # fmt: skip


def _columns(panel: Panel, language: str) -> Json:
    names = [name for name, _ in panel.columns]
    return {
        "id": "organize",
        "options": {
            "includeByName": dict.fromkeys(names, True),
            "excludeByName": dict.fromkeys(("Time", "__name__", "instance", "job"), True),
            "indexByName": {name: index for index, name in enumerate(names)},
            "renameByName": {name: title.get(language) for name, title in panel.columns},
        },
    }


def _only_the_value(panel: Panel, defaults: Json, language: str) -> list[Json]:
    """Unit and colour belong to the column of the value; the device's column leads to its dashboard."""
    unit = defaults.pop("unit")
    titles = dict(panel.columns)
    properties = [{"id": "unit", "value": unit}]
    if "thresholds" in defaults:
        properties.append({"id": "custom.cellOptions", "value": {"type": "color-background", "mode": "gradient"}})
    found = [_override(titles["Value"].get(language), properties)]
    if panel.links_device:
        where = "sitewarden-device" + ("" if language == "en" else "-zh")
        url = f"/d/{where}/?var-datasource=${{datasource}}&var-instance=${{instance}}&var-device=${{__data.fields[0]}}"
        link = {"title": Text("Look at the device", "查看设备").get(language), "url": url}
        found.append(_override(titles["device"].get(language), [{"id": "links", "value": [link]}]))
    return found


def _override(name: str, properties: list[Json]) -> Json:
    return {"matcher": {"id": "byName", "options": name}, "properties": properties}
