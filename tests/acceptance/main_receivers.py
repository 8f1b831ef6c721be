"""Who receives what the daemon says: web addresses that keep what is posted, and somebody who listens at the broker."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from tests.servers.processes import wait_until


@dataclass(frozen=True, slots=True)
class Post:
    """One request as it came; header names in lower case."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def said(self) -> Any:
        return json.loads(self.body)


@dataclass(slots=True)
class Receiver:
    """A web server that says yes to everything."""

    port: int = 0
    posts: list[Post] = field(default_factory=list)

    def url(self, path: str, scheme: str = "http") -> str:
        return f"{scheme}://127.0.0.1:{self.port}{path}"

    def at(self, path: str) -> list[Post]:
        return [post for post in list(self.posts) if post.path == path]


@contextlib.contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver, served by a thread until the context ends."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.posts.append(Post(self.path, {name.lower(): text for name, text in self.headers.items()}, body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.1,))
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()


@dataclass(frozen=True, slots=True)
class Published:
    """One message of the broker."""

    topic: str
    said: Any
    properties: Mapping[str, str]


@contextlib.contextmanager
def listening(port: int) -> Iterator[list[Published]]:
    """Everything that is published at the broker, as it comes."""
    heard: list[Published] = []
    subscribed = threading.Event()
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)

    def take(_client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        found = getattr(message.properties, "UserProperty", [])
        heard.append(Published(message.topic, json.loads(message.payload), dict(found)))

    client.on_message = take
    client.on_connect = lambda *_: client.subscribe("#", qos=1)
    client.on_subscribe = lambda *_: subscribed.set()
    client.connect("127.0.0.1", port)
    client.loop_start()
    try:
        wait_until(subscribed.is_set, "the subscription")
        yield heard
    finally:
        client.disconnect()
        client.loop_stop()
