"""Each exchange of the providers of payments, literally, over HTTP."""

from __future__ import annotations

import uuid
from base64 import b64encode
from collections.abc import Iterator

import httpcore
import pytest

from hoardrun.demo.providers import literal
from hoardrun.demo.providers.money.server import STILL, Money
from tests.hoardrun.demo.providers.exchanges import call, exchanges, same
from tests.hoardrun.demo.providers.money.support import CallbackServer, Merchant

PROVIDERS = ("mtn", "daraja", "airtel", "pawapay")
Values = dict[str, dict[str, str]]


def fresh(provider: str) -> dict[str, str]:
    """Return new ids for all that a provider's requests call new."""
    text = "".join(each.get("request", "") for each in literal.table()[provider].values())
    names = {word.partition(">")[0] for word in text.split("<") if word.startswith("new")}
    return {name: str(uuid.uuid4()) for name in names}


def values_of(merchant: Merchant) -> Values:
    """Ask for what the questions of the table are about, and let it end."""
    money = merchant.money
    daraja, airtel = money.daraja.account, money.airtel.account
    collection, disbursement = (money.mtn.accounts[n] for n in ("collection", "disbursement"))
    over = money.processor.tokens.issue("daraja", 0)
    paid, failed, odd = (merchant.mtn_collect(f"2567712345{n}")[0] for n in ("00", "02", "14"))
    waiting = merchant.mtn_collect("256771234505")[0]
    merchant.mtn("GET", "/disbursement/v1_0/account/balance")
    pushes = [
        merchant.push(number)[1]["CheckoutRequestID"]
        for number in (254712345600, 254712345602, 254712345605, 254710345605)
    ]
    merchant.push_status(pushes[-1])
    paid_out = merchant.pay_out(254712345600)[1]["OriginatorConversationID"]
    received, lost = (merchant.airtel_collect(f"7012345{n}")[0] for n in ("00", "02"))
    deposit = merchant.deposit("256771234500")[0]
    money.advance(3)
    receipts = {each.id: each.receipt for each in money.processor.store.payments}
    sealed = money.seal.sealed()
    return {
        "mtn": {
            "login": b64encode(f"{collection.user}:{collection.key}".encode()).decode(),
            "subscription": collection.subscription_key,
            "disbursement_subscription": disbursement.subscription_key,
            "token": merchant.tokens["collection"],
            "disbursement": merchant.tokens["disbursement"], "paid_id": paid, "failed_id": failed,
            "odd_id": odd, "waiting_id": waiting,
        },
        "daraja": {
            "login": b64encode(f"{daraja.consumer_key}:{daraja.consumer_secret}".encode()).decode(),
            "token": merchant.tokens["daraja"], "over": over, "sealed": sealed,
            "password": str(merchant.signed()["Password"]), "initiator": daraja.initiator,
            "receipt": receipts[pushes[0]], "failed_id": pushes[1], "waiting_id": pushes[2],
            "looked_id": pushes[3], "paid_out": paid_out,
        },
        "airtel": {
            "client": airtel.client_id, "secret": airtel.client_secret, "sealed": sealed,
            "token": merchant.tokens["airtel"], "receipt": receipts[received],
            "paid_id": received, "failed_id": lost,
        },
        "pawapay": {"token": money.pawapay.account.api_token, "paid_id": deposit},
    }  # fmt: skip


@pytest.fixture(scope="module")
def asked() -> Iterator[tuple[str, httpcore.ConnectionPool, Values]]:
    with (
        CallbackServer() as callbacks,
        Money(pace=STILL) as money,
        httpcore.ConnectionPool() as http,
    ):
        found = values_of(Merchant(money, callbacks, http))
        yield money.url, http, {name: found[name] | fresh(name) for name in PROVIDERS}


@pytest.mark.parametrize(("provider", "name"), exchanges(*PROVIDERS))
def test_each_request_has_its_literal_answer(asked, provider: str, name: str):
    url, http, values = asked
    same(provider, name, call(http, url, provider, name, values[provider]))
