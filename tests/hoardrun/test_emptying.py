"""A test that commits leaves the database as it found it, except for the numbers of its rows."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission, User
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test import TransactionTestCase

from hoardrun.market.models import Holiday, TradingSession
from notifications.models import Consent
from realtime import append_only
from tests.notifications import outside
from tests.notifications.support import note
from tests.services import emptying


@pytest.mark.django_db(transaction=True)
def test_the_end_of_a_test_takes_all_that_it_wrote_and_makes_what_it_took() -> None:
    def end() -> None:
        emptying.end(TransactionTestCase("__init__"))

    user = User.objects.create_user("olivia")
    outside.fill(user, note(user), name="olivia", ip="192.0.2.1")
    assert Consent.objects.exists()
    rights = set(Permission.objects.values_list("codename", flat=True))
    end()
    filled = {model for model in apps.get_models() if model._base_manager.exists()}
    assert filled == {ContentType, Permission, TradingSession, Holiday}  # as migrated
    newer = User.objects.create_user("oscar")
    assert newer.pk > user.pk

    of_users = ContentType.objects.get_for_model(User)
    Permission.objects.create(codename="fly", name="Can fly", content_type=of_users)
    append_only.remove("default", "DELETE")
    end()
    assert set(Permission.objects.values_list("codename", flat=True)) == rights
    assert append_only.missing(connection) == []
