"""Does a look at an ONVIF device ask little, try a password once, and survive whatever is answered?"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from probes.errors import Denied, Trouble, Unsupported
from probes.observation import Answer, Outcome
from probes.onvif import OnvifOptions, inventory, look, snapshot_uri, stream_uri
from probes.onvif.memory import Memory, Signing
from probes.onvif.soap import DEVICE, MEDIA, MEDIA2
from probes.target import Login, Secret, Target
from probes.tools import Tools
from probes.web import Response

NOON = 1_684_152_000.4
LOGIN = Login("admin", Secret("right"))
OPTIONS = OnvifOptions(port=8001)
INSIDE = "192.168.1.64"  # where the device believes to be

CLOCK = (
    "<SystemDateAndTime><DateTimeType>Manual</DateTimeType><UTCDateTime><Time><Hour>12</Hour><Minute>2</Minute>"
    "<Second>0</Second></Time><Date><Year>2023</Year><Month>5</Month><Day>15</Day></Date></UTCDateTime>"
    "</SystemDateAndTime>"
)
IDENTITY = (
    "<Manufacturer>Acme\n  Corp</Manufacturer><Model>M1</Model><FirmwareVersion>1.2</FirmwareVersion>"
    "<SerialNumber>S9</SerialNumber><HardwareId/>"
)


def service(namespace: str, address: str) -> str:
    return f"<Service><Namespace>{namespace}</Namespace><XAddr>{address}</XAddr></Service>"


SERVICES = service(DEVICE, f"http://{INSIDE}/onvif/device_service") + service(MEDIA, f"http://{INSIDE}/onvif/Media")


def profile(token: str, width: int, height: int) -> str:
    return (
        f'<Profiles token="{token}"><Name>{token} stream</Name><VideoEncoderConfiguration><Encoding>h264</Encoding>'
        f"<Resolution><Width>{width}</Width><Height>{height}</Height></Resolution><RateControl><FrameRateLimit>25"
        "</FrameRateLimit></RateControl></VideoEncoderConfiguration></Profiles>"
    )


def uri(text: str) -> str:
    return f"<MediaUri><Uri>{text}</Uri></MediaUri>"


ANSWERS: dict[str, str] = {
    "GetSystemDateAndTime": CLOCK,
    "GetDeviceInformation": IDENTITY,
    "GetServices": SERVICES,
    "GetProfiles": profile("main", 2560, 1440) + profile("sub", 640, 360),
    "GetStreamUri": uri(f"rtsp://admin:right@{INSIDE}:554/user=admin_password=right_stream=0.sdp"),
    "GetSnapshotUri": uri(f"http://{INSIDE}/snap.jpg"),
}
NOT_AUTHORIZED = "<Fault><Code><Value>Sender</Value><Subcode><Value>ter:NotAuthorized</Value></Subcode></Code></Fault>"
NOT_SUPPORTED = (
    "<Fault><Code><Value>Receiver</Value><Subcode><Value>ActionNotSupported</Value></Subcode></Code></Fault>"
)


def soap(inside: str) -> bytes:
    return f"<Envelope><Body>{inside}</Body></Envelope>".encode()


@dataclass
class Device:
    """A device without sockets; its clock stands still, and a token must be made by that clock.

    `wants` is "nothing", "token" or "http"; all calls want it but the `open_calls`.
    """

    wants: str = "nothing"
    password: str = "right"
    answers: dict[str, str] = field(default_factory=lambda: dict(ANSWERS))
    open_calls: frozenset[str] = frozenset({"GetSystemDateAndTime", "GetServices"})
    forbidden: frozenset[str] = frozenset()
    unlawful: frozenset[str] = frozenset()  # the same, said as if the password were wrong
    slow: dict[str, float] = field(default_factory=dict)
    mutate: Callable[[bytes], bytes] = bytes
    calls: list[str] = field(default_factory=list)
    urls: set[str] = field(default_factory=set)
    tries: int = 0  # of a password
    date: str = "soon"

    async def fetch(self, method: str, url: str, *, host: str, headers, body: bytes, login, max_bytes: int) -> Response:
        assert (method, host, max_bytes) == ("POST", "198.51.100.7", 1_048_576)
        name = re.search(r'action="[^"]*/(\w+)"', headers["Content-Type"])[1]
        assert f"<{name} xmlns=".encode() in body
        assert urlsplit(url).hostname == host, url
        self.calls.append(name)
        self.urls.add(url)
        await asyncio.sleep(self.slow.get(name, 0))
        token, signed = b"<UsernameToken>" in body, False
        if self.wants != "nothing" and name not in self.open_calls:
            if self.wants == "http" and login is not None:
                self.tries += 1
                signed = True
                if login.password.reveal() != self.password or name in self.unlawful:
                    raise Denied("the credentials of user 'admin' were refused (HTTP 401)")
            elif self.wants == "token" and token:
                self.tries += 1
                on_time = re.search(rb"<Created[^>]*>2023-05-15T12:0(1:59|2:00)Z<", body)
                if self.password != "right" or not on_time:
                    return self._say(400, soap(NOT_AUTHORIZED))
            else:
                return self._say(401 if self.wants == "http" else 400, soap(NOT_AUTHORIZED))
        if name in self.forbidden:
            return self._say(400, soap(NOT_AUTHORIZED), signed)
        if name not in self.answers:
            return self._say(500, soap(NOT_SUPPORTED), signed)
        answer = self.answers[name]
        return self._say(200, self.mutate(soap(f"<{name}Response>{answer}</{name}Response>")), signed)

    def _say(self, status: int, body: bytes, signed: bool = False) -> Response:
        headers = CIMultiDict({"Date": self.date})
        return Response(status, CIMultiDictProxy(headers), body, signed)


class Site:
    """One device and the clock of the monitor."""

    def __init__(self, device: Device, login: Login | None, monkeypatch: pytest.MonkeyPatch) -> None:
        self.device, self.at = device, NOON
        self.target = Target("cam", "198.51.100.7", login)
        self.tools = Tools(lambda: self.at)

        class FakeWeb:
            def __init__(self, _: Tools) -> None:
                self.fetch = device.fetch

        monkeypatch.setattr("probes.onvif.client.Web", FakeWeb)

    async def look(self, after: float = 60.0) -> Answer:
        self.at += after
        self.device.calls.clear()
        return await look.ask(self.target, OPTIONS, self.tools)

    @property
    def known(self):
        return self.tools.get(Memory).recall(self.target, 8001)


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Site]:
    def build(login: Login | None = LOGIN, **wanted: object) -> Site:
        return Site(Device(**wanted), login, monkeypatch)  # type: ignore[arg-type]

    return build


async def test_a_first_look(site) -> None:
    camera = site()
    answer = await camera.look()
    assert answer.outcome is Outcome.OK
    assert answer.values == {
        "clock_offset_seconds": pytest.approx(60.1), "clock_uncertainty_seconds": 0.5, "clock_set": True,
        "clock_source": "manual", "clock_cause": "no_ntp", "vendor": "Acme Corp", "model": "M1",
        "firmware": "1.2", "serial": "S9", "profile": "onvif-camera",
    }  # fmt: skip
    assert answer.rows["profile"]["main"] == {
        "name": "main stream", "encoding": "H264", "width": 2560, "height": 1440, "fps": 25,
        "stream_uri": "rtsp://198.51.100.7/user=admin_password=***_stream=0.sdp",
        "snapshot_uri": "http://198.51.100.7:8001/snap.jpg",
    }  # fmt: skip
    assert set(answer.rows["profile"]) == {"main", "sub"}
    assert "right" not in repr(answer)
    assert camera.device.urls == {f"http://198.51.100.7:8001/onvif/{path}" for path in ("device_service", "Media")}


async def test_then_one_call_a_look_and_an_inventory_each_hour(site) -> None:
    camera = site()
    first = await camera.look()
    assert len(camera.device.calls) == 12
    for _ in range(5):
        later = await camera.look()
        assert camera.device.calls == ["GetSystemDateAndTime"]
        assert (later.rows, later.values["model"]) == (first.rows, "M1")
    camera.device.answers["GetDeviceInformation"] = IDENTITY.replace("1.2", "1.3")
    assert (await camera.look(3_600)).values["firmware"] == "1.3"


USERS = "".join(
    f"<User><Username>{name}</Username><Password>hunter2</Password><UserLevel>{level}</UserLevel></User>"
    for name, level in (("viewer", "User"), ("admin", "Administrator"), ("a,\u202e b", "administrator"), ("", "User"))
)
SCOPES = "".join(
    f"<Scopes><ScopeItem>onvif://www.onvif.org/{scope}</ScopeItem></Scopes>"
    for scope in ("type/video_encoder", "name/%E5%8C%97%E9%97%A8", "location/", "location/city/x", "hardware/M1")
)


async def test_settings_that_a_reset_takes(site) -> None:
    camera = site(answers={**ANSWERS, "GetUsers": USERS, "GetScopes": SCOPES})
    answer = await camera.look()
    assert answer.values["users"] == "a b, admin, viewer"
    assert answer.values["administrators"] == "a b, admin"
    assert answer.values["scopes"] == "location/city/x, name/北门"
    assert "hunter2" not in repr(answer) + repr(camera.known)


@pytest.mark.parametrize("wants", ["token", "http"])
async def test_who_may_not_see_the_users_is_not_asked_each_hour(site, wants: str) -> None:
    camera = site(wants=wants, forbidden=frozenset({"GetUsers"}))
    for hour in range(30):
        answer = await camera.look(3_600 if hour else 0)
        assert answer.outcome is Outcome.OK
        assert "users" not in answer.values
        assert ("GetUsers" in camera.device.calls) == (hour in (0, 25)), hour


async def test_a_long_list_of_users_is_bounded_and_a_change_in_it_seen(site) -> None:
    def users(last: str) -> str:
        names = [*(f"u{number:03d}-{'x' * 40}" for number in range(63)), last]
        return "".join(f"<User><Username>{name}</Username></User>" for name in names)

    camera = site(answers={**ANSWERS, "GetUsers": users("zoe")})
    first = str((await camera.look()).values["users"])
    camera.device.answers["GetUsers"] = users("zorro")
    second = str((await camera.look(3_600)).values["users"])
    assert len(first) < 1_000
    assert first != second


@pytest.mark.parametrize("wants", ["token", "http"])
async def test_credentials_are_sent_where_they_are_wanted(site, wants: str) -> None:
    camera = site(wants=wants)
    answer = await camera.look()
    assert (answer.outcome, answer.values["model"]) == (Outcome.OK, "M1")
    assert (camera.known.signing is Signing.TOKEN) == (wants == "token")
    assert camera.device.calls.count("GetDeviceInformation") == (2 if wants == "token" else 1)
    assert camera.device.calls.count("GetStreamUri") == 2  # how it wants them is known by then


@pytest.mark.parametrize("wants", ["token", "http"])
async def test_wrong_password_is_tried_once_and_the_clock_still_told(site, wants: str) -> None:
    camera = site(wants=wants, password="other")
    if wants == "http":
        camera.target = Target("cam", "198.51.100.7", Login("admin", Secret("wrong")))
    answer = await camera.look()
    assert answer.outcome is Outcome.DENIED
    assert answer.values["clock_offset_seconds"] == pytest.approx(60.1)
    assert camera.device.tries == 1
    assert "admin" in answer.detail


@pytest.mark.parametrize("wants", ["token", "http"])
async def test_password_changed_on_the_device_is_denied_though_it_was_good_before(site, wants: str) -> None:
    camera = site(wants=wants)
    assert (await camera.look()).outcome is Outcome.OK
    camera.device.password, camera.device.tries = "new", 0
    assert (await camera.look()).outcome is Outcome.OK  # the clock needs none
    assert (await camera.look(4_000)).outcome is Outcome.DENIED
    assert camera.device.tries == 1


@pytest.mark.parametrize(("wants", "how"), [("token", "forbidden"), ("http", "forbidden"), ("http", "unlawful")])
async def test_call_that_this_user_may_not_do_is_no_wrong_password(site, wants: str, how: str) -> None:
    camera = site(wants=wants, **{how: frozenset({"GetSnapshotUri"})})
    answer = await camera.look()
    assert answer.outcome is Outcome.OK
    assert "snapshot_uri" not in answer.rows["profile"]["main"]
    assert "stream_uri" in answer.rows["profile"]["main"]


async def test_without_a_login_the_clock_is_told(site) -> None:
    camera = site(login=None, wants="http")
    answer = await camera.look()
    assert (answer.outcome, answer.values["clock_source"]) == (Outcome.OK, "manual")
    assert "model" not in answer.values
    camera.device.open_calls = frozenset()
    with pytest.raises(Denied):
        await camera.look()


async def test_clock_behind_a_login(site) -> None:
    camera = site(wants="token", open_calls=frozenset(), date="Mon, 15 May 2023 12:02:00 GMT")
    assert (await camera.look()).values["model"] == "M1"
    await camera.look()
    assert camera.device.calls == ["GetSystemDateAndTime"] * 2  # refused, then signed
    camera.device.password = "new"
    with pytest.raises(Denied):
        await camera.look()


async def test_device_that_lacks_much(site) -> None:
    camera = site()
    for name in ("GetDeviceInformation", "GetSnapshotUri", "GetServices"):
        del camera.device.answers[name]
    camera.device.answers["GetCapabilities"] = (
        f"<Capabilities><Device><XAddr>http://{INSIDE}:8000/d</XAddr></Device>"
        f"<Media><XAddr>http://{INSIDE}:8000/media</XAddr></Media></Capabilities>"
    )
    answer = await camera.look()
    assert answer.outcome is Outcome.OK
    assert answer.rows["profile"]["sub"]["stream_uri"]
    assert "http://198.51.100.7:8001/media" in camera.device.urls
    del camera.device.answers["GetCapabilities"]
    assert (await camera.look(4_000)).outcome is Outcome.OK


async def test_media_version_2(site) -> None:
    camera = site()
    camera.device.answers |= {
        "GetServices": service(DEVICE, f"http://{INSIDE}/d") + service(MEDIA2, f"http://{INSIDE}/media2"),
        "GetProfiles": '<Profiles token="p"><Name>n</Name><Configurations><VideoEncoder><Encoding>H265</Encoding>'
        "<Resolution><Width>3840</Width><Height>2160</Height></Resolution></VideoEncoder></Configurations></Profiles>",
        "GetStreamUri": f"<Uri>rtsp://{INSIDE}/p</Uri>",
        "GetSnapshotUri": "<Uri>rtsp://not/a/picture</Uri>",
    }
    answer = await camera.look()
    assert answer.rows["profile"]["p"] == {
        "name": "n", "encoding": "H265", "width": 3840, "height": 2160, "stream_uri": "rtsp://198.51.100.7/p",
    }  # fmt: skip


async def test_slow_device_is_asked_on_at_the_next_look(site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look, "PATIENCE_SECONDS", 0.1)
    camera = site(slow={"GetStreamUri": 5.0})
    first = await camera.look()
    assert (first.outcome, first.values["model"]) == (Outcome.OK, "M1")
    assert "slow" in first.detail
    assert camera.device.calls[-1] == "GetStreamUri"
    second = await camera.look()
    assert camera.device.calls[1:] == ["GetSnapshotUri", "GetStreamUri"]
    assert second.rows["profile"]["main"]["snapshot_uri"]
    await camera.look()
    camera.device.slow.clear()
    await camera.look(inventory.RETRY_SECONDS)
    assert len(camera.device.calls) == 11


@pytest.mark.parametrize("wants", ["token", "http"])
async def test_password_changed_between_two_looks_of_one_inventory(
    site, wants: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is left may be a hundred calls, and none of them may try the old password again and again."""
    monkeypatch.setattr(look, "PATIENCE_SECONDS", 0.1)
    many = "".join(profile(f"p{number}", 640, 360) for number in range(40))
    camera = site(wants=wants, answers={**ANSWERS, "GetProfiles": many}, slow={"GetStreamUri": 0.06})
    assert (await camera.look()).outcome is Outcome.OK
    assert camera.known.todo
    camera.device.slow.clear()
    camera.device.password, camera.device.tries = "new", 0
    assert (await camera.look()).outcome is Outcome.DENIED
    assert camera.device.tries <= 2


async def test_call_that_this_user_may_not_do_begins_a_look(site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look, "PATIENCE_SECONDS", 0.1)
    camera = site(wants="http", slow={"GetStreamUri": 5.0}, unlawful=frozenset({"GetSnapshotUri"}))
    await camera.look()
    second = await camera.look()
    assert camera.device.calls[1] == "GetSnapshotUri"
    assert second.outcome is Outcome.OK


async def test_recorder_with_many_profiles_is_bounded(site) -> None:
    many = "".join(profile(f"p{number}", 640, 360) for number in range(500))
    camera = site()
    camera.device.answers["GetProfiles"] = many + profile("p1", 1, 1) + profile("", 1, 1) + profile("x" * 100, 1, 1)
    answer = await camera.look()
    assert len(answer.rows["profile"]) == inventory.MAX_PROFILES


async def test_absurd_figures_are_left_out(site) -> None:
    camera = site()
    camera.device.answers["GetProfiles"] = (
        profile("a", -5, 360) + profile("b", 99_999_999, 2) + profile("c", "nan", "1e300") + "<Profiles token='d'/>"
    )
    rows = (await camera.look()).rows["profile"]
    assert all("width" not in row for row in rows.values())
    assert set(rows) == {"a", "b", "c", "d"}


async def test_uris_for_the_frame_probe(site) -> None:
    camera = site(wants="token")
    real = "rtsp://198.51.100.7/user=admin_password=right_stream=0.sdp"
    assert await stream_uri(camera.tools, camera.target, OPTIONS) == real
    calls = list(camera.device.calls)
    assert calls.count("GetSystemDateAndTime") == 2
    assert await stream_uri(camera.tools, camera.target, OPTIONS) == real
    assert camera.device.calls == calls
    shot = await snapshot_uri(camera.tools, camera.target, OPTIONS, profile="largest")
    assert shot == "http://198.51.100.7:8001/snap.jpg"
    with pytest.raises(Unsupported):
        await stream_uri(camera.tools, camera.target, OPTIONS, profile="no such")


async def test_uris_that_do_not_exist(site) -> None:
    camera = site()
    camera.device.answers["GetProfiles"] = ""
    for _ in range(2):
        with pytest.raises(Unsupported):
            await snapshot_uri(camera.tools, camera.target, OPTIONS)
    camera = site()
    camera.device.answers["GetSnapshotUri"] = uri("rtsp://192.168.1.64/snap")
    with pytest.raises(Unsupported):
        await snapshot_uri(camera.tools, camera.target, OPTIONS)


async def test_two_at_once_ask_once(site) -> None:
    camera = site(wants="token", slow=dict.fromkeys(ANSWERS, 0.01))
    await asyncio.gather(*(stream_uri(camera.tools, camera.target, OPTIONS) for _ in range(5)))
    assert camera.device.calls.count("GetProfiles") == 2  # refused, then signed
    assert camera.device.calls.count("GetStreamUri") == 1


async def test_observations_given_out_do_not_change(site) -> None:
    camera = site()
    first = await camera.look()
    before = repr(first)
    camera.device.answers["GetStreamUri"] = uri("rtsp://x/other")
    await camera.look(4_000)
    assert repr(first) == before


def test_memory_forgets_the_longest_unused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("probes.onvif.memory.MAX_DEVICES", 2)
    memory = Memory(Tools())
    a, b, c = (Target(name, "127.0.0.1") for name in "abc")
    known = memory.recall(a, 80)
    memory.recall(b, 80)
    assert memory.recall(a, 80) is known
    memory.recall(c, 80)
    assert memory.recall(a, 80) is known
    known.media = "x"
    memory.recall(b, 80)
    memory.recall(c, 80)
    assert memory.recall(a, 80).media == ""


async def test_mutated_answers_of_every_call(site) -> None:
    dice = random.Random(11)

    def mutate(body: bytes) -> bytes:
        if dice.random() < 0.5:
            return body
        bad = bytearray(body)
        for _ in range(dice.randint(1, 4)):
            at = dice.randrange(len(bad))
            piece = dice.choice([b"<", b"&", b"</Uri>", b"\xff", b"9" * 30, b"http://10.0.0.1/", b"//", b"\x00", b"-"])
            bad[at : at + dice.choice([0, 0, 1, 8, 40])] = piece
        return bytes(bad)

    outcomes = set()
    for _ in range(400):
        camera = site(mutate=mutate, wants=dice.choice(["nothing", "token"]))
        try:
            outcomes.add((await camera.look()).outcome)
        except Trouble as trouble:
            outcomes.add(trouble.outcome)
    assert {Outcome.OK, Outcome.GARBLED} <= outcomes <= {Outcome.OK, Outcome.GARBLED, Outcome.UNSUPPORTED}
