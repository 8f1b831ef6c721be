"""How is an ONVIF device, and where does its picture come from?"""

from probes.onvif.look import PROBE, Choice, OnvifOptions, snapshot_uri, stream_uri

__all__ = ["PROBE", "Choice", "OnvifOptions", "snapshot_uri", "stream_uri"]
