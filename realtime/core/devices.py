"""The devices of a user: what each has applied, and whether its person was there.

Pure. `realtime.reach` reads them for other apps.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

PHONE = "phone"
DESKTOP = "desktop"
SERVICE = "service"
CLASSES = (PHONE, DESKTOP, SERVICE)
SERVICE_PREFIX = "svc-"  # of the names of devices that no person holds


@dataclass(frozen=True, slots=True)
class DeviceReach:
    """One device of a user, over all its sockets that are open or have closed since the question.

    `acked` is its cursor in the epoch `epoch`, -1 without one, and `acked_at` is when that was
    stored: the offset was applied no later. `active_at` is when its person was last there, by the
    database's time; `is_active` says that the person is there now. An empty `device_class` is one
    that neither a socket nor the last login has named.
    """

    name: str
    device_class: str
    epoch: str
    acked: int
    acked_at: datetime | None
    is_open: bool
    is_active: bool
    active_at: datetime | None

    @property
    def has_person(self) -> bool:
        """Return False for a service: nobody sees what it applies."""
        return self.device_class != SERVICE and not self.name.startswith(SERVICE_PREFIX)

    def has_applied(self, epoch: str, offset: int) -> bool:
        """Say whether it has applied an event. A cursor of another epoch says nothing."""
        return self.epoch == epoch and self.acked >= offset

    def has_reached(self, epoch: str, offset: int, committed_at: datetime) -> bool:
        """Say whether it has applied an event where its person has it.

        A phone is with its person. Any other device counts if the person was there since the
        commit: a hidden tab on a desk at home acknowledges too.
        """
        if not self.has_person or not self.has_applied(epoch, offset):
            return False
        was_there = self.active_at is not None and self.active_at >= committed_at
        return self.device_class == PHONE or was_there


@dataclass(frozen=True, slots=True)
class UserReach:
    """All devices of a user at `moment`, by the database's time.

    `last_seen_at` is when a socket of a device with a person was last open, as far as is known.
    """

    moment: datetime
    devices: tuple[DeviceReach, ...] = ()
    last_seen_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Say whether a device with a person is connected."""
        return any(device.is_open and device.has_person for device in self.devices)

    @property
    def is_active(self) -> bool:
        """Say whether the person is there, at any device."""
        return any(device.is_active and device.has_person for device in self.devices)

    def applied(self, epoch: str, offset: int) -> tuple[DeviceReach, ...]:
        """Return the devices with a person that have applied an event."""
        return tuple(d for d in self.devices if d.has_person and d.has_applied(epoch, offset))

    def reached(self, epoch: str, offset: int, committed_at: datetime) -> DeviceReach | None:
        """Return the device where the person has an event; of several, the first that had it."""
        found = [d for d in self.devices if d.has_reached(epoch, offset, committed_at)]
        return min(found, key=lambda device: device.acked_at or self.moment, default=None)
