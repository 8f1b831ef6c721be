"""What may be said of a device's traps, and of the socket that hears them?"""

from __future__ import annotations

from pydantic import Field

from probes.probe import Options
from probes.traps.schema import MAX_ENTRIES, Meaning


class TrapSettings(Options):
    """Where traps and informs arrive."""

    address: str = Field(default="0.0.0.0", description="of this machine; `::` hears IPv6 as well")  # noqa: S104
    port: int = Field(default=162, ge=0, le=65_535)
    engine_id: str = Field(
        default="",
        pattern=r"^([0-9a-fA-F]{10,64})?$",
        description="of Sitewarden, in hexadecimal, for senders of SNMPv3 informs that must be told; "
        "default: made from this machine's id",
    )


class TrapOptions(Options):
    """Traps and informs of one device, known by its address or its SNMPv3 engine."""

    any_community: bool = Field(
        default=False,
        description="hear traps of version 1 and 2c whatever their community, also where it is polled by 3",
    )
    by_words: bool = Field(
        default=False,
        description="a trap that no file knows is read by the words in its texts: for panels without a published MIB",
    )
    meanings: tuple[Meaning, ...] = Field(
        default=(), max_length=MAX_ENTRIES, description="traps of this device, as in the files of `config/traps`"
    )
