"""Check what providers of payments need: keys, true addresses, currencies, callbacks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, register

from hoardrun.checks.findings import finding
from hoardrun.payments import callback_urls
from hoardrun.payments.options import PROVIDERS as OPTIONS
from hoardrun.payments.providers.interface import Kind
from hoardrun.payments.providers.registry import PROVIDERS, SETUPS
from hoardrun.payments.providers.settings import addresses, callback_base, configured, given

_KINDS: tuple[Kind, ...] = ("collect", "payout")
_STUB = "stub-"  # how all keys of the stub begin
_SANDBOX = frozenset({"EUR"})  # the currency of MTN's sandbox, in which nobody pays here


@register(Tags.security)
def check_payments(**kwargs: Any) -> Iterator[CheckMessage]:
    """Refuse providers without their keys, in currencies that they do not take, and weak tokens."""
    for name in configured():
        found = given(name)
        for option in _missing(name):
            yield finding("hoardrun.E080", name=_variable(name, option), provider=name)
        taken = PROVIDERS[name].capabilities.decimals
        for currency in found.currencies:
            if currency not in taken:
                variable = _variable(name, "currencies")
                yield finding("hoardrun.E081", name=variable, currency=currency)
        if any(len(each) < callback_urls.MIN_SECRET for each in callback_urls.fixed_tokens(name)):
            yield finding(
                "hoardrun.E082",
                name=_variable(name, "callback_tokens"),
                least=callback_urls.MIN_SECRET,
            )


@register(Tags.security)
def check_payment_addresses(**kwargs: Any) -> Iterator[CheckMessage]:
    """Refuse, outside DEBUG, providers that are stubs, and keys that everybody knows."""
    for name in () if settings.DEBUG else configured():
        setup, found = SETUPS[name], given(name)
        if not setup.is_at(found.url, setup.hosts):
            hosts = " or ".join(setup.hosts)
            yield finding("hoardrun.E083", name=_variable(name, "url"), hosts=hosts)
        if setup.is_at(found.url, setup.sandbox):
            continue
        for option, value in vars(found).items():
            if value == setup.test_values.get(option) or str(value).startswith(_STUB):
                yield finding("hoardrun.E084", name=_variable(name, option))


@register(Tags.security, deploy=True)
def check_payment_callbacks(**kwargs: Any) -> Iterator[CheckMessage]:
    """Warn of callbacks that do not come or are marked, and of money that does not move."""
    names = configured()
    if names and not callback_base().startswith("https://"):
        yield finding("hoardrun.W085")
    for name in names:
        setup, found = SETUPS[name], given(name)
        if setup.is_at(found.url, setup.sandbox) and set(found.currencies) - _SANDBOX:
            yield finding("hoardrun.W086", name=_variable(name, "url"))
        if not addresses(name):
            yield finding("hoardrun.W087", name=_variable(name, "addresses"))


def _missing(name: str) -> list[str]:
    """Return the options that a provider lacks; a deployment may only collect, or only pay out."""
    setup, found = SETUPS[name], given(name)
    lacking = {kind: setup.missing(found, kind) for kind in _KINDS}
    is_whole = not all(lacking.values())
    wanted: list[str] = []
    for kind, other in (_KINDS, _KINDS[::-1]):
        own = set(setup.needs[kind]) - set(setup.needs[other])
        is_begun = any(getattr(found, option) for option in own)
        if is_begun or (kind == "collect" and not is_whole):
            wanted += lacking[kind]
    return list(dict.fromkeys(wanted))


def _variable(name: str, option: str) -> str:
    return f"{OPTIONS[name].PREFIX}{option.upper()}"
