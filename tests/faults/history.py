"""Random changes of one user's data, and a client that follows by snapshot and events alone."""

from __future__ import annotations

import contextlib
import copy
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

from django.contrib.auth.models import User
from django.core.exceptions import ObjectDoesNotExist
from django.db import IntegrityError, transaction
from django.db.models import Value
from django.utils import timezone

from hoardrun.api.snapshot import NOTIFICATIONS, TRANSACTIONS
from hoardrun.ledger import services as ledger
from hoardrun.ledger.models import Account, Transaction
from notifications import services
from notifications.models import Announcement, Notification
from notifications.preferences.services import Origin, preferences_change
from realtime.errors import Refused
from realtime.sql.prepared import Prepared
from tests.stored import page_after

HOUR = timedelta(hours=1)


class Client:
    """A client's store: what the snapshot said, and every event since."""

    def __init__(self, state: dict[str, Any]) -> None:
        self.notifications = {item["id"]: item for item in copy.deepcopy(state["notifications"])}
        self.transactions = {item["id"]: item for item in copy.deepcopy(state["transactions"])}
        self.accounts = {item["id"]: item for item in copy.deepcopy(state["accounts"])}
        self.announcements = {item["id"]: item for item in copy.deepcopy(state["announcements"])}
        self.preferences: dict[str, Any] = copy.deepcopy(state["preferences"])
        self.positions = {name: at["offset"] for name, at in state["positions"].items()}
        self.taken: str = state["timestamp"]

    def follow(self) -> None:
        """Apply all events of the log that are new."""
        for stream in self.positions:
            while True:
                _, entries = page_after(stream, self.positions[stream])
                if not entries:
                    break
                for entry in entries:
                    assert entry.offset == self.positions[stream] + 1
                    self.positions[stream] = entry.offset
                    self._apply(entry.type, json.loads(entry.payload)["data"])

    def _apply(self, kind: str, data: dict[str, Any]) -> None:
        match kind:
            case "notification":
                self.notifications[data["id"]] = data
            case "notification_updated":
                for change in data["notifications"]:
                    whole = change.pop("notification", None)
                    if change.pop("deleted", False):
                        self.notifications.pop(change["id"], None)
                    elif whole is not None:
                        self.notifications[change["id"]] = whole
                    elif change["id"] in self.notifications:
                        self.notifications[change["id"]] |= change
            case "transaction_update":
                self.transactions[data["id"]] = data
            case "balance_update":
                self.accounts[data["account_id"]] = data
            case "preferences_changed":
                self.preferences = data
            case "system_announcement":
                self.announcements[data["id"]] = data
            case _:
                raise AssertionError(f"a client does not know {kind}")

    def shows(self, now: str) -> dict[str, Any]:
        """Show what a page shows at a time."""
        return {
            "accounts": newest(self.accounts.values(), reverse=False),
            "transactions": newest(self.transactions.values())[:TRANSACTIONS],
            "notifications": newest(
                item
                for item in self.notifications.values()
                if item["status"] == "unread"
                and not item["snoozed_until"]
                and not (item["expires_at"] or "9") <= now
            )[:NOTIFICATIONS],
            "preferences": self.preferences,
            "announcements": newest(
                item
                for item in self.announcements.values()
                if not (item["ends_at"] or "9") <= now and (item["starts_at"] or "0") <= now
            ),
        }


def newest(items: Any, *, reverse: bool = True) -> list[Any]:
    """Order by id, and leave out what only tells about the moment of reading."""
    left_out = {"is_expired"}
    if not reverse:  # an account's also moves with a save that changed nothing
        left_out.add("updated_at")
    found = [{k: v for k, v in item.items() if k not in left_out} for item in items]
    return sorted(found, key=lambda item: int(item["id"]), reverse=reverse)


class Clock:
    """A time that moves only when the history says so, for the process and the database."""

    def __init__(self) -> None:
        self.now = datetime(2026, 6, 1, tzinfo=UTC)

    @contextlib.contextmanager
    def rules(self) -> Iterator[None]:
        """Set the time of all parts."""
        with (
            mock.patch("django.utils.timezone.now", self),
            mock.patch("realtime.clock.now", self),
            mock.patch("notifications.selectors.database_now", lambda: Value(self.now)),
            # A statement that is kept would keep this time, or the database's.
            mock.patch.object(Prepared, "_statement", property(lambda it: it._write), create=True),
        ):
            yield

    def __call__(self) -> datetime:
        return self.now

    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)


class History:
    """Everything that may happen to one user, each by the number of a row that it takes."""

    def __init__(self, clock: Clock, alice: User, staff: User) -> None:
        self.clock = clock
        self.alice = alice
        self.staff = staff
        self.accounts = [ledger.account_open(user_id=alice.pk, currency="UGX", name="Main")]
        self.actions: list[Callable[[int], object]] = [
            self.notify,
            self.notify,
            self.schedule,
            lambda n: services.publish_due(),
            lambda n: clock.wait(n % 90),
            lambda n: clock.wait(n % 90),
            lambda n: services.notification_mark_read(notification_id=self.note(n)),
            lambda n: services.notification_mark_seen(notification_id=self.note(n)),
            lambda n: services.notification_mark_unread(notification_id=self.note(n)),
            lambda n: services.notification_archive(notification_id=self.note(n)),
            lambda n: services.notification_cancel(notification_id=self.note(n)),
            self.snooze,
            lambda n: services.notification_pin(notification_id=self.note(n), user_id=alice.pk),
            lambda n: services.notification_unpin(notification_id=self.note(n), user_id=alice.pk),
            lambda n: services.notifications_resend(ids=[self.note(n)]),
            lambda n: services.notifications_mark_all_read(user_id=alice.pk),
            lambda n: services.notifications_mark_all_seen(user_id=alice.pk),
            self.bulk,
            self.edit,
            lambda n: Notification.objects.get(pk=self.note(n)).delete(),
            lambda n: Notification.objects.filter(pk__in=[self.note(n), self.note(n + 1)]).delete(),
            self.mail,
            self.pay,
            self.pay,
            self.move,
            self.move,
            self.open_account,
            self.change_account,
            self.announce,
            lambda n: services.announcement_publish(announcement_id=self.announcement(n)),
            lambda n: services.announcement_expire(announcement_id=self.announcement(n)),
            self.edit_announcement,
            self.choose,
            lambda n: Announcement.objects.get(pk=self.announcement(n)).delete(),
        ]

    def play(self, action: int, number: int) -> None:
        """Do one thing; what the services refuse did not happen."""
        self.clock.now += timedelta(milliseconds=1)
        with (
            contextlib.suppress(Refused, IndexError, ObjectDoesNotExist, IntegrityError),
            transaction.atomic(),
        ):
            self.actions[action % len(self.actions)](number)

    def newest(self, model: type[Notification | Transaction | Announcement]) -> int:
        return model.objects.order_by("-pk").values_list("pk", flat=True)[0]

    def _one(self, model: type[Notification | Announcement | Transaction], number: int) -> int:
        ids = list(model.objects.order_by("pk").values_list("pk", flat=True))
        return ids[number % len(ids)] if ids else 0

    def note(self, number: int) -> int:
        return self._one(Notification, number)

    def announcement(self, number: int) -> int:
        return self._one(Announcement, number)

    def notify(self, number: int) -> None:
        services.notification_create(
            user_id=self.alice.pk,
            title=f"Title {number}",
            message="Text",
            priority="high" if number % 3 else "low",
            metadata={"n": number},
            expires_at=timezone.now() + (HOUR if number % 5 == 0 else 24 * HOUR),
        )

    def schedule(self, number: int) -> None:
        services.notification_create(
            user_id=self.alice.pk, title="Later", message="Text", scheduled_at=timezone.now() + HOUR
        )

    def snooze(self, number: int) -> None:
        services.notification_snooze(
            notification_id=self.note(number),
            user_id=self.alice.pk,
            until=timezone.now() + HOUR,
        )

    def bulk(self, number: int) -> None:
        status = ("read", "unread", "archived")[number % 3]
        ids = [self.note(number), self.note(number + 1)]
        services.notifications_bulk_update(user_id=self.alice.pk, ids=ids, status=status)

    def edit(self, number: int) -> None:
        row = Notification.objects.get(pk=self.note(number))
        match number % 4:
            case 0:
                row.title = f"Edited {number}"
            case 1:
                row.expires_at = timezone.now() + (number % 3 - 1) * HOUR
            case 2:
                row.metadata["edited"] = number
            case _:
                row.type, row.priority = "security", "urgent"
        row.save()

    def mail(self, number: int) -> None:
        services.notifications_send(key=f"k{number}", title="To all", message="Text")

    def pay(self, number: int) -> None:
        inbound = number % 3
        ledger.transaction_create(
            account_id=self.accounts[number % len(self.accounts)].pk,
            type="deposit" if inbound else "withdrawal",
            direction="inbound" if inbound else "outbound",
            amount=1 + number % 100,
            merchant_name="Shop",
            description=f"Number {number}",
        )

    def move(self, number: int) -> None:
        to = ("processing", "completed", "failed", "cancelled", "expired", "reversed")[number % 6]
        ledger.transaction_move(txn_id=self._one(Transaction, number // 6), to=to, reason="Because")

    def open_account(self, number: int) -> None:
        self.accounts.append(
            ledger.account_open(
                user_id=self.alice.pk,
                currency="KES",
                name=f"Account {number}",
                opening_balance=number % 2 * 100,
            )
        )

    def change_account(self, number: int) -> None:
        account = Account.objects.get(pk=self.accounts[number % len(self.accounts)].pk)
        account.name = f"Renamed {number}"
        account.status = "active" if number % 4 else "suspended"
        account.save()

    def choose(self, number: int) -> None:
        """Choose something about notifications, or take it back."""
        by = Origin(f"user:{self.alice.pk}", "api")
        changes: list[dict[str, Any]] = [
            {"cells": {"category:savings": {"push": bool(number % 4)}}},
            {"cells": {"category:savings": {"push": None}}},
            {"quiet": [{"start": "22:00", "end": "07:00"}], "zone": "Africa/Kampala"},
            {"muted_until": timezone.now() + HOUR, "hide_amounts": True},
            {
                "sms_above": str(number),
                "sms_above_currency": "UGX",
                "digests": {"savings": "daily"},
            },
        ]
        preferences_change(user_id=self.alice.pk, changes=changes[number % len(changes)], by=by)

    def announce(self, number: int) -> None:
        made = services.announcement_create(
            author_id=self.staff.pk,
            title=f"News {number}",
            message="Text",
            starts_at=None if number % 5 else timezone.now() + HOUR / 2,
            ends_at=timezone.now() + (HOUR if number % 2 else 24 * HOUR),
        )
        if number % 3:
            services.announcement_publish(announcement_id=made.pk)

    def edit_announcement(self, number: int) -> None:
        row = Announcement.objects.get(pk=self.announcement(number))
        row.title = f"Edited {number}"
        if number % 2:
            row.ends_at = timezone.now() + (number % 3) * HOUR
        row.save()
