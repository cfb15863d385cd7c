"""The ways to pay that are set up here, as a page offers them."""

from __future__ import annotations

from typing import Any, cast

from hoardrun.payments import words
from hoardrun.payments.choices import Kind
from hoardrun.payments.providers.interface import Kind as ProviderKind
from hoardrun.payments.providers.registry import PROVIDERS
from hoardrun.payments.providers.settings import configured, takes
from hoardrun.payments.wallets import needs_network, wallet_of
from notifications import languages
from notifications.selectors import locale_and_zone

OFFERED = (Kind.COLLECT, Kind.PAYOUT)


def methods_get(*, user_id: int, language: str = "") -> dict[str, Any]:
    """Return the providers with what each takes, and the words for what becomes of a payment.

    The words are in `language`, else in the language that the user has chosen.
    """
    chosen = languages.choose(language, locale_and_zone(user_id)[0]).language
    return {
        "language": chosen,
        "providers": [found for name in configured() if (found := _method(name))["kinds"]],
        "stages": words.stages(chosen),
        "reasons": words.reasons(chosen),
    }


def _method(name: str) -> dict[str, Any]:
    capabilities = PROVIDERS[name].capabilities
    kinds = {kind.value: _currencies(name, kind) for kind in OFFERED}
    return {
        "provider": name,
        "wallet": wallet_of(name, ""),
        "kinds": {kind: found for kind, found in kinds.items() if found},
        "decimals": dict(capabilities.decimals),
        "prompt_seconds": capabilities.prompt_seconds,
        "needs_network": needs_network(name),
    }


def _currencies(name: str, kind: Kind) -> list[str]:
    known = PROVIDERS[name].capabilities.decimals
    return sorted(each for each in known if takes(name, cast(ProviderKind, kind.value), each))
