"""The name under which the pace and the breaker of a provider are kept. Pure."""

from __future__ import annotations


def host(provider: str) -> str:
    return f"payments:{provider}"
