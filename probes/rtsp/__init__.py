"""Does a camera or recorder offer its stream, and does it send it? RTSP 1.0, RFC 2326."""

from probes.rtsp.look import PROBE
from probes.rtsp.options import RtspOptions

__all__ = ["PROBE", "RtspOptions"]
