"""One server of all providers of payments: their paths have nothing in common."""

from __future__ import annotations

import json
from typing import Any, Self

from hoardrun.demo.providers.http import HANG_SECONDS, Asked, Fake, Told
from hoardrun.demo.providers.money.accounts import Seal
from hoardrun.demo.providers.money.airtel import Airtel
from hoardrun.demo.providers.money.daraja import Daraja
from hoardrun.demo.providers.money.mtn import Mtn
from hoardrun.demo.providers.money.pawapay import PawaPay
from hoardrun.demo.providers.money.phones import Phones
from hoardrun.demo.providers.money.processor import Processor

STILL = 1e6  # a pace at which time passes by `advance` alone


class Money(Fake):
    """MTN, M-Pesa, Airtel and pawaPay at one `url`, whose page shows the phones.

    `pace` says how many seconds one of theirs lasts; `advance` lets them pass at once. A request
    that is to have no answer is kept for `silence` seconds of ours.
    """

    def __init__(self, *, pace: float = 1, silence: float = HANG_SECONDS, **more: Any) -> None:
        super().__init__(**more)
        self.processor = Processor(pace, self.mood, lambda: self._released.wait(silence))
        self.seal = Seal()
        self.mtn = Mtn(self.processor)
        self.daraja = Daraja(self.processor, self.seal)
        self.airtel = Airtel(self.processor, self.seal)
        self.pawapay = PawaPay(self.processor)
        self.processor.providers |= {
            "mtn": self.mtn, "daraja": self.daraja, "airtel": self.airtel, "pawapay": self.pawapay,
        }  # fmt: skip
        self._phones = Phones(self.processor, self.daraja.bills)

    def __enter__(self) -> Self:
        self.processor.agenda.start()
        return super().__enter__()

    def __exit__(self, *details: object) -> None:
        super().__exit__(*details)
        self.processor.agenda.close()

    def advance(self, seconds: float) -> None:
        """Let seconds of the providers pass, and wait until they have called back."""
        self.processor.agenda.advance(seconds)

    @property
    def page(self) -> str:
        """Where the phones are."""
        return self.url.replace("127.0.0.1", "localhost") + "/"

    def variables(self) -> dict[str, str]:
        """Return what the environment of a deployment says of its accounts here."""
        mtn, daraja = self.mtn.accounts, self.daraja.account
        airtel, pawapay = self.airtel.account, self.pawapay.account
        found = {
            "PAYMENTS_PROVIDERS": "mtn,daraja,airtel,pawapay",
            "MTN_URL": self.url,
            "MTN_ENVIRONMENT": "mtnuganda",
            "MTN_CURRENCIES": "UGX",
            "DARAJA_URL": self.url,
            "DARAJA_CONSUMER_KEY": daraja.consumer_key,
            "DARAJA_CONSUMER_SECRET": daraja.consumer_secret,
            "DARAJA_SHORTCODE": daraja.shortcode,
            "DARAJA_PASSKEY": daraja.passkey,
            "DARAJA_INITIATOR": daraja.initiator,
            "DARAJA_SECURITY_CREDENTIAL": self.seal.sealed(),
            "AIRTEL_URL": self.url,
            "AIRTEL_CURRENCIES": "UGX",
            "AIRTEL_CLIENT_ID": airtel.client_id,
            "AIRTEL_CLIENT_SECRET": airtel.client_secret,
            "AIRTEL_PIN": self.seal.sealed(),
            "AIRTEL_HASH_SECRET": airtel.hash_secret,
            "PAWAPAY_URL": self.url,
            "PAWAPAY_CURRENCIES": "UGX,KES",
            "PAWAPAY_API_TOKEN": pawapay.api_token,
            "PAWAPAY_PUBLIC_KEYS": json.dumps({pawapay.key_id: pawapay.public_key}),
        }
        for product, account in mtn.items():
            prefix = f"MTN_{product.upper()}"
            found[f"{prefix}_USER"] = account.user
            found[f"{prefix}_KEY"] = account.key
            found[f"{prefix}_SUBSCRIPTION_KEY"] = account.subscription_key
        return found

    def clear(self) -> None:
        super().clear()
        self.processor.clear()

    def answer(self, asked: Asked) -> Told | None:
        match asked.path.split("/")[1]:
            case "collection" | "disbursement":
                return self.mtn.answer(asked)
            case "oauth" | "mpesa":
                return self.daraja.answer(asked)
            case "auth" | "merchant" | "standard":
                return self.airtel.answer(asked)
            case "v2":
                return self.pawapay.answer(asked)
        return self._phones.answer(asked)
