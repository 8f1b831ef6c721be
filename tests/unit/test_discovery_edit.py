"""Does a change get into a site's file without touching anything else?"""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.discovery.edit import change, write_scalar
from monitor.discovery.outline import NoList, by_id, outline

NEW = {"id": "cam-9", "name": "门口: 3", "kind": "camera", "host": "10.0.0.9", "checks": {"rtsp": {"path": "/a?b=1"}}}

BLOCK = """\
# 头部注释
site: {id: s, name: S}
devices:   # the list
  - id: a
    host: 10.0.0.1     # gate
    checks:
      rtsp: {path: /x}  # last
    # belongs to a
  # still of the list

# of the routes
routes: []
"""
FLOW_ITEMS = """\
devices:
- {id: a, host: 10.0.0.1}   # one
- {id: "b", host: 10.0.0.2, serial: OLD}   # two
# of the rules
rules: {}
"""
ALL_FLOW = "devices: [{id: a, host: 10.0.0.1}, {id: b, host: 10.0.0.2}]\nsite: {id: s}\n"
EMPTY = "site: {id: s}\ndevices: []  # none yet\n"
NOTHING = "site: {id: s}\ndevices:\n"
NO_END = "devices:\n  - id: a\n    host: 10.0.0.1"
LITERAL = "devices:\n  - id: a\n    host: 10.0.0.1\n    place: |\n      up\n      there\n\nrules: {}\n"


@pytest.mark.parametrize(
    "text", [BLOCK, FLOW_ITEMS, ALL_FLOW, EMPTY, NOTHING, NO_END, LITERAL, BLOCK.replace("\n", "\r\n")]
)
def test_a_device_is_added_behind_the_last(text: str) -> None:
    after = change(text, {}, [NEW])
    before, now = yaml.safe_load(text), yaml.safe_load(after)
    assert now["devices"] == [*(before["devices"] or []), NEW]
    assert {**now, "devices": None} == {**before, "devices": None}
    kept = iter(after.splitlines())
    if text not in (EMPTY, ALL_FLOW):
        assert all(line in kept for line in text.splitlines())  # every line is still there, in its order
    for comment in (word for word in text.splitlines() if "#" in word):
        assert comment[comment.index("#") :] in after
    assert ("\r\n" in after) == ("\r\n" in text)


def test_comments_that_belong_to_the_next_section_stay_with_it() -> None:
    lines = change(BLOCK, {}, [NEW]).splitlines()
    assert lines.index("  - id: cam-9") > lines.index("  # still of the list")
    assert lines.index("  - id: cam-9") < lines.index("# of the routes")
    lines = change(FLOW_ITEMS, {}, [NEW]).splitlines()
    assert lines[3].startswith("- {id: cam-9, ")
    assert lines[4] == "# of the rules"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("  - id: b\n    port: '1.7'  # third desk\n    host: h\n", "  - id: b\n    host: h\n"),
        ("  - id: b\n    host: h\n    port: 1.7\n", "  - id: b\n    host: h\n"),
        ('  - id: b\n    host: h\n    "port" : 1.7', "  - id: b\n    host: h"),
        ("  - port: 1.7\n    id: b\n    host: h\n", '  - port: ""\n    id: b\n    host: h\n'),
        ("  - {id: b, port: 1.7, host: h}\n", "  - {id: b, host: h}\n"),
        ("  - {id: b, host: h, port: 1.7}  # c\n", "  - {id: b, host: h}  # c\n"),
        ("  - {port: 1.7, id: b, host: h}\n", "  - {id: b, host: h}\n"),
        ("  - id: b\n    host: h\n", "  - id: b\n    host: h\n"),
    ],
)
def test_a_key_is_taken_out(before: str, after: str) -> None:
    told = change("devices:\n  - {id: a, port: 9}\n" + before, {"b": {"port": None}}, ())
    assert told == "devices:\n  - {id: a, port: 9}\n" + after
    one = yaml.safe_load(told)["devices"][1]
    assert not one.get("port")
    assert (one["id"], one["host"]) == ("b", "h")


@pytest.mark.parametrize("text", [BLOCK, FLOW_ITEMS, ALL_FLOW, NO_END, LITERAL])
def test_keys_are_set_where_the_device_stands(text: str) -> None:
    after = change(text, {"a": {"host": "10.9.9.9", "serial": "0012", "mac": "00:11:22:33:44:55"}}, [])
    now, before = yaml.safe_load(after), yaml.safe_load(text)
    wanted = {**before["devices"][0], "host": "10.9.9.9", "serial": "0012", "mac": "00:11:22:33:44:55"}
    assert now["devices"] == [wanted, *before["devices"][1:]]
    for comment in (word for word in text.splitlines() if "#" in word):
        assert comment[comment.index("#") :] in after


def test_a_value_is_replaced_and_its_neighbours_stay() -> None:
    after = change(FLOW_ITEMS, {"b": {"serial": "NEW-1"}}, [])
    assert after == FLOW_ITEMS.replace("OLD", "NEW-1")


@pytest.mark.parametrize("text", ["", "- a\n", "site: {}\n", "devices: {a: 1}\n", "a: [\n"])
def test_a_file_without_a_list_of_devices_is_refused(text: str) -> None:
    with pytest.raises(NoList):
        change(text, {}, [NEW])


_texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=30)


@settings(deadline=None)
@given(_texts)
def test_any_text_of_a_device_comes_back_as_it_is(text: str) -> None:
    for line in (f"a: {write_scalar(text)}", f"{{a: {write_scalar(text)}, b: x}}"):
        found: Any = yaml.load(line, Loader=yaml.BaseLoader)
        assert found["a"] == text


@settings(max_examples=60, deadline=None)
@given(st.lists(_texts, min_size=1, max_size=4), st.booleans(), _texts)
def test_outlines_point_at_what_is_written(names: list[str], flow: bool, comment: str) -> None:
    lines = [f"# {comment}", "devices:"]
    for at, name in enumerate(names):
        fields = {"id": f"d{at}", "name": name, "host": f"10.0.0.{at}"}
        written = [f"{key}: {write_scalar(value)}" for key, value in fields.items()]
        lines.append("  - {" + ", ".join(written) + "}" if flow else "  - " + "\n    ".join(written))
    text = "\n".join(lines) + "\n"
    for at, entry in enumerate(by_id(outline(text)).values()):
        place = entry.values["host"]
        assert place is not None
        assert text[place.start : place.end].strip('"') == f"10.0.0.{at}"
    changed = change(text, {"d0": {"host": "10.1.1.1"}}, [NEW])
    devices = yaml.load(changed, Loader=yaml.BaseLoader)["devices"]
    assert [one["id"] for one in devices] == [*(f"d{at}" for at in range(len(names))), "cam-9"]
    assert devices[0]["host"] == "10.1.1.1"
    assert [one["name"] for one in devices[:-1]] == names
