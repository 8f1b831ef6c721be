"""Is this expression true of these values, false, or can it not be known?

CEL (Common Expression Language), compiled once; only the variables that the text names are passed in.
"""

from __future__ import annotations

from collections.abc import Mapping

import cel

MAX_LENGTH = 500  # characters
MAX_DEPTH = 16  # brackets

_BRACKETS = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}


class BadExpression(ValueError):
    """The text is not an expression; the message says where and why."""


class Expression:
    """A compiled expression. Equal when the texts are equal."""

    __slots__ = ("_program", "names", "text")

    def __init__(self, text: str) -> None:
        if len(text) > MAX_LENGTH:
            raise BadExpression(f"longer than {MAX_LENGTH} characters")
        depth = deepest = 0
        for char in text:
            depth += _BRACKETS.get(char, 0)
            deepest = max(deepest, depth)
        if deepest > MAX_DEPTH:
            raise BadExpression(f"nested deeper than {MAX_DEPTH} brackets")
        try:
            self._program = cel.compile(text)
        except ValueError as error:
            raise BadExpression(str(error)) from error
        self.text = text
        self.names: tuple[str, ...] = tuple(sorted(self._program.variables()))

    def verdict(self, values: Mapping[str, object]) -> bool | None:
        """True or false; None where it cannot be known: a name that decides is missing, or the types do not fit.

        CEL's own logic holds: `true || missing` is true and `false && missing` is false.
        """
        try:
            result = self._program.execute({name: values[name] for name in self.names if name in values})
        except (ValueError, TypeError, RuntimeError, ArithmeticError, LookupError):
            return None
        return result if isinstance(result, bool) else None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Expression) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"
