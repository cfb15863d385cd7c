"""The shapes of the ledger's requests and answers. `payloads` makes the answers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import DecimalField
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from hoardrun.ledger.choices import (
    AccountType,
    Direction,
    PaymentMethod,
    Provider,
    TransactionStatus,
    TransactionType,
)
from hoardrun.ledger.messages import BalanceUpdate, TransactionUpdate
from hoardrun.ledger.models import Account, Transaction
from hoardrun.ledger.money import Currency
from hoardrun.ledger.payloads import account_payload, txn_payload
from realtime.core.text import row_id
from realtime.rest.idempotency import KeyField
from realtime.rest.rows import RowOutput
from realtime.rest.serializers import StrictSerializer

_MONEY = {"type": "string", "pattern": r"^-?\d{1,13}(\.\d{1,3})?$", "example": "12.50"}


@extend_schema_field(_MONEY)
class MoneyText(serializers.CharField):
    """Money in an answer."""


@extend_schema_field(_MONEY)
class AmountInput(serializers.CharField):
    """An amount as text. The service parses it, since only the account knows the currency."""

    default_error_messages = {"invalid": 'Give an amount as text, such as "12.50".'}

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=40, trim_whitespace=False, **options)


class MomentField(serializers.DateTimeField):
    """A moment in a query; a plain date is its first one."""

    default_error_messages = {
        "invalid": "Give a moment such as 2026-01-31T12:00:00Z, or a date.",
        "overflow": "Give a moment between the years 1 and 9999.",
    }

    def to_internal_value(self, value: Any) -> datetime:
        moment: datetime = super().to_internal_value(value.strip())
        return moment


class EndField(MomentField):
    """A moment in a query; a plain date is its last one."""

    def to_internal_value(self, value: Any) -> datetime:
        moment = super().to_internal_value(value)
        if len(value.strip()) == len("2026-01-31"):
            moment = moment.replace(hour=23, minute=59, second=59, microsecond=999_999)
        return moment


class TransactionQuery(StrictSerializer):
    """The filters of the list, by what they look for."""

    account = serializers.CharField(
        source="account_id", required=False, allow_blank=True, help_text="An account's id."
    )
    status = serializers.ChoiceField(TransactionStatus.choices, required=False)
    type = serializers.ChoiceField(TransactionType.choices, required=False)
    direction = serializers.ChoiceField(Direction.choices, required=False)
    currency = serializers.ChoiceField(Currency.choices, required=False)

    def get_fields(self) -> dict[str, Any]:
        # Here, since `from` cannot be the name of an attribute.
        since = MomentField(
            source="created_at__gte", required=False, help_text="Created at this moment or later."
        )
        until = EndField(
            source="created_at__lte",
            required=False,
            help_text="Created at this moment or earlier; a date includes its whole day.",
        )
        return {**super().get_fields(), "from": since, "to": until}

    def validate_account(self, value: str) -> int:
        return row_id(value)


class TransactionInput(StrictSerializer):
    account_id = serializers.CharField(max_length=20)
    type = serializers.ChoiceField(TransactionType.choices)
    direction = serializers.ChoiceField(Direction.choices)
    amount = AmountInput(help_text="With no more decimals than the currency has; a string.")
    currency = serializers.ChoiceField(
        Currency.choices, required=False, help_text="By default the account's; never another."
    )
    description = serializers.CharField(max_length=200, required=False, allow_blank=True)
    payment_method = serializers.ChoiceField(PaymentMethod.choices, required=False)
    provider = serializers.ChoiceField(Provider.choices, required=False, allow_blank=True)
    merchant_name = serializers.CharField(max_length=100, required=False, allow_blank=True)
    merchant_category = serializers.CharField(max_length=50, required=False, allow_blank=True)
    reference = serializers.CharField(max_length=100, required=False, allow_blank=True)
    idempotency_key = KeyField(
        required=False, help_text="The same as the header `Idempotency-Key`."
    )


class TransferInput(StrictSerializer):
    from_account_id = serializers.CharField(max_length=20, help_text="One of yours.")
    to_account_id = serializers.CharField(
        max_length=20, help_text="Another one, or another customer's, in the same currency."
    )
    amount = AmountInput(help_text="With no more decimals than the currency has; a string.")
    description = serializers.CharField(max_length=200, required=False, allow_blank=True)
    reference = serializers.CharField(max_length=100, required=False, allow_blank=True)


class ActionInput(StrictSerializer):
    action = serializers.ChoiceField(
        ["cancel", "process", "complete", "fail", "reverse", "expire"],
        help_text="Owners may cancel; the others take `ledger.change_transaction`.",
    )
    reason = serializers.CharField(
        max_length=200,
        required=False,
        allow_blank=True,
        help_text="Kept with the move; told as `failure_reason` unless it processes or completes.",
    )
    onto_account_id = serializers.CharField(
        max_length=20,
        required=False,
        help_text="For a closed account: which other one of its user takes the money, or gives it.",
    )


class _LedgerOutput(RowOutput):
    serializer_field_mapping = {**RowOutput.serializer_field_mapping, DecimalField: MoneyText}


class AccountOutput(_LedgerOutput):
    payload = account_payload
    account_id = serializers.CharField(help_text="The same as `id`.")
    account_type = serializers.ChoiceField(AccountType.choices, help_text="The same as `type`.")

    class Meta:
        model = Account
        fields = BalanceUpdate.__struct_fields__


class PaymentReasonOutput(serializers.Serializer[Any]):
    code = serializers.CharField(help_text="For programs, such as `funds`.")
    text = serializers.CharField(help_text="For people, in English.")


class PaymentStageOutput(serializers.Serializer[Any]):
    id = serializers.CharField(help_text="The payment's id.")
    kind = serializers.ChoiceField(["collect", "payout", "refund"])
    provider = serializers.CharField(help_text="The gateway that carries it, such as `mtn`.")
    stage = serializers.CharField(help_text="Where it stands, such as `enter_pin`.")
    stage_since = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(
        allow_null=True, help_text="The end of the prompt on the phone."
    )
    reason = PaymentReasonOutput(allow_null=True)
    retry_safe = serializers.BooleanField(help_text="Another payment cannot be a second one.")
    may_cancel = serializers.BooleanField(
        default=False, help_text="Its customer may still cancel it."
    )
    receipt = serializers.CharField(help_text="The provider's number of it; empty until paid.")
    number = serializers.CharField(help_text="The phone's number, but for most of its digits.")


class TransactionOutput(_LedgerOutput):
    payload = txn_payload
    provider = serializers.ChoiceField(Provider.choices, allow_null=True)
    payment = PaymentStageOutput(
        allow_null=True, help_text="The payment by mobile money that moves it, if one does."
    )

    class Meta:
        model = Transaction
        fields = TransactionUpdate.__struct_fields__
