"""The console as a browser without a script sees it: coming in, acting, being refused, sending odd things."""

from __future__ import annotations

import asyncio
import json
import re
import urllib.parse
from pathlib import Path

import aiohttp
import pytest

from monitor.storage.errors import StoreUnavailable
from monitor.web import Listen, Options, bind
from monitor.web.envelope import MAX_BODY
from monitor.web.throttle import FREE_TRIES
from tests.servers.console import PASSWORD, TOKEN, RunningConsole, run_console
from ticketing.ticket import EventKind, TicketState

COVERED, SILENT, POE = 5, 2, 3


async def test_nobody_sees_anything_without_login(console: RunningConsole) -> None:
    async with console.browser() as browser:
        for path in ("/", "/devices", "/tickets/2?x=1", "/devices/camera-05/latest.jpg", "/events"):
            answer = await browser.get(path)
            assert answer.status == 303
            assert answer.headers["location"] == f"/login?next={urllib.parse.quote(path, safe='')}"
        assert (await browser.post("/tickets/2/acknowledge")).headers["location"].startswith("/login")


async def test_login_leads_where_one_wanted_to_go_and_nowhere_else(console: RunningConsole) -> None:
    for target, went in (("/tickets/2", "/tickets/2"), ("//evil.example", "/"), ("https://evil.example/", "/")):
        async with console.browser() as browser:
            answer = await browser.log_in(target=target)
            assert (answer.status, answer.headers["location"]) == (303, went)
            cookie = answer.headers.getall("set-cookie")[0]
            assert "HttpOnly" in cookie
            assert "SameSite=lax" in cookie
            assert (await browser.get("/")).status == 200


async def test_wrong_passwords_and_names_sound_alike_and_cost_time(console: RunningConsole) -> None:
    async with console.browser() as browser:
        wrong = await browser.log_in("wang", "nonsense")
        said = re.sub(r"[0-9a-f]{64}|[\d:]+", "", browser.page).replace("wang", "")
        assert wrong.status == 401
        assert (await browser.log_in("nobody", "nonsense")).status == 401
        assert re.sub(r"[0-9a-f]{64}|[\d:]+", "", browser.page).replace("nobody", "") == said
        for _ in range(FREE_TRIES):
            answer = await browser.log_in("wang", "nonsense")
        assert answer.status == 429
        assert int(answer.headers["retry-after"]) >= 1
        assert (await browser.log_in("wang", PASSWORD)).status == 429
        console.site.offset += 1_000
        assert (await browser.log_in("wang", PASSWORD)).status == 303


async def test_many_guesses_at_once_count_as_many(console: RunningConsole) -> None:
    async with console.browser() as browser:
        await browser.get("/login")
        form = {"form_token": browser.token(), "name": "li", "password": "guess", "next": "/"}
        guesses = [browser.http.post(console.url + "/login", data=form, allow_redirects=False) for _ in range(16)]
        statuses = [answer.status for answer in await asyncio.gather(*guesses)]
    assert statuses.count(401) <= FREE_TRIES
    assert statuses.count(429) >= 16 - FREE_TRIES


async def test_a_huge_password_is_just_wrong(console: RunningConsole) -> None:
    async with console.browser() as browser:
        assert (await browser.log_in("wang", "x" * 20_000)).status == 401


async def test_logout_ends_the_session_even_for_a_copied_cookie(console: RunningConsole) -> None:
    async with console.browser() as browser, console.browser() as thief:
        await browser.log_in()
        for cookie in browser.http.cookie_jar:
            thief.http.cookie_jar.update_cookies({cookie.key: cookie.value}, aiohttp.client.URL(console.url))
        assert (await thief.get("/")).status == 200
        await browser.get("/")
        assert (await browser.post("/logout")).status == 303
        assert (await browser.get("/")).status == 303
        assert (await thief.get("/")).status == 303


async def test_forms_of_other_sites_are_refused(console: RunningConsole) -> None:
    async with console.browser() as browser:
        await browser.log_in()
        await browser.get("/tickets/5")
        token = browser.token()
        for fields, headers in (
            ({"form_token": ""}, {}),
            ({"form_token": "0" * 64}, {}),
            ({"form_token": token}, {"origin": "http://evil.example"}),
            ({"form_token": token}, {"sec-fetch-site": "cross-site"}),
        ):
            for path in ("/tickets/5/acknowledge", "/devices/camera-05/look", "/logout", "/language"):
                assert (await browser.post(path, fields, headers=headers)).status == 403
    assert console.site.world.tickets[COVERED].state is TicketState.NEW


async def test_a_ticket_is_worked_on_until_the_repair_is_proven(console: RunningConsole) -> None:
    site = console.site
    async with console.browser() as browser:
        await browser.log_in()

        async def act(action: str, **fields: str) -> None:
            await browser.get(f"/tickets/{COVERED}")
            number = re.search(rf'value="([\w-]+)-{action}', browser.page)
            assert number
            answer = await browser.post(
                f"/tickets/{COVERED}/{action}", {"request_id": f"{number[1]}-{action}", **fields}
            )
            assert (answer.status, answer.headers["location"]) == (303, f"/tickets/{COVERED}?done={action}")

        await act("acknowledge")
        await act("start", on_site="1")
        await act("note", text="A bag over the lens <b>&</b> 塑料袋 🌧 \u202egnp.exe")
        await act("pend", reason="weather", text="storm")
        await act("resume")
        await act("resolve", cause="A plastic bag", work="Bag removed")
        assert site.world.tickets[COVERED].state is TicketState.RESOLVED
        await browser.get(f"/tickets/{COVERED}")
        assert "The monitor is checking the repair." in browser.page
        assert "<b>&</b>" not in browser.page
        assert "&lt;b&gt;&amp;&lt;/b&gt; 塑料袋 🌧" in browser.page
        site.mends("camera-20")
        await site.repeat("camera-20", "frame", site.now() + 1, 400, 60)
        assert COVERED not in site.world.tickets
        await browser.get(f"/tickets/{COVERED}")
        assert "Repair verified by a new check" in browser.page
        assert "Bag removed" in browser.page
        assert (await browser.get(f"/tickets/{COVERED}/after.jpg")).status in (200, 404)
    kinds = [event.kind for event in await site.store.events(COVERED)]
    assert kinds[-1] is EventKind.CLOSED
    assert kinds.count(EventKind.ACKNOWLEDGED) == 1


async def test_the_same_click_acts_once(console: RunningConsole) -> None:
    async with console.browser() as browser:
        await browser.log_in()
        await browser.get(f"/tickets/{SILENT}")
        for _ in range(3):
            await browser.post(f"/tickets/{SILENT}/note", {"request_id": "the-same-click", "text": "once"})
            await browser.get(f"/tickets/{SILENT}")
    assert [event.text for event in await console.site.store.events(SILENT)].count("once") == 1


@pytest.mark.parametrize(
    ("action", "fields", "status", "said"),
    [
        ("resolve", {"cause": "worn out", "work": " "}, 422, "This is required."),
        ("note", {"text": "long " * 900}, 422, "At most 4,000 characters."),
        ("pend", {"reason": "holiday", "text": "back on Monday"}, 422, "Choose one of these."),
        ("resume", {"text": "kept text"}, 409, "The ticket has moved on"),
    ],
)
async def test_what_was_typed_comes_back_with_the_problem(
    console: RunningConsole, action: str, fields: dict[str, str], status: int, said: str
) -> None:
    async with console.browser() as browser:
        await browser.log_in()
        await browser.get(f"/tickets/{SILENT}")
        before = console.site.world.tickets[SILENT]
        answer = await browser.post(f"/tickets/{SILENT}/{action}", fields)
        assert answer.status == status
        assert said in browser.page
        typed = next(text.strip() for name, text in fields.items() if name in ("cause", "text"))
        assert typed in browser.page
        assert console.site.world.tickets[SILENT] == before


async def test_an_old_page_loses_nothing_that_was_typed(console: RunningConsole) -> None:
    async with console.browser() as browser:
        await browser.log_in()
        answer = await browser.post(f"/tickets/{SILENT}/note", {"form_token": "stale", "text": "kept after all"})
        assert answer.status == 403
        assert "kept after all" in browser.page
        assert (await browser.post(f"/tickets/{SILENT}/note", {"text": "kept after all"})).status == 303


async def test_a_database_that_is_away_changes_nothing_and_pages_still_show(
    console: RunningConsole, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise StoreUnavailable("the disk is full", "make room")

    async with console.browser() as browser:
        await browser.log_in()
        await browser.get(f"/tickets/{SILENT}")
        console.site.down = True
        console.live.health.troubles["database"] = "the disk is full"
        for name in ("events", "evidence", "tickets", "ticket", "device_picture"):
            monkeypatch.setattr(console.site.store, name, away)
        answer = await browser.post(f"/tickets/{SILENT}/note", {"text": "typed in vain"})
        assert answer.status == 503
        assert "typed in vain" in browser.page
        for path in ("/", "/devices/camera-05", f"/tickets/{SILENT}", "/tickets"):
            assert (await browser.get(path)).status == 200
        assert (await browser.get("/tickets?show=over")).status == 503
        await browser.get("/")
        assert "the disk is full" in browser.page
        ready = await browser.get("/readyz")
        assert ready.status == 503
        assert json.loads(browser.page) == {"ready": False, "troubles": {"database": "the disk is full"}}
        assert (await browser.get("/livez")).status == 200


async def test_roles_see_and_may_what_is_theirs(console: RunningConsole) -> None:
    async with console.browser() as guest, console.browser() as wang, console.browser() as li:
        for browser, name in ((guest, "guest"), (wang, "wang"), (li, "li")):
            await browser.log_in(name)
            await browser.get(f"/tickets/{POE}")
        assert "/acknowledge" not in guest.page
        assert "/acknowledge" in wang.page
        assert "/cancel" not in wang.page
        assert "/cancel" in li.page
        assert (await guest.post(f"/tickets/{POE}/acknowledge")).status == 403
        assert (await guest.post("/devices/camera-05/look")).status == 403
        assert (await wang.post(f"/tickets/{POE}/cancel", {"reason": "no"})).status == 403
        assert (await li.post(f"/tickets/{POE}/assign", {"assignee": "nobody"})).status == 422
        assert (await li.post(f"/tickets/{POE}/assign", {"assignee": "zhao"})).status == 303
        assert (await li.post(f"/tickets/{POE}/cancel", {"reason": "duplicate"})).status == 303
        await li.get(f"/tickets/{POE}")
        assert "Nothing is left to do." in li.page or "/note" in li.page


async def test_a_device_is_asked_by_hand(console: RunningConsole) -> None:
    async with console.browser() as browser:
        await browser.log_in()
        await browser.get("/devices/camera-05")
        answer = await browser.post("/devices/camera-05/look")
        assert answer.status == 303
        await browser.get(answer.headers["location"].partition("#")[0])
        assert "4 of 5 checks went well." in browser.page
        again = await browser.post("/devices/camera-05/look")
        assert again.status == 429


async def test_a_change_is_accepted(console: RunningConsole) -> None:
    site = console.site
    async with console.browser() as browser:
        await browser.log_in()
        await browser.get("/devices/camera-07")
        assert "HIKVISION" in browser.page
        assert "This is right" not in browser.page
        site.breaks("camera-07", "onvif", firmware="V6.0 <b>")
        for _ in range(2):
            site.offset += 400
            await site.see("camera-07", "onvif", site.now() - 1)
        (ticket,) = [one for one in site.world.tickets.values() if one.fingerprint.device == "camera-07"]
        assert ticket.fingerprint.fault == "firmware.changed"
        await browser.get("/devices/camera-07")
        assert "now V6.0 &lt;b&gt;" in browser.page
        async with console.browser() as guest:
            await guest.log_in("guest")
            await guest.get("/devices/camera-07")
            assert "This is right" not in guest.page
            assert (await guest.post("/devices/camera-07/accept")).status == 403
        site.down = True
        assert (await browser.post("/devices/camera-07/accept")).status == 503
        site.down = False
        await browser.get("/devices/camera-07")
        for _ in range(2):  # the second click finds nothing left to accept
            answer = await browser.post("/devices/camera-07/accept")
            assert (answer.status, answer.headers["location"]) == (303, "/devices/camera-07#inventory")
        await browser.get("/devices/camera-07")
        assert "This is right" not in browser.page
        assert "accepted by wang · before: V5.7.11 build 221213" in " ".join(browser.page.split())
        await browser.get(f"/tickets/{ticket.id}")
        assert "Firmware V5.7.11 build 221213 → V6.0 &lt;b&gt;" in browser.page
        assert site.world.tickets[ticket.id].state.value == "recovered"


async def test_languages(console: RunningConsole) -> None:
    async with console.browser(**{"accept-language": "zh-CN,zh;q=0.9"}) as browser:
        await browser.get("/login")
        assert "用户名" in browser.page
        await browser.log_in()
        await browser.get("/")
        assert "摄像机失联" in browser.page
        assert (await browser.post("/language", {"language": "en", "next": "/tickets"})).headers[
            "location"
        ] == "/tickets"
        answer = await browser.get("/")
        assert answer.headers["content-language"] == "en"
        assert "Camera does not answer" in browser.page
    async with console.browser() as browser:
        await browser.log_in("zhao")
        await browser.get("/nowhere")
        assert "未找到" in browser.page


async def test_every_answer_is_dressed(console: RunningConsole) -> None:
    async with console.browser() as browser:
        await browser.log_in()
        for path in ("/", "/nowhere", "/static/console.css", "/api/v1/site", "/livez", "/devices/camera-01/latest.jpg"):
            answer = await browser.get(path)
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert re.fullmatch("[0-9a-f]{12}", answer.headers["x-request-id"])
            assert "server" not in answer.headers
        assert not re.search(r"<script(?! src=)|\sstyle=|\son\w+=", (await browser.get("/")) and browser.page)


async def test_errors_quote_their_number(console: RunningConsole, monkeypatch: pytest.MonkeyPatch) -> None:
    async with console.browser() as browser:
        await browser.log_in()
        answer = await browser.get("/tickets/99999")
        assert answer.status == 404
        assert answer.headers["x-request-id"] in browser.page

        def broken() -> float:
            raise RuntimeError("a bug")

        with monkeypatch.context() as patch:
            patch.setattr("monitor.web.views.overview.daemon", lambda live: broken())
            answer = await browser.get("/")
        assert answer.status == 500
        assert answer.headers["x-request-id"] in browser.page
        assert "a bug" not in browser.page


async def test_methods(console: RunningConsole) -> None:
    async with console.browser() as browser:
        await browser.log_in()
        for method, path, status in (
            ("HEAD", "/", 200), ("HEAD", "/livez", 200), ("HEAD", "/events", 200), ("OPTIONS", "/login", 204),
            ("DELETE", "/devices", 405), ("PUT", "/api/v1/site", 405), ("TRACE", "/", 405),
        ):  # fmt: skip
            async with browser.http.request(method, console.url + path, allow_redirects=False) as answer:
                assert answer.status == status, (method, path)
                if status in (204, 405):
                    assert "OPTIONS" in answer.headers["allow"]
        await asyncio.sleep(0.2)
        assert console.app.state.console.streams == {}


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py", "/static/..%2f..%2fapp.py", "/static/%2e%2e/app.py", "/static/console.css%00",
        "/devices/..%2f..%2fetc%2fpasswd", "/devices/%00", "/devices/%F0%9F%92%A9", "/devices/camera-05/evil.jpg",
        "/tickets/abc", "/tickets/-1", "/tickets/0", "/tickets/99999999999999999999999", "/tickets/2/nothing.jpg",
        "/tickets/1e3", "/devices/<script>alert(1)</script>",
    ],
)  # fmt: skip
async def test_odd_addresses_are_not_found(console: RunningConsole, path: str) -> None:
    from yarl import URL

    async with console.browser() as browser:
        await browser.log_in()
        url = URL(console.url + path, encoded=True)
        async with browser.http.get(url, allow_redirects=False) as answer:
            assert answer.status == 404
            assert "<script>alert" not in await answer.text()


async def test_odd_searches_are_answered(console: RunningConsole) -> None:
    odd = ("\0", "%", "_", "'; DROP TABLE ticket; --", "<img src=x>", "مرحبا", "🚨" * 40, "a" * 150, "\\", '"')
    async with console.browser() as browser:
        await browser.log_in()
        for text in odd:
            for path in ("/devices", "/tickets", "/tickets?show=all"):
                mark = "&" if "?" in path else "?"
                answer = await browser.get(f"{path}{mark}q={urllib.parse.quote(text)}")
                assert answer.status == 200, (path, text)
                assert "<img src=x>" not in browser.page


async def test_large_and_odd_bodies_are_refused(console: RunningConsole) -> None:
    async with console.browser() as browser:
        await browser.log_in()
        await browser.get(f"/tickets/{SILENT}")
        url, token = f"{console.url}/tickets/{SILENT}/note", browser.token()

        async def send(data: object, kind: str = "application/x-www-form-urlencoded") -> int:
            headers = {"content-type": kind}
            async with browser.http.post(url, data=data, headers=headers, allow_redirects=False) as answer:
                return answer.status

        async def endless() -> object:
            for _ in range(MAX_BODY // 1_000 + 10):
                yield b"x" * 1_000

        assert await send(b"text=" + b"x" * MAX_BODY) == 413
        assert await send(endless()) == 413
        assert await send("&".join(f"f{n}=1" for n in range(200))) == 400
        assert await send(b"{}", "application/json") == 400
        assert await send(b"--x\r\n\r\n--x--", "multipart/form-data; boundary=x") == 400
        assert await send(f"form_token={token}&text=%00%ff%fe".encode()) in (303, 422)
        assert (await browser.get("/?" + "x" * 3_000)).status == 414
        assert (await browser.get("/")).status == 200


async def test_pictures_have_tags(console: RunningConsole) -> None:
    async with console.browser() as browser:
        await browser.log_in()
        for path in (
            f"/tickets/{COVERED}/now.jpg",
            "/devices/camera-05/good.jpg",
            f"/tickets/{COVERED}/now.jpg?size=small",
        ):
            answer = await browser.get(path)
            assert (answer.status, answer.content_type) == (200, "image/jpeg")
            again = await browser.get(path, headers={"if-none-match": answer.headers["etag"]})
            assert again.status == 304
        assert (await browser.get("/devices/sw-a/latest.jpg")).status == 404


async def test_static_files_may_be_kept(console: RunningConsole) -> None:
    async with console.browser() as browser:
        await browser.get("/login")
        address = re.search(r'href="(/static/console.css\?v=\w+)"', browser.page)
        assert address
        answer = await browser.get(address[1])
        assert "immutable" in answer.headers["cache-control"]
        assert (await browser.get(address[1], headers={"if-none-match": answer.headers["etag"]})).status == 304


async def test_metrics_are_for_loopback_tokens_or_everybody(tmp_path: Path) -> None:
    async def numbers() -> bytes:
        return b"sitewarden_up 1\n"

    options = Options(metrics_access="token")
    async with (
        run_console(tmp_path, past=False, metrics=numbers, options=options) as console,
        console.browser() as browser,
    ):
        assert (await browser.get("/metrics")).status == 303
        answer = await browser.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})
        assert (answer.status, browser.page) == (200, "sitewarden_up 1\n")
    (tmp_path / "more").mkdir()
    async with (
        run_console(tmp_path / "more", past=False, metrics=lambda: b"1") as console,
        console.browser() as browser,
    ):
        assert (await browser.get("/metrics")).status == 200


async def test_behind_a_web_server_the_real_visitor_counts(tmp_path: Path) -> None:
    forwarded = {"x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "https"}
    async with run_console(tmp_path, past=False, metrics=lambda: b"1") as console, console.browser() as browser:
        assert (await browser.get("/metrics")).status == 200
        answer = await browser.get("/metrics", headers=forwarded)
        assert (answer.status, answer.headers["location"]) == (303, "/login?next=%2Fmetrics")
        answer = await browser.get("/login", headers=forwarded)
        assert "Secure" in answer.headers["set-cookie"]
        assert "max-age" in answer.headers["strict-transport-security"]


async def test_it_ends_with_streams_open_and_the_address_is_free_again(tmp_path: Path) -> None:
    async with run_console(tmp_path, past=False) as console:
        port = int(console.url.rpartition(":")[2])
        async with console.browser() as browser:
            await browser.log_in()
            stream = await browser.http.get(console.url + "/events")
            assert (await stream.content.readline()).startswith(b"retry")
            console.task.cancel()
            async with asyncio.timeout(8):
                await asyncio.gather(console.task, return_exceptions=True)
        with bind(Listen("127.0.0.1", port)) as again:
            assert again.getsockname()[1] == port
        with pytest.raises(OSError, match="ddress"):
            await asyncio.to_thread(_bind_twice)


def _bind_twice() -> None:
    with bind(Listen("127.0.0.1", 0)) as first:
        port = first.getsockname()[1]
        with bind(Listen("127.0.0.1", port)):
            pass


async def test_silence_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.web.serving.FIRST_REQUEST_SECONDS", 0.3)
    async with run_console(tmp_path, past=False) as console:
        port = int(console.url.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        async with asyncio.timeout(5):
            assert await reader.read() == b""
        writer.close()


async def test_nor_for_the_rest_of_a_later_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.web.serving.FIRST_REQUEST_SECONDS", 0.3)
    monkeypatch.setattr("monitor.web.serving.KEEP_ALIVE_SECONDS", 1)
    async with run_console(tmp_path, past=False) as console:
        port = int(console.url.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(2):
            writer.write(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
            await reader.readuntil(b"live\n")
        writer.write(b"GET /l")
        async with asyncio.timeout(10):
            assert await reader.read() == b""
        writer.close()


async def test_a_slow_answer_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Patience is for requests: who listens to a live page does so for hours."""
    monkeypatch.setattr("monitor.web.serving.FIRST_REQUEST_SECONDS", 0.3)
    options = Options(heartbeat_seconds=0.5)
    async with run_console(tmp_path, past=False, options=options) as console, console.browser() as browser:
        await browser.log_in()
        stream = await browser.http.get(console.url + "/events")
        async with asyncio.timeout(10):
            lines = [await stream.content.readline() for _ in range(14)]
        assert sum(line.startswith(b"event: beat") for line in lines) >= 4
        stream.close()


@pytest.mark.parametrize(
    "path",
    [
        "/tickets/99999999999999999999/now.jpg",
        "/api/v1/tickets/99999999999999999999/pictures/now",
        "/tickets/99999999999999999999",
    ],
)
async def test_a_number_that_no_ticket_can_have_is_not_found(console: RunningConsole, path: str) -> None:
    async with console.browser(Authorization=f"Bearer {TOKEN}") as browser:
        assert (await browser.get(path)).status == 404


async def test_a_time_that_no_calendar_knows_is_now(console: RunningConsole) -> None:
    async with console.browser(Authorization=f"Bearer {TOKEN}") as browser:
        assert (await browser.get("/devices/camera-01?asked=99999999999999999")).status == 200


async def test_a_token_opens_pages_too(console: RunningConsole) -> None:
    for role in ("-viewer", "", "-manager"):
        async with console.browser(Authorization=f"Bearer {TOKEN}{role}") as browser:
            for number in console.live.world.tickets:
                assert (await browser.get(f"/tickets/{number}")).status == 200


async def test_strangers_learn_that_something_is_wrong_but_not_what(console: RunningConsole) -> None:
    console.live.health.troubles["outbox"] = "mail: the mail server refused the login (535)"
    async with console.browser() as here, console.browser(**{"X-Forwarded-For": "203.0.113.9"}) as stranger:
        assert (await here.get("/readyz")).status == (await stranger.get("/readyz")).status == 503
        assert "535" in here.page
        assert json.loads(stranger.page) == {"ready": False, "troubles": {"outbox": ""}}
        await stranger.log_in()
        await stranger.get("/readyz")
        assert "535" in stranger.page
