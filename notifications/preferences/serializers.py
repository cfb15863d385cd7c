"""The shapes of preferences and consents over HTTP. `values` checks what they hold."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from notifications.choices import OutsideChannel
from notifications.kinds import CHANNELS
from notifications.preferences.channels import STATES
from notifications.preferences.former import TYPES
from notifications.preferences.services import MAX_WORDING
from notifications.preferences.values import DIGESTS, EVERY_DAY, MAX_WINDOWS
from realtime.rest.serializers import StrictSerializer, WholeNumber

TIME = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"


class Switch(serializers.BooleanField):
    """True or false of JSON: DRF reads "yes" and 1 as well."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class WindowInput(StrictSerializer):
    days = WholeNumber(
        default=EVERY_DAY,
        min_value=1,
        max_value=EVERY_DAY,
        help_text="The weekdays it begins on: bit 0 is Monday, bit 6 is Sunday.",
    )
    start = serializers.RegexField(TIME, help_text="Local time, such as 22:00.")
    end = serializers.RegexField(TIME, help_text="The first minute after it, also on the next day.")


class PreferencesQuery(StrictSerializer):
    language = serializers.CharField(
        max_length=20,
        required=False,
        help_text="Of the titles in the answer, such as `sw`; else the one that is chosen.",
    )


class PreferencesInput(StrictSerializer):
    cells = serializers.DictField(
        child=serializers.DictField(child=Switch(allow_null=True)),
        required=False,
        help_text="Switches by channel, of `kind:<kind>`, `category:<category>` or `all`. Null "
        "takes a choice back.",
    )
    quiet = serializers.ListField(
        child=WindowInput(),
        max_length=MAX_WINDOWS,
        required=False,
        help_text="Quiet hours, in local time of `zone`.",
    )
    digests = serializers.DictField(
        child=serializers.ChoiceField(DIGESTS, allow_null=True),
        required=False,
        help_text="By category: how often its notifications leave together. Null: each by itself.",
    )
    zone = serializers.CharField(
        max_length=64, allow_blank=True, required=False, help_text="Such as Africa/Nairobi."
    )
    locale = serializers.CharField(
        max_length=20, allow_blank=True, required=False, help_text="Such as sw or en-UG."
    )
    muted_until = serializers.DateTimeField(required=False, allow_null=True)
    hide_amounts = Switch(required=False, allow_null=True, help_text="On lock screens.")
    sms_above = serializers.CharField(
        max_length=24,
        allow_null=True,
        required=False,
        help_text="Debits from this amount on always go by SMS as well.",
    )
    sms_above_currency = serializers.CharField(max_length=3, allow_blank=True, required=False)


class CellOutput(serializers.Serializer[dict[str, Any]]):
    value = serializers.BooleanField(help_text="It goes out by this channel.")
    locked = serializers.CharField(help_text="Why it cannot be changed; empty if it can.")

    def get_fields(self) -> dict[str, Any]:
        # By name: a serializer has attributes that are called so.
        source = serializers.CharField(help_text="What says so, such as `category` or `default`.")
        return {**super().get_fields(), "source": source, "required": serializers.BooleanField()}


class KindOutput(serializers.Serializer[dict[str, Any]]):
    kind = serializers.CharField()
    title = serializers.CharField()
    type = serializers.ChoiceField(TYPES)
    channels = serializers.DictField(
        child=CellOutput(), help_text="By channel: those that this kind goes out by."
    )


class CategoryOutput(serializers.Serializer[dict[str, Any]]):
    category = serializers.CharField()
    title = serializers.CharField()
    digestible = serializers.BooleanField(help_text="It can leave as a digest.")
    needs_consent = serializers.BooleanField(help_text="It goes out with a consent only.")
    kinds = KindOutput(many=True)


class WindowOutput(serializers.Serializer[dict[str, Any]]):
    days = serializers.IntegerField()
    start = serializers.CharField()
    end = serializers.CharField()


class ChosenOutput(serializers.Serializer[dict[str, Any]]):
    version = serializers.IntegerField(help_text="Grows with each change.")
    cells = serializers.DictField(child=serializers.DictField(child=serializers.BooleanField()))
    quiet = WindowOutput(many=True)
    digests = serializers.DictField(child=serializers.ChoiceField(DIGESTS))
    zone = serializers.CharField()
    locale = serializers.CharField()
    muted_until = serializers.DateTimeField(allow_null=True)
    hide_amounts = serializers.BooleanField(allow_null=True)
    sms_above = serializers.CharField(allow_null=True)
    sms_above_currency = serializers.CharField()


class PreferencesOutput(ChosenOutput):
    matrix = CategoryOutput(many=True, help_text="What holds, kind by kind, and why.")
    channels = serializers.DictField(
        child=serializers.ChoiceField(STATES),
        help_text="Whether each channel can reach you: `ready`, or what is in the way.",
    )


class FormerInput(StrictSerializer):
    quiet_hours_start = serializers.RegexField(TIME, required=False, allow_null=True)
    quiet_hours_end = serializers.RegexField(TIME, required=False, allow_null=True)
    timezone = serializers.CharField(max_length=64, required=False, allow_null=True)

    def get_fields(self) -> dict[str, Any]:
        switches = (*TYPES, *CHANNELS)
        return {
            **{name: Switch(required=False) for name in switches},
            **super().get_fields(),
        }


class FormerOutput(serializers.Serializer[dict[str, Any]]):
    quiet_hours_start = serializers.CharField(allow_null=True)
    quiet_hours_end = serializers.CharField(allow_null=True)
    timezone = serializers.CharField(allow_null=True)

    def get_fields(self) -> dict[str, Any]:
        switches = (*TYPES, *CHANNELS)
        return {**{name: serializers.BooleanField() for name in switches}, **super().get_fields()}


class ConsentInput(StrictSerializer):
    category = serializers.CharField(max_length=30)
    channel = serializers.ChoiceField(OutsideChannel.choices)
    granted = Switch()
    wording = serializers.CharField(
        max_length=MAX_WORDING,
        required=False,
        allow_blank=True,
        help_text="The sentence that the user was shown; a consent needs one.",
    )


class ConsentOutput(serializers.Serializer[Any]):
    category = serializers.CharField(help_text="Empty: everything optional.")
    channel = serializers.ChoiceField(OutsideChannel.choices)
    granted = serializers.BooleanField()
    wording = serializers.CharField()
    created_at = serializers.DateTimeField()
