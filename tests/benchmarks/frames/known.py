"""What is really wrong in the shared footage? Pictures that are no clean ones, as a person saw them.

River camera: rain that draws streaks in infrared light is weather and no fault, nor are lilac dusks (17:15), lamps
that pass through the picture (8 October 21:45, 15 October 23:15) and white tents. Building site: haze (16 June 13:15 to
14:26), low sun into the lens (01:20 to 02:30) and flood-lit nights are weather and usual; nothing in it is faulty.
"""

from __future__ import annotations

from typing import Final

# folder → (first name, last name, what is seen); names are dates, so what lies between is meant
REAL: Final = {
    "river-camera": (
        ("20221007T101534", "20221007T220543", "droplets on the lens, at night with flares of a lamp"),
        ("20221010T002541", "20221010T002541", "infrared light thrown back from close by: nearly all is white"),
        ("20221013T153535", "20221014T001537", "droplets on the lens, at night with flares of a lamp"),
        ("20221014T051538", "20221014T051538", "large droplets in infrared light"),
        ("20221014T102534", "20221014T112541", "droplets on the lens"),
    ),
}


def real(camera: str, name: str) -> str:
    """What is wrong with this picture of the shared footage; "" if nothing is."""
    return next((what for first, last, what in REAL.get(camera, ()) if first <= name <= last), "")
