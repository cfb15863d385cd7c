"""The shapes of a statement over HTTP."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from hoardrun.ledger.journal.choices import PostingKind
from hoardrun.ledger.money import Currency, amount_text
from hoardrun.ledger.serializers import EndField, MomentField, MoneyText
from hoardrun.ledger.statement.entries import Entry, Summary
from realtime.core.text import MAX_ID
from realtime.rest.pagination import DEFAULT_SIZE, MAX_SIZE
from realtime.rest.serializers import StrictSerializer, WholeNumber

_MONEY = ("opening_balance", "closing_balance", "credited", "debited")


class RangeQuery(StrictSerializer):
    """From when until when."""

    def get_fields(self) -> dict[str, Any]:
        # Here, since `from` cannot be the name of an attribute.
        since = MomentField(
            source="since", required=False, help_text="Booked at this moment or later."
        )
        until = EndField(
            source="until",
            required=False,
            help_text="Booked at this moment or earlier; a date includes its whole day, in UTC.",
        )
        return {**super().get_fields(), "from": since, "to": until}


class StatementQuery(RangeQuery):
    after = WholeNumber(
        min_value=0, max_value=MAX_ID, default=0, help_text="The number of the entry before."
    )
    page_size = WholeNumber(min_value=1, max_value=MAX_SIZE, default=DEFAULT_SIZE)


class EntryOutput(serializers.Serializer[Any]):
    number = serializers.IntegerField(help_text="1, 2, 3 … on each account, without gaps.")
    booked_at = serializers.DateTimeField()
    event_at = serializers.DateTimeField(help_text="When it happened, which may be before.")
    kind = serializers.ChoiceField(PostingKind.choices)
    transaction_id = serializers.CharField(allow_null=True)
    description = serializers.CharField()
    reference = serializers.CharField()
    amount = MoneyText(help_text="Positive if it came in.")
    balance_after = MoneyText()


class StatementOutput(serializers.Serializer[Any]):
    account_id = serializers.CharField()
    currency = serializers.ChoiceField(Currency.choices)
    since = serializers.DateTimeField(allow_null=True, help_text="Null: from the beginning.")
    until = serializers.DateTimeField()
    opening_balance = MoneyText(help_text="The current balance before the first entry.")
    closing_balance = MoneyText(help_text="That after the last one.")
    credited = MoneyText(help_text="All that came in.")
    debited = MoneyText(help_text="All that went out.")
    count = serializers.IntegerField(help_text="Entries on all pages.")
    next = serializers.CharField(allow_null=True, help_text="The address of the next page.")
    results = EntryOutput(many=True, help_text="Oldest first.")


def summary_data(summary: Summary) -> dict[str, Any]:
    """Write what a statement says in all."""
    money = {name: amount_text(getattr(summary, name), summary.currency) for name in _MONEY}
    kept = {name: getattr(summary, name) for name in ("currency", "since", "until")}
    return {"account_id": str(summary.account_id), "count": summary.size, **kept, **money}


def entry_data(entry: Entry, currency: str) -> dict[str, Any]:
    """Write one entry."""
    money = {
        name: amount_text(getattr(entry, name), currency) for name in ("amount", "balance_after")
    }
    pk = entry.transaction_id
    return {**entry._asdict(), **money, "transaction_id": None if pk is None else str(pk)}
