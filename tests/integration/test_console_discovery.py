"""Discovery in the console: who may, what is shown while it runs and after, and that the file stays as it is."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator
from ipaddress import IPv4Address
from pathlib import Path

import pytest
import pytest_asyncio
import yaml

from monitor.core.outage import Outage, Step
from monitor.settings.load import load
from probes.simulators import site_yaml
from probes.simulators.blueprint import PASSWORD
from tests.integration.test_console_looks import enter, violations
from tests.servers.browser import SCREENSHOTS, Chromium
from tests.servers.console import Browser, RunningConsole, run_console
from tests.servers.simsite import SimSite


@pytest.fixture
def site_file(simsite: SimSite, tmp_path: Path) -> Path:
    """The simulated site without camera-03, and with camera-02 in another's place."""
    written = yaml.safe_load(site_yaml(simsite.shape))
    devices = {one["id"]: one for one in written["devices"]}
    devices["camera-02"]["serial"] = "THE-OLD-ONE"
    del devices["camera-03"]
    devices["camera-99"] = {**devices["camera-04"], "id": "camera-99", "host": at(simsite, 355), "port": "1.23"}
    written["devices"] = list(devices.values())
    path = tmp_path / "site.yaml"
    path.write_text(yaml.safe_dump(written, allow_unicode=True, sort_keys=False), "utf-8")
    return path


def at(site: SimSite, number: int) -> str:
    return str(IPv4Address(site.shape.base) + number)


@pytest_asyncio.fixture
async def console(tmp_path: Path, site_file: Path) -> AsyncIterator[RunningConsole]:
    async with run_console(tmp_path, site_file=site_file) as running:
        yield running


def order(site: SimSite, **more: str) -> dict[str, str]:
    ports = f"http={site.shape.http_port} rtsp={site.shape.rtsp_port}"
    return {"ranges": f"{at(site, 257)}-{at(site, 400)}", "ports": ports, **more}


async def finish(console: RunningConsole) -> None:
    sweeping = console.app.state.console.sweeping
    async with asyncio.timeout(30):
        await sweeping.task


async def test_from_a_range_to_a_change(console: RunningConsole, simsite: SimSite, site_file: Path) -> None:
    before = site_file.read_bytes()  # noqa: ASYNC240 - nothing else runs
    async with console.browser() as browser:
        await browser.log_in("li")
        await browser.get("/discovery")
        assert PASSWORD not in browser.page
        begun = await browser.post("/discovery", order(simsite, login="cameras"))
        assert (begun.status, begun.headers["location"]) == (303, "/discovery#sweep")
        await browser.get("/discovery")
        assert 'data-every="1"' in browser.page
        assert (await browser.post("/discovery", order(simsite))).status == 409
        await finish(console)
        await browser.get("/discovery")
        assert "data-every" not in browser.page
        assert all(word in browser.page for word in ("北门3号枪机", "SWC2M000003", "camera-99"))
        shown = await change(browser, "/discovery/change", [at(simsite, 259)])
        assert shown.count("+- id: camera-") == 1
        assert "THE-OLD-ONE" not in shown.split('id="difference"')[1].split("</pre>")[0]
        diff = await change(browser, "/discovery/change.diff", [at(simsite, 258), at(simsite, 259)])
    assert PASSWORD not in diff
    assert site_file.read_bytes() == before  # noqa: ASYNC240
    (site_file.parent / "site.diff").write_text(diff, "utf-8")
    subprocess.run(  # noqa: ASYNC221
        ["patch", "-s", "site.yaml", "site.diff"], check=True, timeout=20, cwd=site_file.parent
    )
    devices = load(site_file).devices
    assert devices["camera-02"].serial == "SWC2M000002"
    assert sum(one.target.host == at(simsite, 259) for one in devices.values()) == 1


async def change(browser: Browser, path: str, hosts: list[str]) -> str:
    fields = [("form_token", browser.token()), *(("h", host) for host in hosts)]
    answer = await browser.http.post(browser.url + path, data=fields)
    text = await answer.text()
    assert answer.status == 200, text
    return text


async def test_who_may(console: RunningConsole, simsite: SimSite) -> None:
    async with console.browser() as browser:
        await browser.log_in("guest")
        assert (await browser.get("/discovery")).status == 403
        assert (await browser.post("/discovery", order(simsite))).status == 403
        await browser.get("/devices")
        assert "/discovery" not in browser.page
    async with console.browser() as browser:
        await browser.log_in("wang")
        await browser.get("/discovery")
        assert 'name="login"' not in browser.page
        assert (await browser.post("/discovery", order(simsite, login="cameras"))).status == 403
        assert (await browser.post("/discovery", order(simsite, **{"snmp-power": "1"}))).status == 403
        assert (await browser.post("/discovery", {"form_token": "x", **order(simsite)})).status == 403
        assert (await browser.post("/discovery", {"ranges": "10.0.0.0/8"})).status == 422
        assert "65,536" in browser.page
        assert (await browser.post("/discovery/change")).status == 409
    assert console.app.state.console.sweeping is None


async def test_it_can_be_stopped(console: RunningConsole, simsite: SimSite) -> None:
    async with console.browser() as browser:
        await browser.log_in("wang")
        await browser.get("/discovery")
        await browser.post("/discovery", {**order(simsite), "ranges": "127.99.0.0/16"})
        await browser.get("/discovery")
        assert (await browser.post("/discovery/stop")).status == 303
        await asyncio.gather(console.app.state.console.sweeping.task, return_exceptions=True)
        await browser.get("/discovery")
        assert "It was stopped" in browser.page


def cut_power(console: RunningConsole, device: str, times: int) -> None:
    """So often it was dark while the load of ups-01 fell by 44 W, and rose when it was back."""
    console.live.world.outages[device] = tuple(
        Outage(device, device, at, at + 700.0, (Step("ups-01", 44.0, 43.0, 5.0),))
        for at in (1_795_000_000.0 + 3_600 * number for number in range(times))
    )


async def test_which_ups_feeds_what_is_shown_with_its_evidence(console: RunningConsole, site_file: Path) -> None:
    written = yaml.safe_load(site_file.read_text())  # noqa: ASYNC240
    fed = {one["id"]: one.get("power") for one in written["devices"]}
    as_configured, unknown = "recorder-01", "panel-01"
    assert (fed[as_configured], fed[unknown]) == ("ups-01", None)
    cut_power(console, as_configured, 3)
    cut_power(console, unknown, 2)
    async with console.browser() as browser:
        await browser.log_in("wang")
        await browser.get("/discovery")
        assert f"{as_configured} is fed by ups-01, as configured" in browser.page
        assert f"{unknown} seems" not in browser.page, "two outages prove nothing"
        assert (await browser.get("/discovery/power.diff")).status == 409
        cut_power(console, unknown, 3)
        await browser.get("/discovery")
        assert f"{unknown} seems to be fed by ups-01: its load moved 3 times with it, and never against" in browser.page
        assert browser.page.count("the load of ups-01 fell by 44 W and rose by 43 W") == 3
        assert (await browser.get("/discovery/power.diff")).status == 200
    diff = browser.page
    (site_file.parent / "site.diff").write_text(diff, "utf-8")
    subprocess.run(  # noqa: ASYNC221
        ["patch", "-s", "site.yaml", "site.diff"], check=True, timeout=20, cwd=site_file.parent
    )
    assert load(site_file).devices[unknown].power == "ups-01"
    async with console.browser() as browser:
        await browser.log_in("zhao")
        await browser.get("/discovery")
        assert "供电" in browser.page
        site_file.write_text("devices: [", "utf-8")  # noqa: ASYNC240
        await browser.get("/discovery")
        assert "无法读取" in browser.page
        await browser.log_in("guest")
        assert (await browser.get("/discovery/power.diff")).status == 403


@pytest.mark.parametrize(("width", "language", "dark"), [(360, "zh-CN", True), (1920, "en-GB", False)])
async def test_it_looks_right(
    console: RunningConsole, simsite: SimSite, chromium: Chromium, *, width: int, language: str, dark: bool
) -> None:
    page = await chromium.open(width, 800 if width < 500 else 1080, language=language, dark=dark)
    SCREENSHOTS.mkdir(exist_ok=True)
    mark = f"{width}-{language[:2]}"
    cut_power(console, "panel-01", 3)
    await enter(page, console)
    await page.goto(console.url + "/discovery")
    await page.screenshot(path=SCREENSHOTS / f"discovery-empty-{mark}.png", full_page=True)
    asked = order(simsite, login="cameras")
    await page.fill("#ranges", f"{asked['ranges']}\n{at(simsite, 0)}/24")
    await page.fill("#ports", asked["ports"])
    await page.select_option("#login", "cameras")
    await page.click(".discovery .primary")
    await page.wait_for_selector("table.found", timeout=20_000)  # comes by itself: the page is live
    wide = [await page.evaluate("document.documentElement.scrollWidth")]
    await page.screenshot(path=SCREENSHOTS / f"discovery-found-{mark}.png", full_page=True)
    troubles = await violations(page) if language == "en-GB" else []
    await page.click("form#found .primary")
    await page.wait_for_selector("#difference")
    await page.screenshot(path=SCREENSHOTS / f"discovery-change-{mark}.png", full_page=True)
    wide.append(await page.evaluate("document.documentElement.scrollWidth"))
    small = await page.evaluate(
        """() => [...document.querySelectorAll("button, .button, summary, select, input:not([type=checkbox]), .choice")]
        .filter((one) => one.offsetParent && one.type !== "hidden")
        .map((one) => [one.outerHTML.slice(0, 80), one.getBoundingClientRect()])
        .filter(([, box]) => box.height < 43.5 || box.width < 20).map(([html]) => html)"""
    )
    assert max(wide) <= width
    assert troubles == []
    assert small == []
