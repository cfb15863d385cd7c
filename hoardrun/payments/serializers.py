"""The shapes of the requests and answers of payments."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from hoardrun.ledger.choices import Provider
from hoardrun.ledger.money import Currency, amount_of, amount_text
from hoardrun.ledger.serializers import AmountInput, MoneyText, PaymentStageOutput
from hoardrun.payments.choices import Kind
from hoardrun.payments.models import PaymentStep, ProviderPayment
from hoardrun.payments.payees.choices import MAX_NAME
from hoardrun.payments.providers.registry import PROVIDERS
from hoardrun.payments.stages import stage_of
from hoardrun.payments.states import MEANINGS, State
from hoardrun.payments.words import text_of
from realtime.rest.serializers import StrictSerializer


class PaymentInput(StrictSerializer):
    account_id = serializers.CharField(max_length=20, help_text="One of yours.")
    provider = serializers.ChoiceField(
        list(PROVIDERS), help_text="The gateway that is to carry it."
    )
    kind = serializers.ChoiceField(
        [Kind.COLLECT.value, Kind.PAYOUT.value],
        help_text="`collect`: the phone pays into the account. `payout`: the other way round.",
    )
    amount = AmountInput(help_text="With no more decimals than the provider takes; a string.")
    currency = serializers.ChoiceField(
        Currency.choices, required=False, help_text="By default the account's; never another."
    )
    msisdn = serializers.CharField(
        max_length=30, help_text="The phone's number, with + in front or as its country writes it."
    )
    country = serializers.RegexField(
        r"^[A-Za-z]{2}\Z", required=False, help_text="Of a number without +, by ISO 3166."
    )
    network = serializers.CharField(
        max_length=32,
        required=False,
        help_text="For a gateway to several networks: which, as it calls that.",
    )
    description = serializers.CharField(max_length=200, required=False, allow_blank=True)
    reference = serializers.CharField(max_length=100, required=False, allow_blank=True)
    name = serializers.CharField(
        max_length=MAX_NAME,
        required=False,
        help_text="Of a payout: who you think gets it. Their provider is asked, and another name "
        "is refused with 409 and `name_not_confirmed`, unless you confirm.",
    )
    name_confirmed = serializers.BooleanField(
        required=False, help_text="Whoever has `shown_name` is whom you mean."
    )
    shown_name = serializers.CharField(
        max_length=MAX_NAME,
        required=False,
        allow_blank=True,
        trim_whitespace=False,
        help_text="With `name_confirmed`: the name that the customer has seen, as the refusal had "
        "it. If the provider has another one by now, that is asked about again.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("name_confirmed") and "shown_name" not in attrs:
            raise serializers.ValidationError(
                {"shown_name": ["Say which name is confirmed: the refusal has it, maybe empty."]}
            )
        return attrs


class RefundInput(StrictSerializer):
    amount = AmountInput(
        required=False,
        help_text="By default all that is left. Some providers give all of it back, or nothing.",
    )
    description = serializers.CharField(
        max_length=200, required=False, allow_blank=True, help_text="For the payer."
    )


class PaymentOutput(serializers.ModelSerializer[ProviderPayment]):
    transaction_id = serializers.CharField(source="txn_id")
    amount = serializers.SerializerMethodField()
    fee = serializers.SerializerMethodField()
    wallet = serializers.ChoiceField(Provider.choices, help_text="Whose wallet it is.")
    late_transaction_id = serializers.CharField(
        source="late_txn_id",
        allow_null=True,
        help_text="Of money that came after the payment had ended without; else null.",
    )
    stage = serializers.SerializerMethodField()

    class Meta:
        model = ProviderPayment
        fields = (
            "id",
            "transaction_id",
            "late_transaction_id",
            "kind",
            "provider",
            "wallet",
            "amount",
            "fee",
            "currency",
            "reference",
            "state",
            "created_at",
            "stage",
        )

    @extend_schema_field(MoneyText)
    def get_amount(self, row: ProviderPayment) -> str:
        return amount_text(row.amount, row.currency)

    @extend_schema_field(MoneyText)
    def get_fee(self, row: ProviderPayment) -> str:
        return amount_text(amount_of(row.fee_minor, row.currency), row.currency)

    @extend_schema_field(PaymentStageOutput)
    def get_stage(self, row: ProviderPayment) -> dict[str, Any]:
        return stage_of(row)


class StepOutput(serializers.ModelSerializer[PaymentStep]):
    at = serializers.DateTimeField(source="created_at")
    stage = serializers.SerializerMethodField(help_text="What was shown from then on.")
    text = serializers.SerializerMethodField(help_text="The reason for people, in English.")

    class Meta:
        model = PaymentStep
        fields = ("at", "from_state", "to_state", "stage", "source", "reason", "text")

    @extend_schema_field(serializers.CharField)
    def get_stage(self, step: PaymentStep) -> str:
        return MEANINGS[State(step.to_state)].stage

    @extend_schema_field(serializers.CharField)
    def get_text(self, step: PaymentStep) -> str:
        return text_of(step.reason) if step.reason else ""
