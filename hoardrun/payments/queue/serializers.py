"""The shapes of what staff ask for, and of the answers."""

from __future__ import annotations

from rest_framework import serializers

from hoardrun.ledger.serializers import AmountInput
from hoardrun.payments.choices import StaffAction
from hoardrun.payments.providers.registry import PROVIDERS
from hoardrun.payments.queue.report import PaymentQueue, PaymentWhy, WhyDecision
from hoardrun.payments.queue.selectors import PAGE, WHAT
from notifications.trace.serializers import serializer_of
from notifications.validation import WHY_LENGTH
from realtime.rest.pagination import MAX_SIZE
from realtime.rest.serializers import StrictSerializer, WholeNumber

MAX_SKIP = 10_000

QueueOutput = serializer_of(PaymentQueue, "")
WhyOutput = serializer_of(PaymentWhy, "")
DecisionOutput = serializer_of(WhyDecision, "")


class QueueQuery(StrictSerializer):
    what = serializers.ChoiceField(
        list(WHAT),
        required=False,
        help_text="`approval`, `held`, `unknown`: those that have not ended; `ended`: the others.",
    )
    provider = serializers.ChoiceField(list(PROVIDERS), required=False)
    skip = WholeNumber(min_value=0, max_value=MAX_SKIP, default=0)
    limit = WholeNumber(min_value=1, max_value=MAX_SIZE, default=PAGE)


class WhyQuery(StrictSerializer):
    content = serializers.BooleanField(
        default=False,
        help_text="With what was sent, whole: needs `payments.view_paymentreceipt` as well.",
    )


class DecisionInput(StrictSerializer):
    action = serializers.ChoiceField(
        StaffAction.choices,
        help_text="`accept` what came, `refund` it, `send` what was kept, or `reject` it.",
    )
    why = serializers.CharField(
        max_length=WHY_LENGTH, help_text="The reason. It is kept: write no personal data."
    )
    amount = AmountInput(
        required=False, help_text="What came, if that is not what was asked for; a string."
    )


class ApprovalInput(StrictSerializer):
    approve = serializers.BooleanField(
        help_text="False declines it, or takes it back if you have asked for it."
    )
