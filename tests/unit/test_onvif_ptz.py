"""Is a camera asked where it looks no more than it bears, and believed no more than it can know?"""

from __future__ import annotations

import pytest

from probes.errors import NoAnswer, Trouble, Unsupported
from probes.onvif import ptz
from probes.onvif.ptz import Position, Preset, Status, read_presets, read_status, says_where
from probes.onvif.soap import DEVICE, MEDIA, MEDIA2, PTZ
from probes.target import Login, Secret
from tests.unit.test_onvif_look import ANSWERS, INSIDE, LOGIN, OPTIONS, Device, Site, profile, service

SERVICES = "".join(
    service(name, f"http://{INSIDE}/{path}") for name, path in ((DEVICE, "d"), (MEDIA, "media"), (PTZ, "ptz"))
)
TURNS = profile("main", 2560, 1440) + profile("sub", 640, 360).replace("</Profiles>", "<PTZConfiguration/></Profiles>")


def status(position: str, moves: str = "IDLE") -> str:
    return (
        f"<PTZStatus><Position>{position}</Position><MoveStatus><PanTilt>{moves}</PanTilt><Zoom>IDLE</Zoom>"
        "</MoveStatus></PTZStatus>"
    )


def place(pan: str, tilt: str, zoom: str = "0") -> str:
    return f'<PanTilt x="{pan}" y="{tilt}" space="generic"/><Zoom x="{zoom}"/>'


def dome(monkeypatch: pytest.MonkeyPatch, login: Login | None = LOGIN, **wanted: object) -> Site:
    answers = {
        **ANSWERS,
        "GetServices": SERVICES,
        "GetProfiles": TURNS,
        "GetStatus": status(place("0.25", "-0.5", "1")),
    }
    return Site(Device(answers=answers, **wanted), login, monkeypatch)  # type: ignore[arg-type]


async def test_one_call_once_it_is_known_that_it_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    site = dome(monkeypatch)
    assert says_where(site.tools, site.target, OPTIONS) is None
    await site.look()
    assert says_where(site.tools, site.target, OPTIONS)
    site.device.calls.clear()
    assert await read_status(site.tools, site.target, OPTIONS) == Status(Position(0.25, -0.5, 1.0), moving=False)
    assert site.device.calls == ["GetStatus"]
    assert "http://198.51.100.7:8001/ptz" in site.device.urls  # our host, whatever it calls itself
    assert site.known.ptz_profile == "sub"


@pytest.mark.parametrize(
    "lacks", [{"GetServices": SERVICES.replace(PTZ, "urn:other")}, {"GetProfiles": profile("main", 640, 360)}]
)
async def test_a_fixed_camera_is_never_asked(monkeypatch: pytest.MonkeyPatch, lacks: dict[str, str]) -> None:
    site = dome(monkeypatch)
    site.device.answers |= lacks
    await site.look()
    assert says_where(site.tools, site.target, OPTIONS) is False


async def test_media_version_2_and_older_services(monkeypatch: pytest.MonkeyPatch) -> None:
    site = dome(monkeypatch)
    site.device.answers |= {
        "GetServices": service(MEDIA2, f"http://{INSIDE}/media2") + service(PTZ, f"http://{INSIDE}/ptz"),
        "GetProfiles": '<Profiles token="p"><Name>n</Name><Configurations><PTZ token="z"/></Configurations></Profiles>',
    }
    await site.look()
    assert says_where(site.tools, site.target, OPTIONS)
    site = dome(monkeypatch)
    del site.device.answers["GetServices"]
    xaddrs = "".join(f"<{name}><XAddr>http://{INSIDE}/{name}</XAddr></{name}>" for name in ("Device", "Media", "PTZ"))
    site.device.answers["GetCapabilities"] = f"<Capabilities>{xaddrs}</Capabilities>"
    await site.look()
    assert says_where(site.tools, site.target, OPTIONS)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (status(place("0", "0"), "MOVING"), Status(Position(0, 0, 0), moving=True)),
        (status('<PanTilt x="1" y="1"/>'), Status(Position(1, 1, 0), moving=False)),
        (status(""), Status(None, moving=False)),
        (status('<Zoom x="1"/>'), Status(None, moving=False)),
        (status(place("nan", "0")), Status(None, moving=False)),
        (status(place("0", "inf")), Status(None, moving=False)),
        (status(place("0", "1e300")), Status(None, moving=False)),
        (status(place("0,5", "0")), Status(None, moving=False)),
        (status(place("0", "0", "far")), Status(None, moving=False)),
        ("<PTZStatus/>", Status(None, moving=False)),
        ("", Status(None, moving=False)),
    ],
)
async def test_what_it_says(monkeypatch: pytest.MonkeyPatch, said: str, expected: Status) -> None:
    site = dome(monkeypatch)
    await site.look()
    site.device.answers["GetStatus"] = said
    assert await read_status(site.tools, site.target, OPTIONS) == expected


async def test_its_presets(monkeypatch: pytest.MonkeyPatch) -> None:
    site = dome(monkeypatch)
    await site.look()
    site.device.answers["GetPresets"] = (
        f'<Preset token="1"><Name> Gate\n 北 </Name><PTZPosition>{place("0.5", "0")}</PTZPosition></Preset>'
        '<Preset token="2"/><Preset><Name>without a token</Name></Preset>' + '<Preset token="x"/>' * 999
    )
    found = await read_presets(site.tools, site.target, OPTIONS)
    assert found[:2] == (Preset("1", "Gate 北", Position(0.5, 0, 0)), Preset("2", "", None))
    assert len(found) <= ptz.MAX_PRESETS


@pytest.mark.parametrize("wants", ["token", "http"])
async def test_a_changed_password_is_tried_once_an_hour(monkeypatch: pytest.MonkeyPatch, wants: str) -> None:
    site = dome(monkeypatch, wants=wants)
    await site.look()
    site.device.password = "new"
    if wants == "http":
        site.target = type(site.target)("cam", "198.51.100.7", Login("admin", Secret("wrong")))
    site.device.tries = 0
    for _ in range(3):
        if says_where(site.tools, site.target, OPTIONS):
            with pytest.raises(Unsupported):
                await read_status(site.tools, site.target, OPTIONS)
    assert site.device.tries == 1
    site.at += ptz.REFUSED_SECONDS
    assert says_where(site.tools, site.target, OPTIONS)


async def test_no_status_is_no_trouble_and_no_presets_neither(monkeypatch: pytest.MonkeyPatch) -> None:
    site = dome(monkeypatch)
    await site.look()
    with pytest.raises(Unsupported):
        await read_presets(site.tools, site.target, OPTIONS)
    assert says_where(site.tools, site.target, OPTIONS)  # it still says where it looks
    del site.device.answers["GetStatus"]
    with pytest.raises(Unsupported):
        await read_status(site.tools, site.target, OPTIONS)
    assert says_where(site.tools, site.target, OPTIONS) is False


async def test_who_is_slow_does_not_hold_the_picture_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ptz, "ASK_SECONDS", 0.05)
    site = dome(monkeypatch, slow={"GetStatus": 5.0})
    await site.look()
    with pytest.raises(NoAnswer):
        await read_status(site.tools, site.target, OPTIONS)
    site.device.slow.clear()
    site.device.mutate = lambda body: body[: len(body) // 2]
    with pytest.raises(Trouble):
        await read_status(site.tools, site.target, OPTIONS)
    assert says_where(site.tools, site.target, OPTIONS)
