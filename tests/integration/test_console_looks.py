"""Every page at two widths, in two languages, light and dark: nothing sticks out, axe finds nothing."""

from __future__ import annotations

from typing import Any

import pytest
from axe_core_python.async_playwright import Axe
from playwright.async_api import Page

from tests.servers.browser import SCREENSHOTS, Chromium
from tests.servers.console import PASSWORD, RunningConsole

PAGES = {
    "overview": "/",
    "devices": "/devices",
    "device": "/devices/camera-20",
    "device-suspect": "/devices/camera-23",
    "device-changed": "/devices/camera-07",
    "picture": "/devices/camera-20/picture",
    "picture-unknown": "/devices/camera-11/picture",
    "pictures": "/pictures",
    "switch": "/devices/sw-b",
    "tickets": "/tickets",
    "tickets-closed": "/tickets?show=all",
    "ticket-new": "/tickets/5",
    "ticket-work": "/tickets/2",
    "ticket-closed": "/tickets/1",
    "not-found": "/nowhere",
}


async def enter(page: Page, console: RunningConsole, name: str = "li") -> None:
    await page.goto(console.url + "/login")
    await page.fill("#name", name)
    await page.fill("#password", PASSWORD)
    await page.click("button.primary")
    await page.wait_for_url(console.url + "/")


@pytest.mark.parametrize(
    ("width", "language", "dark", "axe"),
    [
        (360, "en-GB", False, True),
        (360, "zh-CN", True, False),
        (1920, "zh-CN", False, False),
        (1920, "en-GB", True, True),
    ],
)
async def test_every_page_looks_right(
    console: RunningConsole, chromium: Chromium, *, width: int, language: str, dark: bool, axe: bool
) -> None:
    console.site.breaks("camera-07", "onvif", serial="DS-2CD2143G2-I20230101AAWRK00001", firmware="V5.8.2 build 260401")
    for _ in range(2):
        console.site.offset += 200
        await console.site.see("camera-07", "onvif", console.site.now() - 1)
    page = await chromium.open(width, 800 if width < 500 else 1080, language=language, dark=dark)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    SCREENSHOTS.mkdir(exist_ok=True)
    mark = f"{width}-{language[:2]}-{'dark' if dark else 'light'}"
    await page.goto(console.url + "/login")
    await page.screenshot(path=SCREENSHOTS / f"login-{mark}.png")
    troubles = [f"login: {one}" for one in await violations(page)] if axe else []
    await enter(page, console)
    for name, address in PAGES.items():
        await page.goto(console.url + address)
        await page.wait_for_load_state("load")
        for image in await page.locator("img").all():
            await image.scroll_into_view_if_needed()
        await page.evaluate("scrollTo(0, 0)")
        if name == "ticket-work":
            await page.locator("#do-resolve summary").click()
        await page.screenshot(path=SCREENSHOTS / f"{name}-{mark}.png", full_page=True)
        wide = await page.evaluate("document.documentElement.scrollWidth")
        if wide > width:
            troubles.append(f"{name}: {wide} px wide")
        if axe:
            troubles += [f"{name}: {one}" for one in await violations(page)]
    assert troubles == []  # every page was drawn before the first trouble is told
    assert [line for line in said if "404" not in line] == []


async def violations(page: Page) -> list[str]:
    found: dict[str, Any] = await Axe().run(page, options={"resultTypes": ["violations"]})
    return [
        f"{one['id']} ({one['impact']}): {node['html'][:160]}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"][:3]
    ]


async def test_touch_targets_are_large(console: RunningConsole, chromium: Chromium) -> None:
    page = await chromium.open(360, 800)
    await enter(page, console)
    for address in ("/", "/tickets/2", "/devices/camera-20"):
        await page.goto(console.url + address)
        small = await page.evaluate(
            """() => [...document.querySelectorAll("button, .button, summary, .tile, .tabs a, .rooms a, select, input")]
            .filter((one) => one.offsetParent && one.type !== "hidden" && one.type !== "radio")
            .map((one) => [one.outerHTML.slice(0, 80), one.getBoundingClientRect()])
            .filter(([, box]) => box.height < 43.5 || box.width < 40)
            .map(([html, box]) => `${html} ${box.width}x${box.height}`)"""
        )
        assert small == []
