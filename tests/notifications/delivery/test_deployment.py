"""What this deployment sets for the rules."""

from __future__ import annotations

from notifications.delivery.deployment import policy


def test_rules_know_the_zone_the_scale_and_the_caps(settings):
    assert policy().per_day == {}
    settings.CHANNELS = {"PUSH_PER_CATEGORY_PER_DAY": 5, "EMAIL_PER_CATEGORY_PER_DAY": 2}
    settings.ESCALATION_TIME_SCALE = 10
    found = policy()
    assert found.per_day == {"push": 5, "email": 2}
    assert found.time_scale == 10
    assert found.zone
