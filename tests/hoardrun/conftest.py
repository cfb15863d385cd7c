"""Members of staff: Dora has no rights, Erin may broadcast, Frank may approve broadcasts."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission, User

from hoardrun.ledger.services import account_open, transaction_create
from hoardrun.market.services import instruments_ensure
from notifications.services import announcement_create, notification_create
from tests.hoardrun.deployment import raised

KEY = "k" * 64  # of tokens, in `production`


@pytest.fixture
def dora(db) -> User:
    return _staff("dora")


@pytest.fixture
def erin(db) -> User:
    return _staff("erin", "broadcast")


@pytest.fixture
def frank(db) -> User:
    return _staff("frank", "approve_broadcast")


def _staff(name: str, *rights: str) -> User:
    user = User.objects.create_user(name, password=f"{name}-pass", is_staff=True)
    # Written as rows: through the relation, each would be an event of the user's stream.
    through = User.user_permissions.through
    through.objects.bulk_create(
        through(user=user, permission=permission)
        for permission in Permission.objects.filter(codename__in=rights)
    )
    return user


@pytest.fixture
def furnished(charlie: User) -> None:
    """A row in each table that a page of the admin shows."""
    Group.objects.create(name="Support")
    account = account_open(user_id=charlie.pk, currency="KES", opening_balance=100)
    transaction_create(account_id=account.pk, type="deposit", direction="inbound", amount=1)
    notification_create(user_id=charlie.pk, title="Hello", message="World")
    announcement_create(author_id=charlie.pk, title="Hello", message="World")
    instruments_ensure()


@pytest.fixture
def production(db: None, settings, monkeypatch):
    """Settings of a deployment in which only the hint about query tokens speaks."""
    settings.ALLOWED_HOSTS = ["api.example.com"]
    settings.REALTIME = settings.REALTIME | {"ALLOWED_ORIGINS": ["https://app.example.com"]}
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example.com"]
    settings.SIMPLE_JWT = settings.SIMPLE_JWT | {"ALGORITHM": "HS256", "SIGNING_KEY": KEY}
    settings.REDIS_URL = "rediss://:secret@redis.example.com:6380"
    settings.CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [settings.REDIS_URL], "prefix": "hoardrun-production"},
        }
    }
    settings.CACHES = {"default": settings.CACHES["default"] | {"KEY_PREFIX": "hr-production"}}
    # The tests' own file is made without care.
    monkeypatch.setitem(settings.DATABASES["default"], "NAME", ":memory:")
    assert raised().keys() == {"hoardrun.I011"}
    return settings
