"""Where do the profiles lie, and what do they say now?"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from probes.snmp.profile import Profiles, load_profiles
from probes.tools import Tools


def shipped_folder() -> Path:
    """The folder of the profiles that come with the project: in a checkout, or beside the installed daemon."""
    checkout = Path(__file__).resolve().parents[2] / "config" / "profiles"
    if checkout.is_dir():
        return checkout
    daemon = find_spec("monitor")  # only found, never imported: probes do not know the daemon
    if daemon is not None and daemon.origin is not None:
        return Path(daemon.origin).parent / "shipped" / "profiles"
    return checkout


class ProfileShelf:
    """The profiles of this process; `Shared`. Loaded at first use, or when `use` says where they lie."""

    def __init__(self, tools: Tools) -> None:
        self._profiles: Profiles | None = None

    async def close(self) -> None:
        """Nothing is open."""

    @property
    def profiles(self) -> Profiles:
        """The profiles in use. Raises ProfileError when the shipped ones cannot be read."""
        if self._profiles is None:
            self._profiles = _shipped()
        return self._profiles

    def use(self, folders: Sequence[Path]) -> Profiles:
        """Take the shipped profiles and those of `folders`, where a later file replaces an earlier one of its name.

        Raises ProfileError, and the profiles in use stay. Sessions choose anew at their next look.
        """
        self._profiles = load_with(folders)
        return self._profiles

    def put(self, profiles: Profiles) -> None:
        """Take these, which were loaded elsewhere."""
        self._profiles = profiles


def load_with(folders: Sequence[Path]) -> Profiles:
    """The shipped profiles and those of `folders`. Raises ProfileError."""
    return load_profiles((shipped_folder(), *folders))


@cache
def _shipped() -> Profiles:
    """They do not change while the process lives."""
    return load_profiles((shipped_folder(),))
