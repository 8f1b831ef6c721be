"""What does an ONVIF device report by itself: tampering, lost signals, failing parts, contacts?"""

from probes.onvif.events.listener import LISTENER

__all__ = ["LISTENER"]
