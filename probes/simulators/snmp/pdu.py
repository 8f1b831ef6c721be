"""What does an agent answer to one PDU? GET, GETNEXT, GETBULK and SET over a sorted view of objects (RFC 3416)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum

from probes.simulators.snmp import ber
from probes.simulators.snmp.ber import Oid, Reader

GET, GET_NEXT, RESPONSE, SET, GET_BULK, REPORT = 0xA0, 0xA1, 0xA2, 0xA3, 0xA5, 0xA8
CONFIRMED = frozenset({GET, GET_NEXT, SET, GET_BULK})

MAX_BINDINGS = 256  # of one request
MAX_REPETITIONS = 100
MAX_ANSWER = 1_300  # bytes of bindings: with the headers of version 3 one Ethernet frame, which real agents keep to


class Status(IntEnum):
    """Error status of a response (RFC 3416 section 3)."""

    OK = 0
    TOO_BIG = 1
    NO_SUCH_NAME = 2
    NO_ACCESS = 6
    WRONG_TYPE = 7
    WRONG_VALUE = 10
    NOT_WRITABLE = 17


Commit = Callable[[], None]
Prepare = Callable[[Oid, int, bytes], Status | Commit]  # name, tag and content of the new value: why not, or its doing


@dataclass(frozen=True, slots=True)
class View:
    """Objects of a device, each with its encoded value, in the order of their names."""

    objects: Mapping[Oid, bytes]
    names: tuple[Oid, ...]

    @classmethod
    def of(cls, objects: Mapping[Oid, bytes]) -> View:
        """A view of these objects."""
        return cls(objects, tuple(sorted(objects)))

    def get(self, name: Oid) -> bytes:
        """The encoded value of an object, or noSuchObject."""
        return self.objects.get(name, ber.NO_SUCH_OBJECT)

    def after(self, name: Oid) -> tuple[Oid, bytes]:
        """The first object behind that name, or that name itself with endOfMibView."""
        at = bisect_right(self.names, name)
        if at == len(self.names):
            return name, ber.END_OF_VIEW
        found = self.names[at]
        return found, self.objects[found]


@dataclass(frozen=True, slots=True)
class Request:
    """A PDU that asks. `first` and `second` are zero, or GETBULK's non-repeaters and max-repetitions."""

    kind: int
    number: int
    first: int
    second: int
    bindings: tuple[tuple[Oid, int, bytes], ...]  # name, tag, content


def read_request(reader: Reader) -> Request:
    """The request at the reader; raises ber.Malformed."""
    kind = reader.peek()
    if kind not in CONFIRMED:
        raise ber.Malformed(f"a PDU of kind {kind:#x}")
    inside = reader.inside(kind)
    number, first, second = inside.integer(), inside.integer(), inside.integer()
    listed = inside.inside()
    bindings: list[tuple[Oid, int, bytes]] = []
    while listed:
        if len(bindings) == MAX_BINDINGS:
            raise ber.Malformed("too many variable bindings")
        one = listed.inside()
        bindings.append((one.oid(), *one.any()))
    return Request(kind, number, first, second, tuple(bindings))


def answer(request: Request, view: View, prepare: Prepare | None, *, version_1: bool = False) -> bytes:
    """The encoded response. Without `prepare` nothing may be set."""
    if request.kind == SET:
        return _set(request, prepare, version_1=version_1)
    names = [name for name, _, _ in request.bindings]
    if request.kind == GET_BULK:
        return response(request.number, _fitting(_bulk(names, request.first, request.second, view)))
    pairs = [(name, view.get(name)) if request.kind == GET else view.after(name) for name in names]
    if version_1:  # it knows no exceptions inside a binding (RFC 1157 section 4.1.2)
        missing = [at for at, (_, value) in enumerate(pairs, 1) if value in (ber.NO_SUCH_OBJECT, ber.END_OF_VIEW)]
        if missing:
            return refusal(request, Status.NO_SUCH_NAME, missing[0])
    bindings = [binding(*pair) for pair in pairs]
    if sum(map(len, bindings)) > MAX_ANSWER:
        return encode(request.number, Status.TOO_BIG, 0, ())
    return response(request.number, bindings)


def binding(name: Oid, value: bytes) -> bytes:
    """One variable binding."""
    return ber.sequence(ber.oid(name), value)


def response(number: int, bindings: Iterable[bytes]) -> bytes:
    """A response without error."""
    return encode(number, Status.OK, 0, bindings)


def refusal(request: Request, status: Status, index: int) -> bytes:
    """A response that repeats the request's bindings and names the one at fault, counted from 1."""
    repeated = [binding(name, ber.tlv(tag, content)) for name, tag, content in request.bindings]
    return encode(request.number, status, index, repeated)


def encode(number: int, status: Status, index: int, bindings: Iterable[bytes], kind: int = RESPONSE) -> bytes:
    """A PDU of encoded bindings."""
    return ber.sequence(ber.integer(number), ber.integer(status), ber.integer(index), ber.sequence(*bindings), tag=kind)


def _bulk(names: list[Oid], non_repeaters: int, repetitions: int, view: View) -> Iterator[bytes]:
    singles = min(max(non_repeaters, 0), len(names))
    for name in names[:singles]:
        yield binding(*view.after(name))
    repeated = names[singles:]
    for _ in range(min(max(repetitions, 0), MAX_REPETITIONS) if repeated else 0):
        pairs = [view.after(name) for name in repeated]
        for pair in pairs:
            yield binding(*pair)
        if all(value is ber.END_OF_VIEW for _, value in pairs):
            return
        repeated = [name for name, _ in pairs]


def _fitting(bindings: Iterator[bytes]) -> Iterator[bytes]:
    size = 0
    for one in bindings:
        size += len(one)
        if size > MAX_ANSWER:
            return
        yield one


def _set(request: Request, prepare: Prepare | None, *, version_1: bool) -> bytes:
    """All bindings are set, or none (RFC 3416 section 4.2.5)."""
    commits: list[Commit] = []
    for index, (name, tag, content) in enumerate(request.bindings, 1):
        prepared = prepare(name, tag, content) if prepare else Status.NO_ACCESS
        if isinstance(prepared, Status):
            return refusal(request, Status.NO_SUCH_NAME if version_1 else prepared, index)
        commits.append(prepared)
    for commit in commits:
        commit()
    return response(request.number, [binding(name, ber.tlv(tag, content)) for name, tag, content in request.bindings])
