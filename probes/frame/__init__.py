"""Does the camera give a picture, and is it of any use?"""

from probes.frame.ask import PROBE
from probes.frame.options import FrameOptions

__all__ = ["PROBE", "FrameOptions"]
