"""Registers the room when Django has started, as any application does."""

from __future__ import annotations

from django.apps import AppConfig


class Club(AppConfig):
    name = "tests.scenarios.club"
    label = "club"

    def ready(self) -> None:
        from realtime import rooms
        from tests.scenarios.club.room import ClubRoom

        rooms.register(ClubRoom())
