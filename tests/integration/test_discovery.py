"""Finding what stands in a network: simulated devices spread in it, hostile ones, dark ones, multicast."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from ipaddress import IPv4Address
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from monitor.cli.discover import discover as discover_command
from monitor.settings.load import load
from probes.discovery import Access, Found, Scope, parse_ports, parse_ranges, sweep
from probes.simulators import site_yaml
from probes.simulators.blueprint import COMMUNITY, PASSWORD, USERNAME
from probes.target import Login, Secret, SnmpAccess
from probes.tools import Tools
from tests.servers.simsite import SimSite

NAMESPACE = ["unshare", "-n"] if os.geteuid() == 0 else ["unshare", "-r", "-n"]
ROOT = Path(__file__).parents[2]


def at(site: SimSite, number: int) -> str:
    """The site's address of that number; its cameras begin at 257."""
    return str(IPv4Address(site.shape.base) + number)


def ports_of(site: SimSite) -> list[str]:
    return [f"http={site.shape.http_port}", f"rtsp={site.shape.rtsp_port}"]


def refused(site: SimSite) -> dict[str, int]:
    return {name: sum(site.device(name)["refused_logins"].values()) for name in site.blueprints}


async def look(site: SimSite, password: str, *ranges: str) -> dict[str, Found]:
    tools = Tools()
    shape = site.shape
    keys = {"auth": "sha", "auth_key": Secret(site.snmp_auth), "priv": "aes128", "priv_key": Secret(site.snmp_priv)}
    agents = (
        Access("power", snmp=SnmpAccess("2c", shape.snmp_port, Secret(COMMUNITY))),
        Access("network", snmp=SnmpAccess("3", shape.snmp_port, username=site.snmp_user, **keys)),  # type: ignore[arg-type]
    )
    login = Access("cameras", Login(USERNAME, Secret(password)))
    scope = Scope(parse_ranges(ranges), parse_ports(ports_of(site)), login, agents)
    try:
        report = await sweep(scope, tools)
    finally:
        await tools.close()
    assert report.asked == len(scope.ranges)
    return {one.host: one for one in report.found}


async def test_every_device_of_a_site_is_known(simsite: SimSite) -> None:
    before = refused(simsite)
    found = await look(simsite, PASSWORD, f"{at(simsite, 0)}/23")
    kinds = {one.address: one.kind for one in simsite.blueprints.values()}
    assert {host: one.kind for host, one in found.items()} == kinds
    camera = found[simsite.address("camera-03")]
    assert (camera.vendor, camera.model, camera.serial) == ("Example Optics", "SW-C2M", "SWC2M000003")
    assert (camera.mac, camera.name, camera.login) == ("02:00:00:01:00:03", "北门3号枪机", "cameras")
    assert [(one.codec, one.confirmed, one.port) for one in camera.streams] == [
        ("h264", True, simsite.shape.rtsp_port)
    ] * 2
    recorder = found[simsite.address("recorder-01")]
    assert (recorder.serial, recorder.profile, recorder.snmp) == ("SWN32000001", "hikvision-nvr", "power")
    switch = found[simsite.address("switch-01")]
    assert (switch.profile, switch.snmp, switch.mac) == ("poe-switch", "network", "02:00:00:02:00:01")
    assert found[simsite.address("panel-01")].serial == "SWA64000001"
    after = refused(simsite)  # communities are tried in turn; of logins none was refused
    cameras = [name for name, one in simsite.blueprints.items() if one.kind in ("camera", "recorder")]
    assert {name: after[name] - before[name] for name in cameras} == dict.fromkeys(cameras, 0)


async def test_a_wrong_login_is_tried_once_a_device(simsite: SimSite) -> None:
    before = refused(simsite)
    hosts = [simsite.address(name) for name in ("camera-01", "camera-03", "camera-04", "recorder-01")]
    found = await look(simsite, "not-the-password", *hosts)
    after = refused(simsite)
    for name in ("camera-01", "camera-03", "camera-04", "recorder-01"):
        assert after[name] - before[name] == 1, name
        one = found[simsite.address(name)]
        assert len(one.refusals) == 1
        assert one.refusals[0].credentials == "cameras"
        assert "not-the-password" not in repr(one)
        assert one.login == ""
    assert found[simsite.address("camera-01")].kind == "camera"  # known without a login, too


def discover(*words: str, folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "monitor", "discover", *words],
        env={**os.environ, "LANG": "C", "LC_ALL": "C", "PYTHONPATH": str(ROOT), **env},
        capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL, cwd=folder,
    )  # fmt: skip


def options(site: SimSite) -> list[str]:
    return [word for ports in ports_of(site) for word in ("--ports", ports)]


def test_from_nothing_to_a_site_that_is_watched(simsite: SimSite, tmp_path: Path) -> None:
    span = f"{at(simsite, 257)}-{at(simsite, 264)}"
    env = {"SITEWARDEN_PASSWORD": PASSWORD}
    done = discover(span, "--user", USERNAME, *options(simsite), "--write", "site.yaml", folder=tmp_path, **env)
    assert done.returncode == 0, done.stderr
    assert "--- /dev/null" in done.stdout
    assert PASSWORD not in done.stdout + done.stderr + (tmp_path / "site.yaml").read_text("utf-8")
    settings = load(tmp_path / "site.yaml", env=env)
    assert sum(device.kind == "camera" for device in settings.devices.values()) == 8
    again = discover(span, "-c", "site.yaml", *options(simsite), "--write", "site.yaml", folder=tmp_path, **env)
    assert "nothing to change" in again.stdout, again.stdout + again.stderr


@pytest.fixture
def file(simsite: SimSite, tmp_path: Path) -> Path:
    """A site's file whose camera-01 stands elsewhere, camera-02 is another, camera-03 is missing, camera-99 is gone."""
    written = yaml.safe_load(site_yaml(simsite.shape))
    devices = {one["id"]: one for one in written["devices"]}
    devices["camera-01"] |= {"host": at(simsite, 457), "serial": "SWC2M000001"}
    devices["camera-02"] |= {"serial": "THE-OLD-ONE", "mac": "02:00:00:00:00:99"}
    del devices["camera-03"]
    gone = {**devices["camera-04"], "id": "camera-99", "host": at(simsite, 355), "port": "1.23"}
    written["devices"] = [*devices.values(), gone]
    path = tmp_path / "site.yaml"
    path.write_text("# 本站\n" + yaml.safe_dump(written, allow_unicode=True, sort_keys=False) + "# the end\n", "utf-8")
    return path


def test_a_configured_site_is_compared_and_the_change_applied(simsite: SimSite, file: Path) -> None:
    before = file.read_text("utf-8")
    words = [f"{at(simsite, 256)}/24", "--credentials", "cameras", *options(simsite)]
    told = discover(*words, "-c", str(file), "--json", folder=file.parent)
    assert told.returncode == 0, told.stderr
    answer = json.loads(told.stdout)
    changes = {line["device"] or line["found"]["host"]: line["change"] for line in answer["devices"]}
    assert changes["camera-01"] == "moved"
    assert changes["camera-02"] == "swapped"
    assert changes[simsite.address("camera-03")] == "new"
    assert changes["camera-99"] == "gone"
    assert changes["camera-04"] == "same"
    assert PASSWORD not in told.stdout
    assert file.read_text("utf-8") == before

    patch = file.parent / "change.diff"
    patch.write_text(answer["difference"], "utf-8")
    copy = file.parent / "copy.yaml"
    copy.write_text(before, "utf-8")
    subprocess.run(["patch", "-s", str(copy), str(patch)], check=True, timeout=20)

    done = discover(*words, "--write", str(file), folder=file.parent)
    assert done.returncode == 0, done.stderr
    after = file.read_text("utf-8")
    assert copy.read_text("utf-8") == after
    assert after.startswith("# 本站\n")
    assert after.endswith("# the end\n")
    kept = [one for one in file.parent.iterdir() if one.suffix == ".bak"]
    assert [one.read_text("utf-8") for one in kept] == [before]
    devices = load(file).devices
    assert devices["camera-01"].target.host == simsite.address("camera-01")
    assert devices["camera-02"].serial == "SWC2M000002"
    new = next(one for one in devices.values() if one.target.host == simsite.address("camera-03"))
    assert (new.kind, new.name, new.mac) == ("camera", "北门3号枪机", "02:00:00:01:00:03")
    assert "camera-99" in devices  # only a person removes it


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["10.0.0.0/8"], "at most 65,536 (a /16)"),
        (["fd00::/64"], "IPv6"),
        (["127.0.0.1", "--ports", "gopher=70"], "write ports as"),
        (["127.0.0.1", "--credentials", "x"], "give it by -c"),
    ],
)
def test_a_mistake_is_a_sentence(words: list[str], said: str) -> None:
    done = CliRunner().invoke(discover_command, words, catch_exceptions=False)
    assert done.exit_code == 2
    assert said in done.output


def namespace(kind: str) -> dict[str, object]:
    done = subprocess.run(
        [*NAMESPACE, sys.executable, str(Path(__file__).with_name("discovery_namespace.py")), kind],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=80, check=False,
    )  # fmt: skip
    if "Operation not permitted" in done.stderr:
        pytest.skip(done.stderr.strip().splitlines()[-1])
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_a_dark_network_costs_little() -> None:
    seen = namespace("dark")
    assert seen["asked"] == 254
    assert isinstance(seen["seconds"], float)
    assert seen["seconds"] < 20  # 2.2 s on a machine that does nothing else
    assert isinstance(seen["peak_bytes"], int)
    assert seen["peak_bytes"] < 20_000_000


def test_multicast_finds_in_the_ranges_and_names_strangers() -> None:
    seen = namespace("multicast")
    assert seen["found"] == [["127.5.0.7", "camera", "North gate", "X-1"]]
    assert seen["strangers"] == ["127.9.9.9"]


Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def _flood(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n<title>" + b"A" * 400)
    for _ in range(200):
        writer.write(b"<" * 65_536)
        await writer.drain()


async def _drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.2)


async def _evil(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(4_096)
    body = "<title>\u202eevil\x1b[31m{{7*7}}: - &a *b\n</title>".encode()
    writer.write(b'HTTP/1.1 401 No\r\nServer: x\x7f\r\nWWW-Authenticate: Digest realm="AXIS_00408CAABBCC", nonce=1\r\n')
    writer.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
    await writer.drain()
    writer.close()


async def _noise(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(os.urandom(4_096))
    await writer.drain()
    writer.close()


async def test_hostile_hosts_cost_time_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("probes.discovery.interview.FRONT_SECONDS", 1.0)
    hosts = {"127.88.0.1": _flood, "127.88.0.2": _drip, "127.88.0.3": _evil, "127.88.0.4": _noise}
    port = 18_931
    servers = []
    for host, handler in hosts.items():

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, act: Handler = handler) -> None:
            try:
                await act(reader, writer)
            except (ConnectionError, asyncio.CancelledError):
                writer.close()

        servers.append(await asyncio.start_server(serve, host, port))
    tools = Tools()
    scope = Scope(
        parse_ranges(["127.88.0.1-8"]),
        parse_ports([f"http={port}", f"rtsp={port}", "https=", "sia="]),
        Access("cams", Login("admin", Secret("s3cret-word"))),
        (Access("agents", snmp=SnmpAccess(port=port)),),
    )
    report = await sweep(scope, tools)
    await tools.close()
    for server in servers:
        server.close()
    found = {one.host: one for one in report.found}
    assert report.seconds < 30
    assert "s3cret-word" not in repr(report)
    evil = found["127.88.0.3"]
    assert (evil.vendor, evil.mac) == ("Axis", "00:40:8c:aa:bb:cc")
    assert evil.name.isprintable()
    assert "\x1b" not in repr(evil)
    assert "127.88.0.4" not in found
