"""What runs in a decoder process? Jobs come on standard input, answers go to standard output.

    python -m probes.frame.worker PID_OF_THE_DAEMON

It may hang or die: whatever a device sends is decoded here and nowhere else.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import sys
import threading
from collections.abc import Callable
from typing import BinaryIO, Final

from probes.errors import LocalTrouble, Trouble
from probes.frame.job import Attached, Job, Seen
from probes.frame.wire import HEAD, Kind, Message, lengths, pack, read_job, seen_message, trouble_message

ADDRESS_SPACE: Final = 6 * 1024**3  # bytes
CPU_SECONDS: Final = 120  # beyond what is used when a job begins
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_DUMPABLE: Final = 4
_PR_SET_NO_NEW_PRIVS: Final = 38

Look = Callable[[Job, threading.Event], tuple[Seen, Attached]]


def main() -> None:
    """Answer jobs until standard input ends."""
    confine(int(sys.argv[1]))
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)  # nothing that a library prints may get between the answers
    from probes.frame.look import look  # noqa: PLC0415  FFmpeg and OpenCV come after the limits

    Desk(answers, look).serve(sys.stdin.buffer)
    os._exit(0)  # threads that hang in FFmpeg would keep the process


def confine(parent: int) -> None:
    """Give up whatever decoding does not need, and tie this process's life to that of its parent."""
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as score:
        score.write("500")  # where memory runs out, the kernel takes this process and not the daemon
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)  # its memory holds passwords
    if os.getppid() != parent:  # it died before we were tied to it
        os._exit(0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the daemon, which then ends us
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    os.nice(5)


class Desk:
    """Takes jobs, gives each a thread of its own (they wait for the network nearly all the time), sends the answers."""

    def __init__(self, answers: BinaryIO, look: Look) -> None:
        self._answers = answers
        self._look = look
        self._sending = threading.Lock()
        self._cancels: dict[int, threading.Event] = {}

    def serve(self, jobs: BinaryIO) -> None:
        """Until the daemon closes the pipe."""
        self._send(Message(Kind.HELLO))
        while len(head := jobs.read(HEAD.size)) == HEAD.size:
            kind, number, json_length, data_length = lengths(head)
            message = Message(kind, number, jobs.read(json_length), jobs.read(data_length))
            if kind is Kind.LOOK:
                allow_cpu()
                cancelled = self._cancels[number] = threading.Event()
                threading.Thread(target=self._answer, args=(message, cancelled), daemon=True).start()
            elif kind is Kind.CANCEL and number in self._cancels:
                self._cancels[number].set()

    def _answer(self, message: Message, cancelled: threading.Event) -> None:
        number = message.number
        try:
            seen, attached = self._look(read_job(message), cancelled)
            answer = seen_message(number, seen, attached)
        except Trouble as trouble:
            answer = trouble_message(number, trouble)
        except MemoryError:
            answer = trouble_message(number, LocalTrouble("the decoder worker has no memory left"))
        except Exception as error:  # its text may hold the URL
            answer = trouble_message(number, LocalTrouble(f"{type(error).__name__} in the decoder worker"))
        self._cancels.pop(number, None)
        self._send(answer)

    def _send(self, message: Message) -> None:
        with self._sending:
            left = memoryview(pack(message))
            while left:
                left = left[self._answers.write(left) :]


def allow_cpu() -> None:
    """Let the kernel end this process if a decoder spins, even when the daemon cannot."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    soft = int(used.ru_utime + used.ru_stime) + CPU_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (soft, most))


if __name__ == "__main__":
    main()
