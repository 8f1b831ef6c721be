"""Did libjpeg complain while it decoded? OpenCV does not pass that on, and says it on standard error alone."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Final, TypeVar

Result = TypeVar("Result")

_COMPLAINT: Final = b"JPEG"  # in "Corrupt JPEG data: …", "Premature end of JPEG file", "Unsupported JPEG …"
_MOST: Final = 64 * 1024  # bytes that are read of it
_TURN: Final = threading.Lock()  # the standard error is one for all threads


def listen(decode: Callable[[], Result]) -> tuple[Result, bool]:
    """What `decode` returns, and whether libjpeg complained; what others said meanwhile is said afterwards.

    One at a time in a process. Where the standard error cannot be turned aside, nothing is heard.
    """
    with _TURN:
        try:
            kept, ear = os.dup(2), os.memfd_create("libjpeg")
        except OSError:
            return decode(), False
        try:
            os.dup2(ear, 2)
            try:
                result = decode()
            finally:
                os.dup2(kept, 2)
            said = os.pread(ear, _MOST, 0)
            complained = _COMPLAINT in said
            if said and not complained:
                os.write(2, said)
            return result, complained
        finally:
            os.close(kept)
            os.close(ear)
