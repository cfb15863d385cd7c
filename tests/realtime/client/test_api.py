"""The client asks the HTTP API with its own token."""

from __future__ import annotations

import asyncio

import pytest

from realtime.client import ApiError, Client
from realtime.protocol.codes import CloseCode
from tests.nodes import ALICE, BOB, token_for
from tests.realtime.client.conftest import Giving, client_of, getter
from tests.services.ports import PATIENCE, free_port, until
from tests.services.server import Server

pytestmark = pytest.mark.servers


async def test_preferences_are_read_changed_and_told(served: Server) -> None:
    client, seen = client_of(served, ALICE)
    async with client:
        await client.wait_connected()
        version = (await client.preferences())["version"]
        changed = await client.change_preferences(
            {"cells": {"all": {"sms": version % 2 == 0}}}, version=version
        )
        assert changed["version"] == version + 1
        await until(lambda: len(seen.of("preferences_changed")) == 1)
        assert seen.of("preferences_changed")[0]["data"]["cells"] == changed["cells"]
        with pytest.raises(ApiError) as refused:
            await client.change_preferences({"locale": "sw"}, version=version)
    assert (refused.value.status, refused.value.problem["version"]) == (412, version + 1)


async def test_payees_are_listed_and_what_does_not_exist_is_not_there(served: Server) -> None:
    client = Client(served.ws_url, getter(ALICE))
    assert await client.payees() == []
    wanted = {"provider": "mtn", "currency": "UGX", "msisdn": "+256772123456", "name": "Amina"}
    for asking, status in (
        (client.add_payee(**wanted), 400),  # no provider is set up
        (client.confirm_payee("1", shown_name="A. N."), 404),
        (client.remove_payee("1"), 404),
    ):
        with pytest.raises(ApiError) as refused:
            await asking
        assert refused.value.status == status
        assert len(refused.value.request_id) == 32


async def test_payments_are_asked_for_at_their_paths(served: Server) -> None:
    client, _ = client_of(served, ALICE)
    payments = client.payments
    assert (await payments.methods("sw"))["language"] == "sw"
    for ask in (payments.get, payments.steps, payments.cancel, payments.retry):
        with pytest.raises(ApiError) as refused:
            await ask("7")
        assert refused.value.problem["code"] == "payment_not_found"
    order = {"account_id": "1", "provider": "mtn", "kind": "collect", "amount": "5"}
    with pytest.raises(ApiError) as refused:
        await payments.create(order | {"msisdn": "+256772000000"}, key="not, one")
    assert list(refused.value.problem["errors"]) == ["Idempotency-Key"]


async def test_devices_are_listed_and_signed_out(served: Server) -> None:
    mine, lost = token_for(BOB), token_for(BOB)
    here, _ = client_of(served, BOB, get_token=Giving(mine), device="here")
    elsewhere, seen = client_of(served, BOB, get_token=Giving(lost, None), device="there")
    async with here, elsewhere:
        await here.wait_connected()
        await elsewhere.wait_connected()
        async with asyncio.timeout(30 * PATIENCE):
            while len(found := await here.devices.list()) < 2:  # its node reports it
                await asyncio.sleep(0.1)
        assert [device["is_current"] for device in found].count(True) == 1
        with pytest.raises(ApiError) as refused:
            await here.devices.sign_out("a/b")
        assert refused.value.status == 404
        [other] = [device for device in found if not device["is_current"]]
        await here.devices.sign_out(other["id"])
        code = CloseCode.UNAUTHORIZED
        await until(lambda: seen.states and seen.states[-1]["code"] == code, seconds=30)
        assert await here.devices.sign_out_others() == 0
        assert [device["is_current"] for device in await here.devices.list()] == [True]


async def test_a_refused_token_is_renewed_once(served: Server) -> None:
    get_token = Giving("no.such.token", token_for(ALICE), "no.such.token")
    client = Client(served.ws_url, get_token)
    assert (await client.api("GET", "/api/v1/auth/me"))["id"] == str(ALICE)
    assert get_token.asked == ["connect", "refused"]
    client = Client(served.ws_url, Giving("no.such.token"))
    with pytest.raises(ApiError) as refused:
        await client.api("GET", "/api/v1/auth/me")
    assert refused.value.status == 401


async def test_what_has_no_body_is_none_and_what_is_no_server_has_no_status(served: Server) -> None:
    client = Client(served.ws_url, getter(ALICE))
    assert await client.api("DELETE", "/api/v1/push/subscriptions/1") is None
    with pytest.raises(ValueError, match="no path"):
        await client.api("GET", "//elsewhere/api")
    with pytest.raises(ApiError) as refused:
        await Client(served.ws_url, Giving(None)).api("GET", "/api/v1/auth/me")
    assert refused.value.status == 401
    away = Client(f"ws://127.0.0.1:{free_port()}/ws/notifications", getter(ALICE))
    with pytest.raises(ApiError) as unanswered:
        await away.api("GET", "/api/v1/auth/me")
    assert (unanswered.value.status, unanswered.value.problem) == (0, {})
