"""What an operator asks for is measured, and by no label whose values a client chooses."""

from __future__ import annotations

import pytest

from realtime.cluster.exposition import list_labels
from realtime.cluster.readings import READINGS
from realtime.meters import Meter, fleet, meters
from realtime.meters.kinds import declared
from realtime.meters.names import client_of, clients
from realtime.meters.readiness import METER

DECLARED = {
    meter.name: meter
    for meter in [
        *declared(meters),
        *(reading.meter for reading in READINGS),
        METER,
        *fleet.meters(),
    ]
}
# The questions, and what answers them: names without the prefix, with their labels.
ASKED = {
    "what runs": ["build_info(version python django server)"],
    "how full it is": [
        "connections(client)", "users()", "rooms()", "subscriptions()", "streams()",
        "connection_limit()", "connections_refused(reason)", "held_connections()",
    ],
    "who comes and goes": [
        "connections_opened(client)", "connections_closed(code by)", "login_seconds()",
        "login_failures(reason)", "logins_waiting()", "ping_seconds()",
    ],
    "what is said": [
        "messages_sent(type)", "bytes_sent()", "messages_received(type)", "bytes_received()",
        "errors_sent(code)",
    ],
    "whether the promise holds": [
        "resumes(outcome)", "replayed_events()", "delivery_seconds(kind)", "acked_seconds()",
        "acks_behind_events(quantile)", "events_found_by_reconcile()",
        "epoch_changed_timestamp_seconds()", "failover_seen_timestamp_seconds()",
    ],
    "how the layer does": [
        "wakeups_received()", "wakeups_combined()", "wakeups_dropped()", "canary_seconds(shard)",
        "canary_missed(shard)", "layer_rebuilds()", "foreign_messages()",
    ],
    "who reads slowly": ["queue_bytes()", "slow_closed()", "dropped_prices()"],
    "how the loop does": ["loop_lag_seconds()", "turn_seconds()", "draining()", "check_ok(check)"],
    "how publishing does": [
        "publish_seconds(phase)", "published(type)", "lock_timeouts()", "retries(reason)",
    ],
    "how the database does": [
        "db_pool_size()", "db_pool_available()", "db_pool_waiting()", "db_pool_wait_seconds()",
        "db_pool_errors()", "db_query_seconds(what)", "db_lock_waiters()",
        "db_lock_holder_seconds()", "db_idle_transaction_seconds()", "dead_rows(table)",
    ],
    "how the log grows": [
        "log_streams()", "log_events()", "log_bytes()", "log_oldest_seconds()",
        "retention_last_success_timestamp_seconds()", "trimmed_events()",
    ],
    "what waits for people": [
        "broadcasts_waiting()", "broadcasts_oldest_waiting_seconds()",
        "payments_for_staff(provider age)",
    ],
    "how the API does": ["http_requests(route method status)", "http_request_seconds(route)"],
    "how notifications do": [
        "deliveries_waiting(channel)", "deliveries_waiting_seconds(channel)",
        "deliveries_unknown(channel)", "delivery_silent(role)", "ladders_overdue_seconds()",
        "provider_answers(provider outcome code)", "calls_blocked(why)", "webhooks(outcome)",
    ],
    "how money does": [
        "payments_open(provider state)", "payments_overdue_seconds()", "payments_silent()",
        "payment_callbacks_unread_seconds()", "payment_callbacks_unmatched(provider)",
        "payments_unreconciled(finding age)", "provider_balance(provider currency)",
        "float_difference(provider currency)", "ledger_findings()", "ledger_verified_seconds()",
    ],
    "how feeds do": [
        "market_source_up(source)", "market_price_age_seconds(source)",
        "market_lag_seconds(source)", "market_reconnects(source)", "market_quarantined(source)",
        "market_leader_epoch(lease)",
    ],
}  # fmt: skip


def test_each_question_has_its_meters() -> None:
    asked = {each for names in ASKED.values() for each in names}
    have = {f"{name}({' '.join(meter.labels)})" for name, meter in DECLARED.items()}
    assert asked - have == set()


def test_no_label_names_a_user_a_stream_an_address_or_a_path() -> None:
    labels = {label for meter in DECLARED.values() for label in meter.labels}
    named = {"user", "user_id", "stream", "address", "ip", "path", "device", "phone", "account"}
    assert labels & named == set()


def test_what_is_in_no_list_counts_as_other() -> None:
    list_labels()
    meter: Meter
    for meter in DECLARED.values():
        if meter.labels:
            found = meter.folded({("<invented>",) * len(meter.labels): 1})
            assert found == {("other",) * len(meter.labels): 1}, meter.name


@pytest.mark.parametrize(
    ("user_agent", "client"),
    [
        ("Mozilla/5.0 (X11)", "browser"),
        ("hoardrun-python/0.2.0", "hoardrun-python"),
        ("", "other"),
        ("evil\n/1", "other"),
    ],
)
def test_a_client_that_is_not_registered_has_no_label_of_its_own(
    user_agent: str, client: str
) -> None:
    assert client_of(user_agent) == client
    assert {client_of(user_agent)} <= {*clients(), "other"}
