"""A hot read needs a login that counts, and shows what is its user's alone."""

from __future__ import annotations

from functools import partial

import pytest
from django.contrib.auth.models import User

from hoardrun.api.tokens import login_create, login_end
from hoardrun.hot_path import HotPath
from hoardrun.ledger.models import Account
from tests.hoardrun.hot_path.asking import READS, USER, Left, ask_hot, bearer
from tests.services.asgi import Headers
from tests.services.server import Server


def test_nothing_is_read_without_a_login_that_counts(hot: HotPath, alice: User):
    headers = bearer(alice)
    login = login_create(user=alice)
    ended: Headers = [(b"authorization", b"Bearer " + login.access.encode())]
    assert ask_hot(hot, "GET", "/api/v1/accounts", ended).status == 200
    login_end(refresh=login.refresh)
    bad: list[Headers] = [[], ended, [(b"authorization", b"Bearer x.y.z")]]
    for each in bad:
        with pytest.raises(Left):
            ask_hot(hot, "GET", "/api/v1/accounts", each)
    assert ask_hot(hot, "GET", "/api/v1/accounts", headers).status == 200
    alice.set_password("another-pass")
    alice.save()
    with pytest.raises(Left):
        ask_hot(hot, "GET", "/api/v1/accounts", headers)
    headers = bearer(alice)
    User.objects.update(is_active=False)
    with pytest.raises(Left):
        ask_hot(hot, "GET", "/api/v1/accounts", headers)


def test_one_user_reads_nothing_of_another(hot: HotPath, alice: User):
    bob = bearer(User.objects.create_user("bob"))
    account = Account.objects.filter(user=alice).earliest("id")
    for address in READS[1:9]:
        found = ask_hot(hot, "GET", address.replace("{account}", str(account.pk)), bob).json()
        assert found == [] or found["total_notifications"] == 0
    found = ask_hot(hot, "GET", "/api/v1/snapshot", bob).json()
    assert (found["accounts"], found["transactions"], found["notifications"]) == ([], [], [])


@pytest.mark.servers
def test_a_login_that_has_ended_reads_nothing_more_on_a_server():
    with Server(prepare=USER) as server:
        login = server.log_in("alice", "alice-pass")
        ask = partial(server.request, "GET", "/api/v1/notifications", token=login["access"])
        assert (ask().status, ask().json()) == (200, [])
        out = server.request("POST", "/api/v1/auth/logout", json={"refresh": login["refresh"]})
        assert out.status == 204
        refused = ask()
        assert (refused.status, refused.json()["code"]) == (401, "token_not_valid")
        assert "Traceback" not in server.log()
