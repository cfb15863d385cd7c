"""What becomes of each table's rows of a user: decided one by one, and no table is left out."""

from __future__ import annotations

from enum import StrEnum


class Fate(StrEnum):
    """What `forget_user` does with a user's rows of a table."""

    REMOVED = "removed"
    ANONYMISED = "anonymised"  # what identifies is taken out of the row
    KEPT = "kept"  # says nothing but the user's number, or is a record that nobody may change
    NOBODYS = "nobody's"  # no row of it is about a user


# `docs/privacy.md` says why; a test fails for a table that is not in here.
DECISIONS = {
    "auth.User": Fate.ANONYMISED,
    "auth.User_groups": Fate.REMOVED,
    "auth.User_user_permissions": Fate.REMOVED,
    "sessions.Session": Fate.REMOVED,
    "admin.LogEntry": Fate.ANONYMISED,
    "notifications.Notification": Fate.REMOVED,
    "realtime.Event": Fate.REMOVED,
    "realtime.Cursor": Fate.REMOVED,
    "realtime.Connection": Fate.REMOVED,
    "realtime.Ticket": Fate.REMOVED,
    "realtime.IssuedToken": Fate.REMOVED,
    "realtime.EndedSession": Fate.REMOVED,
    "ledger.Account": Fate.ANONYMISED,
    "ledger.Transaction": Fate.ANONYMISED,
    "ledger.TransactionMove": Fate.KEPT,
    "realtime.Broadcast": Fate.KEPT,
    "realtime.BroadcastDecision": Fate.KEPT,
    "notifications.Announcement": Fate.KEPT,
    "realtime.Stream": Fate.KEPT,
    "notifications.Mailing": Fate.NOBODYS,
    "auth.Group": Fate.NOBODYS,
    "auth.Group_permissions": Fate.NOBODYS,
    "auth.Permission": Fate.NOBODYS,
    "contenttypes.ContentType": Fate.NOBODYS,
    "realtime.Node": Fate.NOBODYS,
    "market.Instrument": Fate.NOBODYS,
    "market.Quote": Fate.NOBODYS,
}
