"""Fixtures: every module of tests/servers/ is a plugin that starts one real server on free loopback ports."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.register_assert_rewrite("tests.servers")  # the plugins import one another

pytest_plugins = [
    f"tests.servers.{path.stem}" for path in sorted((Path(__file__).parent / "servers").glob("[a-z]*.py"))
]
