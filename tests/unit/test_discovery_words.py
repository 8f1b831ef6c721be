"""Is what a guess stands on a code, with its text in the reader's language?"""

from __future__ import annotations

import json
from typing import get_args

import pytest

from monitor.cli import discover_page
from monitor.discovery.comparison import Change, Compared
from monitor.discovery.proposal import Proposal
from monitor.discovery.words import REASONS, say_reason
from monitor.locale import translate
from probes.discovery import Report
from probes.discovery.agent import Spoken
from probes.discovery.device_service import Told
from probes.discovery.found import Reason, ReasonCode
from probes.discovery.front import Front
from probes.discovery.identity import Said, identify
from probes.discovery.isapi import DeviceInfo
from probes.discovery.matches import Service
from probes.snmp.shelf import load_with

SAID = Said(
    "127.0.0.9",
    fronts=(Front(80, False, "App-webs/", "NVR 网络录像机"),),
    rtsp={554: ""},
    told=Told(Service(80, "/onvif/device_service", tls=False), ("Dahua", "DHI-NVR4216", "4.0", "X"), sources=16),
    spoken=Spoken(161, "a", "Linux NVR", profile="net-snmp", kind="server"),
    info=DeviceInfo("n", "DS-7608NI", "s", "V4", "", "NVR"),
)


@pytest.mark.parametrize(
    ("vendor", "model", "kind", "profile"),
    [
        ("Dahua", "DH-IPC-HFW2831T", "camera", "dahua-camera"),
        ("Dahua", "DHI-NVR4216", "recorder", "dahua"),
        ("Intelbras", "VIP 3230 B", "camera", "intelbras-camera"),
        ("Intelbras", "iMHDX 3016", "recorder", "intelbras"),
    ],
)
def test_an_agent_that_cameras_and_recorders_share(vendor: str, model: str, kind: str, profile: str) -> None:
    """Without ONVIF: the model that the agent tells says what it is."""
    agent = "intelbras" if vendor == "Intelbras" else "dahua"
    spoken = Spoken(161, "a", vendor, profile=agent, kind="recorder", vendor=vendor, values={"model": model})
    found = identify(Said("127.0.0.9", spoken=spoken), load_with(()))
    assert (found.kind, found.profile) == (kind, profile)


def test_every_reason_has_a_text() -> None:
    assert REASONS.keys() == set(get_args(ReasonCode))
    for code in REASONS:
        texts = {say_reason(Reason(code, "X-1", "axis"), translate(language)) for language in ("en", "zh_CN")}
        assert len(texts) == 2, code
        assert all("{" not in text for text in texts)


def test_json_gives_code_word_and_text(monkeypatch: pytest.MonkeyPatch) -> None:
    found = identify(SAID, load_with(()))
    assert Reason("isapi", "NVR") in found.evidence
    monkeypatch.setattr(discover_page, "_", translate("zh_CN"))
    shown = discover_page.as_json(
        Report(1, 1, (found,), 0.1), [Compared(Change.NEW, found, None)], Proposal("", "", "")
    )
    evidence = json.loads(shown)["devices"][0]["found"]["evidence"]
    assert {"code": "isapi", "what": "NVR", "profile": "", "text": "ISAPI 的 deviceType 为 NVR"} in evidence
    assert {one["code"] for one in evidence} >= {"isapi", "onvif_says", "page", "rtsp", "maker", "maker_profile"}
