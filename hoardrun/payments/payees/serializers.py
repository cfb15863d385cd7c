"""The shapes of payees over HTTP."""

from __future__ import annotations

from rest_framework import serializers

from hoardrun.ledger.money import Currency
from hoardrun.payments.payees.choices import MAX_NAME, NameVerdict
from hoardrun.payments.payees.models import Payee
from hoardrun.payments.providers.registry import PROVIDERS
from realtime.rest.serializers import StrictSerializer


class PayeeInput(StrictSerializer):
    provider = serializers.ChoiceField(list(PROVIDERS))
    currency = serializers.ChoiceField(Currency.choices)
    msisdn = serializers.CharField(max_length=40, help_text="A number such as +256772123456.")
    name = serializers.CharField(max_length=MAX_NAME, help_text="Who you think it is.")


class ConfirmInput(StrictSerializer):
    shown_name = serializers.CharField(
        max_length=MAX_NAME,
        allow_blank=True,
        trim_whitespace=False,
        help_text="The name that the customer has seen, as the last answer had it.",
    )


class PayeeOutput(serializers.ModelSerializer[Payee]):
    id = serializers.CharField()
    verdict = serializers.ChoiceField(
        NameVerdict.choices, help_text="How alike your name and that of the provider are."
    )

    class Meta:
        model = Payee
        fields: tuple[str, ...] = (
            "id", "provider", "currency", "msisdn", "name", "verdict", "checked_at",
            "confirmed_at", "created_at",
        )  # fmt: skip


class SavedPayeeOutput(PayeeOutput):
    shown_name = serializers.CharField(
        help_text="Of the name that the provider has: the first word, and initials. Empty where "
        "none was told, and for one that is confirmed already."
    )

    class Meta(PayeeOutput.Meta):
        fields = (*PayeeOutput.Meta.fields, "shown_name")
