"""A real browser: the machine's Chromium, headless, allowed to speak to loopback only."""

from __future__ import annotations

import ipaddress
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, Route, async_playwright

SCREENSHOTS = Path(__file__).resolve().parent.parent / "screenshots"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass
class Chromium:
    """Opens pages; `strayed` are the addresses beyond loopback that a page asked for (and did not get)."""

    browser: Browser
    strayed: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)

    async def open(
        self, width: int = 1280, height: int = 900, *, language: str = "en-GB", dark: bool = False, script: bool = True
    ) -> Page:
        """A page in a context of its own, with its own cookies."""
        context = await self.browser.new_context(
            viewport={"width": width, "height": height},
            locale=language,
            color_scheme="dark" if dark else "light",
            java_script_enabled=script,
            has_touch=width < 500,
            reduced_motion="reduce",
        )
        self.contexts.append(context)
        await context.route("**/*", self._admit)
        return await context.new_page()

    async def _admit(self, route: Route) -> None:
        if loopback(route.request.url):
            await route.continue_()
        else:
            self.strayed.append(route.request.url)
            await route.abort()


def loopback(url: str) -> bool:
    """Does the address stay on this machine?"""
    parts = urlsplit(url)
    if parts.scheme in ("data", "blob", "about"):
        return True
    try:
        return ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False


@pytest_asyncio.fixture
async def chromium() -> AsyncIterator[Chromium]:
    """Chromium; the test fails if a page asked for anything beyond loopback."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("there is no chromium on this machine")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        running = Chromium(browser)
        try:
            yield running
        finally:
            for context in running.contexts:
                await context.close()
            await browser.close()
    assert running.strayed == []
