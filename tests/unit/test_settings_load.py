"""Does a site's file become what the installer meant?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from monitor.core.plan import MONITOR
from monitor.settings.channels import AppriseChannel, MailChannel, MqttChannel, WebhookChannel
from monitor.settings.file.site import SiteFile
from monitor.settings.load import load
from monitor.settings.mistake import BadConfiguration
from monitor.settings.model import Listen, Settings
from probes.probe import Lane
from ticketing.policies import TOLD, ServiceTargets
from ticketing.ticket import EventKind, Severity

CONFIG = Path(__file__).parents[2] / "config"
EXAMPLE = CONFIG / "example.site.yaml"
HEAD = "site: {id: s, name: S}\n"


@pytest.fixture
def loaded(tmp_path: Path) -> Any:
    def load_text(text: str, **env: str) -> Settings:
        file = tmp_path / "site.yaml"
        file.write_text(HEAD + text, "utf-8")
        return load(file, env=env)

    return load_text


@pytest.fixture(scope="module")
def example() -> Settings:
    return load(EXAMPLE, env={}, lenient=True)


def checks_of(settings: Settings, device: str) -> dict[str, Any]:
    return {name: check for (one, name), check in settings.checks.items() if one == device}


def test_the_example_is_good_and_shows_every_section(example: Settings) -> None:
    assert {warning.code for warning in example.warnings} == {"secret_no_credentials"}
    text = EXAMPLE.read_text("utf-8")
    hidden = {"profile_folders", "rule_files", "fault_files"}
    off = [key for key in SiteFile.model_fields if key not in hidden and f"\n{key}:" not in text]
    assert off == ["store", "default_passwords"]
    assert all(f"\n# {key}:" in text for key in off)


def test_the_example_says_what_it_shows(example: Settings) -> None:
    assert example.site.timezone == "Asia/Shanghai"
    hall = example.devices["cam-hall-01"]
    assert (hall.name, hall.kind, hall.vendor, hall.parent, hall.port) == (
        "Hall, east door", "camera", "Hikvision", "sw-hall", "1.1",
    )  # fmt: skip
    assert hall.target.login is not None
    assert hall.tags == {"floor": "1"}
    assert example.devices["cam-garage-02"].silenced
    assert example.devices["sw-hall"].power == "ups-1"
    snmp = example.devices["sw-hall"].target.snmp
    assert snmp is not None
    assert (snmp.version, snmp.username, snmp.auth, snmp.priv) == ("3", "monitor", "sha", "aes128")
    assert example.web.secure_cookies
    assert example.metrics == Listen("127.0.0.1", 9115)
    assert example.targets[Severity.URGENT] == ServiceTargets(300, 7_200, 43_200)
    assert example.targets[Severity.NORMAL] == ServiceTargets(14_400, 604_800, None)
    assert example.targets[Severity.HIGH].response_seconds is not None


def test_kinds_have_the_checks_that_suit_them(example: Settings) -> None:
    assert list(checks_of(example, "cam-hall-01")) == ["reach", "rtsp", "onvif", "frame", "events"]
    assert list(checks_of(example, "cam-garage-01")) == ["reach", "rtsp", "frame"]
    assert list(checks_of(example, "nvr-1")) == ["reach", "onvif", "snmp", "recorder", "tls"]
    assert list(checks_of(example, "ups-1")) == ["reach", "snmp"]
    assert list(checks_of(example, "gw")) == ["reach"]
    assert not checks_of(example, MONITOR)
    assert example.devices[MONITOR].kind == "monitor"
    frame = example.checks["cam-hall-01", "frame"]
    assert (frame.lane, frame.uses_login, frame.every_seconds) == (Lane.DECODE, True, 300)
    assert example.checks["cam-garage-01", "frame"].every_seconds == 600
    panel = example.checks["panel-1", "reach"]
    assert (panel.probe, panel.every_seconds, panel.options.model_dump()) == ("tcp", 20, {"port": 4001})
    assert example.checks["ups-1", "snmp"].every_seconds == 20


def test_what_rtsp_and_onvif_know_need_not_be_said_to_frame(loaded: Any) -> None:
    settings = loaded("""
devices:
  - {id: a, kind: camera, host: 192.0.2.1, checks: {rtsp: {path: /live, port: 8554}, onvif: off}}
  - {id: b, kind: camera, host: 192.0.2.2, checks: {rtsp: {path: /live, port: 8554}, onvif: {port: 8080}}}
  - {id: c, kind: camera, host: 192.0.2.3}
  - {id: d, kind: camera, host: 192.0.2.4, checks: {onvif: {port: 8080}, frame: {path: /other}}}
""")
    frame = {one: settings.checks[one, "frame"].options.model_dump() for one in "abcd"}
    assert (frame["a"]["path"], frame["a"]["port"]) == ("/live", 8554)
    assert (frame["b"]["path"], frame["b"]["onvif"]["port"]) == (None, 8080)
    assert (frame["c"]["path"], frame["c"]["onvif"]["port"]) == (None, None)
    assert (frame["d"]["path"], frame["d"]["onvif"]["port"]) == ("/other", None)
    depth = {one: settings.checks[one, "rtsp"].options.model_dump()["depth"] for one in "abcd"}
    assert depth == {"a": "describe", "b": "describe", "c": "options", "d": "options"}


def test_the_device_wins_over_its_group_and_that_over_the_kind(loaded: Any) -> None:
    settings = loaded("""
defaults:
  camera: {vendor: V, model: M, place: P, tags: {a: "1", b: "1"}, checks: {frame: {every: 1m}, tls: {port: 1}}}
groups:
  g: {kind: camera, model: MG, place: PG, tags: {b: "2"}, checks: {frame: {every: 2m, timeout: 9s}, tls: off}}
devices:
  - {id: a, group: g, host: 192.0.2.1, place: PD, tags: {c: "3"}, checks: {frame: {every: 3m}, tls: on}}
  - {id: b, group: g, host: 192.0.2.2, parent: ~}
  - {id: c, kind: camera, host: 192.0.2.3}
  - {id: d, kind: server, group: g, host: 192.0.2.4}
""")
    a, b, c, d = (settings.devices[one] for one in "abcd")
    assert (a.vendor, a.model, a.place, dict(a.tags)) == ("V", "MG", "PD", {"a": "1", "b": "2", "c": "3"})
    assert (b.place, c.place, d.vendor, d.kind) == ("PG", "P", "", "server")
    frame = settings.checks["a", "frame"]
    assert (frame.every_seconds, frame.timeout_seconds) == (180, 9)
    assert settings.checks["a", "tls"].options.model_dump()["port"] == 1
    assert ("b", "tls") not in settings.checks
    assert ("c", "tls") in settings.checks


def test_another_probe_drops_the_options_of_the_first(loaded: Any) -> None:
    settings = loaded("""
groups: {g: {kind: server, checks: {reach: {probe: tcp, port: 22, every: 7s}}}}
devices:
  - {id: a, group: g, host: 192.0.2.1, checks: {reach: {probe: icmp, packets: 3}}}
  - {id: b, group: g, host: 192.0.2.2, checks: {reach: {port: 23}}}
""")
    a, b = settings.checks["a", "reach"], settings.checks["b", "reach"]
    assert (a.probe, a.every_seconds, a.options.model_dump()["packets"]) == ("icmp", 7, 3)
    assert (b.probe, b.every_seconds, b.options.model_dump()) == ("tcp", 7, {"port": 23})


def test_numbers_may_be_names_and_names_numbers(loaded: Any) -> None:
    settings = loaded(
        "devices:\n  - {id: 0123, name: 42, kind: switch, host: 192.0.2.1}\n"
        "  - {id: cam, kind: camera, model: 2022, host: 192.0.2.2, parent: 0123, port: 1.10}\n"
    )
    assert settings.devices["0123"].name == "42"
    assert settings.devices["cam"].port == "1.10"
    for device in settings.devices.values():
        for text in (device.id, device.name, device.model, device.port, device.parent or "", device.target.host):
            assert type(text) is str, "the file's places must not be kept for ever"


def test_one_credential_may_hold_login_and_snmp(loaded: Any) -> None:
    settings = loaded(
        """
credentials:
  both: {username: u, password: {env: P}, snmp: {community: {env: C}, port: 1161}}
  other: {snmp: {version: 1, community: {env: C}}}
devices:
  - {id: a, kind: recorder, host: 192.0.2.1, credentials: both}
  - {id: b, kind: recorder, host: 192.0.2.1, credentials: both, snmp: other}
  - {id: c, kind: recorder, host: 192.0.2.1, snmp: both}
""",
        P="pw",
        C="secret",
    )
    a, b, c = (settings.devices[one].target for one in "abc")
    assert a.login is not None
    assert a.login.password.reveal() == "pw"
    assert a.snmp is not None
    assert (a.snmp.version, a.snmp.port, a.snmp.community.reveal()) == ("2c", 1161, "secret")
    assert b.snmp is not None
    assert (b.login, b.snmp.version) == (a.login, "1")
    assert (c.login, c.snmp) == (None, a.snmp)


def test_snmp_waits_for_access_unless_the_device_asks_for_it(loaded: Any) -> None:
    settings = loaded("defaults: {switch: {checks: {snmp: {every: 5m}}}}\n"
                      "devices: [{id: sw, kind: switch, host: 192.0.2.1}]\n")  # fmt: skip
    assert list(checks_of(settings, "sw")) == ["reach"]


def test_channels_and_routes(loaded: Any) -> None:
    settings = loaded("""
devices: [{id: cam, kind: camera, host: 192.0.2.1}]
channels:
  m: {kind: mail, host: mail.example.com, security: tls, sender: a@example.com, to: b@example.com}
  q: {kind: mqtt, host: 192.0.2.3, tls: true}
  w: {kind: webhook, url: "https://example.com/x", timeout: 3s}
  a: {kind: apprise, url: {env: URL}}
routes:
  - {name: all, channel: m}
  - {name: night, channel: q, days: [fri, sat-mon], hours: "22:00-06:00", severities: urgent}
""".replace("severities: urgent", "severities: [urgent], events: [opened], urgent_always: no, language: zh_CN"),
        URL="json://secret")  # fmt: skip
    m, q, w, a = (settings.channels[name] for name in "mqwa")
    assert isinstance(m, MailChannel)
    assert (m.port, m.to, m.password) == (465, ("b@example.com",), None)
    assert isinstance(q, MqttChannel)
    assert q.port == 8883
    assert isinstance(w, WebhookChannel)
    assert (w.timeout_seconds, w.secret) == (3, None)
    assert isinstance(a, AppriseChannel)
    assert (a.url.reveal(), str(a)) == ("json://secret", "AppriseChannel(url=***, timeout_seconds=30.0)")
    everything, night = settings.routes
    assert everything.events == TOLD
    assert (everything.from_minute, everything.to_minute, everything.language) == (0, 1440, "en")
    assert night.days == {5, 6, 7, 1}
    assert (night.from_minute, night.to_minute) == (1320, 360)
    assert (night.events, night.even_when_urgent_outside_hours) == ({EventKind.OPENED}, False)


@pytest.mark.parametrize(
    ("said", "url"),
    [
        ("sqlite:///site.db", "sqlite:///{folder}/site.db"),
        ("sqlite:////var/x.db", "sqlite:////var/x.db"),
        ("postgresql://u@h/d", "postgresql://u@h/d"),
    ],
)
def test_the_database(loaded: Any, tmp_path: Path, said: str, url: str) -> None:
    settings = loaded(f"devices: []\nstore: {{url: '{said}'}}\n")
    assert settings.store_url.reveal() == url.format(folder=tmp_path)
    assert url not in repr(settings)


def test_without_a_database_the_daemon_takes_its_own_file(loaded: Any) -> None:
    assert loaded("devices: []\n").store_url.reveal() == ""


@pytest.mark.parametrize(("url", "warned"), [("postgresql://u:pw@h/d", True), ("postgresql://u@h/d", False)])
def test_a_database_url_is_a_secret_when_it_holds_a_password(loaded: Any, url: str, warned: bool) -> None:
    warnings = loaded(f"devices: []\nstore: {{url: '{url}'}}\n").warnings
    assert ("plain_secret" in {warning.code for warning in warnings}) == warned


def test_the_console_by_default_serves_this_machine_only(loaded: Any) -> None:
    web = loaded("devices: []\n").web
    assert (web.listen, web.public_url, web.secure_cookies) == (
        Listen("127.0.0.1", 8080), "http://127.0.0.1:8080", False,
    )  # fmt: skip
    web = loaded('devices: []\nweb: {listen: "[::]:80"}\n').web
    assert (web.listen, web.public_url) == (Listen("::", 80), "http://localhost:80")


def test_users_of_both_files(loaded: Any, tmp_path: Path) -> None:
    hashed = "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$aGFzaA"
    (tmp_path / "users.yaml").write_text(f"- {{name: li, password_hash: '{hashed}', role: technician}}\n")
    settings = loaded(
        f"devices: []\nweb: {{users_file: users.yaml}}\nusers: [{{name: wang, password_hash: '{hashed}'}}]\n"
    )
    assert {name: user.role for name, user in settings.users.items()} == {"wang": "viewer", "li": "technician"}
    assert settings.users["li"].password_hash.reveal() == hashed
    (tmp_path / "users.yaml").write_text("# nobody yet\n")
    assert loaded("devices: []\nweb: {users_file: users.yaml}\n").users == {}


def test_own_rules_and_faults(loaded: Any, tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text("- {id: slow, fault: net.slow, check: reach, when: rtt_seconds > limit, "
                                         "params: {limit: 0.5}, severity: low, for: 10m}\n")  # fmt: skip
    (tmp_path / "faults.yaml").write_text(
        "net.slow: {title: {en: Slow, zh_CN: 慢}, text: {en: '{rtt_seconds}', zh_CN: 慢}}\n"
    )
    settings = loaded("devices: []\nrule_files: [rules.yaml]\nfault_files: faults.yaml\n")
    rule = settings.rules[-1]
    assert (rule.id, rule.params, rule.for_seconds) == ("slow", {"limit": 0.5}, 600)
    assert rule.where.endswith("rules.yaml:1")
    assert settings.faults["net.slow"].title.get("zh_CN") == "慢"
    (warning,) = [one for one in settings.warnings if one.code == "brings_nothing"]
    assert str(warning.mark).endswith("faults.yaml:1:11")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("devices: [{id: a, kind: server, host: 192.0.2.1, checks: {reach: off}}]", "nothing_asked"),
        ("devices: [{id: a, kind: camera, host: 192.0.2.1}]", "no_credentials"),
        ("devices: [{id: a, kind: ups, host: 192.0.2.1}]", "only_reach"),
        ("devices: [{id: a, kind: camera, host: 192.0.2.1, checks: {onvif: off}}]", "no_stream"),
        ("devices: [{id: a, kind: camera, host: 192.0.2.1, checks: {frame: {reference: nowhere.swref}}}]",
         "no_reference"),
        ("devices: []", "no_users"),
        ("devices: []", "no_routes"),
        ("devices: []\nchannels: {q: {kind: mqtt, host: h}}\nroutes: [{name: r, channel: q, severities: [low]}]",
         "urgent_unheard"),
        ("devices: []\nchannels: {m: {kind: mail, host: h, security: none, username: u, password: {env: P}, "
         "sender: a@b.c, to: a@b.c}}", "mail_open"),
        ("devices: []\nweb: {listen: '0.0.0.0:8080'}", "web_open"),
    ],
)  # fmt: skip
def test_what_is_unwise_is_said(loaded: Any, text: str, code: str) -> None:
    warnings = loaded(text + "\n", P="pw").warnings
    assert code in {warning.code for warning in warnings}
    for warning in warnings:
        assert warning.say("en")
        assert warning.say("zh_CN")


def test_rules_of_another_folder(tmp_path: Path) -> None:
    file = tmp_path / "site.yaml"
    file.write_text(HEAD + "devices: []\n")
    settings = load(file, rules_folders=[], faults_folders=[], env={})
    assert (settings.rules, dict(settings.faults)) == ((), {})
    with pytest.raises(BadConfiguration, match="no fault"):
        load(file, faults_folders=[], env={})
