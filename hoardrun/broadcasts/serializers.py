"""The bodies of broadcasts: messages of the protocol, checked more strictly than on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rest_framework import serializers

from hoardrun.broadcasts.models import Broadcast
from hoardrun.broadcasts.state import expires_at
from hoardrun.ledger.choices import (
    AccountType,
    Direction,
    PaymentMethod,
    Provider,
    TransactionStatus,
    TransactionType,
)
from hoardrun.ledger.messages import BalanceUpdate, TransactionUpdate
from hoardrun.ledger.money import Currency, amount_parse, amount_text
from hoardrun.ledger.serializers import AmountInput
from hoardrun.market import names as market_names
from hoardrun.market.messages import MarketUpdate
from hoardrun.market.models import MAX_SYMBOL_LENGTH, SYMBOL_PATTERN, Instrument
from notifications import validation
from notifications.choices import Severity
from notifications.serializers import NotificationInput
from notifications.validation import ANNOUNCEMENT_LENGTH, TITLE_LENGTH
from realtime.errors import Refused
from realtime.publish import payload_from
from realtime.rest.serializers import StrictSerializer, UserIdInput

TARGETS = ("user_id", "room")  # the recipient; the other fields are the content
ID_LENGTH = 64
_PRICE = r"^-?[0-9]{1,15}(\.[0-9]{1,8})?\Z"


class PriceInput(serializers.RegexField):
    """A price as text: a number of JSON loses digits when it is parsed."""

    default_error_messages = {"invalid": 'Give a decimal as text, such as "45000.25".'}

    def __init__(self, **options: Any) -> None:
        super().__init__(_PRICE, **options)


# Refuses what the protocol itself would refuse. A docstring would be a text of the API.
class _Broadcast(StrictSerializer):
    payload: type[TransactionUpdate | BalanceUpdate | MarketUpdate]
    amounts: tuple[str, ...] = ()
    signed: tuple[str, ...] = ()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "user_id" in self.fields and "user_id" not in attrs:
            raise serializers.ValidationError(
                {"user_id": ["Say whom it is for, as a parameter or as a field."]}
            )
        errors: dict[str, list[str]] = {}
        for name in (*self.amounts, *self.signed):
            if attrs.get(name) is None:
                continue
            try:
                attrs[name] = _money(attrs[name], attrs["currency"], signed=name in self.signed)
            except Refused as error:
                errors[name] = [str(error)]
        if errors:
            raise serializers.ValidationError(errors)
        data = {name: value for name, value in attrs.items() if name not in TARGETS}
        try:
            payload_from(self.payload, data)
        except ValueError as error:
            raise serializers.ValidationError(f"{error}.") from None
        return attrs


def _money(value: str, currency: str, *, signed: bool) -> str:
    """Write an amount as the wire wants it; only balances may be zero or below."""
    sign = 1
    if signed and value.startswith("-"):
        sign, value = -1, value[1:]
    return amount_text(sign * amount_parse(value, currency, allow_zero=signed), currency)


_OF_ONE = {
    "scheduled_at": "be scheduled",
    "context": "have a context",
    "supersedes": "supersede another",
}


class NotificationBroadcast(NotificationInput):
    user_id = UserIdInput(required=False, help_text="Left out: everybody.")

    def validate_metadata(self, value: dict[str, Any]) -> dict[str, Any]:
        return validation.json_object("metadata", value)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "user_id" not in attrs:
            errors = {
                name: [f"Only a notification of one user can {what}."]
                for name, what in _OF_ONE.items()
                if attrs.get(name) is not None
            }
            if errors:
                raise serializers.ValidationError(errors)
        return super().validate(attrs)


class TransactionBroadcast(_Broadcast):
    payload = TransactionUpdate
    amounts = ("amount",)
    signed = ("balance_after",)

    user_id = UserIdInput(required=False)
    id = serializers.CharField(max_length=ID_LENGTH)
    status = serializers.ChoiceField(TransactionStatus.choices)
    amount = AmountInput()
    currency = serializers.ChoiceField(Currency.choices)
    account_id = serializers.CharField(max_length=ID_LENGTH, required=False)
    type = serializers.ChoiceField(TransactionType.choices, required=False)
    direction = serializers.ChoiceField(Direction.choices, required=False)
    description = serializers.CharField(max_length=200, required=False, allow_blank=True)
    payment_method = serializers.ChoiceField(PaymentMethod.choices, required=False)
    provider = serializers.ChoiceField(Provider.choices, required=False)
    reference = serializers.CharField(max_length=100, required=False, allow_blank=True)
    balance_after = AmountInput(required=False)
    created_at = serializers.DateTimeField(required=False)
    updated_at = serializers.DateTimeField(required=False)
    completed_at = serializers.DateTimeField(required=False)


class BalanceBroadcast(_Broadcast):
    payload = BalanceUpdate
    signed = ("available_balance", "current_balance")

    user_id = UserIdInput(required=False)
    account_id = serializers.CharField(max_length=ID_LENGTH)
    currency = serializers.ChoiceField(Currency.choices)
    available_balance = AmountInput()
    current_balance = AmountInput()
    account_type = serializers.ChoiceField(AccountType.choices, required=False)
    updated_at = serializers.DateTimeField(required=False)


class MarketBroadcast(_Broadcast):
    payload = MarketUpdate

    room = serializers.CharField(max_length=100, default=market_names.ALL_ROOM)
    symbol = serializers.RegexField(SYMBOL_PATTERN, max_length=MAX_SYMBOL_LENGTH)
    price = PriceInput()
    name = serializers.CharField(max_length=100, required=False, allow_blank=True)
    type = serializers.ChoiceField(Instrument.Type.choices, required=False)
    currency = serializers.RegexField(r"^[A-Z]{3}\Z", required=False)
    change = PriceInput(required=False)
    change_percent = PriceInput(required=False)
    open = PriceInput(required=False)
    high = PriceInput(required=False)
    low = PriceInput(required=False)
    previous_close = PriceInput(required=False)
    volume = PriceInput(required=False)
    status = serializers.ChoiceField(Instrument.Status.choices, required=False)
    timestamp = serializers.DateTimeField(required=False)


class AnnouncementBroadcast(StrictSerializer):
    title = serializers.CharField(max_length=TITLE_LENGTH)
    message = serializers.CharField(max_length=ANNOUNCEMENT_LENGTH)
    severity = serializers.ChoiceField(Severity.choices, required=False)
    ends_at = serializers.DateTimeField(required=False)
    emergency = serializers.BooleanField(
        required=False,
        help_text="SMS follow after an hour, to those whose devices do not have it, once another "
        "person has approved. Needs `notifications.request_fallback`.",
    )
    sms_texts = serializers.DictField(
        child=serializers.CharField(),
        required=False,
        help_text="What the SMS says, by language; else it is the announcement.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("sms_texts") and not attrs.get("emergency"):
            raise serializers.ValidationError({"sms_texts": ["Give them with `emergency`."]})
        return attrs


class _Answer(serializers.Serializer[Mapping[str, Any]]):
    """The outcome of a broadcast."""

    success = serializers.BooleanField()
    message = serializers.CharField()
    target = serializers.CharField(help_text="A user's id, a room, or `all`.")
    id = serializers.CharField()


class BroadcastOutput(_Answer):
    stream = serializers.CharField(allow_null=True)
    offset = serializers.IntegerField(allow_null=True, help_text="None until it is published.")
    fallback = serializers.CharField(
        required=False, help_text="Where the SMS after an emergency announcement stand."
    )


class WaitingOutput(_Answer):
    status = serializers.CharField(help_text="`waiting_for_approval`")
    id = serializers.CharField(help_text="Of the broadcast: what to approve or to reject.")
    audience = serializers.IntegerField(help_text="How many users it is for.")
    expires_at = serializers.DateTimeField()


class RejectedOutput(_Answer):
    status = serializers.CharField(help_text="`rejected`")
    id = serializers.CharField(help_text="Of the broadcast.")


class WaitingBroadcastOutput(serializers.Serializer[Broadcast]):
    id = serializers.CharField(help_text="What to approve or to reject.")
    kind = serializers.CharField()
    target = serializers.CharField(help_text="A user's id, a room, or `all`.")
    payload = serializers.DictField()
    audience = serializers.IntegerField(help_text="How many users it is for.")
    author_id = serializers.CharField()
    author = serializers.CharField(source="author.get_username")
    created_at = serializers.DateTimeField()
    expires_at = serializers.SerializerMethodField(help_text="Until when it may be approved.")

    def get_expires_at(self, broadcast: Broadcast) -> datetime:
        return expires_at(broadcast)
