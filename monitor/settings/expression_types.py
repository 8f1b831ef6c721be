"""Do the types of a rule's expression fit, so that it gives true or false?

CEL judges types only when it runs, and a rule that does not run is a rule that never fires. What CEL would refuse, or
what can never be equal, is found here; of what this does not know (macros, maps) it says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

import cel

Kind = Literal["bool", "int", "double", "number", "string", "list", "any"]  # "number": whole or decimal, who knows

NUMBERS: Final = frozenset({"int", "double", "number"})

_TOKEN: Final = re.compile(
    r"""(?P<space>\s+|//[^\n]*)
    |(?P<string>[rR]?(?:\"{3}(?s:.)*?\"{3}|'{3}(?s:.)*?'{3}|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))
    |(?P<double>\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?)
    |(?P<int>0x[0-9a-fA-F]+|\d+)
    |(?P<name>[A-Za-z_]\w*)
    |(?P<sign>&&|\|\||[=!<>]=|[-+*/%!<>?:.,()\[\]{}])""",
    re.VERBOSE,
)
_BINDS: Final = {
    "||": 1, "&&": 2,
    "==": 3, "!=": 3, "<": 3, "<=": 3, ">": 3, ">=": 3, "in": 3,
    "+": 4, "-": 4, "*": 5, "/": 5, "%": 5,
}  # fmt: skip
_EXAMPLES: Final[Mapping[str, str]] = {"string": '{part} == "…"', "list": "size({part}) > 0"}


@dataclass(frozen=True, slots=True)
class Misfit:
    """What does not fit: the code of its text (monitor.settings.words), and what the text quotes."""

    code: str
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Types:
    """What was found: the misfits, and the names that stand as patterns of `matches`."""

    misfits: tuple[Misfit, ...]
    patterns: frozenset[str]


def examine(text: str, kinds: Mapping[str, Kind]) -> Types:
    """Judge an expression that compiles. `kinds`: the kinds of the names that it may use; others are not judged."""
    try:
        reader = _Reader(text, kinds)
        reader.want_truth(reader.expression())
        reader.must_end()
    except _BeyondGrammar:
        return Types((), frozenset())
    return Types(tuple(reader.misfits), frozenset(reader.patterns))


def is_pattern(text: str) -> bool:
    """Would `matches` take it? Its regular expressions are Rust's: without look-around and back references."""
    try:
        cel.evaluate('"".matches(pattern)', {"pattern": text})
    except (ValueError, RuntimeError):
        return False
    return True


class _BeyondGrammar(Exception):
    """CEL compiles it, but it is not read here."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of the text, from `start` to before `end`, and its kind; `items` of a list that is written out."""

    kind: Kind
    start: int
    end: int
    items: tuple[_Part, ...] | None = None


@dataclass(frozen=True, slots=True)
class _Token:
    sort: str
    text: str
    start: int


@dataclass(slots=True)
class _Reader:
    text: str
    kinds: Mapping[str, Kind]
    misfits: list[Misfit] = field(default_factory=list)
    patterns: set[str] = field(default_factory=set)
    _tokens: list[_Token] = field(init=False)
    _at: int = 0

    def __post_init__(self) -> None:
        self._tokens = [*_tokens(self.text), _Token("end", "", len(self.text))]

    def expression(self) -> _Part:
        """Condition ? one : other, or what binds closer."""
        first = self._binary(1)
        if not self._takes("?"):
            return first
        self.want_truth(first)
        one = self._binary(1)
        self._must_take(":")
        other = self.expression()
        return _Part(one.kind if one.kind == other.kind else _common(one, other), first.start, other.end)

    def must_end(self) -> None:
        """Raises where something stands behind the expression."""
        if self._next.sort != "end":
            raise _BeyondGrammar

    def want_truth(self, part: _Part) -> None:
        """Note a part that is something else than true or false."""
        if part.kind not in ("bool", "any"):
            example = _EXAMPLES.get(part.kind, "{part} > 0").format(part=self._shown(part))
            self._misfit("expression_no_truth", part=self._shown(part), kind=part.kind, example=example)

    def _binary(self, weakest: int) -> _Part:
        left = self._unary()
        while (binds := _BINDS.get(self._next.text, 0)) >= weakest and self._next.sort in ("sign", "name"):
            operator = self._take().text
            left = self._joined(operator, left, self._binary(binds + 1))
        return left

    def _unary(self) -> _Part:
        signs = []
        while self._next.text in ("!", "-") and self._next.sort == "sign":
            signs.append(self._take())
        part = self._member()
        for sign in reversed(signs):
            if sign.text == "!":
                self.want_truth(part)
                part = _Part("bool", sign.start, part.end)
            else:
                if part.kind not in NUMBERS | {"any"}:
                    self._argument("-", "number", part)
                part = _Part(part.kind, sign.start, part.end)
        return part

    def _member(self) -> _Part:
        part = self._primary()
        while self._next.sort == "sign" and self._next.text in (".", "["):
            if self._take().text == "[":
                self.expression()
                self._must_take("]")
                part = _Part("any", part.start, self._end)
                continue
            name = self._take()
            if self._next.text == "(":
                self._take()
                kind = self._method(name.text, part, self._arguments(")"))
                part = _Part(kind, part.start, self._end)
            else:
                part = _Part("any", part.start, self._end)
        return part

    def _primary(self) -> _Part:
        token = self._take()
        if token.sort in ("string", "double", "int"):
            kinds: dict[str, Kind] = {"string": "string", "double": "double", "int": "int"}
            return _Part(kinds[token.sort], token.start, self._end)
        if token.sort == "name":
            if self._takes("("):
                kind = self._call(token.text, self._arguments(")"))
                return _Part(kind, token.start, self._end)
            kind = "bool" if token.text in ("true", "false") else self.kinds.get(token.text, "any")
            return _Part(kind, token.start, self._end)
        if token.text == "(":
            inside = self.expression()
            self._must_take(")")
            return _Part(inside.kind, token.start, self._end, inside.items)
        if token.text == "[":
            items = tuple(self._arguments("]"))
            return _Part("list", token.start, self._end, items)
        raise _BeyondGrammar

    def _arguments(self, closing: str) -> list[_Part]:
        found: list[_Part] = []
        while not self._takes(closing):
            found.append(self.expression())
            if not self._takes(","):
                self._must_take(closing)
                break
        return found

    def _method(self, name: str, on: _Part, arguments: list[_Part]) -> Kind:
        if name in ("contains", "startsWith", "endsWith", "matches"):
            for part in (on, *arguments):
                if part.kind not in ("string", "any"):
                    self._argument(name, "string", part)
            if name == "matches" and arguments:
                self._pattern(arguments[0])
            return "bool"
        return self._call(name, [on, *arguments]) if name == "size" else "any"

    def _call(self, name: str, arguments: list[_Part]) -> Kind:
        wanted: dict[str, tuple[frozenset[str], str, Kind]] = {
            "size": (frozenset({"string", "list"}), "string/list", "int"),
            "int": (NUMBERS | {"string"}, "number/string", "int"),
            "double": (NUMBERS | {"string"}, "number/string", "double"),
            "string": (NUMBERS | {"string", "bool"}, "number/string/bool", "string"),
        }
        if name == "matches" and len(arguments) == 2:
            return self._method(name, arguments[0], arguments[1:])
        if name not in wanted:
            return "any"
        takes, said, gives = wanted[name]
        for part in arguments:
            if part.kind not in takes | {"any"}:
                self._argument(name, said, part)
        return gives

    def _pattern(self, part: _Part) -> None:
        written = self.text[part.start : part.end]
        if written.isidentifier():
            self.patterns.add(written)
        elif part.kind == "string":
            try:
                pattern = cel.evaluate(written)
            except (ValueError, RuntimeError):
                return
            if isinstance(pattern, str) and not is_pattern(pattern):
                self._misfit("bad_pattern", pattern=pattern)

    def _joined(self, operator: str, left: _Part, right: _Part) -> _Part:
        kind: Kind = "bool"
        match operator:
            case "&&" | "||":
                self.want_truth(left)
                self.want_truth(right)
            case "==" | "!=":
                if not _comparable(left, right):
                    self._mismatch(operator, left, right)
            case "in":
                self._within(left, right)
            case "<" | "<=" | ">" | ">=":
                if not _comparable(left, right) or "list" in (left.kind, right.kind):
                    self._mismatch(operator, left, right)
            case _:
                kind = self._calculated(operator, left, right)
        return _Part(kind, left.start, right.end)

    def _within(self, left: _Part, right: _Part) -> None:
        if right.kind not in ("list", "any"):
            self._argument("in", "list", right)
        for item in right.items or ():
            if not _comparable(left, item):
                self._mismatch("in", left, item)

    def _calculated(self, operator: str, left: _Part, right: _Part) -> Kind:
        kinds = {left.kind, right.kind}
        if "any" in kinds:
            return "any"
        if operator == "+" and len(kinds) == 1 and kinds & {"string", "list"}:
            return left.kind
        if not kinds <= NUMBERS:
            self._mismatch(operator, left, right)
            return "any"
        if len(kinds) > 1 or kinds == {"number"}:
            sides = [self._shown(part) for part in (left, right)]
            sure = [side if part.kind == "double" else f"double({side})"
                    for side, part in zip(sides, (left, right), strict=True)]  # fmt: skip
            operation = f" {operator} "
            self._misfit("expression_mixed", part=operation.join(sides), remedy=operation.join(sure))
            return "double"
        return left.kind

    def _mismatch(self, operator: str, left: _Part, right: _Part) -> None:
        self._misfit(
            "expression_mismatch",
            operator=operator,
            left=self._shown(left),
            left_kind=left.kind,
            right=self._shown(right),
            right_kind=right.kind,
        )

    def _argument(self, function: str, wanted: str, part: _Part) -> None:
        self._misfit("expression_argument", function=function, wanted=wanted, part=self._shown(part), kind=part.kind)

    def _misfit(self, code: str, **facts: str) -> None:
        self.misfits.append(Misfit(code, facts))

    def _shown(self, part: _Part) -> str:
        shown = " ".join(self.text[part.start : part.end].split())
        return shown if len(shown) <= 60 else shown[:59] + "…"

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    @property
    def _end(self) -> int:
        """Where what was taken last ends."""
        last = self._tokens[self._at - 1]
        return last.start + len(last.text)

    def _take(self) -> _Token:
        token = self._next
        if token.sort == "end":
            raise _BeyondGrammar
        self._at += 1
        return token

    def _takes(self, sign: str) -> bool:
        if self._next.sort == "sign" and self._next.text == sign:
            self._at += 1
            return True
        return False

    def _must_take(self, sign: str) -> None:
        if not self._takes(sign):
            raise _BeyondGrammar


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            raise _BeyondGrammar
        if found.lastgroup != "space":
            yield _Token(found.lastgroup, found.group(), at)
        at = found.end()


def _comparable(left: _Part, right: _Part) -> bool:
    kinds = {left.kind, right.kind}
    return "any" in kinds or len(kinds) == 1 or kinds <= NUMBERS


def _common(one: _Part, other: _Part) -> Kind:
    return "number" if {one.kind, other.kind} <= NUMBERS else "any"
