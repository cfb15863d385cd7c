"""All providers. A new one is a folder beside this module, and a line here. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from hoardrun.payments.providers.accounts import AnyAccounts
from hoardrun.payments.providers.airtel.protocol import Airtel
from hoardrun.payments.providers.airtel.setup import SETUP as AIRTEL
from hoardrun.payments.providers.daraja.accounts import DarajaAccounts
from hoardrun.payments.providers.daraja.protocol import Daraja
from hoardrun.payments.providers.daraja.setup import SETUP as DARAJA
from hoardrun.payments.providers.interface import AnyProvider
from hoardrun.payments.providers.mtn.protocol import Mtn
from hoardrun.payments.providers.mtn.setup import SETUP as MTN
from hoardrun.payments.providers.pawapay.protocol import PawaPay
from hoardrun.payments.providers.pawapay.setup import SETUP as PAWAPAY
from hoardrun.payments.providers.setup import Setup

_ALL: tuple[tuple[AnyProvider, Setup], ...] = (
    (Mtn(), MTN),
    (Daraja(), DARAJA),
    (Airtel(), AIRTEL),
    (PawaPay(), PAWAPAY),
)
PROVIDERS = {provider.name: provider for provider, _ in _ALL}
SETUPS: Mapping[str, Setup] = {provider.name: setup for provider, setup in _ALL}
# Those that tell of payments to an account, which nobody here has asked for.
ACCOUNTS: Mapping[str, AnyAccounts] = {"daraja": DarajaAccounts()}
assert set(ACCOUNTS) <= set(PROVIDERS), "accounts are those of a provider"
assert len(PROVIDERS) == len(_ALL), "two providers have one name"
