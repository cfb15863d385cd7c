"""Threads that move money at random: balances, holds and the journal agree at every step."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import User
from django.db import connections

from hoardrun.ledger.models import Account, Transaction
from hoardrun.ledger.services import account_open
from hoardrun.ledger.transfers import Transfer, transfer_create
from realtime.errors import Refused
from realtime.meters import meters
from tests.hoardrun.ledger.conftest import create, move
from tests.hoardrun.ledger.journal.conftest import assert_books_agree, verified
from tests.hoardrun.tools import at_once

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 16
SOME = [pytest.param(4, id="few"), pytest.param(40, id="many", marks=pytest.mark.long)]


@pytest.fixture
def accounts(alice: User, bob: User) -> list[Account]:
    """Accounts of two customers, two of each."""
    return [
        account_open(user_id=user.pk, currency="KES", opening_balance="100")
        for user in (alice, bob, bob, alice)
    ]


def deadlocks() -> int:
    return meters.retries["deadlock"]


def steps(accounts: list[Account], chance: random.Random, count: int) -> Iterator[object]:
    """Do something at random, `count` times; what is refused is no fault."""
    mine: list[Transaction] = []
    for _ in range(count):
        source, target = chance.sample(accounts, 2)
        amount = f"{chance.randint(1, 60)}.{chance.randint(0, 99):02}"
        try:
            match chance.choice(["transfer", "create", "move", "move", "reverse"]):
                case "transfer":
                    yield transfer_create(source_id=source.pk, target_id=target.pk, amount=amount)
                case "create":
                    direction = chance.choice(["inbound", "outbound"])
                    mine.append(create(source, amount, direction, provider="mpesa"))
                case "move" if mine:
                    to = chance.choice(["completed", "completed", "failed", "processing"])
                    yield move(chance.choice(mine), to)
                case _ if mine:
                    yield move(chance.choice(mine), "reversed")
        except Refused as refused:
            yield refused
        finally:
            connections.close_all()  # the pool has fewer than there are threads


@pytest.mark.parametrize("count", SOME)
def test_all_agree_at_every_step(accounts: list[Account], count: int):
    before = deadlocks()

    def run(number: int) -> list[object]:
        try:
            if number == 0:  # looks while the others move
                return [found for _ in range(count) for found in verified()]
            return list(steps(accounts, random.Random(number), count))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(THREADS) as threads:
        seen, *outcomes = threads.map(run, range(THREADS))
    assert seen == []
    done = [one for outcome in outcomes for one in outcome]
    assert any(isinstance(one, Transfer) for one in done)
    assert any(isinstance(one, Transaction) and one.status == "completed" for one in done)
    assert_books_agree(*accounts)
    assert deadlocks() == before


@pytest.mark.field(number=19)
@pytest.mark.parametrize(
    "count", [pytest.param(5, id="40"), pytest.param(25, id="200", marks=pytest.mark.long)]
)
def test_opposite_transfers_never_wait_for_each_other(accounts: list[Account], count: int):
    """A pays B while B pays A, from the same accounts and from others of theirs."""
    before = deadlocks()

    def send(number: int) -> None:
        first = accounts[:2] if number % 4 < 2 else accounts[2:]
        source, target = first if number % 2 else first[::-1]
        for _ in range(count):
            transfer_create(source_id=source.pk, target_id=target.pk, amount="1")

    assert at_once(8, send) == [None] * 8
    assert_books_agree(*accounts)
    assert sum(account.current_balance for account in accounts) == 400
    assert deadlocks() == before
