"""Do names, folders and EXIF say when a picture was taken?"""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.frame.dates import time_in, time_of, without_date
from probes.frame.exif import taken_at

AT = datetime(2023, 6, 13, 3, 11, 46, tzinfo=UTC).timestamp()
MINUTE = AT - 46
DAY = datetime(2023, 6, 13, tzinfo=UTC).timestamp()


def jpeg() -> bytes:
    return bytes(cv2.imencode(".jpg", np.full((48, 64, 3), 100, np.uint8))[1])


def exif(data: bytes, when: str, order: str = "<", offset: str = "") -> bytes:
    """The JPEG with a DateTimeOriginal in its EXIF directory, and the offset of its zone."""
    text = when.encode() + b"\0"
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8)
    first = struct.pack(f"{order}H", 1) + struct.pack(f"{order}HHII", 0x8769, 4, 1, 26) + bytes(4)
    count = 2 if offset else 1
    at = 26 + 2 + 12 * count + 4
    second = struct.pack(f"{order}H", count) + struct.pack(f"{order}HHII", 0x9003, 2, 20, at)
    if offset:
        second += struct.pack(f"{order}HHII", 0x9011, 2, 7, at + 20)
        text += offset.encode() + b"\0"
    second += bytes(4)
    block = b"Exif\0\0" + head + first + second + text
    return data[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + data[2:]


@pytest.mark.parametrize(
    ("name", "at"),
    [
        ("2023-06-13T03_11_46.jpg", AT),
        ("20230613_031146.jpg", AT),
        ("20230613031146", AT),
        ("IMG_20230613_031146123.jpg", AT + 0.123),
        ("192.168.1.64_01_20230613031146123_TIMING.jpg", AT + 0.123),  # Hikvision, FTP
        ("NVR_ch3_main_20230613031146_20230613032146.mp4", AT),  # Dahua, export
        ("2023-06-13/001/jpg/03/11/46[M][0@0][0].jpg", AT),  # Dahua, FTP and SD card
        ("2023-06-13/001/dav/03/03.11.46-03.21.46[M][0@0][0].mp4", AT),
        ("10.12.1.64/2023-06-13/pic_001/03.11.46[R][0@0][0].jpg", AT),
        ("image23-06-13_03-11-46-12.jpg", AT + 0.12),  # Axis
        ("20230613_03/20230613_031146_41F5.mkv", AT),
        ("Gate_00_20230613031146.jpg", AT),  # Reolink
        ("00017603/2023.06/20230613_031146.jpg", AT),  # AMOS
        ("MDAlarm_20230613-031146.jpg", AT),  # Foscam
        ("01-20230613031146-00.jpg", AT),  # motion
        ("2023-06-13/03-11-46.jpg", AT),
        ("1/23/06/13/03/11/46/001-capture.jpg", AT),  # ZoneMinder
        ("Gate.20230613_031146.3.jpg", AT + 0.3),  # Blue Iris
        ("gate-1686625906.123456-abc.jpg", AT + 0.123456),  # Frigate
        ("cam1_1686625906.jpg", AT),
        ("img-1686625906123.jpg", AT + 0.123),
        ("1686625906123456.jpg", AT + 0.123456),
        ("2023/06/13/03/11_46.jpg", AT),
        ("20230613/0311/46.jpg", AT),
        ("2023-06-13T05:11:46+02:00.jpg", AT),
        ("cam1_20230613T031146Z.jpg", AT),
        ("2023-06-13 at 03.11.46.jpg", AT),
        ("2023年06月13日03时11分46秒.jpg", AT),
        ("1920x1080_20230613_031146.jpg", AT),
        ("2023-06-13/snap_031146.jpg", AT),
        ("20230613_0311.jpg", MINUTE),
        ("2023.06.13/cam_03-11.jpg", MINUTE),
        ("2023-06-13.jpg", DAY),
        ("2023-06-13/frame_000123.jpg", None),  # a number is no time
        ("2023-02-30T10_00_00.jpg", None),
        ("20231399_031146.jpg", None),
        ("frame_000123.jpg", None),
        ("DSC04711.jpg", None),
        ("5000000000.jpg", None),
        ("123456789012345678901234", None),
    ],
)
def test_names_say_when(name: str, at: float | None) -> None:
    found = time_of(Path("/footage") / name)
    assert found == at if at is None else found == pytest.approx(at, abs=1e-3)


@settings(max_examples=100)
@given(st.text(alphabet="0123456789-_T:./Z+ab年", max_size=60))
def test_any_name_is_read_without_an_error(name: str) -> None:
    assert isinstance(time_in(name), float | None)
    assert isinstance(time_of(Path("/") / name), float | None)
    assert len(without_date(name)) <= len(name)


@pytest.mark.parametrize(
    ("folder", "rest"),
    [
        ("2023-06-13", ""),
        ("20230613", ""),
        ("2023", ""),
        ("2023.07", ""),
        ("06-13", ""),
        ("20230613_031146_ABCD_ACCC8E123456", ""),  # Axis, a recording
        ("gate_2023-06-13", "gate"),
        ("gate 3", "gate 3"),
        ("10.12.1.64", "10.12.1.64"),
        ("00017603", "00017603"),
    ],
)
def test_what_a_folder_says_besides_its_date(folder: str, rest: str) -> None:
    assert without_date(folder) == rest


@pytest.mark.parametrize("order", ["<", ">"])
def test_exif_tells_the_time(order: str) -> None:
    assert taken_at(exif(jpeg(), "2023:06:13 03:11:46", order)) == AT
    assert taken_at(exif(jpeg(), "2023:06:13 03:11:99", order)) is None
    assert taken_at(exif(jpeg(), "2023:06:13 05:11:46", order, "+02:00")) == AT
    assert taken_at(exif(jpeg(), "2023:06:13 03:11:46", order, "+9x:zz")) == AT
    assert taken_at(jpeg()) is None


@settings(max_examples=100)
@given(st.data())
def test_damaged_exif_is_no_error(data: st.DataObject) -> None:
    whole = bytearray(exif(jpeg(), "2023:06:13 03:11:46"))
    for _ in range(data.draw(st.integers(1, 8))):
        whole[data.draw(st.integers(2, 110))] = data.draw(st.integers(0, 255))
    taken_at(bytes(whole[: data.draw(st.integers(0, len(whole)))]))
