"""What may be said of an alarm panel's reports, and of the sockets that hear them?"""

from __future__ import annotations

from pydantic import Field, field_validator

from probes.probe import Options


class PanelSettings(Options):
    """Where alarm panels report, by SIA DC-09."""

    address: str = Field(default="0.0.0.0", description="of this machine; `::` hears IPv6 as well")  # noqa: S104
    port: int = Field(default=12_000, ge=0, le=65_535, description="the same for TCP and UDP")
    tcp: bool = True
    udp: bool = True


class PanelOptions(Options):
    """Reports of one alarm panel. Its key is the `alarm_key` of its credentials; with a key nothing plain is taken."""

    account: str = Field(pattern=r"^[0-9A-Fa-f]{3,16}$", description="as set in the panel, 3 to 16 hexadecimal digits")
    heartbeat_seconds: float | None = Field(
        default=None, ge=5, le=604_800, description="how often the panel reports at least; without: never missed"
    )
    grace_seconds: float | None = Field(
        default=None, ge=1, le=86_400, description="how late it may be; default: a fifth of that, at least 15"
    )
    any_address: bool = Field(
        default=False, description="without a key: take reports from any address, not only the device's"
    )
    zones: dict[str, str] = Field(default={}, max_length=1_000, description="number of a zone -> its name, for tickets")

    @field_validator("account")
    @classmethod
    def _upper(cls, value: str) -> str:
        return value.upper()

    @property
    def patience_seconds(self) -> float | None:
        """How long the panel may be silent."""
        if self.heartbeat_seconds is None:
            return None
        return self.heartbeat_seconds + (self.grace_seconds or max(15.0, self.heartbeat_seconds / 5))
