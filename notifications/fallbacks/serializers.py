"""The shape of a fallback over HTTP."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from notifications.fallbacks.selectors import fallback_estimate, fallback_sent
from notifications.models import Fallback

STATES = (
    "waiting_for_publication", "waiting_for_approval", "waiting_for_devices", "running",
    "finished", "cancelled",
)  # fmt: skip


class EstimateOutput(serializers.Serializer[Any]):
    people = serializers.IntegerField(help_text="Who have a number that may be used.")
    segments = serializers.DictField(
        child=serializers.IntegerField(), help_text="Of the SMS, by language."
    )
    cost = serializers.DecimalField(
        max_digits=20,
        decimal_places=2,
        allow_null=True,
        help_text="As if nobody's device had the announcement; null while no price is known.",
    )
    currency = serializers.CharField(allow_blank=True)


class FallbackOutput(serializers.ModelSerializer[Fallback]):
    announcement_id = serializers.CharField(help_text="Of the announcement.")
    state = serializers.ChoiceField(STATES)
    requested_by = serializers.CharField(source="requested_by.get_username")
    approved_by = serializers.SerializerMethodField()
    cancelled_by = serializers.SerializerMethodField()
    estimate = serializers.SerializerMethodField()
    sent = serializers.SerializerMethodField(help_text="How many SMS are in which state.")

    class Meta:
        model = Fallback
        fields = (
            "announcement_id", "state", "texts", "requested_by", "requested_at", "approved_by",
            "approved_at", "cancelled_by", "cancelled_at", "due_at", "finished_at",
            *Fallback.COUNTS, "estimate", "sent",
        )  # fmt: skip

    def get_approved_by(self, row: Fallback) -> str | None:
        return None if row.approved_by is None else row.approved_by.get_username()

    def get_cancelled_by(self, row: Fallback) -> str | None:
        return None if row.cancelled_by is None else row.cancelled_by.get_username()

    def get_estimate(self, row: Fallback) -> EstimateOutput:
        found: Any = EstimateOutput(fallback_estimate(row)).data
        return found  # type: ignore[no-any-return]

    def get_sent(self, row: Fallback) -> dict[str, int]:
        return fallback_sent(row)
