"""How the providers of this deployment are set up: keys, addresses, currencies, pace."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any

from django.conf import settings

from hoardrun.payments.options import PROVIDERS as OPTIONS
from hoardrun.payments.options import options, read
from hoardrun.payments.providers.interface import AnyProvider, Kind
from hoardrun.payments.providers.registry import PROVIDERS, SETUPS


def configured() -> tuple[str, ...]:
    """Return the names of the providers that are set up."""
    return options().providers


def takes(name: str, kind: Kind, currency: str) -> bool:
    """Say whether a provider is set up for payments of a kind in a currency."""
    return name in configured() and takes_kind(name, kind) and currency in given(name).currencies


def takes_kind(name: str, kind: Kind) -> bool:
    """Say whether a provider has the keys for payments of a kind."""
    is_known = kind in PROVIDERS[name].capabilities.kinds
    return is_known and not SETUPS[name].missing(given(name), kind)


def provider(name: str) -> AnyProvider:
    return PROVIDERS[name]


def given(name: str) -> Any:
    """Return a provider's options."""
    return read(OPTIONS[name])


def keys_of(name: str, kind: Kind) -> Any:
    """Return a provider's secrets for a kind of payment."""
    return SETUPS[name].keys(given(name), kind)


def base_url(name: str) -> str:
    """Return where new payments of a provider go; each keeps the one that it went to."""
    return str(given(name).url)


def receiver(name: str) -> str:
    """Return the shortcode or merchant that payments of a provider go to; empty if none is told."""
    return SETUPS[name].receiver(given(name))


def confirms_callbacks(name: str) -> bool:
    """Say whether a provider is asked about what its signed callbacks tell."""
    return name not in options().believe_signatures


def callback_base() -> str:
    """Return the address at which providers reach this deployment."""
    return options().callback_url or str(settings.CHANNELS.get("PUBLIC_BASE_URL", ""))


def addresses(name: str) -> tuple[str, ...]:
    """Return the addresses and networks that a provider calls from, as far as they are known."""
    set_here: tuple[str, ...] = given(name).addresses
    return set_here or SETUPS[name].addresses


def is_known_address(name: str, address: str) -> bool:
    """Say whether a provider is known to call from an address."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return any(found in ip_network(network) for network in addresses(name))
