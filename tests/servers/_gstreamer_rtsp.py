"""The RTSP server itself: run by the system's Python, which has GStreamer's bindings. Its one argument is JSON."""

from __future__ import annotations

import json
import sys
from typing import Any

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gio, GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

ENCODERS = {
    "h264": "x264enc {rate}tune=zerolatency speed-preset=ultrafast key-int-max={key} bframes=0 ! h264parse ! "
    "rtph264pay name=pay0 pt=96 config-interval=-1",
    "h265": "x265enc {rate}tune=zerolatency speed-preset=ultrafast key-int-max={key} ! h265parse ! "
    "rtph265pay name=pay0 pt=96 config-interval=-1",
}


def factory(stream: dict[str, Any], guarded: bool) -> GstRtspServer.RTSPMediaFactory:
    made = GstRtspServer.RTSPMediaFactory.new()
    encoder = ENCODERS[stream["codec"]].format(
        key=stream["key_interval"], rate=f"bitrate={stream['kbit_per_second']} " if stream["kbit_per_second"] else ""
    )
    made.set_launch(
        f"( {stream['source']} ! videoconvert ! videoscale ! videorate ! video/x-raw,format=I420,"
        f"width={stream['width']},height={stream['height']},framerate={stream['fps']}/1 ! {encoder} )"
    )
    made.set_shared(stream["shared"])
    made.set_latency(0)
    roles = {"person": True, "anonymous": not (guarded or stream["login"])}
    for role, allowed in roles.items():
        permissions = Gst.Structure.new_empty(role)
        permissions.set_value("media.factory.access", True)  # otherwise a 404 instead of a 401
        permissions.set_value("media.factory.construct", allowed)
        made.add_role_from_structure(permissions)
    return made


def serve(plan: dict[str, Any], door: dict[str, Any]) -> GstRtspServer.RTSPServer:
    auth = GstRtspServer.RTSPAuth.new()
    auth.set_supported_methods(GstRtsp.RTSPAuthMethod.BASIC if door["basic"] else GstRtsp.RTSPAuthMethod.DIGEST)
    auth.set_realm("IP Camera(C1234)")
    person = GstRtspServer.RTSPToken()
    person.set_string("media.factory.role", "person")
    name, password = plan["login"]
    if door["basic"]:
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic(name, password), person)
    else:
        auth.add_digest(name, password, person)
    anonymous = GstRtspServer.RTSPToken()
    anonymous.set_string("media.factory.role", "anonymous")
    auth.set_default_token(anonymous)
    if door["certificate"]:
        auth.set_tls_certificate(Gio.TlsCertificate.new_from_files(door["certificate"], door["key"]))
    server = GstRtspServer.RTSPServer.new()
    server.set_address("127.0.0.1")
    server.set_service(str(door["port"]))
    server.set_auth(auth)
    mounts = server.get_mount_points()
    for stream in plan["streams"]:
        mounts.add_factory(stream["path"], factory(stream, door["basic"]))
    if not server.attach(None):
        sys.exit(f"port {door['port']} is taken")
    return server


def main() -> None:
    plan = json.loads(sys.argv[1])
    Gst.init(None)
    servers = [serve(plan, door) for door in plan["doors"]]

    def forget() -> bool:  # frees the sessions of clients that went away without a word
        for server in servers:
            server.get_session_pool().cleanup()
        return True

    GLib.timeout_add_seconds(2, forget)
    GLib.MainLoop().run()


main()
