"""hoardrun's tables, as models without anything of hoardrun's."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Account(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    type = models.CharField(max_length=16)
    name = models.CharField(max_length=100)
    currency = models.CharField(max_length=3)
    available_balance = models.DecimalField(max_digits=15, decimal_places=2)
    current_balance = models.DecimalField(max_digits=15, decimal_places=2)
    status = models.CharField(max_length=16)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "ledger_account"

    def __str__(self) -> str:
        return self.name


class Transaction(models.Model):
    account = models.ForeignKey(Account, models.CASCADE)
    type = models.CharField(max_length=20)
    status = models.CharField(max_length=16)
    direction = models.CharField(max_length=8)
    amount = models.DecimalField(max_digits=15, decimal_places=2)
    currency = models.CharField(max_length=3)
    description = models.CharField(max_length=200)
    payment_method = models.CharField(max_length=16)
    provider = models.CharField(max_length=16)
    merchant_name = models.CharField(max_length=100)
    merchant_category = models.CharField(max_length=50)
    reference = models.CharField(max_length=100)
    failure_reason = models.CharField(max_length=200)
    balance_after = models.DecimalField(max_digits=15, decimal_places=2, null=True)
    completed_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "ledger_transaction"

    def __str__(self) -> str:
        return self.reference


class Notification(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    title = models.CharField(max_length=200)
    message = models.TextField()
    type = models.CharField(max_length=20)
    priority = models.CharField(max_length=10)
    channels = models.JSONField()
    metadata = models.JSONField()
    status = models.CharField(max_length=10)
    seen_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)
    scheduled_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    published_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "notifications_notification"

    def __str__(self) -> str:
        return self.title


class Announcement(models.Model):
    title = models.CharField(max_length=200)
    message = models.TextField()
    severity = models.CharField(max_length=20)
    starts_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    published_at = models.DateTimeField(null=True)

    class Meta:
        managed = False
        db_table = "notifications_announcement"

    def __str__(self) -> str:
        return self.title


class Instrument(models.Model):
    symbol = models.CharField(max_length=20)
    name = models.CharField(max_length=100)
    type = models.CharField(max_length=10)
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=11)
    is_active = models.BooleanField()

    class Meta:
        managed = False
        db_table = "market_instrument"

    def __str__(self) -> str:
        return self.symbol


class Quote(models.Model):
    instrument = models.OneToOneField(Instrument, models.CASCADE, primary_key=True)
    price = models.DecimalField(max_digits=15, decimal_places=6)
    open = models.DecimalField(max_digits=15, decimal_places=6)
    high = models.DecimalField(max_digits=15, decimal_places=6)
    low = models.DecimalField(max_digits=15, decimal_places=6)
    previous_close = models.DecimalField(max_digits=15, decimal_places=6)
    change = models.DecimalField(max_digits=15, decimal_places=6)
    change_percent = models.DecimalField(max_digits=15, decimal_places=2)
    volume = models.DecimalField(max_digits=15, decimal_places=4)
    market_cap = models.DecimalField(max_digits=15, decimal_places=0, null=True)
    quoted_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "market_quote"

    def __str__(self) -> str:
        return str(self.pk)


class Stream(models.Model):
    name = models.CharField(max_length=100)
    epoch = models.CharField(max_length=32)
    head = models.BigIntegerField()

    class Meta:
        managed = False
        db_table = "realtime_stream"

    def __str__(self) -> str:
        return self.name
