"""Do a device's own addresses lead to where we reach it, and never elsewhere?"""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.errors import Unsupported
from probes.onvif.addresses import parse_address, rehost
from probes.onvif.look import choose_profile

HTTP = frozenset({"http", "https"})
RTSP = frozenset({"rtsp", "rtsps"})
ALL = HTTP | RTSP


@pytest.mark.parametrize(
    ("said", "ours", "theirs", "used"),
    [
        # the address of a gateway that forwards 8001 to the camera's 80
        ("http://192.168.1.64/onvif/media", "http://198.51.100.7:8001/d", 80, "http://198.51.100.7:8001/onvif/media"),
        ("http://192.168.1.64/snap?a=1", "https://198.51.100.7:8443/d", 80, "https://198.51.100.7:8443/snap?a=1"),
        # ONVIF on 8000, pictures on 80
        ("http://192.168.1.64/snap", "http://cam.lan:8000/d", 8000, "http://cam.lan/snap"),
        ("http://192.168.1.64:8000/m", "http://cam.lan:8000/d", None, "http://cam.lan:8000/m"),
        # its own address: everything is kept
        ("http://CAM.lan:8080/m", "http://cam.lan/d", 80, "http://cam.lan:8080/m"),
        ("https://cam.lan/m", "http://cam.lan/d", 80, "https://cam.lan/m"),
        # RTSP has its own port
        ("rtsp://192.168.1.64:554/s?x=%2F&y", "http://198.51.100.7:8001/d", 80, "rtsp://198.51.100.7/s?x=%2F&y"),
        ("rtsp://192.168.1.64:80/s", "http://198.51.100.7:8001/d", 80, "rtsp://198.51.100.7:80/s"),
        ("rtsps://[fe80::1]:8322/s", "http://[2001:db8::7]/d", 80, "rtsps://[2001:db8::7]:8322/s"),
        ("rtsp://admin:pw@192.168.1.64/s#f", "http://cam.lan/d", 80, "rtsp://cam.lan/s"),
    ],
)
def test_rehost(said: str, ours: str, theirs: int | None, used: str) -> None:
    parts, known = parse_address(said, ALL), urlsplit(ours)
    assert parts is not None
    assert rehost(parts, known.hostname or "", ours=known, theirs=theirs) == used


@pytest.mark.parametrize(
    "said",
    ["", "http://", "/snap.jpg", "rtsp://1.2.3.4/s", "ftp://h/x", "http://h:0/", "http://h:99999/", "http://h:x/",
     "http://[::1/", "http://h/a b", "http://h/\r\nX: y", "http://h/" + "x" * 600, "javascript:alert(1)",
     "http://h/<script>"],
)  # fmt: skip
def test_unusable_addresses(said: str) -> None:
    assert parse_address(said, HTTP) is None


@settings(max_examples=1_000, derandomize=True)
@given(st.one_of(st.text(max_size=60), st.from_regex(r"(http|rtsp)s?://[^ ]{0,40}", fullmatch=True)))
def test_whatever_a_device_says_our_host_is_asked(said: str) -> None:
    parts = parse_address(said, ALL)
    if parts is not None:
        used = rehost(parts, "192.0.2.5", ours=urlsplit("http://192.0.2.5:81/d"), theirs=80)
        there = urlsplit(used)
        assert (there.hostname, there.username, there.password) == ("192.0.2.5", None, None)
        assert there.scheme in ALL


PROFILES = {
    "meta": {"name": "Metadata"},
    "big": {"name": "main", "width": 2560, "height": 1440},
    "small": {"name": "sub", "width": 640, "height": 360},
    "middle": {"name": "third", "width": 1280, "height": 720},
}


@pytest.mark.parametrize(
    ("choice", "token"),
    [("smallest", "small"), ("largest", "big"), (0, "meta"), (3, "middle"), ("big", "big"), ("sub", "small")],
)
def test_choose_profile(choice: str | int, token: str) -> None:
    assert choose_profile(PROFILES, choice) == token


@pytest.mark.parametrize(("profiles", "choice"), [(PROFILES, 4), (PROFILES, -1), (PROFILES, "none"), ({}, "smallest")])
def test_no_such_profile(profiles: dict, choice: str | int) -> None:
    with pytest.raises(Unsupported):
        choose_profile(profiles, choice)


def test_choose_among_profiles_without_a_size() -> None:
    assert choose_profile({"a": {}, "b": {}}, "smallest") == "a"
    assert choose_profile({"a": {}, "b": {}}, "largest") == "b"
