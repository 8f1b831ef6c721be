"""Are wrong options of the http and onvif probes refused?"""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from probes.http import HttpOptions
from probes.onvif import OnvifOptions
from probes.registry import probe


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "ftp://h/"},
        {"url": "http://"},
        {"url": "http:///path"},
        {"url": "http://h:99999/"},
        {"url": "http://h:x/"},
        {"url": "http://admin:pw@h/"},
        {"url": "http://h/a b"},
        {"url": "http://h/", "port": 81},
        {"url": "http://h/", "tls": True},
        {"path": "no-slash"},
        {"path": "/a\r\nX: y"},
        {"port": 0},
        {"statuses": (42,)},
        {"max_bytes": 10**12},
        {"unknown": 1},
    ],
)
def test_wrong_http_options(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        HttpOptions.model_validate(wrong)


@pytest.mark.parametrize("wrong", [{"port": 70_000}, {"path": "onvif"}, {"inventory_every": 1}, {"profile": "x"}])
def test_wrong_onvif_options(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        OnvifOptions.model_validate(wrong)


def test_ports_follow_tls() -> None:
    assert [OnvifOptions().service_port, OnvifOptions(tls=True).service_port] == [80, 443]
    assert OnvifOptions(port=8000, tls=True).service_port == 8000


def test_registered() -> None:
    assert probe("http").uses_login
    assert probe("onvif").uses_login
