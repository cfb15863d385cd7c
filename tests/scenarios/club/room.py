"""The room `club`, for users who have a row in a table that the engine does not watch."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.models import User

from realtime.rooms import RoomKind

MEMBERSHIPS = User.groups.through  # written to by itself, it sends no signal


class ClubRoom(RoomKind):
    """One room, for the members of the group of its name."""

    name = topic = "club"

    def matches(self, room: str) -> bool:
        return room == self.name

    def may_join(self, user_id: int, room: str) -> bool:
        return MEMBERSHIPS._default_manager.filter(user_id=user_id, group__name=self.name).exists()

    def rooms(self, user_id: int) -> Iterable[tuple[str, str]]:
        if self.may_join(user_id, self.name):
            yield self.name, "The match, for members of the club"
