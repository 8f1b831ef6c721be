"""What does a simulated recorder answer over ONVIF Profile G? Device, Recording and Search services."""

from __future__ import annotations

import itertools
import time
from datetime import UTC, datetime
from xml.sax.saxutils import escape

from probes.simulators.gate import Verdict
from probes.simulators.onvif import Call, Malformed, Reply, read_call
from probes.simulators.recorder import MODEL, ZONE, Recorder

PATH = "/onvif/device_service"
SERVICES = {
    "http://www.onvif.org/ver10/device/wsdl": PATH,
    "http://www.onvif.org/ver10/recording/wsdl": "/onvif/recording",
    "http://www.onvif.org/ver10/search/wsdl": "/onvif/search",
}
_SOAP = "http://www.w3.org/2003/05/soap-envelope"
_PAGE = 5  # recordings of one page of results
_tokens = itertools.count(1)


def answer(recorder: Recorder, address: str, body: bytes) -> Reply:
    """The reply to a SOAP request; `address` is how it names itself."""
    if "api_off" in recorder.faults:
        return Reply(404, b"")
    try:
        call = read_call(body)
    except Malformed:
        return _fault(400, "ter:WellFormed")
    if call.operation != "GetSystemDateAndTime":
        verdict = recorder.gate.check_token(call.token, time.time(), "onvif")
        if verdict is not Verdict.WELCOME:
            return _fault(400, "ter:NotAuthorized")
    inside = _operate(recorder, address, call)
    if inside is None:
        return _fault(500, "ter:ActionNotSupported")
    return Reply(
        200, _envelope(f'<{call.operation}Response xmlns="{call.namespace}">{inside}</{call.operation}Response>')
    )


def _operate(recorder: Recorder, address: str, call: Call) -> str | None:
    match call.operation:
        case "GetSystemDateAndTime":
            return _clock()
        case "GetServices":
            return "".join(
                f"<Service><Namespace>{name}</Namespace><XAddr>{address}{path}</XAddr></Service>"
                for name, path in SERVICES.items()
            )
        case "GetDeviceInformation":
            return (
                f"<Manufacturer>Simulated</Manufacturer><Model>{MODEL}</Model><FirmwareVersion>2.1</FirmwareVersion>"
                f"<SerialNumber>{recorder.serial}</SerialNumber><HardwareId>1</HardwareId>"
            )
        case "FindRecordings":
            token = f"search-{next(_tokens)}"
            recorder.searches[token] = [recorder.now()] * len(recorder.channels())
            return f"<SearchToken>{token}</SearchToken>"
        case "GetRecordingSearchResults" if call.fields.get("SearchToken", "") in recorder.searches:
            return _results(recorder, call.fields["SearchToken"])
        case "EndSearch":
            recorder.searches.pop(call.fields.get("SearchToken", ""), None)
            return "<Endpoint>2026-01-01T00:00:00Z</Endpoint>"
        case "GetRecordingJobs":
            return "".join(
                f"<JobItem><JobToken>job-{one.number}</JobToken><JobConfiguration><RecordingToken>rec-{one.number}"
                "</RecordingToken><Mode>Active</Mode></JobConfiguration></JobItem>"
                for one in recorder.channels()
            )
        case "GetRecordingJobState":
            number = call.fields.get("JobToken", "").rpartition("-")[2]
            good = any(str(one.number) == number and one.online and one.recorded for one in recorder.channels())
            return (
                f"<State><RecordingToken>rec-{escape(number)}</RecordingToken><State>{'Active' if good else 'Error'}"
                "</State></State>"
            )
    return None


def _results(recorder: Recorder, token: str) -> str:
    """One page; the states of recordings are told for the first page only, as some firmware does."""
    channels = recorder.channels()
    at = len(channels) - len(recorder.searches[token])
    page = channels[at : at + _PAGE]
    recorder.searches[token] = recorder.searches[token][_PAGE:]
    items = ""
    for one in page:
        oldest = datetime.combine(recorder.footage(one.number)[0], datetime.min.time()) - ZONE
        status = "Recording" if at == 0 and one.online and one.recorded else "Unknown"
        items += (
            f"<RecordingInformation><RecordingToken>rec-{one.number}</RecordingToken><Source><SourceId>s{one.number}"
            f"</SourceId><Name>{escape(one.name)}</Name><Location/><Description/><Address>http://{one.address}/onvif"
            f"</Address></Source><EarliestRecording>{oldest:%Y-%m-%dT%H:%M:%SZ}</EarliestRecording><Content/>"
            f"<RecordingStatus>{status}</RecordingStatus></RecordingInformation>"
        )
    state = "Searching" if recorder.searches[token] else "Completed"
    return f"<ResultList><SearchState>{state}</SearchState>{items}</ResultList>"


def _clock() -> str:
    now = datetime.now(UTC)
    return (
        "<SystemDateAndTime><DateTimeType>NTP</DateTimeType><UTCDateTime><Time>"
        f"<Hour>{now.hour}</Hour><Minute>{now.minute}</Minute><Second>{now.second}</Second></Time><Date>"
        f"<Year>{now.year}</Year><Month>{now.month}</Month><Day>{now.day}</Day></Date></UTCDateTime></SystemDateAndTime>"
    )


def _fault(status: int, code: str) -> Reply:
    return Reply(status, _envelope(f"<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>{code}</s:Value>"
                                   "</s:Subcode></s:Code></s:Fault>"))  # fmt: skip


def _envelope(inside: str) -> bytes:
    return (
        f'<?xml version="1.0"?><s:Envelope xmlns:s="{_SOAP}" xmlns:ter="http://www.onvif.org/ver10/error"><s:Body>'
        f"{inside}</s:Body></s:Envelope>"
    ).encode()
