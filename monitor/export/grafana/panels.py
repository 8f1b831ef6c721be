"""How does Grafana want a panel written? One function a kind of panel; sizes are in its grid of 24 columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from monitor.core.plan import Text

Json = dict[str, Any]

GREEN, YELLOW, ORANGE, RED, BLUE, GREY = "green", "yellow", "orange", "red", "blue", "#8e8e8e"
DATASOURCE: Json = {"type": "prometheus", "uid": "${datasource}"}


@dataclass(frozen=True, slots=True)
class Query:
    """One expression; `legend` may quote labels as {{name}} and is a Text where it holds words."""

    expr: str
    legend: str | Text = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel. `looks` are its field defaults, `options` those of its kind, both as Grafana has them."""

    kind: str
    title: Text
    queries: tuple[Query, ...]
    width: int
    height: int
    hint: Text | None = None
    unit: str = "short"
    looks: Json = field(default_factory=dict)
    options: Json = field(default_factory=dict)
    mappings: tuple[tuple[float, Text, str], ...] = ()  # value, word, colour
    columns: tuple[tuple[str, Text], ...] = ()  # of a table, in their order
    links_device: bool = False


UP_OR_DOWN = ((0, Text("silent", "无响应"), RED), (1, Text("answers", "在线"), GREEN))
GOOD_OR_BAD = ((0, Text("bad", "异常"), RED), (1, Text("good", "正常"), GREEN))
YES_OR_NO = ((0, Text("no", "否"), GREEN), (1, Text("yes", "是"), RED))
SEVERITIES = (
    (0, Text("well", "正常"), GREEN),
    (1, Text("low", "低"), BLUE),
    (2, Text("normal", "一般"), YELLOW),
    (3, Text("high", "高"), ORANGE),
    (4, Text("urgent", "紧急"), RED),
)


def thresholds(*steps: tuple[float | None, str]) -> Json:
    """Colours from the given values on; the first step has no value."""
    return {"mode": "absolute", "steps": [{"value": value, "color": colour} for value, colour in steps]}


def stat(title: Text, expr: str, *, unit: str = "short", steps: Json | None = None, **more: Any) -> Panel:
    """One number, coloured."""
    return Panel(
        "stat", title, (Query(expr),), more.pop("width", 3), 4, unit=unit,
        looks={"color": {"mode": "thresholds"}, "thresholds": steps or thresholds((None, GREEN)), "noValue": "–"},
        options={
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}, "colorMode": "background_solid",
            "graphMode": "none", "justifyMode": "center", "textMode": more.pop("text_mode", "value"),
            "wideLayout": True,
        },
        **more,
    )  # fmt: skip


def lines(title: Text, *queries: Query, unit: str = "short", stacked: bool = False, **more: Any) -> Panel:
    """Curves over time."""
    custom: Json = {
        "drawStyle": "line", "lineWidth": 1, "fillOpacity": 40 if stacked else 8, "showPoints": "never",
        "spanNulls": False, "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
    }  # fmt: skip
    looks: Json = {"color": {"mode": "palette-classic"}, "custom": custom}
    for name in ("min", "max", "decimals"):
        if name in more:
            looks[name] = more.pop(name)
    width, height = more.pop("width", 12), more.pop("height", 8)
    return Panel(
        "timeseries", title, queries, width, height, unit=unit, looks=looks,
        options={
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
        **more,
    )  # fmt: skip


def timeline(title: Text, *queries: Query, mappings: tuple[tuple[float, Text, str], ...], **more: Any) -> Panel:
    """States over time, a band each."""
    width, height = more.pop("width", 24), more.pop("height", 10)
    return Panel(
        "state-timeline", title, queries, width, height, mappings=mappings,
        looks={"color": {"mode": "thresholds"}, "thresholds": thresholds((None, GREY)),
               "custom": {"fillOpacity": 80, "lineWidth": 0, "spanNulls": False}},
        options={
            "mergeValues": True, "showValue": "never", "alignValue": "left", "rowHeight": 0.85, "perPage": 40,
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
            "tooltip": {"mode": "single", "sort": "none"},
        },
        **more,
    )  # fmt: skip


def bars(title: Text, query: Query, *, unit: str = "short", steps: Json | None = None, **more: Any) -> Panel:
    """The latest values as bars."""
    width, height = more.pop("width", 8), more.pop("height", 8)
    return Panel(
        "bargauge", title, (query,), width, height, unit=unit,
        looks={"color": {"mode": "thresholds"}, "thresholds": steps or thresholds((None, BLUE)), "min": 0}
        | more.pop("looks", {}),
        options={
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}, "orientation": "horizontal",
            "displayMode": "basic", "showUnfilled": True, "valueMode": "color", "minVizHeight": 16, "minVizWidth": 8,
            "sizing": "auto",
        },
        **more,
    )  # fmt: skip


def table(title: Text, expr: str, columns: Sequence[tuple[str, Text]], **more: Any) -> Panel:
    """The latest values as rows; `columns` are labels, and "Value", in their order, renamed."""
    width, height = more.pop("width", 12), more.pop("height", 9)
    steps = more.pop("steps", None)
    looks: Json = {"custom": {"align": "auto", "cellOptions": {"type": "auto"}, "inspect": False}}
    if steps:
        looks |= {"color": {"mode": "thresholds"}, "thresholds": steps}
    return Panel(
        "table", title, (Query(expr),), width, height, looks=looks, columns=tuple(columns),
        options={"showHeader": True, "cellHeight": "sm", "footer": {"show": False}}, **more,
    )  # fmt: skip


def mapped(mappings: Sequence[tuple[float, Text, str]], language: str) -> list[Json]:
    """Values as words and colours."""
    words: Mapping[str, Json] = {
        f"{value:g}": {"index": index, "text": text.get(language), "color": colour}
        for index, (value, text, colour) in enumerate(mappings)
    }
    return [{"type": "value", "options": words}] if words else []
