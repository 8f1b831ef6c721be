"""Puts the restrictions of a systemd unit on a process where systemd is not there to do it.

Works from the unit's own text, as root in a mount namespace of its own. What systemd does with seccomp is done with
seccomp here, by the same library and the same lists of system calls (`systemd-analyze syscall-filter`).
"""

from __future__ import annotations

import ctypes
import errno
import os
import subprocess
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

NOBODY = 65_534
IMPLICIT = ("@default", "execve", "exit", "exit_group", "rt_sigreturn", "sigreturn")  # systemd.exec(5)
FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10}
NAMESPACES = (0x80, 0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000)
ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_EQ, _MASKED_EQ = 4, 7
_PROT_WRITE, _PROT_EXEC, _SHM_EXEC = 2, 4, 0o100000
_MS = {"bind": 4096, "rec": 16384, "private": 1 << 18}
_SYS_MOUNT_SETATTR, _AT_FDCWD, _AT_RECURSIVE, _RDONLY = 442, -100, 0x8000, 1

libc = ctypes.CDLL(None, use_errno=True)


class _Comparison(ctypes.Structure):
    _fields_ = (("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64))


def read_unit(file: Path) -> Mapping[str, Sequence[str]]:
    """Setting -> its values in their order, of all sections."""
    found: dict[str, list[str]] = defaultdict(list)
    for line in file.read_text("utf-8").splitlines():
        name, separator, value = line.partition("=")
        if separator and not line.startswith("#"):
            found[name].append(value)
    return found


def wrong_unless(done: int, what: str) -> None:
    if done < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def mount(source: str, target: Path, kind: str = "", flags: int = 0, options: str = "") -> None:
    done = libc.mount(source.encode(), bytes(target), kind.encode() or None, flags, options.encode() or None)
    wrong_unless(done, f"mount {target}")


def bind(source: Path, target: Path) -> None:
    mount(str(source), target, flags=_MS["bind"])


def set_read_only(path: Path, only: bool, *, below: bool = False) -> None:
    attributes = (ctypes.c_uint64 * 4)(_RDONLY if only else 0, 0 if only else _RDONLY, 0, 0)
    flags = _AT_RECURSIVE if below else 0
    size = ctypes.sizeof(attributes)
    wrong_unless(
        libc.syscall(_SYS_MOUNT_SETATTR, _AT_FDCWD, bytes(path), flags, ctypes.byref(attributes), size), str(path)
    )


def own_mounts() -> None:
    """From here on mounts are this process's own."""
    wrong_unless(libc.unshare(0x20000), "unshare")  # CLONE_NEWNS


def close_the_house(unit: Mapping[str, Sequence[str]], writable: Iterable[Path], kept: Iterable[Path]) -> None:
    """ProtectSystem=strict, PrivateTmp, PrivateDevices, ProtectProc and ProcSubset, in this mount namespace.

    `kept` are folders below /tmp or /home that stay visible, for the interpreter and the tests live there.
    """
    assert unit["ProtectSystem"] == ["strict"]
    assert unit["PrivateDevices"] == unit["PrivateTmp"] == unit["ProtectHome"] == ["yes"]
    mount("none", Path("/"), flags=_MS["rec"] | _MS["private"])
    set_read_only(Path("/"), True, below=True)
    held = {folder: os.open(folder, os.O_PATH) for folder in (*kept, *writable)}
    for hidden, mode in (("/home", "0755"), ("/tmp", "1777")):
        mount("tmpfs", Path(hidden), "tmpfs", options=f"mode={mode}")
    for folder, number in held.items():
        if folder.is_relative_to("/tmp") or folder.is_relative_to("/home"):
            folder.mkdir(parents=True, exist_ok=True)
        bind(Path(f"/proc/self/fd/{number}"), folder)
        os.close(number)
    for folder in kept:
        set_read_only(folder, True)
    for folder in writable:
        set_read_only(folder, False)
    _empty_devices()
    options = f"hidepid={unit['ProtectProc'][0]},subset={unit['ProcSubset'][0]}"
    mount("proc", Path("/proc"), "proc", options=options)


def _empty_devices() -> None:
    names = ("null", "zero", "full", "random", "urandom", "tty")
    held = {name: os.open(f"/dev/{name}", os.O_PATH) for name in names}
    mount("tmpfs", Path("/dev"), "tmpfs", options="mode=0755")
    Path("/dev/shm").mkdir()
    Path("/dev/shm").chmod(0o1777)
    for name, number in held.items():
        Path(f"/dev/{name}").touch()
        bind(Path(f"/proc/self/fd/{number}"), Path(f"/dev/{name}"))
        os.close(number)
    set_read_only(Path("/dev"), True)
    mount("tmpfs", Path("/dev/shm"), "tmpfs", options="mode=1777")


def system_calls(words: Iterable[str]) -> set[str]:
    """Names of system calls, groups opened."""
    found: set[str] = set()
    for word in words:
        if not word.startswith("@"):
            found.add(word)
            continue
        told = subprocess.run(["systemd-analyze", "syscall-filter", word], capture_output=True, text=True, check=True)
        lines = (line.strip() for line in told.stdout.splitlines()[1:])
        found |= system_calls(line for line in lines if line and not line.startswith("#"))
    return found


def allowed_calls(unit: Mapping[str, Sequence[str]]) -> set[str]:
    """What the unit's filter lets through."""
    allowed = system_calls(IMPLICIT)
    for line in unit["SystemCallFilter"]:
        if line.startswith("~"):
            allowed -= system_calls(line[1:].split()) - system_calls(IMPLICIT)
        else:
            allowed |= system_calls(line.split())
    return allowed


def seccomp(unit: Mapping[str, Sequence[str]]) -> Callable[[], None]:
    """What loads the filters; they are made here, where the lists may still be asked for."""
    allowed = allowed_calls(unit)
    families = {FAMILIES[name] for name in unit["RestrictAddressFamilies"][0].split()}
    assert unit["MemoryDenyWriteExecute"] == unit["NoNewPrivileges"] == ["yes"]
    assert unit["SystemCallErrorNumber"] == ["EPERM"]
    library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    library.seccomp_init.restype = ctypes.c_void_p
    library.seccomp_init.argtypes = [ctypes.c_uint32]
    library.seccomp_load.argtypes = [ctypes.c_void_p]
    add = library.seccomp_rule_add_array
    add.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint, ctypes.POINTER(_Comparison)]

    def number(name: str) -> int:
        found: int = library.seccomp_syscall_resolve_name(name.encode())
        return found

    def rule(context: int, action: int, name: str, *comparisons: _Comparison) -> None:
        done = add(context, action, number(name), len(comparisons), (_Comparison * len(comparisons))(*comparisons))
        assert done == 0, (name, done)

    def refuse(code: int) -> int:
        return _ERRNO | code

    calls = library.seccomp_init(refuse(errno.EPERM))
    for name in allowed:
        if number(name) >= 0:
            rule(calls, ALLOW, name)
    sockets = library.seccomp_init(ALLOW)
    for family in set(range(64)) - families:
        rule(sockets, refuse(errno.EAFNOSUPPORT), "socket", _Comparison(0, _EQ, family, 0))
    memory = library.seccomp_init(ALLOW)
    both = _PROT_WRITE | _PROT_EXEC
    rule(memory, refuse(errno.EPERM), "mmap", _Comparison(2, _MASKED_EQ, both, both))
    for name in ("mprotect", "pkey_mprotect"):
        rule(memory, refuse(errno.EPERM), name, _Comparison(2, _MASKED_EQ, _PROT_EXEC, _PROT_EXEC))
    rule(memory, refuse(errno.EPERM), "shmat", _Comparison(2, _MASKED_EQ, _SHM_EXEC, _SHM_EXEC))

    spaces = library.seccomp_init(ALLOW)
    assert unit["RestrictNamespaces"] == ["yes"]
    for flag in NAMESPACES:
        for name in ("clone", "unshare"):
            rule(spaces, refuse(errno.EPERM), name, _Comparison(0, _MASKED_EQ, flag, flag))
    rule(spaces, refuse(errno.EPERM), "setns")
    rule(
        spaces, refuse(errno.ENOSYS), "clone3"
    )  # its flags lie where seccomp cannot look; libraries fall back to clone

    def load() -> None:
        wrong_unless(libc.prctl(38, 1, 0, 0, 0), "no new privileges")
        for context in (spaces, memory, sockets, calls):
            assert library.seccomp_load(context) == 0

    return load


def become_nobody() -> None:
    """User=, Group=, CapabilityBoundingSet=: no capability is left, and none can come back."""
    for capability in range(64):
        libc.prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP; fails behind the last one
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    os.umask(0o077)
