"""The shapes of alerts over HTTP."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from hoardrun.market.alerts.choices import AlertKind, AlertMode, AlertState, Window
from hoardrun.market.alerts.models import NOTE_LENGTH
from hoardrun.market.alerts.services import DEFAULT_COOLDOWN_SECONDS, MAX_COOLDOWN_SECONDS
from realtime.rest.serializers import StrictSerializer, WholeNumber

_NUMBER = 33  # characters of a number


class AlertsQuery(StrictSerializer):
    """The symbol whose alerts are asked for; none means all."""

    symbol = serializers.CharField(required=False, max_length=20)


class _Chosen(StrictSerializer):
    threshold = serializers.CharField(
        max_length=_NUMBER, help_text="A price, a change in percent, or a volume."
    )
    mode = serializers.ChoiceField(AlertMode.choices, required=False)
    hysteresis = serializers.CharField(
        max_length=_NUMBER,
        required=False,
        allow_null=True,
        help_text="How far the number must go back before it is armed again; null: a tenth of a "
        "percent of a price and at least two steps, or 0.1 of a change in percent.",
    )
    cooldown_seconds = WholeNumber(
        required=False,
        min_value=1,
        max_value=MAX_COOLDOWN_SECONDS,
        help_text=f"Left out of a new one: {DEFAULT_COOLDOWN_SECONDS}.",
    )
    note = serializers.CharField(max_length=NOTE_LENGTH, required=False, allow_blank=True)
    urgent = serializers.BooleanField(required=False, help_text="Also in quiet hours.")
    expires_at = serializers.DateTimeField(required=False, allow_null=True)
    if_true = serializers.ChoiceField(
        ["refuse", "fire"],
        required=False,
        help_text="What to do if the threshold is reached already.",
    )


class AlertInput(_Chosen):
    symbol = serializers.CharField(max_length=20)
    kind = serializers.ChoiceField(AlertKind.choices)
    window = serializers.ChoiceField(
        Window.choices, required=False, help_text="Of a change, and of nothing else."
    )


class AlertChangeInput(_Chosen):
    threshold = serializers.CharField(max_length=_NUMBER, required=False)
    version = WholeNumber(min_value=1, help_text="The version that you change.")
    paused = serializers.BooleanField(
        required=False, help_text="False arms it, also one that has fired or expired."
    )


class AlertOutput(serializers.Serializer[Any]):
    id = serializers.CharField()
    symbol = serializers.CharField()
    kind = serializers.ChoiceField(AlertKind.choices)
    threshold = serializers.CharField()
    window = serializers.ChoiceField(Window.choices, allow_null=True)
    mode = serializers.ChoiceField(AlertMode.choices)
    hysteresis = serializers.CharField(allow_null=True)
    cooldown_seconds = serializers.IntegerField()
    note = serializers.CharField()
    urgent = serializers.BooleanField()
    expires_at = serializers.DateTimeField(allow_null=True)
    state = serializers.ChoiceField(AlertState.choices)
    suspended = serializers.BooleanField(
        help_text="Whether it waits because the price is not live, or the market is closed."
    )
    fire_count = serializers.IntegerField()
    last_fired_at = serializers.DateTimeField(allow_null=True)
    armed_price = serializers.CharField(allow_null=True)
    version = serializers.IntegerField()
    created_at = serializers.DateTimeField()
