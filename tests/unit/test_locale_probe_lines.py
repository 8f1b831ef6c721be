"""Is every line that a probe may say put into Chinese, and does nothing in it get lost?"""

from __future__ import annotations

import ast
import re
import time
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest
import yaml

from monitor.locale.probe_lines import patterns, say_line
from probes import errors

PROBES = Path(__file__).parents[2] / "probes"
NOT_TOLD = {"simulators", "recording"}  # their words are said elsewhere, or to nobody
RAISED = {name for name, one in vars(errors).items() if isinstance(one, type)} | {
    "BadTrap", "BadMessage", "Unauthorized", "NotOnvif", "NoFootage", "BadReference",
}  # fmt: skip
HAN = re.compile(r"[\u4e00-\u9fff]")
KNOWN: dict[str, str] = yaml.safe_load(
    resources.files("monitor.locale").joinpath("probe_lines.yaml").read_text("utf-8")
)


def lines() -> Iterator[tuple[str, str]]:
    """Place and sample of each literal line that is raised, traced or given as detail; what is put in becomes 7."""
    for file in sorted(PROBES.rglob("*.py")):
        if NOT_TOLD & set(file.parts):
            continue
        tree = ast.parse(file.read_text("utf-8"))
        named = {
            one.targets[0].id: one.value
            for one in tree.body
            if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name)
        } | {
            one.target.id: one.value
            for one in tree.body
            if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name) and one.value is not None
        }
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            told = node.args[:1] if name in RAISED | {"trace", "tell"} else []
            told += node.args[1:2] if name in {"_say", "LeftOut"} else []
            told += [word.value for word in node.keywords if word.arg in {"detail", "error"}]
            told = [named.get(one.id, one) if isinstance(one, ast.Name) else one for one in told]
            for sample in (one for argument in told for one in samples(argument)):
                yield f"{file.relative_to(PROBES)}:{node.lineno}", sample


def samples(node: ast.expr) -> list[str]:
    """What the expression may say, as far as it stands there."""
    match node:
        case ast.Constant(str(text)):
            return [re.sub(r"%[-.\d]*[a-z]", "7", text)]
        case ast.JoinedStr():
            return ["".join(part.value if isinstance(part, ast.Constant) else "7" for part in node.values)]  # type: ignore[misc]
        case ast.IfExp():
            return samples(node.body) + samples(node.orelse)
    return []


LINES = [(where, sample) for where, sample in lines() if re.search("[a-z]{3}", sample)]


def test_the_extraction_sees_them() -> None:
    assert len(LINES) > 200


def test_every_line_is_said_in_chinese() -> None:
    missing = [f"{where}: {sample}" for where, sample in LINES if say_line(sample, "zh_CN") == sample]
    assert not missing, "\n".join(missing)


@pytest.mark.parametrize("english", KNOWN)
def test_what_is_put_in_stands_in_both(english: str) -> None:
    places = [sorted(set(re.findall(r"\{\w+\}", text))) for text in (english, KNOWN[english])]
    assert places[0] == places[1]
    assert HAN.search(KNOWN[english]) or english in ("ONVIF {a}", "EndSearch: {line}")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("no answer within 5 s", "5 秒内无应答"),
        ("GetPresets: no answer within 4.0 s", "GetPresets：4.0 秒内无应答"),
        ("no answer to SNMP within 3 s: dark, filtered, or the community is wrong (which is silence)",
         "3 秒内无 SNMP 应答：设备离线、被过滤或团体名错误（错误时不应答）"),
        ("isapi: no answer within 5 s; cgi: answers a page, not the CGI",
         "isapi：5 秒内无应答；cgi：应答为网页而非 CGI"),
        ("no report for 90 s", "90 秒内没有上报"),
        ("what nobody has ever said: nothing", "what nobody has ever said: nothing"),
    ],
)  # fmt: skip
def test_lines_within_lines(line: str, said: str) -> None:
    assert say_line(line, "zh_CN") == said
    assert say_line(line, "en") == line


def test_a_hostile_line_takes_no_time() -> None:
    patterns()
    began = time.perf_counter()
    for hostile in (
        ": " * 200,
        "a: fault " * 44,
        "; " * 200,
        "; ".join(f"{n}: (x): {n}" for n in range(40)),
        "7" * 400,
    ):
        say_line(hostile[:400], "zh_CN")
    assert time.perf_counter() - began < 2.0
