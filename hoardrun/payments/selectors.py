"""Which payments belong to a user, and their history. Only these decide that."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from hoardrun.payments.errors import PaymentNotFound
from hoardrun.payments.models import PaymentStep, ProviderPayment


def payment_list(*, user_id: int) -> QuerySet[ProviderPayment]:
    """Select a user's payments, newest first."""
    return ProviderPayment.objects.filter(user=user_id).order_by("-created_at", "-id")


def payment_get(*, user_id: int, payment_id: str) -> ProviderPayment:
    """Read one of a user's payments. Raises PaymentNotFound."""
    try:
        return payment_list(user_id=user_id).get(pk=UUID(payment_id))
    except (ValueError, ProviderPayment.DoesNotExist):
        raise PaymentNotFound from None


def step_list(*, user_id: int, payment_id: str) -> QuerySet[PaymentStep]:
    """Select the steps of one of a user's payments, oldest first. Raises PaymentNotFound."""
    return PaymentStep.objects.filter(
        payment=payment_get(user_id=user_id, payment_id=payment_id)
    ).order_by("id")
