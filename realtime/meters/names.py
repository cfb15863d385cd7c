"""The fixed values of labels. A value that a client chooses never becomes a label."""

from __future__ import annotations

from collections.abc import Sequence

BROWSER = "browser"
PYTHON = "hoardrun-python"
# The beginning of the User-Agent of each program of clients, by its name in meters.
_KNOWN = (("Mozilla/", BROWSER), ("hoardrun-python", PYTHON))
BY = ("client", "server", "network")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
STATUSES = ("1xx", "2xx", "3xx", "4xx", "5xx")
# Close codes of RFC 6455 that clients and lost connections end with, beside our own.
OTHER_CLOSES = ("1000", "1001", "1005", "1006", "1011")

_registered: list[str] = []


def register_clients(names: Sequence[str]) -> None:
    """Give clients whose User-Agent begins with one of these names a label of their own."""
    _registered[:] = dict.fromkeys(names)


def clients() -> list[str]:
    """List the clients that have a label."""
    return [name for _, name in _KNOWN] + _registered


def client_of(user_agent: str) -> str:
    """Return the label of a client by its User-Agent, `other` if it has none."""
    for name in _registered:
        if user_agent.startswith(name):
            return name
    for prefix, name in _KNOWN:
        if user_agent.startswith(prefix):
            return name
    return "other"
