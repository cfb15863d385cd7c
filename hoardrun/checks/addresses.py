"""Which addresses only this machine can reach."""

from __future__ import annotations

from ipaddress import ip_address


def is_loopback(host: str | None) -> bool:
    """Say whether a host name or address is this very machine."""
    name = (host or "").strip("[]").rstrip(".").lower()
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name.removeprefix(".") == "localhost" or name.endswith(".localhost")
