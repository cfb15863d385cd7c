"""The devices that the client's user is signed in on, over the HTTP API."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from realtime.client.api import Api

PATH = "/api/v1/devices"


class Devices:
    """Each method raises ApiError."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def list(self) -> list[dict[str, Any]]:
        """Return the devices, those seen last first; `is_current` is this one."""
        return [*await self._api.ask("GET", PATH)]

    async def sign_out(self, device_id: str) -> None:
        """End the login of a device; its sockets close with 4401."""
        await self._api.ask("DELETE", f"{PATH}/{quote(device_id, safe='')}")

    async def sign_out_others(self) -> int:
        """End all logins but this one; return how many."""
        return int((await self._api.ask("POST", f"{PATH}/end-others"))["ended"])
