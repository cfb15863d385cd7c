from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework import serializers

from bench.peers.plain import models


class UserSerializer(serializers.ModelSerializer[User]):
    name = serializers.CharField(source="get_full_name")

    class Meta:
        model = User
        fields = ("id", "username", "name", "email", "is_staff")


class AccountSerializer(serializers.ModelSerializer[models.Account]):
    class Meta:
        model = models.Account
        exclude = ("user",)


class TransactionSerializer(serializers.ModelSerializer[models.Transaction]):
    account_id = serializers.CharField()

    class Meta:
        model = models.Transaction
        exclude = ("account",)


class NotificationSerializer(serializers.ModelSerializer[models.Notification]):
    is_expired = serializers.SerializerMethodField()

    class Meta:
        model = models.Notification
        exclude = ("user", "published_at")

    def get_is_expired(self, row: Any) -> bool:
        return row.expires_at is not None and row.expires_at <= timezone.now()


class AnnouncementSerializer(serializers.ModelSerializer[models.Announcement]):
    class Meta:
        model = models.Announcement
        fields = "__all__"


class QuoteSerializer(serializers.ModelSerializer[models.Quote]):
    symbol = serializers.CharField(source="instrument.symbol")
    name = serializers.CharField(source="instrument.name")
    type = serializers.CharField(source="instrument.type")
    currency = serializers.CharField(source="instrument.currency")
    status = serializers.CharField(source="instrument.status")

    class Meta:
        model = models.Quote
        exclude = ("instrument",)


class StreamSerializer(serializers.ModelSerializer[models.Stream]):
    class Meta:
        model = models.Stream
        fields = ("name", "epoch", "head")
