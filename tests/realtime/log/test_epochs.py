"""An epoch is one text for its readers, and one row begins a new one of all streams."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from hoardrun.api.snapshot import snapshot
from realtime import log
from realtime.core.identity import Identity
from realtime.core.resume import Wish
from realtime.hub import login_data
from realtime.hub.login_data import Login
from realtime.models import Deployment, Stream
from tests.stored import append, balance

pytestmark = pytest.mark.django_db
Queries = Callable[[int], AbstractContextManager[object]]


def everywhere(user: User) -> set[str]:
    """Read the epoch of a user's stream in every way in which the product learns one."""
    name = f"user:{user.pk}"
    told = append(name, 1)[0].epoch
    several = {event.epoch for event in log.append([(name, balance(2)), (name, balance(3))])}
    keyed = log.append([(name, balance(4))], idempotency_key=f"k{log.heads([name])[name].head}")
    repeated = log.append([(name, balance(4))], idempotency_key=f"k{keyed[0].offset - 1}")
    head, page = log.read_many([(name, 0)])[name, 0]
    login = Login(Identity(user.pk, 0.0), "", Wish({}, {}))
    found = login_data.begin([login])[login]
    positions = snapshot(user_id=user.pk)["positions"]
    return {
        told,
        *several,
        keyed[0].epoch,
        repeated[0].epoch,
        log.heads([name])[name].epoch,
        log.ensure([name])[name].epoch,
        head.epoch,
        *(event.epoch for event in page),
        found.heads[name].epoch,
        positions[name]["epoch"],
    }


def test_every_place_composes_the_epoch_alike_before_and_after_a_new_one(alice: User) -> None:
    seen: list[str] = []
    for _ in range(3):
        [epoch] = everywhere(alice)
        seen.append(epoch)
        assert "." not in epoch  # it separates the epochs of the streams on the wire
        assert len(epoch) <= 32  # the width of a cursor's column
        log.bump_epoch()
    assert len(set(seen)) == 3


def test_positions_of_before_the_first_new_epoch_stay_valid(alice: User) -> None:
    name = f"user:{alice.pk}"
    [event] = append(name, 1)
    # An epoch from a release without the deployment's part.
    assert event.epoch == Stream.objects.get(name=name).epoch
    Deployment.objects.update_or_create(pk=1, defaults={"timeline": 1, "table_id": 7})
    assert log.heads([name])[name].epoch == event.epoch


def test_a_new_epoch_of_all_streams_takes_as_many_queries_as_of_one(
    django_assert_num_queries: Queries,
) -> None:
    for streams in (1, 30):
        for number in range(streams):
            append(f"user:{number}", 1)
        with django_assert_num_queries(2):  # the row, and how many streams there are
            assert log.bump_epoch() == streams


def test_a_publisher_in_the_transaction_of_a_new_epoch_gets_that_one() -> None:
    [before] = append("user:1", 1)
    with transaction.atomic():
        log.bump_epoch()
        [event] = append("user:1", 2)
    assert event.epoch == log.heads(["user:1"])["user:1"].epoch != before.epoch
    with transaction.atomic():
        log.bump_epoch()
        transaction.set_rollback(True)
    assert log.heads(["user:1"])["user:1"].epoch == event.epoch


def test_a_stream_may_begin_anew_alone() -> None:
    append("user:1", 1)
    append("user:2", 1)
    log.bump_epoch()
    before = log.heads(["user:1", "user:2"])
    assert log.bump_epoch(["user:1"]) == 1
    after = log.heads(["user:1", "user:2"])
    assert after["user:1"].epoch != before["user:1"].epoch
    assert after["user:2"] == before["user:2"]


def test_streams_that_begin_later_have_the_deployments_epoch_too() -> None:
    log.bump_epoch()
    log.ensure(["user:9"])
    assert log.heads(["user:9"])["user:9"].epoch.endswith(log.deployment().epoch)
    assert append("user:10", 1)[0].epoch.endswith(log.deployment().epoch)
