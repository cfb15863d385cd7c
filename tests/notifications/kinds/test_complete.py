"""What a kind must have; an incomplete one stops the start."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct
from msgspec.structs import replace

from notifications.kinds import IncompleteKind, all_kinds, find, register
from notifications.kinds.complete import check
from notifications.kinds.kind import Kind, Rung, first_due
from notifications.kinds.values import General
from notifications.messages import Notification
from tests.notifications.policy.support import DEBIT, KINDS
from tests.services.environment import ROOT

GOAL = KINDS["savings.goal_reached"]
DAY = timedelta(days=1)
FAX: Any = "fax"


class Thawed(Struct):
    """Variables that could change."""

    goal: str


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "goal_reached"}, "must be called"),
        ({"name": "payment.goal"}, "must be called"),
        ({"name": "savings."}, "must be called"),
        ({"title": ""}, "has no title"),
        ({"category": ""}, "needs a category"),
        ({"category": "x" * 31}, "needs a category"),
        ({"variables": Thawed, "samples": (Thawed("x"),)}, "needs a frozen struct"),
        ({"variables": dict, "samples": ({},)}, "needs a frozen struct"),
        ({"samples": ()}, "has no sample"),
        ({"samples": (General(title="x", message="y"),)}, "not of its variables"),
        ({"lives_for": timedelta()}, "must live for some time"),
        ({"per_day": 0}, "less than once a day"),
        ({"actions": ("pay", "pay")}, "an action twice"),
        ({"actions": ("pay", "wait", "stop")}, "more than 2"),
        ({"actions": ("Pay now",)}, "not called such as"),
        ({"actions": ("pay",), "ladder": (Rung(channel="email"),)}, "which only push shows"),
        ({"ladder": (Rung(channel="push"), Rung(channel="push"))}, "two rungs of one channel"),
        ({"ladder": (Rung(channel=FAX),)}, "is none of push, sms, email"),
        ({"ladder": (Rung(channel="push", after=DAY),)}, "never due"),
        ({"ladder": (Rung(channel="push", after=-DAY),)}, "never due"),
        ({"ladder": (Rung(channel="push", required=True),), "opt_in": True}, "depends on a choice"),
        ({"ladder": (Rung(channel="push", required=True, chosen=False),)}, "depends on a choice"),
        ({"ladder": (Rung(channel="email", required=True, digest=True),)}, "cannot wait"),
        ({"digestible": False}, "cannot wait"),
        ({"ladder": (Rung(channel="sms", hours=("20:00", "08:00")),)}, "are no two times"),
        ({"ladder": (Rung(channel="sms", hours=("8", "20")),)}, "are no two times"),
    ],
)
def test_incomplete_kind_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(IncompleteKind, match=message):
        check(replace(GOAL, **changes))


@pytest.mark.parametrize(
    ("name", "channel"),
    [
        ("security.new_device", "push"),
        ("security.general", "sms"),
        ("security.pin_changed", "email"),
        ("kyc.approved", "email"),
        ("account.opened", "email"),
    ],
)
def test_what_is_required_of_a_type_cannot_be_taken_away(name: str, channel: str) -> None:
    kind = KINDS[name]
    optional = tuple(
        replace(rung, required=rung.required and rung.channel != channel) for rung in kind.ladder
    )
    with pytest.raises(IncompleteKind, match=f"must be required by {channel}"):
        check(replace(kind, ladder=optional))


def test_refusal_lists_everything_that_is_wrong() -> None:
    with pytest.raises(IncompleteKind) as refused:
        check(replace(GOAL, title="", samples=()))
    assert "'savings.goal_reached' has no title" in str(refused.value)
    assert "has no sample" in str(refused.value)


def test_second_kind_of_a_name_is_refused_and_the_same_one_is_not() -> None:
    register(GOAL)
    with pytest.raises(IncompleteKind, match="Two kinds are called 'savings.goal_reached'"):
        register(replace(GOAL, title="Another one"))
    assert find("savings.goal_reached") == GOAL


@pytest.mark.servers
def test_start_refuses_an_incomplete_kind(tmp_path: Path) -> None:
    """An app that registers one when it is ready, as a deployment would add it."""
    app = tmp_path / "goats"
    app.mkdir()
    app.joinpath("__init__.py").touch()
    app.joinpath("apps.py").write_text(
        "from django.apps import AppConfig\n"
        "class Goats(AppConfig):\n"
        "    name = 'goats'\n"
        "    def ready(self):\n"
        "        from notifications.kinds import register\n"
        "        from notifications.kinds.savings import KINDS\n"
        "        from msgspec.structs import replace\n"
        "        register(replace(KINDS[0], name='savings.goat', samples=()))\n"
    )
    tmp_path.joinpath("with_goats.py").write_text(
        "from hoardrun.settings import *\nINSTALLED_APPS += ['goats']\n"
    )
    started = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env={
            **os.environ,
            "DEBUG": "1",
            "DJANGO_SETTINGS_MODULE": "with_goats",
            "PYTHONPATH": str(tmp_path),
        },
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert started.returncode != 0
    assert "The kind 'savings.goat' has no sample of its variables." in started.stderr


# The kinds that there are.


def test_each_type_has_a_general_kind_with_the_senders_own_text() -> None:
    for name in Notification.filter_types:
        kind = find(f"{name}.general")
        assert kind is not None, name
        assert kind.variables is General


def test_all_kinds_are_registered_in_the_order_of_their_names() -> None:
    names = [kind.name for kind in all_kinds()]
    assert names == sorted(names)
    assert set(names) >= KINDS.keys()


def test_ladder_is_judged_first_when_a_rung_may_be_due() -> None:
    assert first_due(DEBIT.ladder) == timedelta()
    assert first_due(GOAL.ladder) == timedelta(minutes=5)
    assert first_due(()) == timedelta()


def test_hash_of_the_rules_changes_with_them_and_not_with_words() -> None:
    version = GOAL.policy_version
    assert replace(GOAL, title="Goal", samples=(), actions=("x",)).policy_version == version
    changed = (replace(GOAL, lives_for=DAY * 2), replace(GOAL, ladder=GOAL.ladder[:1]))
    assert {kind.policy_version for kind in changed}.isdisjoint({version})


def test_required_channels() -> None:
    assert KINDS["security.general"].required_channels == {"push", "sms", "email"}
    assert KINDS["kyc.general"].required_channels == {"email"}
    assert DEBIT.required_channels == frozenset()


def _kinds(type_name: str) -> list[Kind]:
    return [kind for kind in KINDS.values() if kind.type == type_name]


def test_security_goes_out_at_any_hour_and_shows_nothing_on_the_lock_screen() -> None:
    for kind in _kinds("security"):
        assert kind.ignores_quiet_hours
        assert kind.ignores_caps
        assert kind.privacy == "secret"


def test_text_that_a_sender_wrote_about_a_user_is_not_shown_on_the_lock_screen() -> None:
    public = {"system.general", "marketing.general"}
    for kind in KINDS.values():
        if kind.variables is General:
            assert kind.privacy == ("public" if kind.name in public else "secret"), kind.name
