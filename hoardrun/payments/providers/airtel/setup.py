"""What the options of Airtel Money mean."""

from __future__ import annotations

from hoardrun.payments.providers.airtel.options import Options
from hoardrun.payments.providers.airtel.protocol import Keys
from hoardrun.payments.providers.interface import Kind
from hoardrun.payments.providers.setup import Setup

_COMMON = ("client_id", "client_secret", "currencies")


def _keys(given: Options, kind: Kind) -> Keys:
    return Keys(
        client_id=given.client_id,
        client_secret=given.client_secret,
        pin=given.pin,
        hash_secret=given.hash_secret,
        hashed=given.hashed,  # type: ignore[arg-type]  # one of its choices
    )


SETUP = Setup(
    hosts=("airtel.africa", "airtel.ug", "airtel.co.ke", "airtel.co.tz", "airtel.rw", "airtel.zm"),
    sandbox=("openapiuat.airtel.africa", "openapiuat.airtel.ug"),
    keys=_keys,
    needs={"collect": _COMMON, "payout": (*_COMMON, "pin"), "refund": _COMMON},
)
