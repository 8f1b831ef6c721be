"""Who may come in, and does a name that nobody has take as long to refuse as a wrong password?"""

from __future__ import annotations

from typing import Literal

import pytest
from argon2 import PasswordHasher, extract_parameters

from monitor.web import users
from monitor.web.users import Doorkeeper, Role, User, hash_password


@pytest.fixture
def verified(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hashes that a password was held against."""
    seen: list[str] = []

    class Noting(PasswordHasher):
        def verify(self, stored: str | bytes, password: str | bytes) -> Literal[True]:
            seen.append(str(stored))
            return super().verify(stored, password)

    monkeypatch.setattr(users, "_hasher", Noting())
    return seen


async def test_an_unknown_name_costs_as_much_as_a_wrong_password(verified: list[str]) -> None:
    known = {"lin": User("lin", Role.TECHNICIAN, hash_password("right"))}
    door = Doorkeeper()
    assert await door.admit(known, "lin", "right") is known["lin"]
    assert await door.admit(known, "lin", "wrong") is None
    assert await door.admit(known, "nobody", "right") is None
    assert await door.admit(known, "nobody", "") is None
    costs = [extract_parameters(stored) for stored in verified]
    assert len(costs) == 4
    assert len(set(map(str, costs))) == 1
