"""Kinds of options of providers: origins, currencies, networks, a pace. Pure."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from ipaddress import ip_network
from typing import Any
from urllib.parse import urlsplit

from hoardrun.ledger.currencies import EXPONENTS
from realtime.option_fields import number, option, split

_AMOUNT = re.compile(r"[0-9]{1,12}(\.[0-9]{1,3})?")
_CURRENCY = re.compile(r"[A-Z]{3}")


def origin(default: str = "", **more: Any) -> str:
    """Declare an address without a path, such as `https://api.example.com`."""

    def parse(text: str) -> str:
        found = (text or default).rstrip("/")
        parts = urlsplit(found)
        is_plain = not (parts.path or parts.query or parts.fragment or parts.username)
        if found and (parts.scheme not in {"https", "http"} or not parts.hostname or not is_plain):
            raise ValueError("is no address: write it like https://api.example.com.")
        return found

    return option(default, parse, **more)


def currencies(*default: str) -> tuple[str, ...]:
    """Declare a list of currencies."""

    def parse(text: str) -> tuple[str, ...]:
        found = split(text.upper())
        if not all(map(_CURRENCY.fullmatch, found)):
            raise ValueError("is no list of currencies: write three letters each, such as UGX,KES.")
        return found

    return option(default, parse)


def amounts() -> tuple[tuple[str, Decimal], ...]:
    """Declare amounts by currency, such as `UGX:5000000,KES:150000`."""

    def parse(text: str) -> tuple[tuple[str, Decimal], ...]:
        found = {}
        for each in split(text):
            currency, _, amount = each.partition(":")
            decimals = EXPONENTS.get(currency)
            if decimals is None or not _AMOUNT.fullmatch(amount) or currency in found:
                raise ValueError(f"has {each!r}: write amounts like UGX:5000000,KES:150000.")
            found[currency] = Decimal(amount)
            if len(amount.partition(".")[2]) > decimals:
                raise ValueError(f"has {each!r}, with more decimals than {currency} has.")
        return tuple(found.items())

    return option((), parse)


def networks(**more: Any) -> tuple[str, ...]:
    """Declare a list of addresses and networks."""

    def parse(text: str) -> tuple[str, ...]:
        found = split(text)
        for each in found:
            try:
                ip_network(each)
            except ValueError:
                raise ValueError(f"has {each!r}, which is no address and no network.") from None
        return found

    return option((), parse, **more)


def pace(default: float) -> float:
    """Declare how many calls may begin in a second."""
    return number(default, 0.1, 1000)


def one_of(*choices: str) -> str:
    """Declare a choice, of which the first is the default."""

    def parse(text: str) -> str:
        found = text or choices[0]
        if found not in choices:
            raise ValueError(f"is none of {', '.join(choices)}.")
        return found

    return option(choices[0], parse)


def texts_by_name(**more: Any) -> str:
    """Declare a JSON object of texts; it is kept as it is written."""

    def parse(text: str) -> str:
        try:
            found = json.loads(text or "{}")
        except ValueError:
            found = None
        if not isinstance(found, dict) or not all(isinstance(each, str) for each in found.values()):
            raise ValueError("is no JSON object of texts.")
        return text

    return option("", parse, **more)
