"""What does a simulated camera answer to an ONVIF call? Its device and media services (ONVIF Core, Media 1)."""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote
from xml.sax.saxutils import escape

from lxml import etree

from probes.simulators.blueprint import Shape
from probes.simulators.camera import Camera
from probes.simulators.clip import FRAMES_A_SECOND
from probes.simulators.gate import UsernameToken, Verdict
from probes.simulators.rtsp import PATHS
from probes.simulators.scenes import HEIGHT, WIDTH

DEVICE_PATH, MEDIA_PATH, SNAPSHOT_PATH = "/onvif/device_service", "/onvif/media_service", "/onvif/snapshot"
EVENT_PATH, PTZ_PATH = "/onvif/event_service", "/onvif/ptz_service"

_DEVICE, _MEDIA = "http://www.onvif.org/ver10/device/wsdl", "http://www.onvif.org/ver10/media/wsdl"
PTZ = "http://www.onvif.org/ver20/ptz/wsdl"
EVENTS, WSN = "http://www.onvif.org/ver10/events/wsdl", "http://docs.oasis-open.org/wsn/b-2"
_SOAP = "http://www.w3.org/2003/05/soap-envelope"
_WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
_WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
_ENVELOPE = (
    f'<?xml version="1.0" encoding="UTF-8"?>\n<s:Envelope xmlns:s="{_SOAP}" xmlns:tds="{_DEVICE}" xmlns:trt="{_MEDIA}" '
    f'xmlns:tptz="{PTZ}" xmlns:tev="{EVENTS}" xmlns:wsnt="{WSN}" xmlns:wsa="http://www.w3.org/2005/08/addressing" '
    'xmlns:tt="http://www.onvif.org/ver10/schema" xmlns:ter="http://www.onvif.org/ver10/error"><s:Body>%s</s:Body></s:Envelope>'
)
_TOKENS = ("main", "sub")
_MAX_TEXT = 200  # characters of a token or name in a call

Fields = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Call:
    """One SOAP call: the operation's namespace and name, its texts by local name, and the login if it has one.

    `headers` are the texts of the header's elements by local name.
    """

    namespace: str
    operation: str
    fields: Fields
    token: UsernameToken | None
    headers: Fields


@dataclass(frozen=True, slots=True)
class Reply:
    """HTTP status and body; `challenge` says that the caller is to log in."""

    status: int
    body: bytes
    challenge: bool = False


class Malformed(ValueError):
    """Not a SOAP call."""


def read_call(body: bytes) -> Call:
    """The call in a SOAP 1.2 envelope; raises Malformed. Entities are not resolved, deep trees are refused."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True
    )
    try:
        envelope = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise Malformed("not XML") from error
    inside = envelope.find(f"{{{_SOAP}}}Body")
    if envelope.tag != f"{{{_SOAP}}}Envelope" or inside is None or not len(inside):
        raise Malformed("not a SOAP 1.2 envelope")
    called = inside[0]
    if not isinstance(called.tag, str):
        raise Malformed("an entity instead of a call")
    name = etree.QName(called)
    fields = {
        etree.QName(one).localname: (one.text or "").strip()[:_MAX_TEXT]
        for one in called.iter()
        if isinstance(one.tag, str)
    }
    headers = {
        etree.QName(one).localname: (one.text or "").strip()[:_MAX_TEXT]
        for one in envelope.iterfind(f"{{{_SOAP}}}Header/*")
        if isinstance(one.tag, str)
    }
    return Call(name.namespace or "", name.localname, fields, _read_token(envelope), headers)


def answer(camera: Camera, shape: Shape, body: bytes, digest: Callable[[], Verdict]) -> Reply:
    """The reply to a SOAP request. `digest` judges its HTTP login, and is asked if there is none in the envelope."""
    call = admit(camera, body, digest, _OPERATIONS.keys())
    if isinstance(call, Reply):
        return call
    try:
        inside = _OPERATIONS[call.namespace, call.operation](_Site(camera, shape), call.fields)
    except KeyError:
        return fault(400, "s:Sender", "ter:InvalidArgVal", "no such profile")
    return reply("tds" if call.namespace == _DEVICE else "trt", call.operation, inside)


def reply(prefix: str, operation: str, inside: str) -> Reply:
    """The response to an operation, with that XML in it."""
    response = f"{prefix}:{operation}Response"
    return Reply(200, (_ENVELOPE % f"<{response}>{inside}</{response}>").encode())


def http_address(camera: Camera, shape: Shape, path: str) -> str:
    """Where the camera believes to serve that path."""
    return _Site(camera, shape).http(path)


def admit(
    camera: Camera, body: bytes, digest: Callable[[], Verdict], known: Container[tuple[str, str]]
) -> Call | Reply:
    """The call, if it is one of the known and whoever made it may make it; otherwise the refusal."""
    challenge = camera.soap_by_digest
    if (
        challenge and not body and digest() is not Verdict.WELCOME
    ):  # clients ask for the challenge before they send a body
        return fault(401, "s:Sender", "ter:NotAuthorized", "Sender not authorized", challenge=True)
    try:
        call = read_call(body)
    except Malformed as error:
        return fault(400, "s:Sender", "ter:WellFormed", str(error))
    if (call.namespace, call.operation) not in known:
        return fault(500, "s:Receiver", "ter:ActionNotSupported", f"no operation {call.operation}")
    if (call.namespace, call.operation) not in _OPEN:
        verdict = camera.gate.check_token(call.token, camera.clock(), "onvif")
        if verdict is Verdict.REFUSED or (verdict is Verdict.MISSING and not challenge):
            return fault(400, "s:Sender", "ter:NotAuthorized", "Sender not authorized")
        if verdict is Verdict.MISSING and digest() is not Verdict.WELCOME:
            return fault(401, "s:Sender", "ter:NotAuthorized", "Sender not authorized", challenge=True)
    return call


@dataclass(frozen=True, slots=True)
class _Site:
    """The camera and its addresses."""

    camera: Camera
    shape: Shape

    def http(self, path: str) -> str:
        return f"http://{self.camera.blueprint.address}:{self.shape.http_port}{path}"

    def rtsp(self, path: str) -> str:
        return f"rtsp://{self.camera.blueprint.address}:{self.shape.rtsp_port}{path}"


def _read_token(envelope: etree._Element) -> UsernameToken | None:
    token = envelope.find(f"{{{_SOAP}}}Header/{{{_WSSE}}}Security/{{{_WSSE}}}UsernameToken")
    if token is None:
        return None

    def text(namespace: str, name: str) -> str:
        return (token.findtext(f"{{{namespace}}}{name}") or "").strip()[:_MAX_TEXT]

    return UsernameToken(text(_WSSE, "Username"), text(_WSSE, "Password"), text(_WSSE, "Nonce"), text(_WSU, "Created"))


def fault(status: int, code: str, subcode: str, reason: str, *, challenge: bool = False) -> Reply:
    """A SOAP fault."""
    body = (
        f"<s:Fault><s:Code><s:Value>{code}</s:Value><s:Subcode><s:Value>{subcode}</s:Value></s:Subcode></s:Code>"
        f'<s:Reason><s:Text xml:lang="en">{escape(reason)}</s:Text></s:Reason></s:Fault>'
    )
    return Reply(status, (_ENVELOPE % body).encode(), challenge)


def _system_date_and_time(site: _Site, fields: Fields) -> str:
    utc = datetime.fromtimestamp(site.camera.clock(), UTC)
    local = utc.astimezone(datetime.fromtimestamp(time.time()).astimezone().tzinfo)

    def parts(moment: datetime) -> str:
        return (
            f"<tt:Time><tt:Hour>{moment.hour}</tt:Hour><tt:Minute>{moment.minute}</tt:Minute>"
            f"<tt:Second>{moment.second}</tt:Second></tt:Time><tt:Date><tt:Year>{moment.year}</tt:Year>"
            f"<tt:Month>{moment.month}</tt:Month><tt:Day>{moment.day}</tt:Day></tt:Date>"
        )

    return (
        f"<tds:SystemDateAndTime><tt:DateTimeType>{'NTP' if site.camera.ntp else 'Manual'}</tt:DateTimeType>"
        "<tt:DaylightSavings>false</tt:DaylightSavings><tt:TimeZone><tt:TZ>UTC0</tt:TZ></tt:TimeZone>"
        f"<tt:UTCDateTime>{parts(utc)}</tt:UTCDateTime><tt:LocalDateTime>{parts(local)}</tt:LocalDateTime>"
        "</tds:SystemDateAndTime>"
    )


def _device_information(site: _Site, fields: Fields) -> str:
    return (
        f"<tds:Manufacturer>{escape(site.camera.make)}</tds:Manufacturer><tds:Model>{escape(site.camera.model)}</tds:Model>"
        f"<tds:FirmwareVersion>{site.camera.firmware}</tds:FirmwareVersion><tds:SerialNumber>{site.camera.serial}</tds:SerialNumber>"
        "<tds:HardwareId>1.0</tds:HardwareId>"
    )


def _capabilities(site: _Site, fields: Fields) -> str:
    return (
        f"<tds:Capabilities><tt:Device><tt:XAddr>{site.http(DEVICE_PATH)}</tt:XAddr></tt:Device>"
        f"<tt:Media><tt:XAddr>{site.http(MEDIA_PATH)}</tt:XAddr><tt:StreamingCapabilities>"
        "<tt:RTPMulticast>false</tt:RTPMulticast><tt:RTP_TCP>true</tt:RTP_TCP><tt:RTP_RTSP_TCP>true</tt:RTP_RTSP_TCP>"
        "</tt:StreamingCapabilities></tt:Media>"
        + (f"<tt:PTZ><tt:XAddr>{site.http(PTZ_PATH)}</tt:XAddr></tt:PTZ>" if site.camera.turret else "")
        + "</tds:Capabilities>"
    )


def _services(site: _Site, fields: Fields) -> str:
    services = [(_DEVICE, DEVICE_PATH), (_MEDIA, MEDIA_PATH), (EVENTS, EVENT_PATH)]
    if site.camera.turret is not None:
        services.append((PTZ, PTZ_PATH))
    return "".join(
        f"<tds:Service><tds:Namespace>{namespace}</tds:Namespace><tds:XAddr>{site.http(path)}</tds:XAddr>"
        "<tds:Version><tt:Major>2</tt:Major><tt:Minor>60</tt:Minor></tds:Version></tds:Service>"
        for namespace, path in services
    )


def _service_capabilities(site: _Site, fields: Fields) -> str:
    return (
        '<tds:Capabilities><tds:Network/><tds:Security UsernameToken="true" HttpDigest="true"/><tds:System/>'
        "</tds:Capabilities>"
    )


def _hostname(site: _Site, fields: Fields) -> str:
    return (
        "<tds:HostnameInformation><tt:FromDHCP>false</tt:FromDHCP>"
        f"<tt:Name>{site.camera.hostname}</tt:Name></tds:HostnameInformation>"
    )


def _scopes(site: _Site, fields: Fields) -> str:
    scopes = (
        "type/video_encoder",
        "Profile/Streaming",
        f"hardware/{quote(site.camera.model)}",
        f"name/{quote(site.camera.hostname)}",
    )
    return "".join(
        "<tds:Scopes><tt:ScopeDef>Fixed</tt:ScopeDef>"
        f"<tt:ScopeItem>onvif://www.onvif.org/{scope}</tt:ScopeItem></tds:Scopes>"
        for scope in scopes
    )


def _network_interfaces(site: _Site, fields: Fields) -> str:
    return (
        '<tds:NetworkInterfaces token="eth0"><tt:Enabled>true</tt:Enabled><tt:Info><tt:Name>eth0</tt:Name>'
        f"<tt:HwAddress>{site.camera.mac}</tt:HwAddress><tt:MTU>1500</tt:MTU></tt:Info>"
        f"<tt:IPv4><tt:Enabled>true</tt:Enabled><tt:Config><tt:DHCP>{str(site.camera.dhcp).lower()}</tt:DHCP></tt:Config></tt:IPv4>"
        "</tds:NetworkInterfaces>"
    )


def _users(site: _Site, fields: Fields) -> str:
    return "".join(
        f"<tds:User><tt:Username>{escape(name)}</tt:Username><tt:UserLevel>{level}</tt:UserLevel></tds:User>"
        for name, level in site.camera.users.items()
    )


def _profiles(site: _Site, fields: Fields) -> str:
    return "".join(_profile(site, token, "trt:Profiles") for token in _TOKENS)


def _one_profile(site: _Site, fields: Fields) -> str:
    return _profile(site, _wanted(fields), "trt:Profile")


def _profile(site: _Site, token: str, tag: str) -> str:
    turns = ""
    if site.camera.turret is not None:
        turns = (
            '<tt:PTZConfiguration token="ptz"><tt:Name>ptz</tt:Name><tt:UseCount>2</tt:UseCount>'
            "<tt:NodeToken>node</tt:NodeToken></tt:PTZConfiguration>"
        )
    size = f"<tt:Width>{WIDTH}</tt:Width><tt:Height>{HEIGHT}</tt:Height>"
    return (
        f'<{tag} token="{token}" fixed="true"><tt:Name>{token}</tt:Name>'
        f'<tt:VideoSourceConfiguration token="vsc"><tt:Name>vsc</tt:Name><tt:UseCount>2</tt:UseCount>'
        f"<tt:SourceToken>vs</tt:SourceToken>"
        f'<tt:Bounds x="0" y="0" width="{WIDTH}" height="{HEIGHT}"/></tt:VideoSourceConfiguration>'
        f'<tt:VideoEncoderConfiguration token="ve_{token}"><tt:Name>ve_{token}</tt:Name><tt:UseCount>1</tt:UseCount>'
        f"<tt:Encoding>H264</tt:Encoding><tt:Resolution>{size}</tt:Resolution><tt:Quality>4</tt:Quality>"
        f"<tt:RateControl><tt:FrameRateLimit>{FRAMES_A_SECOND}</tt:FrameRateLimit>"
        f"<tt:EncodingInterval>1</tt:EncodingInterval><tt:BitrateLimit>{site.camera.kbps}</tt:BitrateLimit></tt:RateControl>"
        f"<tt:H264><tt:GovLength>{FRAMES_A_SECOND}</tt:GovLength><tt:H264Profile>Baseline</tt:H264Profile></tt:H264>"
        "<tt:Multicast><tt:Address><tt:Type>IPv4</tt:Type><tt:IPv4Address>0.0.0.0</tt:IPv4Address></tt:Address>"
        "<tt:Port>0</tt:Port><tt:TTL>0</tt:TTL><tt:AutoStart>false</tt:AutoStart></tt:Multicast>"
        f"<tt:SessionTimeout>PT60S</tt:SessionTimeout></tt:VideoEncoderConfiguration>{turns}</{tag}>"
    )


def _video_sources(site: _Site, fields: Fields) -> str:
    return (
        f'<trt:VideoSources token="vs"><tt:Framerate>{FRAMES_A_SECOND}</tt:Framerate>'
        f"<tt:Resolution><tt:Width>{WIDTH}</tt:Width><tt:Height>{HEIGHT}</tt:Height></tt:Resolution></trt:VideoSources>"
    )


def _stream_uri(site: _Site, fields: Fields) -> str:
    return _media_uri(site.rtsp(PATHS[_TOKENS.index(_wanted(fields))]))


def _snapshot_uri(site: _Site, fields: Fields) -> str:
    _wanted(fields)
    return _media_uri(site.http(SNAPSHOT_PATH))


def _media_uri(uri: str) -> str:
    return (
        f"<trt:MediaUri><tt:Uri>{uri}</tt:Uri><tt:InvalidAfterConnect>false</tt:InvalidAfterConnect>"
        "<tt:InvalidAfterReboot>false</tt:InvalidAfterReboot><tt:Timeout>PT60S</tt:Timeout></trt:MediaUri>"
    )


def _wanted(fields: Fields) -> str:
    """The profile that the call names; KeyError if there is none of that token."""
    token = fields.get("ProfileToken", "")
    if token not in _TOKENS:
        raise KeyError(token)
    return token


def is_profile(token: str) -> bool:
    """Is there a profile of that token?"""
    return token in _TOKENS


_OPERATIONS: Mapping[tuple[str, str], Callable[[_Site, Fields], str]] = {
    (_DEVICE, "GetSystemDateAndTime"): _system_date_and_time,
    (_DEVICE, "GetDeviceInformation"): _device_information,
    (_DEVICE, "GetCapabilities"): _capabilities,
    (_DEVICE, "GetServices"): _services,
    (_DEVICE, "GetServiceCapabilities"): _service_capabilities,
    (_DEVICE, "GetHostname"): _hostname,
    (_DEVICE, "GetScopes"): _scopes,
    (_DEVICE, "GetUsers"): _users,
    (_DEVICE, "GetNetworkInterfaces"): _network_interfaces,
    (_MEDIA, "GetProfiles"): _profiles,
    (_MEDIA, "GetProfile"): _one_profile,
    (_MEDIA, "GetVideoSources"): _video_sources,
    (_MEDIA, "GetStreamUri"): _stream_uri,
    (_MEDIA, "GetSnapshotUri"): _snapshot_uri,
}
_OPEN = frozenset(  # PRE_AUTH (ONVIF Core specification, section 5.9.4.3)
    (_DEVICE, name)
    for name in ("GetSystemDateAndTime", "GetCapabilities", "GetServices", "GetServiceCapabilities", "GetHostname")
)
