"""What becomes of a user's rows: decided for each table, and each column of a row that stays."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Fate(StrEnum):
    """What `forget_user` does with a user's rows of a table."""

    REMOVED = "removed"
    ANONYMISED = "anonymised"  # what identifies is taken out of the row
    KEPT = "kept"  # says nothing about the user but a number
    NOBODYS = "nobody's"  # no row of it is about a user


# By the table's name. `docs/privacy.md` says why; a test fails for a table that is not in here.
DECISIONS = {
    "auth_user": Fate.ANONYMISED,
    "auth_user_groups": Fate.REMOVED,
    "auth_user_user_permissions": Fate.REMOVED,
    "django_session": Fate.REMOVED,
    "django_admin_log": Fate.ANONYMISED,
    "notifications_notification": Fate.REMOVED,
    "realtime_event": Fate.REMOVED,
    "realtime_cursor": Fate.REMOVED,
    "realtime_connection": Fate.REMOVED,
    "realtime_ticket": Fate.REMOVED,
    "realtime_issuedtoken": Fate.REMOVED,
    "realtime_endedsession": Fate.REMOVED,
    "ledger_account": Fate.ANONYMISED,
    "ledger_transaction": Fate.ANONYMISED,
    "ledger_transactionmove": Fate.ANONYMISED,
    "broadcasts_broadcast": Fate.ANONYMISED,
    "broadcasts_broadcastdecision": Fate.ANONYMISED,
    "notifications_announcement": Fate.KEPT,
    "realtime_stream": Fate.KEPT,
    "notifications_mailing": Fate.NOBODYS,
    "auth_group": Fate.NOBODYS,
    "auth_group_permissions": Fate.NOBODYS,
    "auth_permission": Fate.NOBODYS,
    "django_content_type": Fate.NOBODYS,
    "realtime_node": Fate.NOBODYS,
    "market_instrument": Fate.NOBODYS,
    "market_quote": Fate.NOBODYS,
}


class Columns(NamedTuple):
    """The columns of a table whose rows stay."""

    cleared: frozenset[str]  # they tell about the person: emptied, or filled with nobody's name
    kept: frozenset[str]


def _columns(kept: str, *, cleared: str = "") -> Columns:
    return Columns(frozenset(cleared.split()), frozenset(kept.split()))


# Each column of the tables whose rows are not removed; a test fails for one that is not in here.
# `docs/privacy.md` names those that are cleared, and every text that is kept.
COLUMNS = {
    "auth_user": _columns(
        "id date_joined",
        cleared="password last_login is_superuser username first_name last_name email is_staff "
        "is_active",
    ),
    "django_admin_log": _columns(
        "id action_time user content_type object_id action_flag change_message",
        cleared="object_repr",
    ),
    "ledger_account": _columns(
        "id user type currency available_balance current_balance status created_at updated_at",
        cleared="name",
    ),
    "ledger_transaction": _columns(
        "id account type status direction amount currency payment_method provider merchant_name "
        "merchant_category reference idempotency_key key_owner counterpart balance_after "
        "created_at updated_at completed_at",
        cleared="description failure_reason",
    ),
    "ledger_transactionmove": _columns(
        "id txn from_status to_status actor_kind user actor_name request_id evidence created_at",
        cleared="reason",
    ),
    "broadcasts_broadcast": _columns(
        "id author kind target payload fingerprint idempotency_key audience needs_approval result "
        "created_at",
        cleared="address",
    ),
    "broadcasts_broadcastdecision": _columns(
        "id broadcast decided_by approved result decided_at", cleared="address"
    ),
    "notifications_announcement": _columns(
        "id title message severity starts_at ends_at published_at event_offset author created_at "
        "updated_at"
    ),
    "realtime_stream": _columns("id name epoch head floor created_at"),
    # Nobody's: a column that may tell about a person makes the table somebody's.
    "notifications_mailing": _columns(
        "id key fingerprint title message type priority metadata total done last_user_id "
        "done_user_id created_at finished_at"
    ),
    "auth_group": _columns("id name"),
    "auth_group_permissions": _columns("id group permission"),
    "auth_permission": _columns("id name content_type codename"),
    "django_content_type": _columns("id app_label model"),
    "realtime_node": _columns(
        "id host pid version started_at seen_at connections users rooms messages_in messages_out "
        "in_per_second out_per_second dropped slow_closed foreign layer_rebuilt lag_ms rss_mb"
    ),
    "market_instrument": _columns("id symbol name type currency decimals status is_active"),
    "market_quote": _columns(
        "instrument price open high low previous_close change change_percent volume market_cap "
        "quoted_at"
    ),
}
