"""The options of a client, as given to `Client`: its address, login and subscriptions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args
from urllib.parse import urlsplit

TokenIn = Literal["header", "subprotocol", "message", "query"]
DeviceClass = Literal["", "phone", "desktop", "service"]


@dataclass(frozen=True, kw_only=True)
class Options:
    """The arguments of `Client`, checked. Raises ValueError for values that make no sense."""

    url: str
    device: str = ""
    device_class: DeviceClass = ""
    types: frozenset[str] = frozenset()
    rooms: Mapping[str, str] = field(default_factory=dict)  # name -> rate
    token_in: TokenIn = "header"
    positions: Mapping[str, int] = field(default_factory=dict)
    epoch: str = ""
    ack: bool = True
    request_timeout: float = 10.0
    connect_timeout: float = 10.0

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in {"ws", "wss"} or not parts.hostname:
            raise ValueError(f"{self.url!r} is no address of a WebSocket: ws://… or wss://…")
        if self.token_in not in get_args(TokenIn):
            raise ValueError("token_in is header, subprotocol, message or query")
        if self.device_class not in get_args(DeviceClass):
            raise ValueError("device_class is phone, desktop or service")
        if not all(isinstance(offset, int) for offset in self.positions.values()):
            raise ValueError("positions are whole numbers by stream")
