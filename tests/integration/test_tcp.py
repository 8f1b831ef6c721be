from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import pytest
from pydantic import ValidationError

from probes.ask import ask
from probes.observation import Observation, Outcome
from probes.registry import probe
from probes.target import Target
from probes.tcp import TcpOptions
from probes.tools import Tools, start_transcript
from tests.servers.processes import free_port


async def knock(host: str, port: int | tuple[int, ...], timeout_seconds: float = 5.0) -> Observation:
    tools = Tools()
    try:
        options = TcpOptions(port=port)
        return await ask(
            probe("tcp"), Target("d", host), options, tools, check="reach", timeout_seconds=timeout_seconds
        )
    finally:
        await tools.close()


@contextlib.contextmanager
def listening(host: str = "127.0.0.1") -> Iterator[int]:
    with socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET) as server:
        yield server.getsockname()[1]


@contextlib.contextmanager
def silent() -> Iterator[int]:
    """A port whose backlog is full, so that further connections are never answered."""
    with socket.socket() as server, contextlib.ExitStack() as fillers:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for _ in range(2):
            filler = fillers.enter_context(socket.socket())
            filler.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                filler.connect(server.getsockname())
        yield server.getsockname()[1]


async def test_an_open_port() -> None:
    with listening() as port:
        seen = await knock("127.0.0.1", port)
    assert seen.outcome is Outcome.OK
    assert seen.values["port"] == port
    assert 0 < float(seen.values["connect_seconds"]) < 1


async def test_an_open_port_over_ipv6_and_by_name() -> None:
    with listening("::1") as port:
        assert (await knock("::1", port)).outcome is Outcome.OK
    with listening() as port:
        assert (await knock("localhost", port)).outcome is Outcome.OK


async def test_a_closed_port_says_that_the_host_answers() -> None:
    port = free_port()
    seen = await knock("127.0.0.1", port)
    assert seen.outcome is Outcome.REFUSED
    assert seen.detail == f"host answers, port {port} is closed"


async def test_any_of_several_ports_may_answer() -> None:
    with listening() as port, silent() as dark:
        seen = await knock("127.0.0.1", (free_port(), dark, port))
        assert seen.outcome is Outcome.OK
        assert seen.values["port"] == port
    seen = await knock("127.0.0.1", (free_port(), free_port()))
    assert seen.outcome is Outcome.REFUSED


async def test_a_dark_host_does_not_answer() -> None:
    with silent() as port:
        assert (await knock("127.0.0.1", port, 0.3)).outcome is Outcome.NO_ANSWER
        assert (await knock("127.0.0.1", (port, port), 0.3)).outcome is Outcome.NO_ANSWER


async def test_a_name_that_cannot_exist() -> None:
    seen = await knock("no such host", 80)
    assert seen.outcome is Outcome.UNRESOLVED


async def test_no_socket_is_left_behind() -> None:
    with listening() as port, silent() as dark:
        lines = start_transcript()
        await asyncio.gather(*(knock("127.0.0.1", (port, dark)) for _ in range(20)))
        assert f"connected to 127.0.0.1 port {port}" in lines


@pytest.mark.parametrize("port", [0, 65_536, [], [1] * 9, "http"])
def test_options_that_make_no_sense(port: object) -> None:
    with pytest.raises(ValidationError):
        TcpOptions.model_validate({"port": port})
