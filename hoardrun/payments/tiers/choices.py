"""The tiers of customers, from what is proven of them."""

from __future__ import annotations

from django.db import models


class Tier(models.TextChoices):
    """How much is proven of a customer. Limits name them."""

    NEW = "new", "Nothing is proven"
    PHONE = "phone", "A phone number is proven"
    IDENTIFIED = "identified", "Staff has seen an identity document"


class Whose(models.TextChoices):
    """Whose phone pays or is paid."""

    OWN = "own", "The customer's own, proven by a code"
    PAYEE = "payee", "Of a payee whose name was shown and confirmed"
    THIRD_PARTY = "third_party", "Somebody else's"
