"""The REST API as a program sees it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.servers.console import TOKEN, Browser, RunningConsole
from ticketing.ticket import TicketState

BASE = "/api/v1"
COVERED, SILENT, POE = 5, 2, 3


class Program(Browser):
    """Sends a bearer token; answers are JSON."""

    async def ask(self, path: str, status: int = 200, **more: Any) -> Any:
        async with self.http.get(self.url + BASE + path, **more) as answer:
            assert answer.status == status, await answer.text()
            return await answer.json()

    async def tell(self, path: str, body: Any = None, status: int = 200, **headers: str) -> Any:
        async with self.http.post(self.url + BASE + path, json=body, headers=headers) as answer:
            assert answer.status == status, await answer.text()
            return await answer.json()


def program(console: RunningConsole, token: str = TOKEN) -> Program:
    return Program(console.url, {"authorization": f"Bearer {token}"} if token else {})


async def test_the_site_in_one_answer(console: RunningConsole) -> None:
    async with program(console) as api:
        site = await api.ask("/site")
    assert site["id"] == "harbour"
    assert sum(site["devices"].values()) == 31
    assert site["tickets"] == {"in_progress": 1, "new": 3, "pending": 1}
    assert site["ready"] is True


async def test_every_page_of_devices_is_given_once(console: RunningConsole) -> None:
    async with program(console) as api:
        seen, after = [], ""
        while True:
            page = await api.ask(f"/devices?limit=7&after={after}")
            seen += [device["id"] for device in page["items"]]
            if page["next"] is None:
                break
            after = page["next"]
        assert len(seen) == len(set(seen)) == 31
        assert [one["id"] for one in (await api.ask("/devices?state=fault&kind=camera"))["items"]] == [
            "camera-05", "camera-11", "camera-20",
        ]  # fmt: skip
        assert (await api.ask("/devices?q=car%20park%20p1"))["items"][0]["place"] == "Car park P1, row A"
        assert (await api.ask("/devices?after=no-such"))["items"] == []


async def test_one_device(console: RunningConsole) -> None:
    async with program(console) as api:
        device = await api.ask("/devices/camera-20")
        assert device["state"] == "fault"
        assert [check["name"] for check in device["checks"]] == ["reach", "rtsp", "onvif", "frame", "events"]
        (condition,) = device["conditions"]
        assert (condition["state"], condition["ticket"]) == ("firing", COVERED)
        assert set(device["pictures"]) == {"latest", "good"}
        async with api.http.get(f"{api.url}{BASE}/devices/camera-20/pictures/good") as picture:
            assert picture.content_type == "image/jpeg"
        problem = await api.ask("/devices/nope", 404)
        assert problem["status"] == 404
        assert (await api.ask("/devices/camera-20/pictures/worst", 422))["errors"][0]["where"] == "path.role"


async def test_looking_now(console: RunningConsole) -> None:
    async with program(console) as api:
        looks = await api.tell("/devices/camera-05/look")
        assert {look["check"]: look["outcome"] for look in looks}["reach"] == "no_answer"
        assert (await api.tell("/devices/camera-05/look", status=429))["title"] == "Too many tries"
    async with program(console, TOKEN + "-viewer") as api:
        await api.tell("/devices/camera-05/look", status=403)


async def test_tickets_by_page_and_filter(console: RunningConsole) -> None:
    async with program(console) as api:
        first = await api.ask("/tickets?limit=4")
        second = await api.ask(f"/tickets?limit=4&below={first['next']}")
        assert [one["id"] for one in first["items"] + second["items"]] == [6, 5, 4, 3, 2, 1]
        assert second["next"] is None
        assert [one["id"] for one in (await api.ask("/tickets?state=pending&state=closed"))["items"]] == [4, 1]
        assert [one["id"] for one in (await api.ask("/tickets?severity=high"))["items"]] == [POE]
        assert [one["id"] for one in (await api.ask("/tickets?device=ups-1"))["items"]] == [6]
        assert [one["id"] for one in (await api.ask("/tickets?q=T-000002"))["items"]] == [SILENT]


async def test_one_ticket_in_the_language_of_the_program(console: RunningConsole) -> None:
    async with program(console) as api:
        english = await api.ask(f"/tickets/{SILENT}")
        chinese = await api.ask(f"/tickets/{SILENT}", headers={"accept-language": "zh-CN"})
        assert (english["title"], chinese["title"]) == ("Camera does not answer", "摄像机失联")
        assert english["bring"]
        assert "resolve" in english["allowed"]
        assert "cancel" not in english["allowed"]
        assert (await api.ask(f"/tickets/{SILENT}/events"))[0]["kind"] == "opened"
        assert (await api.ask("/tickets/777", 404))["detail"] == "no such ticket"
        assert (await api.ask("/tickets/777/events", 404))["instance"] == "/api/v1/tickets/777/events"


async def test_commands_act_once_and_only_when_they_may(console: RunningConsole) -> None:
    path = f"/tickets/{COVERED}/commands"
    async with program(console) as api:
        ticket = await api.tell(path, {"command": "acknowledge"})
        assert (ticket["state"], ticket["assignee"]) == ("acknowledged", "wang")
        for _ in range(3):
            await api.tell(path, {"command": "note", "text": "one"}, **{"idempotency-key": "key-number-1"})
        events = await api.ask(f"/tickets/{COVERED}/events")
        assert [event["text"] for event in events].count("one") == 1
        conflict = await api.tell(path, {"command": "resume"}, 409)
        assert "needs one of: pending" in conflict["detail"]
        await api.tell(path, {"command": "start", "on_site": True})
        await api.tell(path, {"command": "resolve", "cause": "bag", "work": "removed"})
        assert console.site.world.tickets[COVERED].state is TicketState.RESOLVED
        assert console.site.world.tickets[COVERED].arrival.met_at is not None
        await api.tell(path, {"command": "cancel", "reason": "no"}, 403)
        await api.tell("/tickets/777/commands", {"command": "acknowledge"}, 404)
    async with program(console, TOKEN + "-manager") as api:
        await api.tell(path, {"command": "assign", "assignee": "nobody"}, 422)
        assert (await api.tell(path, {"command": "waive", "reason": "lift is broken"}))["state"] == "closed"
        await api.tell(path, {"command": "acknowledge"}, 409)


@pytest.mark.parametrize(
    "body",
    [
        None, [], "text", {}, {"command": "explode"}, {"command": "note"}, {"command": "note", "text": ""},
        {"command": "note", "text": "x" * 4_001}, {"command": "pend", "reason": "lunch"},
        {"command": "acknowledge", "extra": 1}, {"command": "resolve", "cause": "c"},
        {"command": "note", "text": " \0 "},
    ],
)  # fmt: skip
async def test_malformed_commands_are_problems(console: RunningConsole, body: Any) -> None:
    async with program(console) as api:
        problem = await api.tell(f"/tickets/{COVERED}/commands", body, 422)
        assert problem["title"] == "Something is missing"
        assert re.fullmatch("[0-9a-f]{12}", problem["request_id"])
        deep = b"[" * 30_000 + b"]" * 30_000
        headers = {"content-type": "application/json"}
        async with api.http.post(f"{api.url}{BASE}/tickets/1/commands", data=deep, headers=headers) as answer:
            assert answer.status in (400, 422)
            assert answer.content_type == "application/problem+json"


async def test_events_can_be_followed(console: RunningConsole) -> None:
    async with program(console) as api:
        console.site.offset += 10
        page = await api.ask("/events?limit=5")
        seen = page["items"]
        while page["items"]:
            page = await api.ask(f"/events?limit=5&cursor={page['next']}")
            seen += page["items"]
        keys = [(event["ticket"], event["number"]) for event in seen]
        assert len(keys) == len(set(keys)) == sum([len(await console.site.store.events(n)) for n in range(1, 7)])
        await api.tell(f"/tickets/{SILENT}/commands", {"command": "note", "text": "news"})
        console.site.offset += 10
        (news,) = (await api.ask(f"/events?cursor={page['next']}"))["items"]
        assert (news["kind"], news["text"], news["by"]) == ("noted", "news", "wang")
        await api.ask("/events?cursor=evil", 422)


async def test_nobody_and_wrong_tokens(console: RunningConsole) -> None:
    async with program(console, "") as api:
        assert (await api.ask("/site", 401))["title"] == "Login required"
    async with program(console, "sw_wrong") as api:
        for _ in range(5):
            await api.ask("/site", 401)
        await api.ask("/site", 429)


async def test_a_page_may_use_the_api_with_its_session_and_token(console: RunningConsole) -> None:
    async with program(console, "") as api:
        await api.log_in()
        session = await api.ask("/session")
        assert (session["user"], session["role"]) == ("wang", "technician")
        body = {"command": "note", "text": "by a page"}
        await api.tell(f"/tickets/{POE}/commands", body, 403)
        token = session["csrf_token"]
        await api.tell(f"/tickets/{POE}/commands", body, 403, **{"x-csrf-token": token, "sec-fetch-site": "cross-site"})
        await api.tell(f"/tickets/{POE}/commands", body, **{"x-csrf-token": token})


async def test_the_api_describes_itself(console: RunningConsole) -> None:
    async with program(console, "") as api:
        described = await api.ask("/openapi.json")
    paths = described["paths"]
    assert "/api/v1/tickets/{number}/commands" in paths
    assert all(path.startswith(BASE) for path in paths)
    for path, methods in paths.items():
        for operation in methods.values():
            assert operation.get("description"), path
            assert operation.get("tags"), path
