"""Interpret a provider's options: keys, hosts, and what a kind of payment needs. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from hoardrun.payments.providers.interface import Kind


class Setup(Struct, frozen=True, kw_only=True):
    """How a provider is set up by its options, a dataclass with a PREFIX."""

    hosts: tuple[str, ...]  # of it, its sandbox included, and what is below them
    sandbox: tuple[str, ...]  # those on which no money moves
    keys: Callable[[Any, Kind], Any]  # its secrets for a kind of payment
    # The options without which there are no payments of a kind.
    needs: Mapping[Kind, tuple[str, ...]]
    addresses: tuple[str, ...] = ()  # that it is known to call from
    receiver: Callable[[Any], str] = lambda _: ""  # our shortcode, if callbacks name it
    test_values: Mapping[str, str] = {}  # of options that its documentation gives to everybody

    def is_at(self, url: str, hosts: tuple[str, ...]) -> bool:
        """Say whether a URL is of one of these hosts, by HTTPS."""
        parts = urlsplit(url)
        host = f".{parts.hostname}"
        return parts.scheme == "https" and any(host.endswith(f".{known}") for known in hosts)

    def missing(self, given: Any, kind: Kind) -> tuple[str, ...]:
        """Return the options that payments of a kind lack."""
        return tuple(name for name in self.needs[kind] if not getattr(given, name))
