"""Which addresses does a range mean, and which ranges are refused?"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.discovery.words import say_refused
from monitor.locale import translate
from probes.discovery import BadPorts, BadRange, parse_ports, parse_ranges
from probes.discovery.ranges import Wrong


@pytest.mark.parametrize(
    ("texts", "count", "first", "last"),
    [
        (["10.1.0.0/22"], 1_022, "10.1.0.1", "10.1.3.254"),
        (["10.1.0.0/31"], 2, "10.1.0.0", "10.1.0.1"),
        (["10.1.0.7/32"], 1, "10.1.0.7", "10.1.0.7"),
        (["10.1.0.77/24"], 254, "10.1.0.1", "10.1.0.254"),
        (["10.1.0.10-40"], 31, "10.1.0.10", "10.1.0.40"),
        (["10.1.0.10 - 10.1.1.9"], 256, "10.1.0.10", "10.1.1.9"),
        (["10.1.0.5"], 1, "10.1.0.5", "10.1.0.5"),
        (["10.1.0.5", "10.1.0.1-9", "10.1.0.10"], 10, "10.1.0.1", "10.1.0.10"),
        (["10.0.0.0/16"], 65_534, "10.0.0.1", "10.0.255.254"),
    ],
)
def test_ranges(texts: list[str], count: int, first: str, last: str) -> None:
    ranges = parse_ranges(texts)
    addresses = list(ranges)
    assert (len(ranges), len(addresses), len(set(addresses))) == (count, count, count)
    assert (addresses[0], addresses[-1]) == (first, last)
    assert first in ranges
    assert last in ranges
    assert "9.9.9.9" not in ranges


@pytest.mark.parametrize(
    ("texts", "wrong"),
    [
        (["10.0.0.0/15"], Wrong.TOO_LARGE),
        (["10.0.0.0-10.200.0.0"], Wrong.TOO_LARGE),
        (["10.0.0.0/16", "10.9.0.0/24"], Wrong.TOO_LARGE),
        (["fd00::/120"], Wrong.IPV6),
        (["239.255.255.250"], Wrong.NOT_HOSTS),
        (["0.0.0.0/24"], Wrong.NOT_HOSTS),
        (["10.1.0.9-3"], Wrong.BACKWARDS),
        (["camera-07"], Wrong.UNREADABLE),
        (["10.1.0.1-x"], Wrong.UNREADABLE),
        (["10.1.0.1-999"], Wrong.UNREADABLE),
        (["1" * 10_000], Wrong.UNREADABLE),
        ([], Wrong.NONE),
    ],
)
def test_refused_ranges(texts: list[str], wrong: Wrong) -> None:
    with pytest.raises(BadRange) as refused:
        parse_ranges(texts)
    assert refused.value.wrong is wrong


@pytest.mark.parametrize(
    ("texts", "english", "chinese"),
    [
        (
            ["10.0.0.0/8"],
            "10.0.0.0/8 has 16,777,214 addresses, at most 65,536 (a /16) are",
            "10.0.0.0/8 共有 16,777,214",
        ),
        (["10.0.0.0/16", "10.9.0.0/24"], "10.0.0.0/16, 10.9.0.0/24 has 65,788 addresses", "10.9.0.0/24 共有 65,788 个"),
        (["10.1.0.300"], "10.1.0.300 is no range of IPv4 addresses: write it as", "10.1.0.300 不是 IPv4 地址范围"),
        (["10.1.0.9-3"], "10.1.0.9-3 ends before it begins: write the lower", "10.1.0.9-3 的结束地址小于"),
        (["x" * 99], "x… is no range", "x… 不是"),
    ],
)
def test_a_refusal_is_one_sentence_with_range_limit_and_remedy(texts: list[str], english: str, chinese: str) -> None:
    with pytest.raises(BadRange) as refused:
        parse_ranges(texts)
    for language, words in (("en", english), ("zh_CN", chinese)):
        said = say_refused(refused.value, translate(language))  # type: ignore[arg-type]
        assert words in said
        assert "10.1.0." in said
        assert len(said.splitlines()) == 1


@settings(deadline=None)
@given(st.text(max_size=80))
def test_no_text_does_anything_else(text: str) -> None:
    try:
        count = len(parse_ranges([text]))
    except BadRange as refused:
        count = max(1, 65 - len(refused.text))
    assert count > 0


def test_ports() -> None:
    ports = parse_ports(["http=8000,8001", "rtsp=8554", "sia="])
    assert (ports.http, ports.rtsp, ports.sia) == ((8000, 8001), (8554,), ())
    assert ports.first == (8000, 443, 8554)
    assert not set(ports.first) & set(ports.rest)
    for wrong in ("http", "gopher=70", "http=x", "http=0", "http=70000", "http=" + ",".join(map(str, range(1, 40)))):
        with pytest.raises(BadPorts):
            parse_ports([wrong])
