"""A user with a row in every table, and the command that forgets her."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from hoardrun.api.tokens import login_create
from hoardrun.broadcasts.models import Broadcast, BroadcastDecision
from hoardrun.broadcasts.rules import Staff
from hoardrun.broadcasts.services import broadcast_create
from hoardrun.ledger.corrections.services import correction_ask
from hoardrun.ledger.models import Account
from hoardrun.ledger.services import account_open
from hoardrun.market.alerts.services import alert_create
from hoardrun.market.watchlists.services import watchlist_create
from realtime import log
from realtime.access import tickets
from realtime.core.identity import Identity
from realtime.log import CursorMove
from realtime.models import Connection, EndedSession, Node
from realtime.streams import user_stream
from tests.hoardrun.ledger.conftest import complete, create, move
from tests.hoardrun.market.tools import instrument
from tests.notifications import outside
from tests.notifications.support import note

NAME, EMAIL = "Zaphodine", "zaphodine@example.org"


MODELS = {model._meta.db_table: model for model in apps.get_models(include_auto_created=True)}


@pytest.fixture
def zaphodine(charlie: User) -> User:
    """A member of staff and customer with something in every table."""
    user = User.objects.create_user(
        NAME, EMAIL, f"{NAME}-pass", first_name=NAME, last_name="Beeblebrox", is_staff=True
    )
    user.groups.add(Group.objects.create(name="Support"))
    user.user_permissions.add(Permission.objects.get(codename="broadcast"))
    Client().login(username=NAME, password=f"{NAME}-pass")  # the admin, from a browser
    login_create(user=user)
    EndedSession.objects.create(pk="over", user=user, expires_at=timezone.now())
    tickets.issue(Identity(user.pk, timezone.now().timestamp() + 60, "s", "m"))
    savings, now = f"{NAME}'s savings", timezone.now()
    account = account_open(user_id=user.pk, name=savings, currency="KES", opening_balance="1000")
    named = {"merchant_name": "Landlord Ltd", "reference": "INV-17"}
    complete(create(account, "250", description=f"rent of {NAME}", **named))
    move(create(account, "1"), "failed", reason=f"{NAME} did not answer")
    correction_ask(
        account_id=account.pk, direction="inbound", amount="1", why="late", by=charlie.pk
    )
    notice = note(user, f"Hello {NAME}")
    outside.fill(user, notice, name=NAME, ip="192.0.2.7")
    head = log.heads([user_stream(user.pk)])[user_stream(user.pk)]
    device = CursorMove(user.pk, f"{NAME}'s phone", user_stream(user.pk), head.epoch, 1)
    log.move_cursors([device])
    here = Node.objects.create(pk="n", host="h", pid=1, version="1", started_at=now, seen_at=now)
    where = {"node": here, "session": "s", "address": "192.0.2.7"}
    Connection.objects.create(pk="c", user=user, opened_at=now, **where)
    for row in (user, account, notice):
        LogEntry.objects.log_actions(charlie.pk, [row], CHANGE, "Looked at.")
    # One account has had another name, and has none now.
    other = account_open(user_id=user.pk, name=f"{NAME}'s secret", currency="UGX")
    LogEntry.objects.log_actions(charlie.pk, [other], CHANGE, "Looked at.")
    Account.objects.filter(pk=other.pk).update(name="")
    LogEntry.objects.log_actions(user.pk, [charlie], CHANGE, "Looked at.")
    instrument(symbol="BTC-USD", decimals=2)
    alert_create(
        user_id=user.pk, symbol="BTC-USD", kind="price_above", threshold="9", note=f"{NAME} sells"
    )
    watchlist_create(user_id=user.pk, name=f"{NAME}'s", symbols=["BTC-USD"])
    text = {"title": "To all", "message": "x"}
    broadcast_create(
        author=Staff(user.pk, "192.0.2.7"), kind="notification", target="all", data=text
    )
    broadcast_create(
        author=Staff(charlie.pk, "192.0.2.8"), kind="notification", target=str(user.pk), data=text
    )
    BroadcastDecision.objects.create(
        broadcast=Broadcast.objects.get(author=charlie),
        decided_by=user,
        approved=True,
        address="192.0.2.7",
    )
    return user


def run(*words: str) -> dict[str, Any]:
    """Run the command with no node around, and return what it says as JSON."""
    Node.objects.all().delete()
    out = StringIO()
    call_command("forget_user", *words, "--json", stdout=out)
    return dict(json.loads(out.getvalue()))
