"""What the options of M-Pesa mean."""

from __future__ import annotations

from hoardrun.payments.providers.daraja.options import Options
from hoardrun.payments.providers.daraja.requests import Keys
from hoardrun.payments.providers.interface import Kind
from hoardrun.payments.providers.setup import Setup

_COMMON = ("consumer_key", "consumer_secret", "shortcode", "currencies")
_OUT = ("initiator", "security_credential")


def _keys(given: Options, kind: Kind) -> Keys:
    is_payout = kind == "payout" and given.payout_shortcode
    return Keys(
        consumer_key=given.consumer_key,
        consumer_secret=given.consumer_secret,
        shortcode=given.payout_shortcode if is_payout else given.shortcode,
        passkey=given.passkey,
        till=given.till,
        initiator=given.initiator,
        security_credential=given.security_credential,
        command=given.command,  # type: ignore[arg-type]  # one of COMMANDS
    )


SETUP = Setup(
    hosts=("safaricom.co.ke",),
    sandbox=("sandbox.safaricom.co.ke",),
    keys=_keys,
    needs={
        "collect": (*_COMMON, "passkey"),
        "payout": (*_COMMON, *_OUT),
        "refund": (*_COMMON, *_OUT),
    },
    addresses=(
        "196.201.212.69", "196.201.212.74", "196.201.212.127", "196.201.212.129",
        "196.201.212.136", "196.201.212.138", "196.201.213.44", "196.201.213.114",
        "196.201.214.200", "196.201.214.206", "196.201.214.207", "196.201.214.208",
    ),
    receiver=lambda given: given.till or given.shortcode,
    test_values={"shortcode": "174379"},
)  # fmt: skip
