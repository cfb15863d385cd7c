"""Registers what the club adds when Django has started, as any application does."""

from __future__ import annotations

from django.apps import AppConfig


class Club(AppConfig):
    name = "tests.scenarios.club"
    label = "club"

    def ready(self) -> None:
        from hoardrun.market.feeds import FEEDS
        from hoardrun.options import TABLES
        from realtime import computed, rooms, streams
        from realtime.console import forms
        from realtime.protocol.messages import register
        from tests.scenarios.club.messages import ClubMembers, ClubNews, ClubScore
        from tests.scenarios.club.options import ClubOptions
        from tests.scenarios.club.room import ClubRoom
        from tests.scenarios.club.services import MATCHES, members_load
        from tests.scenarios.club.views import RIGHT

        TABLES.append(ClubOptions)
        register(ClubNews, ClubScore, ClubMembers)
        streams.declare(MATCHES)
        rooms.register(ClubRoom())
        FEEDS["club"] = "tests.scenarios.club.feed.quotes"
        computed.register(
            computed.ComputedMessage(
                name=ClubMembers.wire_type,
                after=frozenset({ClubNews.wire_type}),
                load=members_load,
            )
        )
        forms.register(
            forms.StaffForm("club_news", "/club/news", RIGHT, ClubNews, "Tells all members.")
        )
