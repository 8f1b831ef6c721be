"""Does every message arrive, though channels hang, fail and vanish and the database goes away?"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from monitor.core.change import AddEvent, Enqueue
from monitor.notify.courier import Courier, Patience
from monitor.notify.envelope import Envelope, Undelivered
from monitor.notify.rendering import Rendering
from monitor.storage.outbox import Grouping
from monitor.storage.store import Store
from tests.letters import NOW, PLAN, a_message, an_event, told
from ticketing.ticket import EventKind

QUICK = Patience(first_seconds=0.02, longest_seconds=0.1)
NO_DIGEST = Grouping(over=10_000)


@dataclass(slots=True)
class Scripted:
    """A channel that does what it is told: an exception to raise, or seconds to take; then it is well."""

    script: list[Exception | float] = field(default_factory=list)
    timeout_seconds: float = 0.5
    seen: list[Envelope] = field(default_factory=list)  # every attempt
    taken: list[str] = field(default_factory=list)
    closed: bool = False

    async def deliver(self, envelope: Envelope) -> None:
        self.seen.append(envelope)
        step = self.script.pop(0) if self.script else 0.0
        if isinstance(step, Exception):
            raise step
        await asyncio.sleep(step)
        self.taken.append(envelope.key)

    async def close(self) -> None:
        self.closed = True


@dataclass(slots=True)
class Post:
    """A store, and couriers on it."""

    store: Store
    shift: float = field(default_factory=lambda: NOW - time.time())

    def now(self) -> float:
        return time.time() + self.shift

    def courier(self, *, grouping: Grouping = NO_DIGEST, patience: Patience = QUICK, **channels: Scripted) -> Courier:
        rendering = Rendering(self.store, lambda: PLAN, self.now, "https://warden.example")
        return Courier(self.store, channels, rendering, self.now, patience=patience, grouping=grouping)


@pytest.fixture(params=["sqlite", "postgresql"])
async def post(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Post]:
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgres").new_database()
    store = Store.open(url, tmp_path, busy_seconds=0.2)
    yield Post(store)
    await store.close()


async def eventually(true: Callable[[], bool | Awaitable[bool]], seconds: float = 15.0) -> None:
    async with asyncio.timeout(seconds):
        while True:
            found = true()
            if found if isinstance(found, bool) else await found:
                return
            await asyncio.sleep(0.01)


async def until(true: Callable[[], bool | Awaitable[bool]], courier: Courier, seconds: float = 15.0) -> None:
    """Run the courier until it holds."""
    running = asyncio.create_task(courier.run())
    try:
        await eventually(true, seconds)
    finally:
        courier.stop()
        await running


def settled(post: Post) -> Callable[[], Awaitable[bool]]:
    async def is_settled() -> bool:
        return not any(backlog.waiting for backlog in (await post.store.backlog()).values())

    return is_settled


async def test_messages_arrive_in_order_each_once(post: Post) -> None:
    mail = Scripted()
    for number in range(1, 6):
        await post.store.commit(told(number))
    await until(settled(post), post.courier(mail=mail))
    assert mail.taken == [f"site-1/T-{number:06d}/1/mail" for number in range(1, 6)]
    assert [envelope.attempt for envelope in mail.seen] == [1] * 5
    assert mail.closed
    assert await post.store.backlog() == {}


async def test_a_message_waits_for_its_hours(post: Post) -> None:
    mail = Scripted()
    await post.store.commit(told(1, not_before=NOW + 3_600))
    await post.store.commit(told(2))
    await until(lambda: bool(mail.taken), post.courier(mail=mail))
    await asyncio.sleep(0.05)
    assert mail.taken == ["site-1/T-000002/1/mail"]
    post.shift += 3_600
    await until(settled(post), post.courier(mail=mail))
    assert mail.taken[1] == "site-1/T-000001/1/mail"


async def test_a_new_message_goes_out_at_once_when_the_courier_is_woken(post: Post) -> None:
    mail = Scripted()
    courier = post.courier(mail=mail)
    running = asyncio.create_task(courier.run())
    await asyncio.sleep(0.2)
    await post.store.commit(told(1))
    courier.wake()
    await eventually(lambda: bool(mail.taken))
    courier.stop()
    await running


async def test_a_channel_that_hangs_does_not_hold_up_another(post: Post) -> None:
    mail, chat = Scripted([30.0], timeout_seconds=20.0), Scripted()
    for number in range(1, 4):
        await post.store.commit((*told(number), *told(number, "chat")))
    courier = post.courier(mail=mail, chat=chat)
    running = asyncio.create_task(courier.run())
    await eventually(lambda: len(chat.taken) == 3 and len(mail.seen) == 1)
    assert mail.taken == []
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_channel_that_hangs_is_given_its_time_and_the_message_tried_again_as_a_possible_repeat(
    post: Post,
) -> None:
    mail = Scripted([30.0], timeout_seconds=0.1)
    await post.store.commit(told(1))
    await until(settled(post), post.courier(mail=mail))
    assert [(one.key, one.attempt, one.possible_repeat) for one in mail.seen] == [
        ("site-1/T-000001/1/mail", 1, False),
        ("site-1/T-000001/1/mail", 2, True),
    ]


async def test_a_dead_server_is_left_to_rest_and_then_everything_arrives(post: Post) -> None:
    refused = [Undelivered("no connection") for _ in range(4)]
    mail = Scripted(list(refused))
    for number in range(1, 8):
        await post.store.commit(told(number))
    courier = post.courier(mail=mail)
    await until(settled(post), courier)
    assert sorted(mail.taken) == [f"site-1/T-{number:06d}/1/mail" for number in range(1, 8)]
    assert len(mail.seen) == 7 + 4, "while it rests, its other messages are not tried"
    assert (courier.lanes["mail"].failures, courier.lanes["mail"].failed) == (0, 4)
    assert not any(envelope.possible_repeat for envelope in mail.seen), "a refusal is no delivery"


async def test_a_refused_login_is_tried_once_and_again_with_a_new_configuration(post: Post) -> None:
    """Mail servers ban who comes with a wrong password five times in ten minutes."""
    mail = Scripted([Undelivered("the mail server refused the login (535)", denied=True)])
    for number in range(1, 4):
        await post.store.commit(told(number))
    courier = post.courier(mail=mail, patience=Patience(first_seconds=0.02, longest_seconds=600.0))
    running = asyncio.create_task(courier.run())
    await eventually(lambda: courier.lanes["mail"].failures == 1 if "mail" in courier.lanes else False)
    await asyncio.sleep(0.5)
    assert len(mail.seen) == 1
    await courier.use({"mail": mail})
    await eventually(lambda: len(mail.taken) >= 2)
    courier.stop()
    await running


async def test_the_rest_grows_to_its_limit() -> None:
    patience = Patience()
    rests = [patience.rest(failures) for failures in (1, 2, 3, 8, 9, 500)]
    for rest, usual in zip(rests, (5, 10, 20, 640, 900, 900), strict=True):
        assert 0.8 * usual <= rest <= 1.2 * usual


async def test_what_can_never_be_delivered_is_given_up_and_seen(post: Post) -> None:
    mail = Scripted([Undelivered("refused every reader (550)", temporary=False)])
    await post.store.commit((*told(1), *told(2)))
    await until(settled(post), post.courier(mail=mail))
    assert mail.taken == ["site-1/T-000002/1/mail"]
    (letter,) = await post.store.dead_letters()
    assert (letter.message.key, letter.attempts) == ("site-1/T-000001/1/mail", 1)
    assert letter.reason == "refused every reader (550)"
    assert (await post.store.backlog())["mail"].dead == 1


@pytest.mark.parametrize(
    "patience", [replace(QUICK, most_attempts=3), replace(QUICK, age_seconds=0.0, least_attempts=3)]
)
async def test_what_is_tried_for_too_long_is_given_up(post: Post, patience: Patience) -> None:
    mail = Scripted([Undelivered("no") for _ in range(1_000)])
    await post.store.commit(told(1))
    await until(settled(post), post.courier(mail=mail, patience=patience))
    (letter,) = await post.store.dead_letters()
    assert letter.attempts == 3


async def test_a_bug_in_a_transport_loses_nothing(post: Post) -> None:
    mail = Scripted([KeyError("x")])
    await post.store.commit(told(1))
    await until(settled(post), post.courier(mail=mail))
    assert mail.taken == ["site-1/T-000001/1/mail"]


async def test_a_channel_that_is_not_configured_yet_keeps_its_messages(post: Post) -> None:
    await post.store.commit(told(1))
    courier = post.courier(patience=Patience(first_seconds=60))
    mail, old = Scripted(), Scripted()
    running = asyncio.create_task(courier.run())
    await eventually(lambda: "mail" in courier.lanes and not courier.lanes["mail"].busy)
    assert courier.lanes["mail"].reason == "there is no channel mail in the configuration"
    await courier.use({"old": old})
    await courier.use({"mail": mail})
    assert old.closed
    courier.stop()
    await running
    await until(settled(post), post.courier(mail=mail))
    assert mail.taken == ["site-1/T-000001/1/mail"]


async def test_a_storm_becomes_a_digest_that_is_the_same_after_a_restart(post: Post) -> None:
    grouping = Grouping(over=5, window_seconds=60.0)
    hanging = Scripted([30.0], timeout_seconds=20.0)
    for number in range(1, 31):
        await post.store.commit(told(number))
    running = asyncio.create_task(post.courier(mail=hanging, grouping=grouping).run())
    await eventually(lambda: bool(hanging.seen))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await post.store.commit(told(31))

    mail = Scripted()
    await until(settled(post), post.courier(mail=mail, grouping=grouping))
    first, again, single = hanging.seen[0], *mail.seen
    assert first.key == again.key == "digest/site-1/T-000001/1/mail"
    assert first.data == again.data
    assert (again.attempt, again.possible_repeat) == (2, True)
    assert len(again.data["events"]) == 30
    assert again.subject == "30 messages about 30 tickets: 30 urgent"
    assert single.key == "site-1/T-000031/1/mail"


async def test_what_was_once_tried_alone_never_comes_in_a_digest_too(post: Post) -> None:
    mail = Scripted([Undelivered("hm", unsure=True)])
    await post.store.commit(told(1))
    await until(lambda: len(mail.seen) == 1, post.courier(mail=mail, patience=Patience(first_seconds=60)))
    for number in range(2, 20):
        await post.store.commit(told(number))
    await until(settled(post), post.courier(mail=mail, grouping=Grouping(over=5)))
    assert sorted(mail.taken) == ["digest/site-1/T-000002/1/mail", "site-1/T-000001/1/mail"]


async def test_a_storm_in_drops_is_gathered_after_the_first_few(post: Post) -> None:
    mail = Scripted()
    courier = post.courier(mail=mail, grouping=Grouping(over=3, window_seconds=1.0))
    running = asyncio.create_task(courier.run())
    for number in range(1, 41):
        await post.store.commit(told(number))
        courier.wake()
        await asyncio.sleep(0.01)
    courier.stop()
    await running
    await until(settled(post), post.courier(mail=mail, grouping=Grouping(over=3, window_seconds=1.0)))
    told_keys = {
        key
        for one in mail.seen
        for key in ([each["key"] for each in one.data["events"]] if not one.ticket else [one.key])
    }
    assert told_keys == {f"site-1/T-{number:06d}/1/mail" for number in range(1, 41)}
    assert len(mail.seen) < 20


async def test_the_database_goes_away_after_the_delivery_and_nothing_is_sent_twice(tmp_path: Path) -> None:
    post = Post(Store.open("", tmp_path, busy_seconds=0.05))
    await post.store.commit((*told(1), *told(2)))
    locker = sqlite3.connect(tmp_path / "sitewarden.db", isolation_level=None)
    mail = Scripted()
    deliver = mail.deliver

    class Locking(Scripted):
        async def deliver(self, envelope: Envelope) -> None:
            await deliver(envelope)
            if len(mail.taken) == 1:
                locker.execute("BEGIN IMMEDIATE")

    courier = post.courier(mail=Locking())
    running = asyncio.create_task(courier.run())
    await asyncio.sleep(1.0)
    assert mail.taken == ["site-1/T-000001/1/mail"]
    locker.execute("ROLLBACK")
    await eventually(settled(post))
    courier.stop()
    await running
    assert mail.taken == ["site-1/T-000001/1/mail", "site-1/T-000002/1/mail"]
    assert [one.attempt for one in mail.seen] == [1, 1]
    locker.close()
    await post.store.close()


async def test_what_goes_out_is_the_ticket_in_words_and_for_machines(post: Post) -> None:
    mail = Scripted()
    await post.store.commit((*told(1), AddEvent(an_event(1, 2, EventKind.RECOVERED))))
    await post.store.commit([Enqueue(a_message(1, 2, language="zh_CN"))])
    await until(settled(post), post.courier(mail=mail))
    opened, recovered = mail.seen
    assert opened.subject == "Urgent · Gate 3 camera: No picture · T-000001"
    assert "https://warden.example/tickets/1" in opened.text
    assert "Bring:\n- a patch cable\n- a camera, DS-2CD2143" in opened.text
    assert "<li>a patch cable</li>" in opened.html
    assert opened.data["ticket"]["device"]["name"] == "Gate 3 camera"
    assert opened.data["event"]["kind"] == "opened"
    assert recovered.subject == "已恢复 · Gate 3 camera：无图像 · T-000001"
    assert recovered.ended


async def test_a_message_whose_ticket_is_gone_is_given_up(post: Post) -> None:
    mail = Scripted()
    await post.store.commit([Enqueue(a_message(77))])
    await until(settled(post), post.courier(mail=mail))
    assert mail.seen == []
    assert [letter.reason for letter in await post.store.dead_letters()] == ["its ticket is not there any more"]
