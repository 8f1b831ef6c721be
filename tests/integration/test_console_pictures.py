"""What can a person see and teach of a camera's picture in the console? As a browser without a script."""

from __future__ import annotations

from dataclasses import replace

import aiohttp

from monitor.core.change import PutTicket
from monitor.core.lessons import ASKED, FRAME, TAKEN_BACK, VIEW
from monitor.web.envelope import MAX_UPLOAD
from probes.frame.reference import Reference, unpack
from probes.observation import Picture
from tests.servers.console import Browser, RunningConsole
from ticketing.ticket import TicketState

CAMERA, COVERED = "camera-20", 5
PAGE = f"/devices/{CAMERA}/picture"


async def send(browser: Browser, data: bytes, token: str | None = None) -> aiohttp.ClientResponse:
    form = aiohttp.FormData()
    form.add_field("form_token", browser.token() if token is None else token)
    form.add_field("file", data, filename="gate.swref", content_type="application/octet-stream")
    return await browser.http.post(browser.url + f"/devices/{CAMERA}/reference", data=form, allow_redirects=False)


async def test_a_view_is_confirmed_and_taken_back(console: RunningConsole) -> None:
    world = console.site.world
    async with console.browser() as browser:
        await browser.log_in()
        await browser.get(PAGE)
        assert (await browser.post(f"{PAGE}/new_view")).status == 303
        assert world.tunings[CAMERA][VIEW].by == "wang"
        assert not [one for one in world.standing(CAMERA) if one.key.rule == "picture-covered"]
        await browser.get(PAGE)
        assert "confirmed as right" in browser.page
        assert (await browser.post(f"{PAGE}/undo", {"fault": VIEW})).status == 303
        assert world.tunings[CAMERA][VIEW].factor == TAKEN_BACK
        await browser.get(PAGE)
        assert "confirmed as right" not in browser.page
        assert (await browser.post(f"{PAGE}/undo", {"fault": "moved"})).status == 422


async def test_the_question_of_a_ticket_is_answered_by_one_button(console: RunningConsole) -> None:
    world = console.site.world
    ticket = world.tickets[COVERED]
    device = ticket.fingerprint.device
    async with console.browser() as browser:
        await browser.log_in()
        await browser.get(f"/tickets/{COVERED}")
        assert "Is it meant to be so?" not in browser.page
        asked = [PutTicket(replace(ticket, facts={**ticket.facts, ASKED: True}))]
        world.apply(asked)
        await console.site.take(asked)
        await browser.get(f"/tickets/{COVERED}")
        assert "Is it meant to be so?" in browser.page
        assert ASKED not in browser.page
        assert f"/devices/{device}/picture#learned" in browser.page  # a technician cancels no ticket
    async with console.browser() as browser:
        await browser.log_in("li")
        await browser.get(f"/tickets/{COVERED}")
        fields = {"lesson": "new_view", "reason": "The new view is right."}
        assert (await browser.post(f"/tickets/{COVERED}/cancel", fields)).status == 303
    assert world.tunings[device][VIEW].ticket == COVERED
    assert COVERED not in world.tickets or world.tickets[COVERED].state is TicketState.CANCELLED


async def test_a_reference_is_downloaded_and_taken_in(console: RunningConsole) -> None:
    async with console.browser() as browser:
        await browser.log_in()
        await browser.get(PAGE)
        assert 'enctype="multipart/form-data"' in browser.page
        answer = await browser.http.get(browser.url + f"/devices/{CAMERA}/reference")
        kept = await answer.read()
        assert unpack(kept).slots
        assert (await send(browser, kept)).status == 303
        taken = unpack(await console.site.store.device_reference(CAMERA))
        assert taken.looks == unpack(kept).looks
        assert taken.confirmed_at > unpack(kept).confirmed_at
        for data, status in ((b"", 422), (b"SWREF\x03no", 422), (kept[:-9], 422), (b"x" * (MAX_UPLOAD + 1), 413)):
            assert (await send(browser, data)).status == status
        assert (await send(browser, kept, "0" * 64)).status == 403
        assert (await browser.post(f"/devices/{CAMERA}/reference")).status in (400, 422)
        assert unpack(await console.site.store.device_reference(CAMERA)) != Reference()


async def test_what_was_nearly_alarmed_lately_is_shown_with_its_picture(console: RunningConsole) -> None:
    site = console.site
    look = site.world.looks["camera-07", FRAME]
    at = site.now() - 7_200
    rows = {**look.rows, "fault": {"blurred": {"score": 0.83}}}
    site.world.suspects.note(replace(look, at=at, rows=rows), Picture(b"\xff\xd8worst", 640, 360))
    async with console.browser() as browser:
        await browser.log_in()
        await browser.get("/pictures")
        assert "In the last 24 hours" in browser.page
        assert f"/devices/camera-07/suspicious/{int(at)}.jpg" in browser.page
        assert "Blurred 0.8" in browser.page
        answer = await browser.http.get(browser.url + f"/devices/camera-07/suspicious/{int(at)}.jpg")
        assert await answer.read() == b"\xff\xd8worst"
        assert (await browser.get(f"/devices/camera-07/suspicious/{int(at) + 1}.jpg")).status == 404
