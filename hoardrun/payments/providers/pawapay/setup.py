"""What the options of pawaPay mean."""

from __future__ import annotations

import json

from hoardrun.payments.providers.interface import Kind
from hoardrun.payments.providers.pawapay.options import Options
from hoardrun.payments.providers.pawapay.protocol import Keys
from hoardrun.payments.providers.setup import Setup

_COMMON = ("api_token", "currencies")


def _keys(given: Options, kind: Kind) -> Keys:
    return Keys(api_token=given.api_token, public_keys=json.loads(given.public_keys or "{}"))


SETUP = Setup(
    hosts=("pawapay.io", "pawapay.cloud"),
    sandbox=("api.sandbox.pawapay.io", "api.sandbox.pawapay.cloud"),
    keys=_keys,
    needs={"collect": _COMMON, "payout": _COMMON, "refund": _COMMON},
)
