"""All providers. A new one is a folder beside this module, and a line here. Pure."""

from __future__ import annotations

from hoardrun.payments.providers.airtel.protocol import Airtel
from hoardrun.payments.providers.daraja.protocol import Daraja
from hoardrun.payments.providers.interface import AnyProvider
from hoardrun.payments.providers.mtn.protocol import Mtn
from hoardrun.payments.providers.pawapay.protocol import PawaPay

_ALL: tuple[AnyProvider, ...] = (
    Mtn(),
    Daraja(),
    Airtel(),
    PawaPay(),
)
PROVIDERS = {provider.name: provider for provider in _ALL}
assert len(PROVIDERS) == len(_ALL), "two providers have one name"
