"""What is really wrong in the shared footage? Pictures that are no clean ones, as a person saw them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# folder → name of the picture without its ending → what is seen
REAL: Final[Mapping[str, Mapping[str, str]]] = {"river-camera": {}, "building-site": {}}
