"""The shapes of addresses and push subscriptions over HTTP."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from notifications.addresses.push import SERVICES, renewal_of
from notifications.choices import AddressState, OutsideChannel
from notifications.models import Address
from realtime.rest.serializers import StrictSerializer

MAX_VALUE = 1000


class AddressInput(StrictSerializer):
    channel = serializers.ChoiceField(["email", "sms"])
    value = serializers.CharField(
        max_length=MAX_VALUE, help_text="An e-mail address, or a number such as +256772123456."
    )
    replaces = serializers.CharField(
        max_length=32,
        required=False,
        allow_null=True,
        help_text="The id of an address that is removed once this one is verified.",
    )


class CodeInput(StrictSerializer):
    code = serializers.RegexField(r"^[0-9]{6}$", help_text="As it was sent.")


class PushKeysInput(StrictSerializer):
    p256dh = serializers.CharField(max_length=200)
    auth = serializers.CharField(max_length=100)


class SubscriptionInput(StrictSerializer):
    service = serializers.ChoiceField(SERVICES, default="web")
    endpoint = serializers.CharField(
        max_length=MAX_VALUE, help_text="The endpoint of web push, or the token of FCM or APNs."
    )
    keys = PushKeysInput(required=False, help_text="Of web push: as `toJSON()` gives them.")
    key_id = serializers.CharField(
        max_length=64,
        allow_blank=True,
        default="",
        help_text="Of web push: that of `push/key`.",
    )
    device = serializers.CharField(
        max_length=64,
        allow_blank=True,
        default="",
        help_text="The name that it gives to the socket.",
    )
    locale = serializers.CharField(max_length=20, allow_blank=True, default="")


class AddressOutput(serializers.ModelSerializer[Address]):
    id = serializers.CharField()
    channel = serializers.ChoiceField(OutsideChannel.choices)
    service = serializers.CharField(help_text="Of push: web, fcm or apns.")
    value = serializers.SerializerMethodField("shown", help_text="Empty for push.")
    device = serializers.CharField()
    state = serializers.ChoiceField(AddressState.choices)

    class Meta:
        model = Address
        fields: tuple[str, ...] = (
            "id", "channel", "service", "value", "device", "state", "verified_at",
        )  # fmt: skip

    def shown(self, row: Address) -> str:
        return "" if row.channel == "push" else row.value


class SubscriptionOutput(AddressOutput):
    user = serializers.CharField(source="user_id", help_text="Whose it is.")
    renewal = serializers.SerializerMethodField(
        "token",
        help_text="Of web push: the token of `push/renew` and `push/leave`, which need no login.",
    )

    class Meta(AddressOutput.Meta):
        fields = (*AddressOutput.Meta.fields, "user", "renewal")

    def token(self, row: Address) -> str:
        return renewal_of(row)


class RenewalInput(StrictSerializer):
    token = serializers.CharField(max_length=100, help_text="`renewal` of the one of before.")
    endpoint = serializers.CharField(max_length=MAX_VALUE)
    keys = PushKeysInput()
    key_id = serializers.CharField(max_length=64, allow_blank=True, default="")


class LeaveInput(StrictSerializer):
    token = serializers.CharField(max_length=100, help_text="`renewal` of the subscription.")


class PushKeyOutput(serializers.Serializer[dict[str, Any]]):
    key_id = serializers.CharField(help_text="Goes with the subscription.")
    public_key = serializers.CharField(help_text="The `applicationServerKey`, as base64url.")
