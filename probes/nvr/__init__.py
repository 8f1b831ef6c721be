"""Does a recorder record: its channels, its disks, how far back its footage reaches, and the days that are missing?"""

from probes.nvr.look import PROBE, RecorderOptions

__all__ = ["PROBE", "RecorderOptions"]
