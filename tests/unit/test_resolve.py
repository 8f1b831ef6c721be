from __future__ import annotations

import asyncio
import socket
import threading
import time

import pytest

from probes import resolve as names
from probes.errors import Unresolved
from probes.resolve import Address, Names, literal
from probes.tools import Tools

CAMERA = Address(socket.AF_INET, "127.1.2.3")


def test_addresses_are_taken_as_they_are() -> None:
    assert literal("127.0.0.1") == Address(socket.AF_INET, "127.0.0.1")
    assert literal("::1") == literal("[::1]") == Address(socket.AF_INET6, "::1")
    assert literal("fe80::1%3") == Address(socket.AF_INET6, "fe80::1", 3)
    assert literal("fe80::1%lo") == Address(socket.AF_INET6, "fe80::1", socket.if_nametoindex("lo"))
    assert literal("127.0.0.1").at(80) == ("127.0.0.1", 80)  # type: ignore[union-attr]
    assert literal("::1").at(80) == ("::1", 80, 0, 0)  # type: ignore[union-attr]
    for name in ("camera.test", "127.1", "", "fe80::1%nosuch", "fe80::1%99999999999", "a\0b"):
        assert literal(name) is None


async def test_a_name_is_looked_up_once_for_all_who_ask() -> None:
    asked = []

    def ask(host: str) -> Address:
        asked.append(host)
        time.sleep(0.05)
        return CAMERA

    found = Names(Tools(), ask)
    assert await asyncio.gather(*(found.look_up("camera.test") for _ in range(50))) == [CAMERA] * 50
    assert await found.look_up("camera.test") == CAMERA
    assert asked == ["camera.test"]
    await found.close()


async def test_a_name_that_does_not_exist_is_unresolved_and_asked_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[Address | Exception] = [socket.gaierror(socket.EAI_NONAME, "Name or service not known"), CAMERA]

    def ask(host: str) -> Address:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    found = Names(Tools(), ask)
    for _ in range(3):
        with pytest.raises(Unresolved, match=r"camera\.test does not resolve \(Name or service not known\)"):
            await found.look_up("camera.test")
    monkeypatch.setattr(names, "FAILED_SECONDS", 0.0)
    assert await found.look_up("camera.test") == CAMERA
    await found.close()


@pytest.mark.parametrize("host", ["a" * 70 + ".test", "a..b", "a\0b"])
async def test_impossible_names_are_unresolved(host: str) -> None:
    found = Names(Tools())
    with pytest.raises(Unresolved):
        await found.look_up(host)
    await found.close()


async def test_the_last_address_serves_while_the_name_service_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    failures: list[Exception] = []

    def ask(host: str) -> Address:
        if failures:
            raise failures[0]
        return CAMERA

    found = Names(Tools(), ask)
    assert await found.look_up("camera.test") == CAMERA
    monkeypatch.setattr(names, "FRESH_SECONDS", 0.0)
    monkeypatch.setattr(names, "FAILED_SECONDS", 0.0)
    failures.append(socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"))
    assert await found.look_up("camera.test") == CAMERA
    failures[0] = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    with pytest.raises(Unresolved, match="not known"):
        await found.look_up("camera.test")
    await found.close()


async def test_names_that_hang_end_in_time_and_hold_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "PATIENCE_SECONDS", 0.6)
    free = threading.Event()

    def ask(host: str) -> Address:
        if host.startswith("hung"):
            free.wait(20)
        return CAMERA

    found = Names(Tools(), ask)
    assert await found.look_up("known.test") == CAMERA
    hung = [f"hung-{number}.test" for number in range(names.MAX_THREADS * 2)]
    answers = await asyncio.gather(*(found.look_up(host) for host in hung), return_exceptions=True)
    assert all(isinstance(answer, Unresolved) for answer in answers)
    assert len(found._threads) == names.MAX_THREADS
    assert await found.look_up("known.test") == CAMERA
    started = time.monotonic()
    with pytest.raises(Unresolved, match="does not answer"):
        await found.look_up("hung-0.test")
    assert time.monotonic() - started < 0.5  # its patience was used up by the first look
    free.set()
    await found.close()


async def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "MAX_NAMES", 8)
    found = Names(Tools(), lambda host: CAMERA)
    for number in range(40):
        await found.look_up(f"camera-{number}.test")
    assert len(found._names) <= 9
    await found.close()
