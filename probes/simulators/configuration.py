"""Which configuration makes the daemon watch a simulated site?"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import yaml

from probes.simulators import panel, recorder, switch, ups
from probes.simulators.blueprint import (
    ALARM_KEY,
    COMMUNITY,
    PASSWORD,
    SNMP_AUTH,
    SNMP_PRIV,
    SNMP_USER,
    USERNAME,
    Blueprint,
    Shape,
    lay_out,
)
from probes.simulators.camera import MAKER, MODEL
from probes.simulators.reporting import BEAT_SECONDS, account_of
from probes.simulators.rtsp import PATHS

SITE_ID, SITE_NAME = "simulated-site", "Simulated site 模拟站点"

_MODELS = {"recorder": recorder.MODEL, "panel": panel.MODEL, "switch": switch.MODEL, "ups": ups.MODEL}


def describe_site(shape: Shape) -> dict[str, Any]:
    """The parts of a site's file that the site itself gives: `site`, `credentials`, `defaults`, `devices`.

    And `listeners`, where its panels report.

    No part is shared, so that the caller may change what he likes.
    """
    knock: dict[str, Any] = {
        "reach": {"probe": "tcp", "port": shape.http_port}
    }  # loopback answers pings for every device
    by_community = {"version": "2c", "port": shape.snmp_port, "community": COMMUNITY}
    by_user = {
        "version": "3", "port": shape.snmp_port, "username": SNMP_USER, "auth": "sha", "auth_key": SNMP_AUTH,
        "priv": "aes128", "priv_key": SNMP_PRIV,
    }  # fmt: skip
    stream = {"path": PATHS[0], "port": shape.rtsp_port}
    camera_checks = knock | {"rtsp": stream, "onvif": {"port": shape.http_port}, "frame": dict(stream)}
    described: dict[str, Any] = {
        "site": {"id": SITE_ID, "name": SITE_NAME, "timezone": "UTC", "language": "en"},
        "credentials": {
            "cameras": {"username": USERNAME, "password": PASSWORD},
            "recorders": {"username": USERNAME, "password": PASSWORD, "snmp": dict(by_community)},
            "network": {"snmp": by_user},
            "power": {"snmp": by_community},
        },
        "defaults": {
            "camera": {"model": MODEL, "vendor": MAKER, "credentials": "cameras", "checks": camera_checks},
            "recorder": {
                "credentials": "recorders",
                "checks": deepcopy(knock) | {"recorder": {"port": shape.http_port, "retention_days": 30}},
            },
            "panel": {"credentials": "network", "checks": deepcopy(knock)},
            "switch": {"credentials": "network", "checks": deepcopy(knock)},
            "ups": {"credentials": "power", "checks": deepcopy(knock)},
        },
        "devices": [_describe_device(one) for one in lay_out(shape)],
    }
    if shape.receiver_port:
        described["listeners"] = {"panel": {"address": "127.0.0.1", "port": shape.receiver_port}}
        described["credentials"]["alarm"] = {"alarm_key": f"hex:{ALARM_KEY}"}
        described["defaults"]["panel"]["credentials"] = "alarm"
        for one, device in zip(lay_out(shape), described["devices"], strict=True):
            if one.kind == "panel":
                device["checks"] = {"panel": {"account": account_of(one), "heartbeat_seconds": BEAT_SECONDS}}
    return described


def site_yaml(shape: Shape) -> str:
    """The same as the text of a configuration file, that the daemon can run as it is."""
    text: str = yaml.safe_dump(describe_site(shape), allow_unicode=True, sort_keys=False, width=120)
    return text


def _describe_device(one: Blueprint) -> dict[str, Any]:
    """A camera hangs on its switch, which also feeds it; a switch and a recorder are fed by the UPS."""
    described: dict[str, Any] = {"id": one.name, "name": one.label, "kind": one.kind, "host": one.address}
    if one.parent:
        described |= {"parent": one.parent, "port": one.port}
    elif one.power:
        described["power"] = one.power
    if one.make or one.model:
        described |= {"vendor": one.make, "model": one.model}
    if one.kind in _MODELS:
        described["model"] = _MODELS[one.kind]
    return described
