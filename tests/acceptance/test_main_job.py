"""The main job, on servers that others wrote: a stream dies, becomes a ticket, is told, repaired, proven and closed.

Run it with `-s` to read the story as it happens.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import re
import time
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tests.acceptance.main_receivers import Post, Published, Receiver, listening, receiving
from tests.acceptance.main_site import (
    H264,
    H265,
    HOLD,
    REACH_EVERY,
    SECRET,
    SITE,
    Others,
    Story,
    configure,
    fetch,
    graph,
    prepare,
)
from tests.servers.daemon import Daemon, running_daemon
from tests.servers.gstreamer import gstreamer
from tests.servers.ipycam import Ipycam
from tests.servers.mosquitto import Mosquitto
from tests.servers.processes import free_port, wait_until
from tests.servers.prometheus import prometheus
from tests.servers.smtp import MailServer
from tests.servers.snmpd import Agent

BOUND = HOLD + REACH_EVERY + 1.0  # seconds from the death to the ticket, as promised
SLACK = 8.0  # for a machine that has other things to do
WELL_FOR = 8.0  # seconds without any ticket
PATIENCE = 60.0  # for whatever has no bound of its own
CAMERAS = ("yard", "hall", "gate")


@pytest.fixture
def others(
    ipycam_server: Ipycam, snmpd: Agent, snmpsim: Agent, mail_server: MailServer, mosquitto: Mosquitto
) -> Others:
    return Others(ipycam_server, snmpd, snmpsim, mail_server, mosquitto)


@dataclass(frozen=True, slots=True)
class People:
    """What has reached them so far."""

    mail: MailServer
    published: list[Published]
    receiver: Receiver


@pytest.mark.timeout(400)
def test_the_main_job(tmp_path: Path, others: Others) -> None:
    story = Story(tmp_path / "story.txt")
    with contextlib.ExitStack() as stack:
        # ── a site ───────────────────────────────────────────────────────────────────────────────────────────────
        yard = contextlib.ExitStack()
        stack.callback(yard.close)
        (tmp_path / "yard").mkdir()
        (tmp_path / "hall").mkdir()
        h264 = yard.enter_context(gstreamer(tmp_path / "yard", streams=[H264]))
        h265 = stack.enter_context(gstreamer(tmp_path / "hall", port=free_port(), streams=[H265]))
        receiver = stack.enter_context(receiving())
        published = stack.enter_context(listening(others.broker.port))
        mail, people = others.mail, People(others.mail, published, receiver)
        config = configure(h264, h265, others, receiver.port)
        daemon, wang = prepare(tmp_path / "daemon", config)
        life = stack.enter_context(contextlib.ExitStack())
        life.enter_context(running_daemon(daemon))
        story.tell(f"the daemon watches {len(config['devices'])} devices: GStreamer, ipycam, snmpd, snmpsim")
        numbers = stack.enter_context(prometheus(tmp_path / "prometheus", [daemon.address]))
        numbers.scraped()

        # ── all is well ──────────────────────────────────────────────────────────────────────────────────────────
        wait_until(lambda: all_well(daemon), "every device to be well", PATIENCE)
        wait_until(lambda: all("good" in pictures(daemon, camera) for camera in CAMERAS), "good pictures", PATIENCE)
        quiet_since = time.time()
        wait_until(lambda: time.time() - quiet_since > WELL_FOR, "a quiet time")
        assert daemon.api("/tickets")["items"] == []
        assert mail.letters == []
        assert up(numbers) == 1.0
        story.tell(f"everything is well, and has been for {WELL_FOR:g} s; no ticket")

        # ── a stream dies ────────────────────────────────────────────────────────────────────────────────────────
        died_at = time.time()
        yard.close()
        story.tell("the H.264 stream's server is killed", died_at)
        wait_until(lambda: bool(daemon.api("/tickets")["items"]), "the ticket", BOUND + SLACK)
        (ticket,) = daemon.api("/tickets")["items"]
        number = ticket["id"]
        story.tell(
            f"{ticket['name']} {ticket['title']}, {ticket['opened_at'] - died_at:.1f} s after it", ticket["opened_at"]
        )
        assert (ticket["device"], ticket["fault"], ticket["state"]) == ("yard", "camera.silent", "new")
        assert ticket["opened_at"] - died_at <= BOUND + SLACK
        last_good = evidence(daemon, number, "before")
        assert looks_like_something(last_good)

        # ── it is told ───────────────────────────────────────────────────────────────────────────────────────────
        told(story, "opened", people)
        english, chinese = letters(mail)
        assert picture_inside(english) == picture_inside(chinese) == last_good
        assert english["Subject"] == f"Urgent · Yard gate: Camera does not answer · {ticket['name']}"
        assert re.search("[\u4e00-\u9fff]", str(chinese["Subject"]))
        (post,) = receiver.at("/helpdesk")
        assert rightly_signed(post)
        assert not rightly_signed(Post(post.path, post.headers, post.body + b" "))
        assert post.said["language"] == "en"
        assert [b64decode(one["jpeg_base64"]) for one in post.said["pictures"]] == [last_good]
        (message,) = published
        assert message.topic == f"sitewarden/{SITE}/tickets/{ticket['name']}"
        assert (message.said["language"], message.said["ticket"]["device"]["id"]) == ("zh_CN", "yard")
        wait_until(lambda: up(numbers) == 0.0, "Prometheus to know")
        wait_until(lambda: sum(one for _, one in numbers.query("sitewarden_tickets")) == 1.0, "the ticket as a number")
        story.tell("Prometheus: sitewarden_check_up is 0, sitewarden_tickets is 1")

        # ── a technician, and a crash ────────────────────────────────────────────────────────────────────────────
        assert wang.act(number, "acknowledge")["state"] == "acknowledged"
        story.tell("wang acknowledges")
        daemon.process.kill()
        daemon.process.wait()
        life.close()
        story.tell("kill -9 of the daemon")
        life.enter_context(running_daemon(daemon))
        story.tell("the daemon is up again")
        wait_until(lambda: looked_again(daemon), "the daemon to have asked everything again", PATIENCE)
        (same,) = daemon.api("/tickets")["items"]
        assert (same["id"], same["state"], same["occurrences"]) == (number, "acknowledged", 1)
        assert same["opened_at"] == ticket["opened_at"]
        assert evidence(daemon, number, "before") == last_good
        assert wang.act(number, "start", on_site=True)["state"] == "in_progress"
        resolved = wang.act(number, "resolve", cause="The encoder's process had ended", work="Started it again")
        assert resolved["state"] == "resolved"
        story.tell("wang is on site, starts, and says that it is repaired; nobody believes him yet")

        # ── repaired, asked again, closed ────────────────────────────────────────────────────────────────────────
        yard.enter_context(gstreamer(tmp_path / "yard", port=h264.port, streams=[H264]))
        started_at = time.time()
        story.tell("the server is started again on its port", started_at)
        wait_until(lambda: state(daemon, number) == "closed", "the daemon to believe it", PATIENCE)
        history = daemon.api(f"/tickets/{number}/events")
        closed_at = history[-1]["at"]
        story.tell(f"verified and closed, {closed_at - started_at:.1f} s after it", closed_at)
        assert [event["kind"] for event in history] == [
            "opened", "acknowledged", "started", "resolved", "verified", "closed",
        ]  # fmt: skip
        assert [event["by"] for event in history] == ["", "wang", "wang", "wang", "", ""]
        told(story, "closed", people, times=2)
        wait_until(lambda: up(numbers) == 1.0, "Prometheus to know", PATIENCE)
        line = graph(numbers, CHECK_UP, story.began)
        story.tell(f"Prometheus: {draw(line)}")
        assert re.fullmatch("1+0+1+", draw(line))
        assert max(graph(numbers, "sum(sitewarden_tickets)", story.began)) == 1.0

        # ── nothing else, nothing twice ──────────────────────────────────────────────────────────────────────────
        wait_until(lambda: all_well(daemon), "every device to be well again", PATIENCE)
        assert [one["id"] for one in daemon.api("/tickets")["items"]] == [number]
        keys = [one.headers["idempotency-key"] for one in receiver.at("/helpdesk")]
        assert len(keys) == len(set(keys)) == 2
        assert len(mail.letters) == 4
        assert len(published) == len(receiver.at("/chat")) == 2
        story.tell("one ticket, every message once; everything is well")


CHECK_UP = 'sitewarden_check_up{device="yard",check="reach"}'


def up(numbers: Any) -> float | None:
    found = numbers.query(CHECK_UP)
    return found[0][1] if found else None


def all_well(daemon: Daemon) -> bool:
    devices = daemon.api("/devices")["items"]
    return all(device["state"] == "ok" for device in devices) and all(
        check["look"] and check["look"]["outcome"] == "ok"
        for device in devices
        for check in daemon.api(f"/devices/{device['id']}")["checks"]
        if device["kind"] != "monitor"
    )


def looked_again(daemon: Daemon) -> bool:
    return all(check["look"] for name in CAMERAS for check in daemon.api(f"/devices/{name}")["checks"])


def pictures(daemon: Daemon, camera: str) -> dict[str, float]:
    found: dict[str, float] = daemon.api(f"/devices/{camera}")["pictures"]
    return found


def evidence(daemon: Daemon, ticket: int, role: str) -> bytes:
    assert role in daemon.api(f"/tickets/{ticket}")["pictures"]
    return fetch(daemon, f"/tickets/{ticket}/pictures/{role}")


def state(daemon: Daemon, ticket: int) -> str:
    return str(daemon.api(f"/tickets/{ticket}")["state"])


def looks_like_something(jpeg: bytes) -> bool:
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    return image is not None and min(image.shape[:2]) >= 90 and float(image.std()) > 20


def letters(server: MailServer) -> tuple[EmailMessage, EmailMessage]:
    """The first two, English first."""
    first, second = sorted((letter.mail for letter in server.letters[:2]), key=lambda mail: str(mail["Subject"]))
    return first, second


def picture_inside(mail: EmailMessage) -> bytes:
    """The one picture that the mail shows in its text."""
    (part,) = [part for part in mail.walk() if part.get_content_type() == "image/jpeg"]
    html = mail.get_body(("html",))
    assert html is not None
    assert f'src="cid:{part["Content-ID"].strip("<>")}"' in html.get_content()
    jpeg = part.get_content()
    assert isinstance(jpeg, bytes)
    return jpeg


def rightly_signed(post: Post) -> bool:
    """As a receiver would check it."""
    stamp = post.headers["x-sitewarden-timestamp"]
    proof = hmac.new(SECRET.encode(), stamp.encode() + b"." + post.body, hashlib.sha256).hexdigest()
    fresh = abs(time.time() - int(stamp)) < 300
    return fresh and hmac.compare_digest(post.headers["x-sitewarden-signature"], f"sha256={proof}")


def told(story: Story, event: str, people: People, times: int = 1) -> None:
    """Wait until it has gone out on every channel, so many times by now."""
    counted: dict[str, Callable[[], int]] = {
        "mailed in English and Chinese": lambda: len(people.mail.letters) // 2,
        "published by MQTT": lambda: len(people.published),
        "posted to the webhook": lambda: len(people.receiver.at("/helpdesk")),
        "told by Apprise": lambda: len(people.receiver.at("/chat")),
    }
    for what, count in counted.items():
        wait_until(lambda count=count: count() >= times, f"{event}: {what}", PATIENCE)  # type: ignore[misc]
        story.tell(f"{event}: {what}")
    last = people.published[-1].said, people.receiver.at("/helpdesk")[-1].said
    assert [said["event"]["kind"] for said in last] == [event, event]


def draw(values: list[float]) -> str:
    return "".join(f"{value:g}" for value in values)
