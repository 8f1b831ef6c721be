"""The console in a real browser: pages that keep themselves true, a ticket's whole life, and no script at all."""

from __future__ import annotations

import asyncio
from pathlib import Path

from playwright.async_api import Page, expect

from monitor.web import Options, serve
from monitor.web.serving import Listen, bind
from probes.observation import Outcome
from tests.servers.browser import SCREENSHOTS, Chromium
from tests.servers.console import PASSWORD, RunningConsole, run_console
from ticketing.commands import Note
from ticketing.ticket import TicketState

COVERED, SILENT = 5, 2


async def enter(page: Page, console: RunningConsole, name: str = "li") -> None:
    await page.goto(console.url + "/login")
    await page.fill("#name", name)
    await page.fill("#password", PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url(console.url + "/")
    await expect(page.locator("#pulse")).to_have_text("Live")


async def test_an_open_page_learns_what_happens(console: RunningConsole, chromium: Chromium) -> None:
    page, device = await chromium.open(), await chromium.open()
    await enter(page, console)
    await enter(device, console)
    await device.goto(console.url + "/devices/camera-03")
    await expect(device.locator("#glance")).to_contain_text("OK")
    before = await page.locator(".ticket-line").count()
    site = console.site
    site.breaks("camera-03", "reach", Outcome.NO_ANSWER)
    await site.repeat("camera-03", "reach", site.now() - 130, 20)
    await expect(device.locator("#glance")).to_contain_text("Being checked")
    await site.repeat("camera-03", "reach", site.now() - 100, 100)
    await expect(page.locator(".ticket-line")).to_have_count(before + 1)
    await expect(page.locator(".ticket-line", has_text="Camera 03")).to_contain_text("Camera does not answer")
    await expect(page).to_have_title("(6) Overview · Harbour Logistics Park")
    await expect(device.locator("#glance")).to_contain_text("Fault")
    await expect(device.locator("#tickets")).to_contain_text("Camera does not answer")


async def test_a_ticket_lives_its_life_in_the_browser(console: RunningConsole, chromium: Chromium) -> None:
    page, site = await chromium.open(390, 800), console.site
    await enter(page, console, "wang")
    await page.get_by_role("link", name="Camera is covered").click()
    await expect(page.locator("h1")).to_have_text("Camera is covered")
    await page.get_by_role("button", name="Acknowledge").click()
    await expect(page.locator("#headline")).to_contain_text("Acknowledged")
    await page.get_by_role("button", name="I am on site").click()
    await expect(page.locator("#headline")).to_contain_text("In progress")
    await page.locator("#do-pend summary").click()
    await page.get_by_label("for access to the place").check()
    await page.locator("#pend-text").fill("The lift is locked")
    await page.locator("#do-pend button").click()
    await expect(page.locator("#headline")).to_contain_text("for access to the place")
    await page.get_by_role("button", name="Resume work").click()
    await page.locator("#do-resolve summary").click()
    await page.locator("#resolve-cause").fill("Plastic bag")
    await page.locator("#resolve-work").fill("Removed it")
    await page.locator("#do-resolve button").click()
    await expect(page.locator("#verdict")).to_contain_text("checking the repair")
    site.mends("camera-20")
    await site.repeat("camera-20", "frame", site.now() + 1, 400, 60)
    await expect(page.locator("#headline")).to_contain_text("Closed")
    await expect(page.locator("#history")).to_contain_text("Repair verified by a new check")
    SCREENSHOTS.mkdir(exist_ok=True)
    await page.screenshot(path=SCREENSHOTS / "life-closed-390.png", full_page=True)


async def test_what_is_being_typed_survives_news(console: RunningConsole, chromium: Chromium) -> None:
    page = await chromium.open()
    await enter(page, console)
    await page.goto(f"{console.url}/tickets/{SILENT}")
    await expect(page.locator("#pulse")).to_have_text("Live")
    await page.locator("#do-note summary").click()
    await page.locator("#note-text").fill("half a sen")
    await console.site.command(SILENT, Note("news from a colleague"), "zhao", "news-1")
    await expect(page.locator("#history")).to_contain_text("news from a colleague")
    assert await page.locator("#note-text").input_value() == "half a sen"
    await expect(page.locator("#note-text")).to_be_focused()


async def test_problems_are_shown_beside_the_field(console: RunningConsole, chromium: Chromium) -> None:
    page = await chromium.open()
    await enter(page, console)
    await page.goto(f"{console.url}/tickets/{SILENT}")
    await page.locator("#do-resolve summary").click()
    await page.locator("#resolve-cause").fill("Corroded plug")
    await page.evaluate("document.querySelectorAll('[required]').forEach((one) => one.removeAttribute('required'))")
    await page.locator("#do-resolve button").click()
    await expect(page.locator("#resolve-work-problem")).to_have_text("This is required.")
    await expect(page.locator("#resolve-work")).to_have_attribute("aria-invalid", "true")
    assert await page.locator("#resolve-cause").input_value() == "Corroded plug"


async def test_everything_works_without_script(console: RunningConsole, chromium: Chromium) -> None:
    page = await chromium.open(360, 800, script=False)
    await page.goto(console.url + "/login")
    await page.fill("#name", "wang")
    await page.fill("#password", PASSWORD)
    await page.click("button.primary")
    await page.goto(f"{console.url}/tickets/{COVERED}")
    await page.get_by_role("button", name="Acknowledge").click()
    assert console.site.world.tickets[COVERED].state is TicketState.ACKNOWLEDGED
    await page.locator("#do-note summary").click()
    await page.locator("#note-text").fill("without script")
    await page.locator("#do-note button").click()
    await expect(page.locator("#history")).to_contain_text("without script")
    await page.goto(console.url + "/devices/camera-05")
    await page.get_by_role("button", name="Check now").click()
    await expect(page.locator("#looks")).to_contain_text("4 of 5 checks went well.")
    await page.goto(console.url + "/devices")
    await page.fill("#q", "north")
    await page.get_by_role("button", name="Search").click()
    await expect(page.locator("tbody tr")).to_have_count(1)
    await page.locator(".menu summary").click()
    await page.get_by_role("button", name="简体中文").click()
    await expect(page.locator("h1")).to_have_text("设备")
    await page.locator(".menu summary").click()
    await page.get_by_role("button", name="退出登录").click()
    await expect(page.locator("#name")).to_be_visible()


async def test_a_lost_daemon_is_said_and_found_again(tmp_path: Path, chromium: Chromium) -> None:
    async with run_console(tmp_path, options=Options(heartbeat_seconds=0.5)) as console:
        page = await chromium.open()
        await enter(page, console)
        port = int(console.url.rpartition(":")[2])
        console.task.cancel()
        await asyncio.gather(console.task, return_exceptions=True)
        await expect(page.locator("#lost")).to_contain_text("Connection lost. This is how it was at")
        console.app.state.console.stopping.clear()
        console.live.health.troubles["database"] = "locked"
        console.task = asyncio.create_task(serve(console.app, Listen(), bind(Listen("127.0.0.1", port))))
        await expect(page.locator("#pulse")).to_have_text("Monitor has trouble", timeout=20_000)
        await expect(page.locator("#lost")).to_be_hidden()
        console.task.cancel()
        await asyncio.gather(console.task, return_exceptions=True)


async def test_it_can_be_used_by_keyboard(console: RunningConsole, chromium: Chromium) -> None:
    page = await chromium.open()
    await enter(page, console)
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.className") == "skip"
    await page.keyboard.press("Enter")
    assert await page.evaluate("document.activeElement.id") == "main"
    await page.goto(console.url + "/devices")
    await page.keyboard.press("/")
    await page.keyboard.type("camera 07")
    await page.keyboard.press("Enter")
    await expect(page.locator("tbody tr")).to_have_count(1)


async def test_live_pages_are_bounded(tmp_path: Path) -> None:
    few = Options(streams=3, streams_each=2)
    async with run_console(tmp_path, past=False, options=few) as console:  # noqa: SIM117 - reads in two steps
        async with console.browser() as one, console.browser() as two:
            await one.log_in("wang")
            await two.log_in("li")
            first = [await browser.http.get(console.url + "/events") for browser in (one, one, two)]
            assert [answer.status for answer in first] == [200, 200, 200]
            for browser in (one, two):
                async with browser.http.get(console.url + "/events") as answer:
                    assert (answer.status, answer.headers["retry-after"]) == (503, "30")
            first[0].close()
            async with asyncio.timeout(10):
                while sum(console.app.state.console.streams.values()) == 3:  # noqa: ASYNC110 - the server's own count
                    await asyncio.sleep(0.05)
            async with one.http.get(console.url + "/events") as answer:
                assert answer.status == 200
            for answer in first[1:]:
                answer.close()
