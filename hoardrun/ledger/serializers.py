"""The shapes of the ledger's requests and answers. `payloads` makes the answers."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from hoardrun.ledger.choices import (
    AccountStatus,
    AccountType,
    Direction,
    PaymentMethod,
    Provider,
    TransactionStatus,
    TransactionType,
)
from hoardrun.ledger.models import Account, Transaction
from hoardrun.ledger.money import Currency
from hoardrun.ledger.payloads import account_data, txn_data
from realtime.rest.idempotency import KeyField
from realtime.rest.serializers import StrictSerializer

_MONEY = {"type": "string", "pattern": r"^-?\d{1,13}(\.\d{1,2})?$", "example": "12.50"}


@extend_schema_field(_MONEY)
class MoneyText(serializers.CharField):
    """Money in an answer."""


@extend_schema_field(_MONEY)
class AmountInput(serializers.CharField):
    """An amount as text. The service parses it, since only the account knows the currency."""

    default_error_messages = {"invalid": 'Give an amount as text, such as "12.50".'}

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=40, trim_whitespace=False, **options)


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


class AccountOutput(serializers.Serializer[Account]):
    id = serializers.CharField()
    account_id = serializers.CharField(help_text="The same as `id`.")
    type = serializers.ChoiceField(AccountType.choices)
    account_type = serializers.ChoiceField(AccountType.choices, help_text="The same as `type`.")
    name = serializers.CharField()
    status = serializers.ChoiceField(AccountStatus.choices)
    currency = serializers.ChoiceField(Currency.choices)
    available_balance = MoneyText()
    current_balance = MoneyText()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()

    def to_representation(self, instance: Account) -> dict[str, Any]:
        return account_data(instance)


class TransactionOutput(serializers.Serializer[Transaction]):
    id = serializers.CharField()
    account_id = serializers.CharField()
    type = serializers.ChoiceField(TransactionType.choices)
    status = serializers.ChoiceField(TransactionStatus.choices)
    direction = serializers.ChoiceField(Direction.choices)
    amount = MoneyText()
    currency = serializers.ChoiceField(Currency.choices)
    description = serializers.CharField()
    payment_method = serializers.ChoiceField(PaymentMethod.choices)
    provider = serializers.ChoiceField(Provider.choices, allow_null=True)
    merchant_name = serializers.CharField()
    merchant_category = serializers.CharField()
    reference = serializers.CharField()
    failure_reason = serializers.CharField()
    balance_after = MoneyText(allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    completed_at = serializers.DateTimeField(allow_null=True)

    def to_representation(self, instance: Transaction) -> dict[str, Any]:
        return txn_data(instance)
