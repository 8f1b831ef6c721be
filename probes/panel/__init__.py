"""What do alarm panels report by SIA DC-09, over TCP and UDP, plain or encrypted?

listener    the sockets, and whose panel it is
frame       one message: checksum, header, encryption, and what is answered
events      what the codes of SIA DC-03 and Contact ID mean
"""

from __future__ import annotations

from probes.listener import Listener
from probes.panel.listener import Panels
from probes.panel.options import PanelOptions, PanelSettings

__all__ = ["LISTENER"]

LISTENER = Listener(kind="panel", start=Panels, options=PanelOptions, settings=PanelSettings)
