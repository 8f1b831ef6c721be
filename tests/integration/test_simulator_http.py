"""Do others' ONVIF and HTTP clients understand the simulated devices, and are their logins judged as cameras do?"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import subprocess
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import cv2
import numpy as np
import onvif
import pytest
from onvif import ONVIFCamera
from zeep.exceptions import Fault

from tests.servers.simsite import SimSite, StartSimSite

_ENVELOPE = """<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header>{header}</s:Header>
<s:Body><{call} xmlns="http://www.onvif.org/ver10/device/wsdl"/></s:Body></s:Envelope>"""
_SECURITY = """<w:Security
 xmlns:w="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
 xmlns:u="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"><w:UsernameToken>
<w:Username>{username}</w:Username><w:Password>{digest}</w:Password><w:Nonce>{nonce}</w:Nonce>
<u:Created>{created}</u:Created></w:UsernameToken></w:Security>"""


def sign(username: str, password: str, moment: datetime) -> str:
    nonce, created = secrets.token_bytes(16), moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    digest = hashlib.sha1(nonce + created.encode() + password.encode()).digest()
    return _SECURITY.format(
        username=username, created=created, digest=base64.b64encode(digest).decode(),
        nonce=base64.b64encode(nonce).decode(),
    )  # fmt: skip


def call(url: str, operation: str, header: str = "") -> tuple[int, str]:
    body = _ENVELOPE.format(call=operation, header=header).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/soap+xml"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


def curl(*arguments: str) -> tuple[int, bytes]:
    """Status and body, as Debian's curl got them."""
    command = ["curl", "-s", "-m", "10", "-w", "%{stderr}%{http_code}", *arguments]
    told = subprocess.run(command, capture_output=True, check=False)
    return int(told.stderr), told.stdout


def decode(jpeg: bytes) -> Any:
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)


async def test_an_independent_onvif_client(simsite: SimSite) -> None:
    wsdl = Path(onvif.__file__).parent / "wsdl"
    host, port = simsite.address("camera-01"), simsite.shape.http_port
    camera = ONVIFCamera(host, port, simsite.username, simsite.password, str(wsdl))
    try:
        await camera.update_xaddrs()
        device = await camera.create_devicemgmt_service()
        about = await device.GetDeviceInformation()
        assert (about.Manufacturer, about.Model) == ("Example Optics", "SW-C2M")
        assert about.SerialNumber == simsite.device("camera-01")["serial"]
        clock = (await device.GetSystemDateAndTime()).UTCDateTime
        assert abs(datetime.now(UTC).minute - clock.Time.Minute) in (0, 1, 59)
        assert (await device.GetHostname()).Name == "camera-01"
        assert len(await device.GetScopes()) == 4
        assert (await device.GetNetworkInterfaces())[0].Info.MTU == 1500
        assert {service.Namespace for service in await device.GetServices({"IncludeCapability": False})}
        media = await camera.create_media_service()
        profiles = await media.GetProfiles()
        assert [profile.token for profile in profiles] == ["main", "sub"]
        assert profiles[0].VideoEncoderConfiguration.Resolution.Width == 640
        assert profiles[0].VideoEncoderConfiguration.RateControl.FrameRateLimit == 10
        assert (await media.GetProfile({"ProfileToken": "sub"})).token == "sub"
        setup = {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}}
        stream = await media.GetStreamUri({"ProfileToken": "main", "StreamSetup": setup})
        assert stream.Uri == simsite.rtsp_url("camera-01", login=False)
        assert (await media.GetSnapshotUri({"ProfileToken": "main"})).Uri == simsite.snapshot_url("camera-01")
        with pytest.raises(Fault, match="no such profile"):
            await media.GetSnapshotUri({"ProfileToken": "other"})
    finally:
        await camera.close()


def test_the_clock_needs_no_login_and_everything_else_does(simsite: SimSite) -> None:
    url = simsite.onvif_url("camera-02")
    status, body = call(url, "GetSystemDateAndTime")
    assert status == 200
    assert "NTP" in body
    status, body = call(url, "GetDeviceInformation")
    assert status == 401
    assert "ter:NotAuthorized" in body
    assert call(url, "Reboot")[0] == 500


def test_a_signature_counts_by_the_camera_own_clock(simsite: SimSite) -> None:
    url, now = simsite.onvif_url("camera-02"), datetime.now(UTC)
    right = (simsite.username, simsite.password)
    assert call(url, "GetDeviceInformation", sign(*right, now))[0] == 200
    assert call(url, "GetDeviceInformation", sign(*right, now - timedelta(seconds=40)))[0] == 400
    with simsite.failing("camera-02", "clock_drift", 3_600):
        assert "Manual" in call(url, "GetSystemDateAndTime")[1]
        assert call(url, "GetDeviceInformation", sign(*right, now))[0] == 400
        assert call(url, "GetDeviceInformation", sign(*right, now + timedelta(hours=1)))[0] == 200


def test_a_signature_is_good_once(simsite: SimSite) -> None:
    url, header = simsite.onvif_url("camera-02"), sign(simsite.username, simsite.password, datetime.now(UTC))
    assert [call(url, "GetDeviceInformation", header)[0] for _ in range(2)] == [200, 400]


def test_every_third_camera_knows_ws_security_alone(simsite: SimSite) -> None:
    url, right = simsite.onvif_url("camera-03"), (simsite.username, simsite.password)
    assert call(url, "GetDeviceInformation")[0] == 400
    assert curl("--digest", "-u", ":".join(right), "-d", "<x/>", url)[0] == 400
    assert call(url, "GetDeviceInformation", sign(*right, datetime.now(UTC)))[0] == 200


def test_http_digest_serves_soap_as_well(simsite: SimSite) -> None:
    body = _ENVELOPE.format(call="GetDeviceInformation", header="")
    login = ("--digest", "-u", f"{simsite.username}:{simsite.password}")
    status, answer = curl(*login, "-d", body, simsite.onvif_url("camera-02"))
    assert status == 200
    assert b"SW-C2M" in answer


def test_a_changed_password_is_counted_and_locks_in_the_end(start_simsite: StartSimSite) -> None:
    with start_simsite(cameras=1, recorders=0, panels=0, switches=0, upses=0, films=1) as site:
        url = site.snapshot_url("camera-01")
        site.fail("camera-01", "wrong_password")
        login = ("--digest", "-u", f"{site.username}:{site.password}", "-o", "/dev/null", url)
        assert curl(*login)[0] == 401
        assert site.device("camera-01")["refused_logins"] == {"http": 1}
        for _ in range(6):
            curl(*login)
        assert site.device("camera-01")["locked"]
        site.repair("camera-01", "wrong_password")
        assert curl(*login)[0] == 401  # locked, though the password is right again


def test_a_snapshot_follows_the_scene(simsite: SimSite) -> None:
    url, login = simsite.snapshot_url("camera-04"), ("--digest", "-u", f"{simsite.username}:{simsite.password}")
    status, first = curl(*login, url)
    assert status == 200
    time.sleep(1.1)
    second = curl(*login, url)[1]
    assert decode(first).shape == (360, 640)
    assert np.abs(decode(first).astype(int) - decode(second)).mean() > 0.3
    with simsite.failing("camera-04", "black"):
        assert decode(curl(*login, url)[1]).mean() < 3
    with simsite.failing("camera-04", "garbled"):
        assert not curl(*login, url)[1].endswith(b"\xff\xd9")
    assert curl(url)[0] == 401


def test_onvif_off_is_404_and_the_snapshot_stays(simsite: SimSite) -> None:
    login = ("--digest", "-u", f"{simsite.username}:{simsite.password}")
    with simsite.failing("camera-04", "onvif_off"):
        assert call(simsite.onvif_url("camera-04"), "GetSystemDateAndTime")[0] == 404
        assert curl(*login, simsite.snapshot_url("camera-04"))[0] == 200


def test_a_recorder_tells_its_disks_and_channels(simsite: SimSite) -> None:
    login = ("--digest", "-u", f"{simsite.username}:{simsite.password}")
    page = f"http://{simsite.address('recorder-01')}:{simsite.shape.http_port}/ISAPI/ContentMgmt"
    assert curl(*login, f"{page}/Storage")[1].count(b"<status>ok</status>") == 4
    status = f"{page}/InputProxy/channels/status"
    assert curl(*login, status)[1].count(b"<online>true</online>") == 8
    with simsite.failing("recorder-01", "disk_failed", 2), simsite.failing("recorder-01", "channel_lost", 3):
        assert b"<id>2</id><hddName>hdd2</hddName><hddType>SATA</hddType><status>smartFailed" in curl(
            *login, f"{page}/Storage"
        )[1].replace(b"\n", b"")
        assert curl(*login, status)[1].count(b"<online>false</online>") == 1
    with simsite.failing("camera-05", "unplugged"):
        assert curl(*login, status)[1].count(b"<online>false</online>") == 1


@pytest.mark.parametrize("name", ["switch-01", "ups-01", "panel-01", "recorder-01"])
def test_every_device_has_a_front_page(simsite: SimSite, name: str) -> None:
    status, page = curl(f"http://{simsite.address(name)}:{simsite.shape.http_port}/")
    assert status == 200
    assert simsite.device(name)["label"].encode() in page


def test_nonsense_over_http_is_refused(simsite: SimSite, tmp_path: Path) -> None:
    url, bomb = simsite.onvif_url("camera-02"), tmp_path / "bomb"
    bomb.write_bytes(b"<a>" * 200_000)
    assert curl("-d", f"@{bomb}", url)[0] == 413
    assert curl("-d", "<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>", url)[0] == 400
    assert curl("-X", "PUT", url)[0] == 405
    assert curl(url.replace("device_service", "other"))[0] == 404


def test_orders_that_cannot_be_carried_out(simsite: SimSite) -> None:
    assert "no device" in simsite.refusal({"device": "camera-99", "fault": "dark", "on": True})
    assert "there are unplugged" in simsite.refusal({"device": "camera-01", "fault": "tamper", "on": True})
    assert "true or false" in simsite.refusal({"device": "camera-01", "fault": "dark", "on": "yes"})
    assert "'value' is a number" in simsite.refusal({"device": "camera-01", "fault": "slow", "on": True, "value": "x"})
    assert simsite.refusal(["camera-01"]) == "not an object"
    state = json.dumps(simsite.state())
    assert simsite.password not in state
