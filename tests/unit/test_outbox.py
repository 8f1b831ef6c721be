"""Whatever happens to claims, failures and crashes: is each message told under one key, and none forgotten?"""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import create_engine, select

from monitor.core.change import Enqueue
from monitor.storage import outbox
from monitor.storage.outbox import Grouping, Parcel
from monitor.storage.schema import METADATA, OUTBOX
from monitor.storage.writing import Writing
from tests.letters import a_message

CHANNELS = st.sampled_from(["mail", "chat"])
GROUPING = Grouping(over=1, window_seconds=10.0, most=3)
LEASE = 30.0


class Outbox(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        engine = create_engine("sqlite://")
        METADATA.create_all(engine)
        self.connection = engine.connect()
        self.writing = Writing(engine.dialect)
        self.now = 1_000.0
        self.count = 0
        self.under_way: dict[str, Parcel] = {}  # channel -> what a living courier holds
        self.keys: dict[str, tuple[str, ...]] = {}  # key of a parcel -> keys of its messages
        self.attempts: dict[str, int] = {}
        self.unsure: set[str] = set()
        self.done: set[str] = set()

    def teardown(self) -> None:
        self.deliver_the_rest()
        self.connection.close()
        self.connection.engine.dispose()

    @rule(
        channel=CHANNELS,
        route=st.sampled_from(["a", "a", "b"]),
        number=st.integers(1, 3),
        wait=st.sampled_from([0, 60]),
    )
    def say(self, channel: str, route: str, number: int, wait: int) -> None:
        for _ in range(number):
            self.count += 1
            message = a_message(
                self.count, channel=channel, route=f"{channel}-{route}", created_at=self.now, not_before=self.now + wait
            )
            self.writing.commit(self.connection, [Enqueue(message), Enqueue(message)])

    @rule(seconds=st.sampled_from([11.0, 61.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(resting=st.sampled_from([(), (), ("mail",)]))
    def claim(self, resting: tuple[str, ...]) -> None:
        closed = set(resting) | self.under_way.keys()
        parcels = outbox.claim(self.connection, self.now, LEASE, closed, GROUPING)
        assert len({parcel.channel for parcel in parcels}) == len(parcels)
        for parcel in parcels:
            assert parcel.channel not in closed
            assert all(message.not_before <= self.now for message in parcel.messages)
            assert {message.route for message in parcel.messages} == {parcel.route}
            assert len(parcel.messages) <= GROUPING.most
            members = tuple(message.key for message in parcel.messages)
            assert self.keys.setdefault(parcel.key, members) == members, "the same key, the same messages"
            assert not self.done & set(members), "what has arrived is not sent again"
            self.attempts[parcel.key] = self.attempts.get(parcel.key, 0) + 1
            assert parcel.attempt == self.attempts[parcel.key]
            assert parcel.possible_repeat == (parcel.key in self.unsure)
            self.under_way[parcel.channel] = parcel

    @precondition(lambda self: self.under_way)
    @rule(data=st.data(), ending=st.sampled_from(["sent", "failed", "unsure", "never"]))
    def end(self, data: Any, ending: str) -> None:
        parcel = self.under_way.pop(data.draw(st.sampled_from(sorted(self.under_way))))
        match ending:
            case "sent":
                outbox.sent(self.connection, parcel.key, self.now)
                self.done |= {message.key for message in parcel.messages}
            case "never":
                outbox.give_up(self.connection, parcel.key, "no", self.now)
                self.done |= {message.key for message in parcel.messages}
            case _:
                outbox.failed(self.connection, parcel.key, "later", self.now + 20.0, unsure=ending == "unsure")
                if ending == "unsure":
                    self.unsure.add(parcel.key)

    @rule()
    def crash(self) -> None:
        self.unsure |= {parcel.key for parcel in self.under_way.values()}
        self.under_way.clear()
        outbox.reclaim(self.connection, self.now)

    @invariant()
    def nothing_is_forgotten(self) -> None:
        rows = self.connection.execute(select(OUTBOX)).all()
        assert len(rows) == self.count
        assert {row.key for row in rows if row.state in ("sent", "dead")} == self.done
        sending = {row.key for row in rows if row.state == "sending"}
        assert sending == {message.key for parcel in self.under_way.values() for message in parcel.messages}
        waiting = sum(backlog.waiting for backlog in outbox.backlog(self.connection).values())
        assert waiting == self.count - len(self.done)

    @invariant()
    def nobody_is_told_the_same_under_two_keys(self) -> None:
        members = [message for messages in self.keys.values() for message in messages]
        assert len(members) == len(set(members))

    def deliver_the_rest(self) -> None:
        self.crash()
        for _ in range(2 * self.count + 2):
            if len(self.done) == self.count:
                break
            self.now += 70.0
            self.claim(())
            for parcel in self.under_way.values():
                outbox.sent(self.connection, parcel.key, self.now)
                self.done |= {message.key for message in parcel.messages}
            self.under_way.clear()
        assert len(self.done) == self.count
        assert outbox.next_due(self.connection, ()) is None


TestOutbox = Outbox.TestCase
TestOutbox.settings = settings(max_examples=80, stateful_step_count=30, deadline=None, derandomize=True)
