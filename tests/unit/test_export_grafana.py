"""Are the dashboards as their description says, whole, and the same in both languages?"""

from __future__ import annotations

import itertools
import json
import re
from typing import Any

import pytest

from monitor.export.daemon import OF_DAEMON
from monitor.export.families import of_devices
from monitor.export.grafana import __main__ as writing
from monitor.export.grafana.dashboard import COLUMNS, LANGUAGES

FILES = sorted(writing.FOLDER.glob("*.json"))
BOARDS = {file.name: json.loads(file.read_text("utf-8")) for file in FILES}
NAMES = {family.name for family in (*of_devices(), *OF_DAEMON)}
SUFFIXES = ("_sum", "_count")


def words(node: object) -> list[str]:
    """Every text that people read, in the order of the file."""
    if isinstance(node, list):
        return [text for one in node for text in words(one)]
    if not isinstance(node, dict):
        return []
    found = [node[key] for key in ("title", "label", "description", "text") if isinstance(node.get(key), str)]
    found += list(node.get("renameByName", {}).values())
    return [text for text in found if text] + [text for one in node.values() for text in words(one)]


def skeleton(node: Any) -> Any:
    """The same without what people read."""
    if isinstance(node, list):
        return [skeleton(one) for one in node]
    if not isinstance(node, dict):
        return node
    said = {"title", "label", "description", "text", "renameByName", "legendFormat", "uid", "tags", "url"}
    if node.get("id") == "byName":
        return "byName"
    return {key: skeleton(one) for key, one in node.items() if key not in said}


def test_the_files_are_up_to_date() -> None:
    wanted = dict(writing.files())
    assert {file.name for file in FILES} == set(wanted)
    for file in FILES:
        assert file.read_text("utf-8") == wanted[file.name], "run: python -m monitor.export.grafana"


@pytest.mark.parametrize("name", sorted({file.name.split(".")[0] for file in FILES}))
def test_both_languages_are_in_step(name: str) -> None:
    english, chinese = (BOARDS[f"{name}.{language}.json"] for language in LANGUAGES)
    assert skeleton(english) == skeleton(chinese)
    assert all(text.isascii() for text in words(english) if "°" not in text), words(english)
    untranslated = {text for text in words(chinese) if text.isascii()}
    assert untranslated <= {"Prometheus"}
    assert english["uid"] != chinese["uid"]


@pytest.mark.parametrize("name", BOARDS)
def test_panels_stand_side_by_side_and_have_numbers(name: str) -> None:
    panels = BOARDS[name]["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    places = [panel["gridPos"] for panel in panels]
    for place in places:
        assert place["w"] > 0
        assert place["x"] + place["w"] <= COLUMNS
    for one, other in itertools.combinations(places, 2):
        apart_x = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        apart_y = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert apart_x or apart_y


@pytest.mark.parametrize("name", BOARDS)
def test_every_expression_names_metrics_that_exist_and_the_chosen_site(name: str) -> None:
    board = BOARDS[name]
    assert board["schemaVersion"] >= 38
    assert board["templating"]["list"][0]["type"] == "datasource"
    for panel in board["panels"]:
        for target in panel.get("targets", ()):
            assert target["datasource"]["uid"] == "${datasource}"
            for metric, labels in re.findall(r"([a-z_:0-9]*sitewarden_[a-z_:0-9]+)\{([^}]*)\}", target["expr"]):
                assert 'instance="$instance"' in labels, target["expr"]
                base = re.sub(r"^[a-z_]+:(sitewarden_[a-z_]+):.*$", r"\1", metric)
                for suffix in SUFFIXES:
                    base = base.removesuffix(suffix) if base not in NAMES else base
                assert base in NAMES, metric
