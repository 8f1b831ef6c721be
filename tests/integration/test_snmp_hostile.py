"""SNMP against agents that lie, loop, babble, or change under way."""

from __future__ import annotations

import asyncio
import os
import random
import socket
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import pytest

from probes.ask import ask
from probes.observation import Observation, Outcome
from probes.snmp import PROBE, SnmpOptions, wire
from probes.snmp.ber import GAUGE, INTEGER, NO_INSTANCE, OCTETS, OID, SEQUENCE, TICKS, element, integer, oid, read
from probes.snmp.message import Kind, Status, encode_community
from probes.snmp.wire import Wire
from probes.target import Target
from probes.tools import Tools
from tests.servers.processes import free_port, wait_until
from tests.servers.snmpd import Agent, _answers, run_snmpd, user_access

UPTIME, DESCR = oid("1.3.6.1.2.1.1.3.0"), oid("1.3.6.1.2.1.1.1.0")


class Question:
    """A question as the agent received it."""

    def __init__(self, data: bytes) -> None:
        at, end = 0, len(data)
        _, at, end = read(data, at, end)
        _, start, at = read(data, at, end)
        self.version = data[start]
        _, start, at = read(data, at, end)
        self.kind, at, end = read(data, at, end)
        numbers = []
        for _ in range(3):
            _, start, at = read(data, at, end)
            numbers.append(int.from_bytes(data[start:at], "big"))
        self.number, self.first, self.second = numbers
        _, at, end = read(data, at, end)
        self.oids = []
        while at < end:
            _, start, at = read(data, at, end)
            _, start, stop = read(data, start, at)
            self.oids.append(data[start:stop])

    def answer(
        self, binds: Iterable[tuple[bytes, bytes]], status: int = 0, index: int = 0, number: int | None = None
    ) -> bytes:
        """A well-formed answer with these OIDs and values (elements)."""
        body = b"".join(element(SEQUENCE, element(OID, name) + value) for name, value in binds)
        head = integer(self.number if number is None else number) + integer(status) + integer(index)
        pdu = element(Kind.RESPONSE, head + element(SEQUENCE, body))
        return encode_community(self.version, b"public", pdu)

    def plain(self) -> bytes:
        """What a simple device answers: it has an uptime and nothing else."""
        if self.kind != Kind.GET:
            return self.answer((name, b"\x82\x00") for name in self.oids)
        has = {UPTIME: element(TICKS, b"\x01\x00")}
        return self.answer((name, has.get(name, element(NO_INSTANCE, b""))) for name in self.oids)


Script = Callable[[Question], list[bytes]]


@asynccontextmanager
async def agent(script: Script) -> AsyncIterator[Agent]:
    class Protocol(asyncio.DatagramProtocol):
        def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
            self.transport = transport

        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            for reply in script(Question(data)):
                self.transport.sendto(reply, addr)

    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Protocol, ("127.0.0.1", 0))
    try:
        yield Agent(transport.get_extra_info("sockname")[1])
    finally:
        transport.close()
        await asyncio.sleep(0)


@pytest.fixture
async def tools(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Tools]:
    monkeypatch.setattr(wire, "RESEND_SECONDS", 0.1)
    monkeypatch.setattr(wire, "GIVE_UP_SECONDS", 0.3)
    made = Tools()
    yield made
    await made.close()


async def look(tools: Tools, target: Target, **options: object) -> Observation:
    return await ask(PROBE, target, SnmpOptions(**options), tools, check="snmp", timeout_seconds=20)


async def seen_of(tools: Tools, script: Script, version: str = "2c", **options: object) -> Observation:
    async with agent(script) as made:
        return await look(tools, made.target(version=version), **{"profile": "generic", **options})


async def test_the_plain_one_is_fine(tools: Tools) -> None:
    seen = await seen_of(tools, lambda question: [question.plain()], profile="auto")
    assert seen.outcome is Outcome.OK, seen
    assert seen.values == {"profile": "generic", "uptime_seconds": 2.56}


@pytest.mark.parametrize(
    "reply",
    [
        b"\x00",
        b"not SNMP at all",
        b"\x30\x84\xff\xff\xff\xff",
        b"\x30\x80\x02\x01\x01",
        os.urandom(8) * 8_000,
        b"\x30\x03\x02\x01\x07",  # version 7
    ],
)
async def test_nonsense_is_garbled(tools: Tools, reply: bytes) -> None:
    seen = await seen_of(tools, lambda question: [reply])
    assert seen.outcome is Outcome.GARBLED, seen


async def test_nonsense_before_the_answer_does_no_harm(tools: Tools) -> None:
    seen = await seen_of(tools, lambda question: [b"\x30\x01", question.plain()])
    assert seen.outcome is Outcome.OK


@pytest.mark.parametrize(
    "spoil",
    [
        lambda question: question.answer([(UPTIME, element(TICKS, b""))]),
        lambda question: question.answer([(UPTIME, element(TICKS, b"\1" * 20))]),
        lambda question: question.answer([(UPTIME, b"\x43\x7f\x01")]),
        lambda question: question.answer([(UPTIME, b"")]),
        lambda question: question.answer([(UPTIME, element(TICKS, b"\1"))] * 2_500),
    ],
)
async def test_malformed_answers_are_garbled(tools: Tools, spoil: Callable[[Question], bytes]) -> None:
    seen = await seen_of(tools, lambda question: [spoil(question)])
    assert seen.outcome is Outcome.GARBLED, seen


async def test_answers_to_other_questions_do_not_count(tools: Tools) -> None:
    def other(question: Question) -> list[bytes]:
        return [question.answer([(UPTIME, element(TICKS, b"\1"))], number=question.number ^ 1)]

    seen = await seen_of(tools, other)
    assert seen.outcome is Outcome.NO_ANSWER


async def test_answers_from_another_address_do_not_count(tools: Tools) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as elsewhere:
        elsewhere.bind(("127.0.0.2", 0))
        async with agent(lambda question: []) as made:
            target = made.target()
            looking = asyncio.create_task(look(tools, target, profile="generic"))
            await asyncio.sleep(0.05)
            questions = tools.get(Wire)._waiting[made.host, made.port]
            (sock,) = tools.get(Wire)._sockets.values()
            for number in questions:
                pdu = element(Kind.RESPONSE, integer(number) + integer(0) + integer(0) + element(SEQUENCE, b""))
                elsewhere.sendto(encode_community(1, b"public", pdu), ("127.0.0.1", sock.getsockname()[1]))
            assert (await looking).outcome is Outcome.NO_ANSWER


async def test_lost_datagram_is_sent_again(tools: Tools) -> None:
    heard: list[int] = []

    def deaf_once(question: Question) -> list[bytes]:
        heard.append(question.number)
        return [question.plain()] if heard.count(question.number) > 1 else []

    seen = await seen_of(tools, deaf_once)
    assert seen.outcome is Outcome.OK
    assert len(heard) == 2 * len(set(heard))


async def test_a_text_of_60_kilobytes_is_cut(tools: Tools) -> None:
    def babble(question: Question) -> list[bytes]:
        return [
            question.answer((name, element(OCTETS, b"x" * (60_000 // len(question.oids)))) for name in question.oids)
        ]

    seen = await seen_of(tools, babble, profile="hikvision-camera", tables=False)
    assert seen.outcome is Outcome.OK
    assert all(len(str(value)) <= 255 for value in seen.values.values())


async def test_a_walk_that_does_not_move_on_is_garbled(tools: Tools) -> None:
    def loop(question: Question) -> list[bytes]:
        if question.kind == Kind.BULK:
            return [question.answer((name + b"\1", element(INTEGER, b"\1")) for name in question.oids * 2)]
        return [question.plain()]

    seen = await seen_of(tools, loop, profile="if-mib")
    assert seen.outcome is Outcome.GARBLED
    assert "move on" in seen.detail


async def test_an_endless_table_is_cut(tools: Tools) -> None:
    def endless(question: Question) -> list[bytes]:
        if question.kind != Kind.BULK:
            return [question.plain()]
        binds = []
        tails = [int.from_bytes(name[-3:], "big") if len(name) > 10 else 0 for name in question.oids]
        for step in range(1, question.second + 1):
            for name, tail in zip(question.oids, tails, strict=True):
                prefix = name[:-3] if len(name) > 10 else name
                number = (tail & 0x7F | (tail >> 1) & 0x3F80 | (tail >> 2) & 0x1FC000) + step
                encoded = bytes((0x80 | number >> 14, 0x80 | (number >> 7) & 0x7F, number & 0x7F))
                binds.append((prefix + encoded, element(INTEGER, b"\6")))
        return [question.answer(binds)]

    seen = await seen_of(tools, endless, profile="if-mib")
    assert seen.outcome is Outcome.OK, seen
    assert len(seen.rows["interface"]) == 2_000


async def test_an_empty_answer_to_a_walk_is_garbled(tools: Tools) -> None:
    def empty(question: Question) -> list[bytes]:
        return [question.answer([])] if question.kind == Kind.BULK else [question.plain()]

    assert (await seen_of(tools, empty, profile="if-mib")).outcome is Outcome.GARBLED


@pytest.mark.parametrize("points", [True, False], ids=["points at the name", "points nowhere"])
async def test_version_1_with_unknown_names(tools: Tools, points: bool) -> None:
    has = {UPTIME: element(TICKS, b"\1"), oid("1.3.6.1.2.1.33.1.2.1.0"): element(INTEGER, b"\3")}
    asked: list[int] = []

    def old(question: Question) -> list[bytes]:
        asked.append(len(question.oids))
        for index, name in enumerate(question.oids, 1):
            if name not in has or question.kind != Kind.GET:
                echo = [(name, b"\x05\x00") for name in question.oids]
                return [question.answer(echo, Status.NO_SUCH_NAME, index if points else 0)]
        return [question.answer((name, has[name]) for name in question.oids)]

    async with agent(old) as made:
        target = made.target(version="1")
        first = await look(tools, target, profile="ups-rfc1628")
        assert first.values["battery_state"] == "low"
        assert first.values["uptime_seconds"] == 0.01
        asked.clear()
        second = await look(tools, target, profile="ups-rfc1628", tables=False)
    assert second.values == first.values
    assert asked == [2]  # it learned what is not there


async def test_too_big_is_asked_by_halves(tools: Tools) -> None:
    def small(question: Question) -> list[bytes]:
        if len(question.oids) > 3:
            return [question.answer([], Status.TOO_BIG)]
        return [question.answer((name, element(GAUGE, b"\7")) for name in question.oids)]

    seen = await seen_of(tools, small, profile="hikvision-camera")
    assert seen.outcome is Outcome.OK
    assert seen.values["cpu_percent"] == 7
    assert seen.values["memory_percent"] == 7


async def test_authorization_error_is_denied(tools: Tools) -> None:
    seen = await seen_of(tools, lambda question: [question.answer([], Status.AUTHORIZATION)])
    assert seen.outcome is Outcome.DENIED


async def test_other_errors_are_unsupported(tools: Tools) -> None:
    seen = await seen_of(tools, lambda question: [question.answer([], 15)])
    assert seen.outcome is Outcome.UNSUPPORTED


async def test_another_device_behind_the_same_address(tools: Tools) -> None:
    camera = oid("1.3.6.1.4.1.39165.1.7.0")
    is_camera = True

    def changing(question: Question) -> list[bytes]:
        if not is_camera:
            return [question.plain()]
        if question.kind == Kind.NEXT:
            return [question.answer([(camera, element(OCTETS, b"45 PERCENT"))])]
        value = element(OCTETS, b"45 PERCENT")
        missing = element(NO_INSTANCE, b"")
        return [question.answer((name, value if name == camera else missing) for name in question.oids)]

    async with agent(changing) as made:
        assert (await look(tools, made.target())).values["profile"] == "hikvision-camera"
        is_camera = False
        assert (await look(tools, made.target())).outcome is Outcome.UNSUPPORTED
        assert (await look(tools, made.target())).values["profile"] == "generic"


async def test_fuzzed_answers_never_raise(tools: Tools) -> None:
    """Mutated answers to every question of a look: an outcome of the device's, never a bug of ours."""
    dice = random.Random(1)

    def mutated(question: Question) -> list[bytes]:
        if question.kind == Kind.BULK:
            good = bytearray(question.answer((name + b"\1", element(INTEGER, b"\6")) for name in question.oids))
        else:
            good = bytearray(question.answer((name, element(OCTETS, b"45 GB")) for name in question.oids))
        for _ in range(dice.randrange(4)):
            good[dice.randrange(20, len(good))] = dice.randrange(256)
        return [bytes(good)]

    outcomes = set()
    async with agent(mutated) as made:
        for round_ in range(300):
            target = made.target(f"device {round_}", version=dice.choice(["1", "2c"]))
            profile = dice.choice(["auto", "if-mib", "hikvision-camera", "hikvision-nvr"])
            outcomes.add((await look(tools, target, profile=profile)).outcome)
    assert outcomes <= {Outcome.OK, Outcome.GARBLED, Outcome.NO_ANSWER, Outcome.UNSUPPORTED, Outcome.DENIED}
    assert {Outcome.OK, Outcome.GARBLED} <= outcomes


@pytest.mark.parametrize("same_engine", [True, False], ids=["restarted", "replaced"])
async def test_agent_of_version_3_changes_under_way(tools: Tools, tmp_path: Path, same_engine: bool) -> None:
    port = free_port(kind=socket.SOCK_DGRAM)
    configuration = tmp_path / "snmpd.conf"
    configuration.write_text(
        f"agentAddress udp:127.0.0.1:{port}\nrocommunity public\n"
        'createUser sha_aes128 SHA "a long auth password" AES "a long priv password"\nrouser sha_aes128 priv\n'
    )
    made = Agent(port)
    for run in range(2):
        folder = tmp_path / ("state" if same_engine else str(run))
        folder.mkdir(exist_ok=True)
        with ExitStack() as stack:
            stack.enter_context(run_snmpd(configuration, folder))
            await asyncio.to_thread(wait_until, lambda: _answers(made), "snmpd")
            seen = await look(tools, made.target(**user_access("sha", "aes128")), tables=False)
            assert seen.outcome is Outcome.OK, seen
