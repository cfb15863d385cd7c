"""What the options of MTN MoMo mean."""

from __future__ import annotations

from hoardrun.payments.providers.interface import Kind
from hoardrun.payments.providers.mtn.options import Options
from hoardrun.payments.providers.mtn.protocol import Keys
from hoardrun.payments.providers.setup import Setup

_COMMON = ("environment", "currencies")
_OUT = ("disbursement_user", "disbursement_key", "disbursement_subscription_key")


def _keys(given: Options, kind: Kind) -> Keys:
    product = "collection" if kind == "collect" else "disbursement"
    return Keys(
        user=getattr(given, f"{product}_user"),
        key=getattr(given, f"{product}_key"),
        subscription_key=getattr(given, f"{product}_subscription_key"),
        environment=given.environment,
    )


SETUP = Setup(
    hosts=("momo.africa", "momoapi.mtn.com", "momodeveloper.mtn.com"),
    sandbox=("sandbox.momodeveloper.mtn.com",),
    keys=_keys,
    needs={
        "collect": (
            *_COMMON,
            *("collection_user", "collection_key", "collection_subscription_key"),
        ),
        "payout": (*_COMMON, *_OUT),
        "refund": (*_COMMON, *_OUT),
    },
)
