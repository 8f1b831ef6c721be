"""What does a real device answer, written down without what is private, so that it can be tested and served again?

tape        every HTTP exchange that the probes have with the device
walk        the variables of its SNMP agent
capture     one device, asked what the probes ask and some more
redaction   the same text for the same private thing, everywhere
folder      how a recording lies on disk
"""

from probes.recording.folder import BadRecording, HttpAnswer, Recording, RtspAnswer, Variable, read_folder, write_folder

__all__ = ["BadRecording", "HttpAnswer", "Recording", "RtspAnswer", "Variable", "read_folder", "write_folder"]
